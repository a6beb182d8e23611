import type { Command } from 'commander';
import { RESETTABLE, type ResettableSetting } from '../../domain/owner-command.ts';
import { safeJson, visible } from '../../domain/text.ts';
import { configInForce, type SetAtRunTime, setAtRunTime } from '../config/in-force.ts';
import { type Config, configText, withoutSecrets } from '../config.ts';
import { type CommandContext, NotFoundError } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { named } from './lookup.ts';
import { reading } from './reading.ts';

/** `config show`. */
export function addShow(config: Command, act: Act): void {
  config
    .command('show')
    .description('show the configuration in force, defaults included, secrets as ***')
    .addHelpText('after', examples('smbwarden config show', 'smbwarden config show --json'))
    .action(
      act(({ output, context: build }) => {
        const context = build();
        const set = settingsOf(context);
        const inForce = set?.config ?? context.config;
        if (output.json) {
          const document = { schema: 1, file: context.configFile, config: withoutSecrets(inForce) };
          output.out(safeJson({ ...document, setAtRunTime: set?.atRunTime ?? null }, 2));
        } else {
          output.out(
            [...headerLines(context, set?.atRunTime ?? null), configText(inForce).trimEnd()].join('\n'),
          );
        }
        return EXIT.done;
      }),
    );
}

/** `config reset [KEY]`. */
export function addReset(config: Command, act: Act): void {
  config
    .command('reset')
    .description('take back what was set at run time, in Home Assistant, so that the configuration counts')
    .argument('[key]', `${RESETTABLE.join(' or ')} (default: both)`)
    .addHelpText('after', examples('smbwarden config reset', 'smbwarden config reset sweepInterval'))
    .action(
      act(async ({ output, context: build }, key?: string) => {
        const context = build();
        const settings = key === undefined ? RESETTABLE : [named(key, RESETTABLE, 'key')];
        const { changed } = await context.decide({ kind: 'reset', settings });
        const lines = settings.map((each) => `${each}: ${configured(each, context.config)}, as configured`);
        output.out(
          output.json
            ? safeJson({ schema: 1, changed, reset: settings }, 2)
            : [...(changed ? [] : ['Nothing to change:']), ...lines].join('\n'),
        );
        return EXIT.done;
      }),
    );
}

/** What was set at run time, and the configuration with it in place; null: the database cannot be read. */
function settingsOf(context: CommandContext): { config: Config; atRunTime: SetAtRunTime } | null {
  const { config } = context;
  try {
    return reading(context, ({ settings }) => ({
      config: configInForce(config, settings),
      atRunTime: setAtRunTime(settings),
    }));
  } catch (error) {
    // Where nothing was ever recorded, nothing was set either.
    return error instanceof NotFoundError ? { config, atRunTime: {} } : null;
  }
}

function headerLines({ config, configFile }: CommandContext, set: SetAtRunTime | null): string[] {
  const source = configFile === null ? 'no configuration file: all defaults' : visible(configFile);
  const changed =
    set === null
      ? ['what was set at run time is not known: the database cannot be read']
      : RESETTABLE.filter((key) => set[key] !== undefined).map(
          (key) =>
            `${key} was set at run time; "smbwarden config reset" goes back to ${configured(key, config)}`,
        );
  return [source, ...changed].map((line) => `# ${line}`);
}

/** What the configuration says where nothing is set at run time. A cron pattern counts instead of an interval. */
function configured(key: ResettableSetting, config: Config): string {
  if (key === 'sweepInterval' && config.schedule !== null) return `the schedule ${config.schedule}`;
  return String(config[key]);
}
