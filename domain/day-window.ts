/** A part of the day or week in local time, as the owner writes it: `22:00-07:00`, `sat 02:00-04:00`, `mon-fri 9:00-17:00`. */
export interface DayWindow {
  /** Days on which it begins, 0 for Sunday. */
  readonly days: readonly number[];
  /** Minutes from local midnight; `end` is above 1,440 where it lies on the next day. */
  readonly start: number;
  readonly end: number;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WINDOW =
  /^(?:(sun|mon|tue|wed|thu|fri|sat)(?:-(sun|mon|tue|wed|thu|fri|sat))? )?([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-4]):([0-5]\d)$/i;
const DAY_MINUTES = 1_440;

/** What the text means, or null. An end before the beginning lies on the next day. */
export function parseDayWindow(text: string): DayWindow | null {
  const match = WINDOW.exec(text.trim());
  if (match === null) return null;
  const [, from, to] = match;
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = match.slice(3).map(Number);
  const [start, end] = [startHour * 60 + startMinute, endHour * 60 + endMinute];
  if (start === end || end > DAY_MINUTES) return null;
  return { days: daysFrom(from, to), start, end: end > start ? end : end + DAY_MINUTES };
}

/**
 * When the window ends that `at` lies in, or null when it lies in none of them. Both are milliseconds UTC; the windows
 * are local time, summer time included.
 */
export function windowEnd(windows: readonly DayWindow[], at: number): number | null {
  const ends = windows.flatMap(({ days, start, end }) =>
    // A window that runs over midnight may have begun yesterday.
    [-1, 0].flatMap((day) => {
      const begins = localTime(at, day, start);
      const ended = localTime(at, day, end);
      return days.includes(new Date(begins).getDay()) && begins <= at && at < ended ? [ended] : [];
    }),
  );
  return ends.length === 0 ? null : Math.max(...ends);
}

function daysFrom(from: string | undefined, to: string | undefined): number[] {
  if (from === undefined) return [0, 1, 2, 3, 4, 5, 6];
  const [first, last] = [from, to ?? from].map((name) => DAYS.findIndex((day) => day === name.toLowerCase()));
  const length = ((((last ?? 0) - (first ?? 0)) % 7) + 7) % 7;
  return Array.from({ length: length + 1 }, (_, i) => ((first ?? 0) + i) % 7);
}

/** The moment at which the clocks of this machine show `minutes` after midnight, `days` after the day of `at`. */
function localTime(at: number, days: number, minutes: number): number {
  const today = new Date(at);
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, 0, minutes).getTime();
}
