/** How often a host that is left asleep may be looked at: so many times a day, within a part of the day. */
export interface SleepBudget {
  /** 1 to 24. */
  readonly timesADay: number;
  /** Local time, `19:00-23:00`; an end before the beginning lies on the next day. */
  readonly between: string;
}

/** Minutes from local midnight; `end` is later than `start`, and above 1,440 where it lies on the next day. */
interface DayWindow {
  readonly start: number;
  readonly end: number;
}

const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;
const DAY_MINUTES = 1_440;

/** True for `19:00-23:00`, `22:30-01:30` and `08:00-24:00`. */
export function isDayWindow(text: string): boolean {
  return parseWindow(text) !== null;
}

/**
 * May a host be looked at now? The window is cut into as many equal parts as there are looks a day, and each part has
 * one. `now` and `lastLookAt` are milliseconds UTC; the window is local time, summer time included.
 */
export function mayLook(
  { timesADay, between }: SleepBudget,
  { now, lastLookAt }: { readonly now: number; readonly lastLookAt: number },
): boolean {
  const window = parseWindow(between);
  if (window === null) return false;
  // A window that runs over midnight may have begun yesterday.
  return [-1, 0].some((day) => {
    const [start, end] = [window.start, window.end].map((minutes) => localTime(now, day, minutes));
    if (start === undefined || end === undefined || now < start || now >= end) return false;
    const part = (end - start) / timesADay;
    const partBegan = start + Math.floor((now - start) / part) * part;
    // A look that lies a day ahead was taken before the clock was set back.
    return lastLookAt < partBegan || lastLookAt > now + DAY_MINUTES * 60_000;
  });
}

function parseWindow(text: string): DayWindow | null {
  const match = WINDOW.exec(text);
  if (match === null) return null;
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = match.slice(1).map(Number);
  const [start, end] = [startHour * 60 + startMinute, endHour * 60 + endMinute];
  if (start === end || end > DAY_MINUTES) return null;
  return { start, end: end > start ? end : end + DAY_MINUTES };
}

/** The moment at which the clocks of this machine show `minutes` after midnight, `days` after the day of `now`. */
function localTime(now: number, days: number, minutes: number): number {
  const today = new Date(now);
  return new Date(today.getFullYear(), today.getMonth(), today.getDate() + days, 0, minutes).getTime();
}
