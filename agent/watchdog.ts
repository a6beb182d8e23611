import type { Log } from './log.ts';

/** What tells whether the daemon gets on with its work, at one moment. */
export interface Signs {
  /** How much later than planned the event loop came to look, milliseconds. */
  readonly lagMs: number;
  /** How long the sweep under way may take, and has taken, milliseconds; null: none is under way. */
  readonly sweep: { readonly deadlineMs: number; readonly ageMs: number } | null;
  /** What the database said when it refused a sweep that it was to record; null: it took or held the last one. */
  readonly refusal: string | null;
}

const LONGEST_LAG_MS = 5_000;

/**
 * Why systemd should not be told that all is well, or null. A sweep past its deadline ends by itself, so one that is twice
 * as old is stuck. A disk that is full is no reason: what the file cannot take is held in memory, which a restart would lose.
 */
export function ailment({ lagMs, sweep, refusal }: Signs): string | null {
  if (lagMs >= LONGEST_LAG_MS) return `the event loop was late by ${Math.round(lagMs)} ms`;
  if (sweep !== null && sweep.ageMs > 2 * sweep.deadlineMs) {
    return `a sweep has been under way for ${Math.round(sweep.ageMs / 1_000)} s`;
  }
  return refusal === null ? null : `the database refused the last sweep: ${refusal}`;
}

export interface WatchdogOptions {
  /** Between two looks, milliseconds: a third of what systemd waits, so that one late look does no harm. */
  readonly everyMs: number;
  /** Milliseconds of a clock that nobody sets, and that stands still while the machine sleeps, as timers do. */
  readonly monotonic: () => number;
  readonly look: () => Omit<Signs, 'lagMs'>;
  /** Tells systemd that all is well. */
  readonly ping: () => void;
  readonly log: Log;
}

/** Looks at the signs at intervals, and tells systemd that all is well only while it is: else it restarts the daemon. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: NodeJS.Timeout;
  #lookedAt: number;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#lookedAt = options.monotonic();
    this.#timer = setInterval(() => this.#look(), options.everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { everyMs, monotonic, look, ping, log } = this.#options;
    const now = monotonic();
    const lagMs = now - this.#lookedAt - everyMs;
    this.#lookedAt = now;
    const reason = ailment({ lagMs, ...look() });
    if (reason === null) ping();
    else
      log.error({ reason }, 'no sign of life is given to systemd, which restarts the daemon if this lasts');
  }
}
