import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { safeJson, visible } from '../../domain/text.ts';
import { learnedHosts } from '../config/learned.ts';
import { starterText } from '../config/reference.ts';
import { addReset, addShow } from './config-in-force.ts';
import { type CommandContext, UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { reading } from './reading.ts';

/** `config check|show|reset|init`. */
export function addConfig(program: Command, act: Act): void {
  const config = program
    .command('config')
    .description('check, show or write the configuration')
    .addHelpText(
      'after',
      examples('smbwarden config check', 'smbwarden config show', 'smbwarden config init'),
    );
  addCheckOf(config, act);
  addShow(config, act);
  addReset(config, act);
  config
    .command('init')
    .description('write a configuration file that explains every key; never overwrites one')
    .argument('[file]', 'where to; "-" for standard output', '-')
    .option('--from-history', 'declare what each known host is now, for you to edit')
    .addHelpText(
      'after',
      examples(
        'smbwarden config init /etc/smbwarden/config.yaml',
        'smbwarden config init --from-history new.yaml',
      ),
    )
    .action(
      act(({ output, context }, file: string, { fromHistory = false }: { fromHistory?: boolean }) => {
        const text = starterText() + (fromHistory ? learnedFrom(context()) : '');
        if (file === '-') output.out(text.trimEnd());
        else writeNew(file, text);
        const holds = fromHistory
          ? 'what the known hosts are now is declared under hosts; edit it'
          : 'none is set';
        if (file !== '-' && !output.quiet)
          output.err(`wrote ${visible(file)}: every key is explained, ${holds}`);
        return EXIT.done;
      }),
    );
}

function addCheckOf(config: Command, act: Act): void {
  config
    .command('check')
    .description('report every mistake in the configuration, or that there is none')
    .addHelpText('after', examples('smbwarden --config new.yaml config check'))
    .action(
      act(({ output, context }) => {
        const { configFile } = context();
        const place =
          configFile === null ? 'no configuration file: all defaults' : `${visible(configFile)}: correct`;
        output.out(output.json ? safeJson({ schema: 1, file: configFile, mistakes: [] }, 2) : place);
        return EXIT.done;
      }),
    );
}

function learnedFrom(context: CommandContext): string {
  return reading(context, ({ history }) => learnedHosts(history.hosts().values(), context.now()));
}

function writeNew(file: string, text: string): void {
  if (existsSync(file))
    throw new UsageError(`writing ${file}: the file is there already, and is not overwritten`);
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o640 });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new Error(
      `writing ${file}: ${code}. Check that the directory is there and that you may write in it`,
    );
  }
}
