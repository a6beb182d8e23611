import { Argument, type Command, type Option } from 'commander';
import { RULE_IDS, SEVERITIES } from '../../domain/finding.ts';
import { WHAT_IF_CHANGES } from '../../domain/what-if.ts';
import { bashCompletion, type CommandShape, fishCompletion, zshCompletion } from '../render/completion.ts';
import { type Act, EXIT, examples } from './invocation.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof SCRIPTS;

/** `completion bash|zsh|fish`: what install.sh puts where shells look for it. */
export function addCompletion(program: Command, act: Act): void {
  program
    .command('completion')
    .description('write the completion script of a shell to standard output; the installer has installed it')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      examples('. <(smbwarden completion bash)', 'smbwarden completion fish >smbwarden.fish'),
    )
    .action(
      act(async ({ output }, shell: Shell) => {
        await output.write(SCRIPTS[shell](shapeOf(program)));
        return EXIT.done;
      }),
    );
}

/** What may follow an option or stand as an argument, by the name that help gives it. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  severity: SEVERITIES,
  level: ['L1', 'L2', 'L3', 'L4'],
  rule: RULE_IDS,
  change: WHAT_IF_CHANGES,
};

/** The tree of commands without commander, hidden commands and options left out. */
export function shapeOf(command: Command): CommandShape {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      description: option.description,
      value: valueShape(option),
    })),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      choices: argument.argChoices ?? CHOICES[argument.name()] ?? [],
    })),
    commands: help.visibleCommands(command).map(shapeOf),
  };
}

function valueShape(option: Option): CommandShape['options'][number]['value'] {
  const name = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
  if (name === undefined) return null;
  return { name, choices: option.argChoices ?? CHOICES[name] ?? [] };
}
