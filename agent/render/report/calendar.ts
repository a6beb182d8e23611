import type { Span } from '../../../domain/exposure.ts';

/** Days and hours as the reader's clock on the wall shows them. Moments are milliseconds UTC. */
export interface Calendar {
  /** IANA name, `Europe/Berlin`. */
  readonly zone: string;
  /** 0 to 23. */
  hourOf(at: number): number;
  /** `2026-11-21`. */
  dateOf(at: number): string;
  /** `23:41`. */
  time(at: number): string;
  /** `21 Nov`. */
  shortDay(at: number): string;
  /** `Saturday, 21 November`; with the year where it is another. */
  longDay(at: number): string;
  /** `21 November 2026`. */
  fullDate(at: number): string;
  /** `21 Nov, 23:41`, or `21 Nov 2025, 23:41`. */
  moment(at: number): string;
  /** The first moment of the next day. */
  nextDay(at: number): number;
  /** The days of a span, oldest first; the first and the last are cut to it. */
  daysOf(span: Span): readonly Span[];
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** What a clock on the wall shows. */
interface Wall {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The calendar of a time zone; undefined: this machine's. Moments in another year than that of `now` are told with theirs. */
export function calendarIn(timeZone: string | undefined, now: number): Calendar {
  const format = wallFormat(timeZone);
  const wall = (at: number) => wallAt(at, format);
  const nextDay = (at: number) => {
    const { year, month, day } = wall(at);
    return momentOfWall(Date.UTC(year, month, day + 1), at, wall);
  };
  const shortMonth = (month: number) => (MONTHS[month] ?? '').slice(0, 3);
  const time = (at: number) => {
    const { hour, minute } = wall(at);
    return `${two(hour)}:${two(minute)}`;
  };
  const thisYear = wall(now).year;
  const otherYear = (at: number) => {
    const { year } = wall(at);
    return year === thisYear ? '' : ` ${year}`;
  };
  const shortDay = (at: number) => {
    const { month, day } = wall(at);
    return `${day} ${shortMonth(month)}`;
  };
  return {
    zone: format.resolvedOptions().timeZone,
    hourOf: (at) => wall(at).hour,
    dateOf: (at) => {
      const { year, month, day } = wall(at);
      return `${year}-${two(month + 1)}-${two(day)}`;
    },
    time,
    shortDay,
    longDay: (at) => {
      const { year, month, day } = wall(at);
      const weekday = new Date(Date.UTC(year, month, day)).getUTCDay();
      return `${WEEKDAYS[weekday] ?? ''}, ${day} ${MONTHS[month] ?? ''}${otherYear(at)}`;
    },
    fullDate: (at) => {
      const { year, month, day } = wall(at);
      return `${day} ${MONTHS[month] ?? ''} ${year}`;
    },
    moment: (at) => `${shortDay(at)}${otherYear(at)}, ${time(at)}`,
    nextDay,
    daysOf: (span) => daysOf(span, nextDay),
  };
}

/** `23 October to 21 November 2026`, `21 November 2026`, `30 December 2026 to 2 January 2027`. */
export function spanInWords({ from, to }: Span, calendar: Calendar): string {
  const [begin, end] = [calendar.fullDate(from), calendar.fullDate(to)];
  if (begin === end) return end;
  const isOneYear = begin.slice(-4) === end.slice(-4);
  return `${isOneYear ? begin.slice(0, -5) : begin} to ${end}`;
}

function daysOf({ from, to }: Span, nextDay: (at: number) => number): readonly Span[] {
  const days: Span[] = [];
  for (let at = from; at < to; at = nextDay(at)) days.push({ from: at, to: Math.min(nextDay(at), to) });
  return days;
}

function wallFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    hourCycle: 'h23',
  });
}

function wallAt(at: number, format: Intl.DateTimeFormat): Wall {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return {
    year: part('year'),
    month: part('month') - 1,
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}

/** The moment at which the wall shows `wanted` (read as UTC), near `near`; the clock may have been put forward meanwhile. */
function momentOfWall(wanted: number, near: number, wall: (at: number) => Wall): number {
  const offsetAt = (at: number) => {
    const { year, month, day, hour, minute, second } = wall(at);
    return Date.UTC(year, month, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  };
  const guess = wanted - offsetAt(near);
  return wanted - offsetAt(guess);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
