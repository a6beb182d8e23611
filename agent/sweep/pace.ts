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
  #width: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  /** How many tasks may run at once. */
  get width(): number {
    return this.#width;
  }

  /**
   * From now on at most half of `from` run at once, one at least; what runs already runs on. `from` is the width that was
   * too much, so that whoever reports the same trouble later does not halve it again.
   */
  halve(from: number): void {
    this.#width = Math.min(this.#width, Math.max(1, Math.floor(from / 2)));
  }

  /** Waits for a place, runs the task, and gives the place back however the task ends. */
  async pass<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#inside < this.#width) this.#inside += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // Whoever is let in takes over this place, unless the gate has become too narrow for it.
      const next = this.#inside > this.#width ? undefined : this.#waiting.shift();
      if (next === undefined) this.#inside -= 1;
      else next();
    }
  }
}
