import { Command, CommanderError, Option } from 'commander';
import { TargetError } from '../../domain/target.ts';
import { visible } from '../../domain/text.ts';
import { ConfigError } from '../config.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, type ContextFactory, EXIT, examples, type Terminal } from './invocation.ts';
import { outputOf } from './output.ts';

/** The command line, ready to be run once. */
export interface Program {
  /** For help texts and completion. */
  readonly command: Command;
  /** Parses `args` (without node and script), runs the command and resolves to its exit status. Never rejects. */
  run(args: readonly string[]): Promise<number>;
}

/** Hangs one command, and its subcommands, below the root. */
export type AddCommand = (program: Command, act: Act) => void;

/** The commands given, wired to what `contextFactory` builds and to `terminal`. */
export function buildProgram(
  contextFactory: ContextFactory,
  terminal: Terminal,
  commands: readonly AddCommand[],
): Program {
  let status: number = EXIT.done;
  const command = rootCommand(terminal);
  const act: Act =
    (work) =>
    async (...args) => {
      const output = outputOf(terminal, command.opts());
      let context: CommandContext | null = null;
      const contextWith = (more: { readonly evenIfWrong?: boolean }) => {
        const { config = null, dataDir = null } = command.opts<{ config?: string; dataDir?: string }>();
        context ??= contextFactory({ config, dataDir, ...more }, output);
        return context;
      };
      const invocation = {
        output,
        version: terminal.version,
        confirm: terminal.confirm ?? null,
        context: () => contextWith({}),
        contextEvenIfWrong: () => contextWith({ evenIfWrong: true }),
      };
      status = await work(invocation, ...args);
    };
  for (const add of commands) add(command, act);
  return {
    command,
    async run(args) {
      try {
        await command.parseAsync(withDefault(args, terminal.env), { from: 'user' });
        return status;
      } catch (error) {
        return exitStatusOf(error, (text) => terminal.err(`${text}\n`), command.opts().verbose === true);
      }
    },
  };
}

/** What stands for a command in `args` (without node and script), be there one of that name or not; null: nothing. */
export function commandNamed(args: readonly string[], terminal: Terminal): string | null {
  const root = rootCommand({ ...terminal, out: () => {}, err: () => {} });
  try {
    return root.parseOptions([...args]).operands[0] ?? null;
  } catch (error) {
    if (error instanceof CommanderError) return null;
    throw error;
  }
}

function rootCommand(terminal: Terminal): Command {
  return new Command('smbwarden')
    .description('Watches your own network for NetBIOS and SMB exposure, and remembers every change.')
    .usage('[OPTIONS] COMMAND')
    .option('--config <file>', 'configuration file (default: /etc/smbwarden/config.yaml, SMBWARDEN_CONFIG)')
    .option('--data-dir <dir>', 'where the history is kept (default: /var/lib/smbwarden, SMBWARDEN_DATA_DIR)')
    .option('--json', 'one JSON document instead of text')
    .option('--no-color', 'no colours')
    .addOption(new Option('--quiet', 'no progress, errors only').conflicts('verbose'))
    .option('--verbose', 'more to standard error, stack traces included')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true, helpWidth: terminal.isTty ? terminal.columns : 100 })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(`${visibleLines(text.replace(/^error: /, 'smbwarden: '))}\n`),
    })
    .showHelpAfterError('See "smbwarden --help" or "smbwarden COMMAND --help".')
    .exitOverride()
    .addHelpText(
      'after',
      examples('smbwarden sweep', 'smbwarden host nas --history', 'smbwarden explain smb1-enabled'),
    );
}

/** No arguments: the command named by SMBWARDEN_DEFAULT_COMMAND (npm start sets it), else the help. */
function withDefault(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  return args.length > 0 ? [...args] : [env.SMBWARDEN_DEFAULT_COMMAND || '--help'];
}

/** Says what went wrong, unless commander did, and returns the exit status that it means. */
function exitStatusOf(error: unknown, say: (text: string) => void, verbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  say(visibleLines(`smbwarden: ${verbose ? stack : message}`));
  if (isBug(error) && !verbose)
    say('That was not foreseen. Run it again with --verbose to see where it happened.');
  const isUsage = error instanceof ConfigError || error instanceof TargetError || error instanceof UsageError;
  return isUsage ? EXIT.usage : EXIT.failed;
}

/** What the language throws by itself; errors that were foreseen have classes of their own, or are plain. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError].some((kind) => error instanceof kind);
}

function visibleLines(text: string): string {
  return text.trimEnd().split('\n').map(visible).join('\n');
}
