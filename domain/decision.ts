/** What the owner decided of a finding (acknowledged) or of a host (ignored). Times are milliseconds UTC. */
export interface Decision {
  readonly at: number;
  /** When it ends by itself; null: it does not. */
  readonly until: number | null;
  /** In the owner's own words. */
  readonly note: string | null;
  /** Who said so, where that is known: a person's name that came with the command, or `HOME_ASSISTANT`. */
  readonly by?: string;
}

/** Says that a host is ignored: the switch of its device in Home Assistant. */
export const HOME_ASSISTANT = 'Home Assistant';

/** Has it ended by itself at the moment `at` (milliseconds UTC)? */
export function hasEnded({ until }: Decision, at: number): boolean {
  return until !== null && until <= at;
}
