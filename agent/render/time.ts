import { parseDuration } from '../../domain/duration.ts';
import { isoMoment, midnight } from '../../domain/moment.ts';

/** How moments are shown to a person. */
export interface Clock {
  /** Milliseconds UTC. */
  readonly now: number;
  /** IANA name; undefined: this machine's. */
  readonly timeZone: string | undefined;
}

/** ISO 8601 in UTC, for JSON. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/** ISO 8601 in UTC, or null for no moment. */
export function isoOrNull(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : isoTime(at);
}

/** `2026-11-21 23:41`, in the zone of `clock`. */
export function localTime(at: number, clock: Clock): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...(clock.timeZone === undefined ? {} : { timeZone: clock.timeZone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}

/** `3 days ago`, `in 12 minutes`, `just now`. */
export function relativeTime(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 60_000) return at <= now ? 'just now' : 'in a moment';
  const [size, unit] = UNITS.find(([each]) => distance >= each) ?? [60_000, 'minute'];
  const count = Math.floor(distance / size);
  const text = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return at <= now ? `${text} ago` : `in ${text}`;
}

const UNITS = [
  [365 * 86_400_000, 'year'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** How long something took: `812 ms`, `4.2 s`, `3 min 20 s`. */
export function elapsedText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.floor((milliseconds % 60_000) / 1000)} s`;
}

/** What `parseMoment` reads, for messages and help. */
export const MOMENTS =
  'an ISO 8601 time (2026-11-21, 2026-11-21T22:41), a span back (7d, 12h), today or yesterday';

/**
 * A moment in the past as a person writes it, in milliseconds UTC; null for text that is none. Dates and times without a
 * zone, `today` and `yesterday` are this machine's.
 */
export function parseMoment(text: string, now: number): number | null {
  const span = parseDuration(text);
  if (span !== null) return now - span;
  if (text === 'now') return now;
  if (text === 'today' || text === 'yesterday') return midnight(now, text === 'today' ? 0 : -1);
  return isoMoment(text);
}
