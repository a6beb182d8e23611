import type { HostId } from './host.ts';
import type { Sending } from './sweep.ts';

/** A day in UTC: `2026-11-21`. Days sort as text. */
export type Day = string;

/** What was sent on one day to one port of one address on behalf of one probe. */
export interface LedgerEntry extends Sending {
  readonly day: Day;
  /** Who was met there; null: nobody, or a host that has been forgotten since. */
  readonly hostId: HostId | null;
}

/** The day of a moment in milliseconds UTC. */
export function dayOf(at: number): Day {
  return new Date(at).toISOString().slice(0, 10);
}
