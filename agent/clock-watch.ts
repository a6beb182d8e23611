import type { Log } from './log.ts';

/** Less than this is how clocks are kept right; more is a jump. */
const LEAST_JUMP_MS = 10_000;

interface ClockWatchOptions {
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets, and that stands still while the machine sleeps, as timers do. */
  readonly monotonic: () => number;
  readonly log: Log;
}

/** Compares the clock with the time that has really passed, and tells the owner when they part. */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  #wall: number;
  #monotonic: number;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#wall = options.now();
    this.#monotonic = options.monotonic();
  }

  /** Milliseconds by which the clock has jumped since the last look, below 0 when it was set back; 0: it did not. */
  look(): number {
    const { now, monotonic, log } = this.#options;
    const [wall, passed] = [now(), monotonic()];
    const jumpMs = Math.round(wall - this.#wall - (passed - this.#monotonic));
    const from = this.#wall;
    this.#wall = wall;
    this.#monotonic = passed;
    if (Math.abs(jumpMs) < LEAST_JUMP_MS) return 0;
    log.warn(
      { event: 'clock_jump', from: isoTime(from), to: isoTime(wall), seconds: Math.round(jumpMs / 1_000) },
      'the clock was set, or the machine has slept: a sweep that was missed is made up for once',
    );
    return jumpMs;
  }
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
