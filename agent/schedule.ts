import { isDeepStrictEqual } from 'node:util';
import { createTask, parse, type ScheduledTask, validate } from 'node-cron';
import { ClockWatch } from './clock-watch.ts';
import type { Log } from './log.ts';

/** When sweeps begin: every so many minutes, or by a cron pattern. */
export type Rhythm =
  | { readonly kind: 'interval'; readonly minutes: number }
  | { readonly kind: 'cron'; readonly pattern: string };

/** True for patterns of five fields that node-cron takes. */
export function isCronPattern(pattern: string): boolean {
  return pattern.trim().split(/\s+/).length === 5 && validate(pattern);
}

const TICK_MS = 5_000;
/** Sweeps of many agents that were switched on together drift apart by up to a tenth of the interval. */
const JITTER = 0.1;
const CRON_JITTER_MS = 30_000;
/** A sweep that was due long ago (suspend, a stopped daemon) begins so soon after the start, once. */
const CATCH_UP_MS = 2_000;

interface ScheduleOptions {
  readonly rhythm: Rhythm;
  /** Start of the last sweep, milliseconds UTC; null: there was none. */
  readonly lastSweepAt: number | null;
  readonly onDue: () => void;
  readonly log: Log;
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

type DueOptions = Pick<ScheduleOptions, 'lastSweepAt' | 'now' | 'random'>;

/** When the next sweep is due, by the wall clock. */
interface Due {
  /** Milliseconds UTC; null: not known. */
  nextAt(): number | null;
  /** Is a sweep due? Then the next one is reckoned from now. `jumpMs`: how far the clock has jumped since the last look. */
  look(jumpMs: number): boolean;
  stop(): void;
}

/**
 * Says when a sweep is due. It looks at the clock every 5 s by a timer, for intervals and patterns alike: a timer that
 * waits for hours is wrong when the clock is set or the machine sleeps meanwhile. Whatever was missed, one sweep catches up.
 */
export class Schedule {
  readonly #onDue: () => void;
  readonly #due: Due;
  readonly #clock: ClockWatch;
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: ScheduleOptions) {
    const { rhythm, onDue } = options;
    this.#onDue = onDue;
    this.#clock = new ClockWatch(options);
    this.#due =
      rhythm.kind === 'interval'
        ? new IntervalDue(rhythm.minutes, options)
        : new PatternDue(rhythm.pattern, options);
  }

  start(): void {
    this.#ticker = setInterval(() => {
      if (this.#due.look(this.#clock.look())) this.#onDue();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#ticker);
    this.#due.stop();
  }

  /** Milliseconds UTC of the next sweep; null: not known. */
  nextAt(): number | null {
    return this.#due.nextAt();
  }
}

/** A cron pattern cannot say "every 50 minutes", so intervals keep a due time of their own. */
class IntervalDue implements Due {
  readonly #options: DueOptions;
  readonly #intervalMs: number;
  #dueAt: number;

  constructor(minutes: number, options: DueOptions) {
    this.#options = options;
    this.#intervalMs = minutes * 60_000;
    const { lastSweepAt, now } = options;
    const soon = now() + CATCH_UP_MS;
    const isKnown = lastSweepAt !== null && lastSweepAt <= now();
    this.#dueAt = isKnown ? Math.max(soon, this.#after(lastSweepAt)) : soon;
  }

  nextAt(): number {
    return this.#dueAt;
  }

