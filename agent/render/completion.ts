/**
 * Completion scripts for shells, from the tree of commands. They are static: nothing is run while somebody types. Each
 * script first finds out which command the words so far name, its `path` ("/config/show"), and then offers what may
 * follow there.
 */

export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    /** As typed: `-h`, `--help`. */
    readonly flags: readonly string[];
    readonly description: string;
    /** null: it takes no value. */
    readonly value: ValueShape | null;
  }[];
  readonly arguments: readonly ValueShape[];
  readonly commands: readonly CommandShape[];
}

/** A value that is typed: its name in the help, and all there are; empty: anything. */
interface ValueShape {
  readonly name: string;
  readonly choices: readonly string[];
}

/** One command and where it is: '' is the program itself. */
interface Place {
  readonly path: string;
  readonly command: CommandShape;
  /** Its own, and those that every command takes. */
  readonly options: CommandShape['options'];
}

/** For bash 4 or later. */
export function bashCompletion(program: CommandShape): string {
  const places = placesIn(program);
  const words = places.map(({ path, command, options }) => {
    const offered = [...command.commands.map(({ name }) => name), ...choicesOf(command), ...flagsOf(options)];
    return `    '${path}') words='${offered.join(' ')}'${takesFile(command) ? ' files=yes' : ''} ;;`;
  });
  return `# bash completion of smbwarden: "smbwarden completion bash" wrote it.
_smbwarden() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} path='' words='' files='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${valueFlags(places).join(' | ')}) ((++i)) ; continue ;;
    esac
    case "$path/\${COMP_WORDS[i]}" in
      ${paths(places).join(' | ')}) path+=/\${COMP_WORDS[i]} ;;
    esac
  done
  case "$previous" in
${valueRows(places, ' | ', ({ name, choices }) => (isFile(name) ? 'files=yes' : `words='${choices.join(' ')}'`))}
    *)
      case "$path" in
${words.map((row) => `    ${row}`).join('\n')}
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ -n $files && $current != -* ]]; then
    compopt -o filenames
    mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _smbwarden smbwarden
`;
}

/** For zsh 5: a file \`_smbwarden\` in a folder of $fpath. */
export function zshCompletion(program: CommandShape): string {
  const places = placesIn(program);
  const offers = places.map(({ path, command, options }) => {
    const commands = command.commands.map((each) => zshItem(each.name, each.description));
    const choices = choicesOf(command).map((choice) => quoted(choice));
    const flags = options.flatMap((option) => option.flags.map((flag) => zshItem(flag, option.description)));
    const rows = [
      commands.length > 0 ? `commands=(${commands.join(' ')})` : '',
      choices.length > 0 ? `choices=(${choices.join(' ')})` : '',
      `options=(${flags.join(' ')})`,
      takesFile(command) ? 'files=yes' : '',
    ].filter((row) => row !== '');
    return `    '${path}')\n${rows.map((row) => `      ${row}`).join('\n')}\n      ;;`;
  });
  return `#compdef smbwarden
# zsh completion of smbwarden: "smbwarden completion zsh" wrote it.
_smbwarden() {
  local where='' files='' i
  local -a commands choices options
  for ((i = 2; i < CURRENT; i++)); do
    case "\${words[i]}" in
      ${valueFlags(places).join('|')}) ((++i)); continue ;;
    esac
    case "$where/\${words[i]}" in
      ${paths(places).join('|')}) where+=/\${words[i]} ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
${valueRows(places, '|', ({ name, choices }) => `${isFile(name) ? '_files' : `compadd -- ${choices.map(quoted).join(' ')}`}; return`)}
  esac
  case "$where" in
${offers.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
    return
  fi
  ((\${#commands})) && _describe command commands
  ((\${#choices})) && compadd -- $choices
  [[ -n $files ]] && _files
}
if [[ \${funcstack[1]} == _smbwarden ]]; then _smbwarden "$@"; else compdef _smbwarden smbwarden; fi
`;
}

/** For fish 3. */
export function fishCompletion(program: CommandShape): string {
  const places = placesIn(program);
  const rows = places.flatMap(({ path, command }) => [
    ...command.commands.map(
      (each) => `${fishAt(path)} -a ${quoted(each.name)} -d ${quoted(each.description)}`,
    ),
    ...choicesOf(command).map((choice) => `${fishAt(path)} -a ${quoted(choice)}`),
    ...(takesFile(command) ? [`${fishAt(path)} -F`] : []),
    ...command.options.map((option) => `${fishAt(path, path === '')}${fishOption(option)}`),
  ]);
  return `# fish completion of smbwarden: "smbwarden completion fish" wrote it.
function __smbwarden_at
    set -l path ''
    set -l skip no
    for word in (commandline -opc)[2..]
        if test $skip = yes
            set skip no
            continue
        end
        switch $word
            case ${valueFlags(places).join(' ')}
                set skip yes
        end
        switch $path/$word
            case ${paths(places).join(' ')}
                set path $path/$word
        end
    end
    test "$path" = "$argv[1]"
end
complete -c smbwarden -f
${rows.join('\n')}
`;
}

function placesIn(program: CommandShape): Place[] {
  const below = (path: string, command: CommandShape): Place[] => [
    { path, command, options: path === '' ? command.options : [...command.options, ...general] },
    ...command.commands.flatMap((each) => below(`${path}/${each.name}`, each)),
  ];
  const general = program.options.filter(({ flags }) => !flags.includes('--help'));
  return below('', program);
}

function paths(places: readonly Place[]): string[] {
  return places.map(({ path }) => path).filter((path) => path !== '');
}

function flagsOf(options: Place['options']): string[] {
  return options.flatMap(({ flags }) => flags);
}

/** The options that take a value. One name means one thing in every command. */
function optionsWithValue(places: readonly Place[]) {
  const taking = places.flatMap(({ options }) =>
    options.flatMap(({ flags, value }) => (value === null ? [] : [{ flags, value }])),
  );
  return [...new Map(taking.map((option) => [option.flags.join(' '), option])).values()];
}

/** Flags after which a word is no command. */
function valueFlags(places: readonly Place[]): string[] {
  return optionsWithValue(places).flatMap(({ flags }) => flags);
}

/** A row of `case` for each option that takes a value. */
function valueRows(places: readonly Place[], or: string, act: (value: ValueShape) => string): string {
  return optionsWithValue(places)
    .map(({ flags, value }) => `    ${flags.join(or)}) ${act(value)} ;;`)
    .join('\n');
}

function choicesOf(command: CommandShape): readonly string[] {
  return command.arguments.flatMap(({ choices }) => choices);
}

function takesFile(command: CommandShape): boolean {
  return command.arguments.some(({ name }) => isFile(name));
}

function isFile(name: string): boolean {
  return name === 'file' || name === 'dir';
}

/** `name:description` as _describe(zsh) takes it. */
function zshItem(name: string, description: string): string {
  return quoted(`${name}:${description}`);
}

function fishAt(path: string, everywhere = false): string {
  return `complete -c smbwarden${everywhere ? '' : ` -n ${quoted(`__smbwarden_at "${path}"`)}`}`;
}

function fishOption({ flags, description, value }: CommandShape['options'][number]): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  const taken = value === null ? '' : isFile(value.name) ? ' -r -F' : ` -x${fishChoices(value.choices)}`;
  return `${names.join('')} -d ${quoted(description)}${taken}`;
}

function fishChoices(choices: readonly string[]): string {
  return choices.length === 0 ? '' : ` -a ${quoted(choices.join(' '))}`;
}

/** In single quotes, such as sh, zsh and fish all read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
