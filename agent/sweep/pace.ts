/** How hard a sweep may press, docs/probing.md. */
export interface Pace {
  /** New addresses a second; Infinity: as quickly as the neighbour table allows. */
  readonly addressesPerSecond: number;
  /** Between two connections to one host, milliseconds. */
  readonly pauseMs: number;
  /** Hosts that are asked at the same time. */
  readonly hostsAtOnce: number;
}

export const PACES = {
  gentle: { addressesPerSecond: 50, pauseMs: 250, hostsAtOnce: 16 },
  normal: { addressesPerSecond: 500, pauseMs: 100, hostsAtOnce: 64 },
  fast: { addressesPerSecond: Number.POSITIVE_INFINITY, pauseMs: 100, hostsAtOnce: 128 },
} as const satisfies Record<string, Pace>;
export type PaceName = keyof typeof PACES;

/** Runs at most so many tasks at once, first come first served. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Waits for a place, runs the task, and gives the place back however the task ends. */
  async pass<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
