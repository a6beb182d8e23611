import type { Command } from 'commander';
import { safeJson } from '../../domain/text.ts';
import { type Pause, pauseOf } from '../config/in-force.ts';
import { pauseText } from '../render/status.ts';
import type { CommandContext } from './context.ts';
import { type Act, EXIT, examples } from './invocation.ts';
import { endNamed } from './lookup.ts';
import { viewOf } from './output.ts';
import { reading } from './reading.ts';

/** `pause [--until WHEN]` and `resume`. */
export function addPause(program: Command, act: Act): void {
  program
    .command('pause')
    .description('hold the scheduled sweeps; "sweep" and "check" still work')
    .option('--until <when>', 'when they go on by themselves: 2027-06-01, 12h, tomorrow (default: "resume")')
    .addHelpText('after', examples('smbwarden pause', 'smbwarden pause --until 12h'))
    .action(
      act(async ({ context: build }, { until }: { until?: string }) => {
        const context = build();
        const end = until === undefined ? null : endNamed(until, context.now());
        const { changed } = await context.decide({ kind: 'pause', until: end });
        return print(context, changed);
      }),
    );
  program
    .command('resume')
    .description('let the scheduled sweeps go on')
    .addHelpText('after', examples('smbwarden resume'))
    .action(
      act(async ({ context: build }) => {
        const context = build();
        const { changed } = await context.decide({ kind: 'resume' });
        return print(context, changed);
      }),
    );
}

function print(context: CommandContext, changed: boolean): number {
  const { output } = context;
  const pause = currentPause(context);
  if (output.json) {
    const paused =
      pause === null ? null : { until: pause.until === null ? null : new Date(pause.until).toISOString() };
    output.out(safeJson({ schema: 1, changed, paused }, 2));
    return EXIT.done;
  }
  const state = pause === null ? 'on schedule' : pauseText(pause, viewOf(context));
  output.out(`${changed ? '' : 'Nothing to change: '}sweeps are ${state}`);
  return EXIT.done;
}

/** Says, to whoever has swept or checked by hand, that nothing of the kind happens by itself now. */
export function remindOfPause(context: CommandContext): void {
  const { output } = context;
  const pause = output.json || output.quiet ? null : currentPause(context);
  if (pause !== null)
    output.err(`This was asked for; scheduled sweeps are ${pauseText(pause, viewOf(context))}.`);
}

function currentPause(context: CommandContext): Pause | null {
  return reading(context, ({ settings }) => pauseOf(settings, context.now()));
}
