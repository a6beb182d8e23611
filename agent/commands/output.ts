import type { View } from '../render/text.ts';
import type { CommandContext, Output } from './context.ts';
import type { Terminal } from './invocation.ts';

export interface OutputOptions {
  readonly json?: boolean;
  readonly color: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What a command writes to: colours only on a terminal that wants them, no width where there is no terminal. */
export function outputOf(terminal: Terminal, options: OutputOptions): Output {
  const { env, isTty, errIsTty } = terminal;
  const { json = false, quiet = false, verbose = false } = options;
  const wantsColor = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb' && options.color;
  const showsProgress = errIsTty && !quiet && env.TERM !== 'dumb';
  return {
    out: (text) => terminal.out(`${text}\n`),
    err: (text) => terminal.err(`${text}\n`),
    write: (text) => terminal.write(text),
    progress: (text) => {
      if (showsProgress) terminal.err(`\r\u001b[2K${text}`);
    },
    json,
    color: isTty && wantsColor && !json,
    width: isTty ? Math.max(40, terminal.columns) : Number.POSITIVE_INFINITY,
    isTty,
    quiet,
    verbose,
    timeZone: terminal.timeZone,
  };
}

/** How this command's output is to be rendered. */
export function viewOf(context: Pick<CommandContext, 'output' | 'now'>): View {
  const { color, width, timeZone } = context.output;
  return { color, width, timeZone, now: context.now() };
}
