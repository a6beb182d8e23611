import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { safeJson, visible } from '../../domain/text.ts';
import { starterText } from '../config/reference.ts';
import { configText, withoutSecrets } from '../config.ts';
import { UsageError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';

/** `config check|show|init`. */
export function addConfig(program: Command, act: Act): void {
  const config = program
    .command('config')
    .description('check, show or write the configuration')
    .addHelpText(
      'after',
      examples('smbwarden config check', 'smbwarden config show', 'smbwarden config init'),
    );
  addCheckAndShow(config, act);
  config
    .command('init')
    .description('write a configuration file that explains every key; never overwrites one')
    .argument('[file]', 'where to; "-" for standard output', '-')
    .addHelpText('after', examples('smbwarden config init /etc/smbwarden/config.yaml'))
    .action(
      act(({ output }, file: string) => {
        if (file === '-') output.out(starterText().trimEnd());
        else writeNew(file, starterText());
        if (file !== '-' && !output.quiet)
          output.err(`wrote ${visible(file)}: every key is explained, none is set`);
        return EXIT.done;
      }),
    );
}

function addCheckAndShow(config: Command, act: Act): void {
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
  config
    .command('show')
    .description('show the configuration in force, defaults included, secrets as ***')
    .addHelpText('after', examples('smbwarden config show', 'smbwarden config show --json'))
    .action(
      act(({ output, context }) => {
        const { config: inForce, configFile } = context();
        output.out(
          output.json
            ? safeJson({ schema: 1, file: configFile, config: withoutSecrets(inForce) }, 2)
            : `# ${configFile === null ? 'no configuration file: all defaults' : visible(configFile)}\n${configText(inForce).trimEnd()}`,
        );
        return EXIT.done;
      }),
    );
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
