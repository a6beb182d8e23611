import { isDeepStrictEqual } from 'node:util';
import { createTask, type ScheduledTask, validate } from 'node-cron';
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
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * Says when a sweep is due. A cron pattern cannot say "every 50 minutes", so intervals keep a due time of their own and
 * look at the clock every 5 s by a timer: node-cron waits by the wall clock, and would stand still for as long as that
 * was set back. Whatever was missed, one sweep catches up.
 */
export class Schedule {
  readonly #rhythm: Rhythm;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #onDue: () => void;
  /** Null for intervals. */
  readonly #task: ScheduledTask | null;
  #ticker: NodeJS.Timeout | undefined;
  #dueAt: number;

  constructor(options: ScheduleOptions) {
    const { rhythm, lastSweepAt, onDue, log } = options;
    this.#rhythm = rhythm;
    this.#onDue = onDue;
    this.#now = options.now;
    this.#random = options.random;
    this.#dueAt = this.#firstDue(lastSweepAt);
    const logger = {
      debug: () => {},
      info: () => {},
      warn: (text: string) => log.warn({ reason: text }, 'schedule'),
      error: (text: string | Error) => log.error({ reason: String(text) }, 'schedule'),
    };
    const habits = { noOverlap: true, suppressMissedWarning: true, maxRandomDelay: CRON_JITTER_MS, logger };
    this.#task = rhythm.kind === 'cron' ? createTask(rhythm.pattern, onDue, habits) : null;
  }

  start(): void {
    if (this.#task === null) this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    else void this.#task.start();
  }

  stop(): void {
    clearInterval(this.#ticker);
    void this.#task?.destroy();
  }

  /** Milliseconds UTC of the next sweep; null: not known. */
  nextAt(): number | null {
    return this.#rhythm.kind === 'interval' ? this.#dueAt : (this.#task?.getNextRun()?.getTime() ?? null);
  }

  #firstDue(lastSweepAt: number | null): number {
    const soon = this.#now() + CATCH_UP_MS;
    if (lastSweepAt === null || this.#rhythm.kind === 'cron' || lastSweepAt > this.#now()) return soon;
    return Math.max(soon, this.#after(lastSweepAt));
  }

  #tick(): void {
    const now = this.#now();
    const clockWentBack =
      this.#rhythm.kind === 'interval' && this.#dueAt - now > 2 * this.#rhythm.minutes * 60_000;
    if (clockWentBack) this.#dueAt = this.#after(now);
    if (now < this.#dueAt) return;
    this.#dueAt = this.#after(now);
    this.#onDue();
  }

  #after(at: number): number {
    const intervalMs = this.#rhythm.kind === 'interval' ? this.#rhythm.minutes * 60_000 : 0;
    return at + Math.round(intervalMs * (1 + JITTER * this.#random()));
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
