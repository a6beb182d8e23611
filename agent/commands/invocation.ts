import type { CommandContext, Output } from './context.ts';

/** Options that every command takes, before or after its name. */
export interface Globals {
  readonly config: string | null;
  readonly dataDir: string | null;
  /** Take the defaults where the configuration is wrong, so that `doctor` can look at the rest. Missing: do not. */
  readonly evenIfWrong?: boolean;
}

/** Builds what a command needs. Called at most once, and not at all for commands that need no configuration. */
export type ContextFactory = (globals: Globals, output: Output) => CommandContext;

/** The terminal and the surroundings of one run, or what stands for them in a test. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Resolves once the text has left. @throws Error with `code`, such as ENOSPC */
  write(text: string): Promise<void>;
  readonly isTty: boolean;
  readonly errIsTty: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
  readonly env: NodeJS.ProcessEnv;
  /** IANA name; undefined: this machine's. */
  readonly timeZone: string | undefined;
  readonly version: string;
  /** Asks a question that is answered by yes or no; missing: there is nobody to ask. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** What one command is given. */
export interface Invocation {
  readonly output: Output;
  readonly version: string;
  /** Asks whoever sits at the terminal; null: there is nobody. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** @throws ConfigError when the configuration is wrong. */
  context(): CommandContext;
  /** The same with the defaults where the configuration is wrong; its `doctor` knows what is wrong. */
  contextEvenIfWrong(): CommandContext;
}

/** Turns a command's work, which resolves to an exit status, into what commander calls. */
export type Act = <Arguments extends unknown[]>(
  work: (invocation: Invocation, ...args: Arguments) => number | Promise<number>,
) => (...args: Arguments) => Promise<void>;

/** Exit status (interfaces of the command line): `findings` wins over `incomplete`. */
export const EXIT = { done: 0, failed: 1, usage: 2, findings: 3, incomplete: 4 } as const;

/** Help text with examples, one command line each. */
export function examples(...lines: readonly string[]): string {
  const title = lines.length === 1 ? 'Example:' : 'Examples:';
  return `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
