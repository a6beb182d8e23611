import type { CommandShape } from '../../agent/render/completion.ts';

/** docs/smbwarden.1, in the language of man(7), from the tree of commands. */
export function manPage(program: CommandShape, version: string): string {
  const commands = program.commands.flatMap((command) => commandSection(command, program.name));
  return `${[
    `.\\" Written by "npm run golden" from the help of the commands.`,
    `.TH SMBWARDEN 1 "" "smbwarden ${version}" "User Commands"`,
    '.SH NAME',
    `smbwarden \\- SMB and NetBIOS exposure monitor`,
    '.SH SYNOPSIS',
    '.B smbwarden',
    '[\\fIOPTIONS\\fR] \\fICOMMAND\\fR',
    '.SH DESCRIPTION',
    escaped(program.description),
    '.PP',
    'A HOST is an address, or the id, name or MAC of a known host, or the beginning of one.',
    'A WHEN is a date and time in ISO 8601, a span such as \\fB7d\\fR or \\fB12h\\fR, or a word such as \\fByesterday\\fR.',
    '.SH OPTIONS',
    'Every command takes them, before or after its name.',
    ...program.options.flatMap(optionRows),
    '.SH COMMANDS',
    ...commands,
    ...CLOSING,
  ].join('\n')}\n`;
}

const CLOSING = [
  '.SH EXIT STATUS',
  ...[
    ['0', 'done'],
    ['1', 'failed'],
    ['2', 'wrong usage or configuration'],
    ['3', 'findings at or above \\fB\\-\\-fail\\-on\\fR are open (wins over 4)'],
    ['4', 'the sweep ran but is incomplete'],
  ].flatMap(([status = '', meaning = '']) => ['.TP', `.B ${status}`, meaning]),
  '.SH FILES',
  ...[
    ['/etc/smbwarden/config.yaml', 'the configuration; every key is optional'],
    ['/etc/smbwarden/mqtt\\-password', "the broker's password, for the service; empty: none"],
    ['/var/lib/smbwarden/smbwarden.db', 'the history; backups are beside it'],
    ['/run/smbwarden/control.sock', 'how commands reach the daemon'],
  ].flatMap(([file = '', meaning = '']) => ['.TP', `.I ${file}`, meaning]),
  '.SH ENVIRONMENT',
  ...[
    ['SMBWARDEN_CONFIG', 'the configuration file, unless \\fB\\-\\-config\\fR names one'],
    ['SMBWARDEN_DATA_DIR', 'where the history is kept, unless \\fB\\-\\-data\\-dir\\fR says so'],
    ['SMBWARDEN_MQTT_PASSWORD', "the broker's password, where neither a credential nor a file has it"],
    ['NO_COLOR', 'no colours'],
  ].flatMap(([name = '', meaning = '']) => ['.TP', `.B ${name}`, meaning]),
  '.SH SEE ALSO',
  '.BR systemctl (1),',
  '.BR journalctl (1),',
  '.BR nmblookup (1)',
];

function commandSection(command: CommandShape, above: string): string[] {
  const name = `${above} ${command.name}`;
  if (command.name === 'help') return [];
  const typed = command.arguments.map(({ name: argument }) => ` \\fI${argument.toUpperCase()}\\fR`).join('');
  return [
    `.SS "${escaped(name)}${typed}"`,
    `${escaped(sentence(command.description))}`,
    ...command.options.filter(({ flags }) => !flags.includes('--help')).flatMap(optionRows),
    ...command.commands.flatMap((each) => commandSection(each, name)),
  ];
}

function optionRows({ flags, description, value }: CommandShape['options'][number]): string[] {
  const shown = flags.map((flag) => `\\fB${escaped(flag)}\\fR`).join(', ');
  const taken = value === null ? '' : ` \\fI${value.name.toUpperCase()}\\fR`;
  return ['.TP', `${shown}${taken}`, escaped(description)];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}

/** A backslash, a hyphen, and a dot or quotation mark at the beginning of a line mean something to man(7). */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}