  look(): boolean {
    const now = this.#options.now();
    const wasSetBack = this.#dueAt - now > this.#intervalMs * (1 + JITTER);
    if (wasSetBack) this.#dueAt = this.#after(now);
    if (now < this.#dueAt) return false;
    this.#dueAt = this.#after(now);
    return true;
  }

  stop(): void {}

  #after(at: number): number {
    return at + Math.round(this.#intervalMs * (1 + JITTER * this.#options.random()));
  }
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
/** The least by which summer time moves the clocks (Lord Howe Island). Less is no reason to count minutes twice. */
const LEAST_SHIFT_MINUTES = 30;
/** A pattern whose minutes of so long have not been looked at counts as missed. */
const LONGEST_LOOK_BACK_MINUTES = 31 * DAY_MINUTES;

/**
 * A cron pattern in local time. Every minute that the clocks show is looked at once, and those that they skip (in spring,
 * or because somebody set them) with the next. The hour that is repeated in autumn counts once for a pattern that names its
 * hours; for one that does not, such as every 15 minutes, it counts twice, so that nothing pauses.
 */
class PatternDue implements Due {
  readonly #options: DueOptions;
  readonly #pattern: Pattern;
  readonly #hours: readonly number[];
  readonly #minutes: readonly number[];
  readonly #namesHours: boolean;
  /** The last minute that was looked at, in minutes of local time since 1970. */
  #lookedAt: number;
  /** Milliseconds UTC of a sweep that is drawn from the half minute after the pattern; null: none waits. */
  #dueAt: number | null = null;

  constructor(pattern: string, options: DueOptions) {
    this.#options = options;
    this.#pattern = new Pattern(pattern);
    const { hour, minute } = parse(pattern);
    this.#hours = hour;
    this.#minutes = minute;
    this.#namesHours = !(pattern.trim().split(/\s+/)[1] ?? '*').startsWith('*');
    const now = options.now();
    this.#lookedAt = localMinute(Math.min(options.lastSweepAt ?? now, now));
  }

  nextAt(): number | null {
    return this.#dueAt ?? this.#pattern.next();
  }

  look(jumpMs: number): boolean {
    const { now, random } = this.#options;
    const at = now();
    const minute = localMinute(at);
    const wentBack = this.#lookedAt - minute >= LEAST_SHIFT_MINUTES;
    if (wentBack && (jumpMs < 0 || !this.#namesHours)) this.#lookedAt = minute - 1;
    if (this.#wasNamedUntil(minute)) this.#dueAt ??= at + Math.round(CRON_JITTER_MS * random());
    this.#lookedAt = Math.max(this.#lookedAt, minute);
    if (this.#dueAt === null) return false;
    const isDue = at >= this.#dueAt || this.#dueAt - at > CRON_JITTER_MS;
    if (isDue) this.#dueAt = null;
    return isDue;
  }

  stop(): void {
    this.#pattern.forget();
  }

  /** Does the pattern name one of the minutes that were not looked at yet? */
  #wasNamedUntil(last: number): boolean {
    const first = this.#lookedAt + 1;
    if (last - first > LONGEST_LOOK_BACK_MINUTES) return true;
    for (let day = first - (first % DAY_MINUTES); day <= last; day += DAY_MINUTES) {
      for (const hour of this.#hours) {
        for (const ofHour of this.#minutes) {
          const minute = day + hour * 60 + ofHour;
          if (first <= minute && minute <= last && this.#pattern.names(minute)) return true;
        }
      }
    }
    return false;
  }
}

/** What the clocks here show at `at` (milliseconds UTC), in minutes since they showed the beginning of 1970. */
function localMinute(at: number): number {
  return Math.floor(at / MINUTE_MS) - new Date(at).getTimezoneOffset();
}

/** What node-cron knows of a pattern. Its tasks are never started: their timers wait by the wall clock. */
class Pattern {
  /** A minute that the clocks skip has no moment in local time; as a minute of UTC every one has. */
  readonly #anywhere: ScheduledTask;
  readonly #here: ScheduledTask;

  constructor(pattern: string) {
    this.#anywhere = createTask(pattern, () => {}, { timezone: 'UTC' });
    this.#here = createTask(pattern, () => {});
  }

  /** `minute`: of local time since 1970. */
  names(minute: number): boolean {
    return this.#anywhere.match(new Date(minute * MINUTE_MS));
  }

  /** Milliseconds UTC; null: never. */
  next(): number | null {
    return this.#here.getNextRuns(1)[0]?.getTime() ?? null;
  }

  /** node-cron remembers tasks until they are destroyed. */
  forget(): void {
    void this.#anywhere.destroy();
    void this.#here.destroy();
  }
}

interface ChangingOptions extends Omit<ScheduleOptions, 'rhythm' | 'lastSweepAt'> {
  readonly lastSweepAt: () => number | null;
}

/** A schedule whose rhythm the owner may change, or hold, while it runs. */
export class ChangingSchedule {
  readonly #options: ChangingOptions;
  /** null: held. */
  #current: { readonly rhythm: Rhythm; readonly schedule: Schedule } | null = null;

  constructor(options: ChangingOptions) {
    this.#options = options;
  }

  /** From now on by this rhythm, counted from the last sweep; null: no sweep is due. The same again changes nothing. */
  follow(rhythm: Rhythm | null): void {
    if (isDeepStrictEqual(rhythm, this.#current?.rhythm ?? null)) return;
    this.stop();
    if (rhythm === null) return;
    const lastSweepAt = this.#options.lastSweepAt();
    const schedule = new Schedule({ ...this.#options, rhythm, lastSweepAt });
    this.#current = { rhythm, schedule };
    schedule.start();
  }

  stop(): void {
    this.#current?.schedule.stop();
    this.#current = null;
  }

  /** Milliseconds UTC of the next sweep; null: none is due. */
  nextAt(): number | null {
    return this.#current?.schedule.nextAt() ?? null;
  }
}
