import { parseDuration } from './duration.ts';

/** Moments as people write them. Dates and times without a zone are this machine's. */

/** What `momentAhead` reads, for messages and help. */
export const MOMENTS_AHEAD =
  'an ISO 8601 time (2027-06-01, 2027-06-01T08:00), a span from now (7d, 12h) or tomorrow';

const ISO_8601 = /^(\d{4}-\d{2}-(\d{2}))([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds UTC of an ISO 8601 date or time; null for any other text. */
export function isoMoment(text: string): number | null {
  const [, date, day] = ISO_8601.exec(text) ?? [];
  // 31 February would become 3 March.
  if (date === undefined || new Date(`${date}T00:00Z`).getUTCDate() !== Number(day)) return null;
  const at = Date.parse(text === date ? `${text}T00:00` : text);
  return Number.isNaN(at) ? null : at;
}

/** The moment in milliseconds UTC at which something is to end; null for text that is none. It may have passed. */
export function momentAhead(text: string, now: number): number | null {
  const span = parseDuration(text);
  if (span !== null) return now + span;
  return text === 'tomorrow' ? midnight(now, 1) : isoMoment(text);
}

/** The beginning of the day of `now`, or of one so many days later (earlier where negative). */
export function midnight(now: number, days: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}
