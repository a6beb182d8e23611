/**
 * What came of looking at one thing. `unknown`: it could not be looked at, which is neither good nor bad. Only a `fault`
 * makes the doctor fail.
 */
export type Verdict = 'ok' | 'warning' | 'fault' | 'unknown';

/** One thing that was looked at. Text may hold a stranger's: render it with `visible`. */
export interface Check {
  /** Kebab-case; several checks may bear the same name, such as one for each subnet. */
  readonly name: string;
  readonly verdict: Verdict;
  /** What was seen, one sentence. */
  readonly what: string;
  /** What to do about it where a command alone does not mend it, one sentence; null: nothing, or the commands say it. */
  readonly advice: string | null;
  /** Shell commands that mend it, in their order. */
  readonly commands: readonly string[];
}

/** How something is mended. */
export interface Mend {
  readonly advice?: string;
  readonly commands?: readonly string[];
}

export function ok(name: string, what: string): Check {
  return check(name, 'ok', what);
}

export function warning(name: string, what: string, mend: Mend): Check {
  return check(name, 'warning', what, mend);
}

export function fault(name: string, what: string, mend: Mend): Check {
  return check(name, 'fault', what, mend);
}

export function unknown(name: string, what: string, mend: Mend = {}): Check {
  return check(name, 'unknown', what, mend);
}

function check(name: string, verdict: Verdict, what: string, mend: Mend = {}): Check {
  return { name, verdict, what, advice: mend.advice ?? null, commands: mend.commands ?? [] };
}

/** Text as one word of a shell command, quoted where the shell would read more into it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
