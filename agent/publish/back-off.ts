import type { Timing } from './timing.ts';

interface BackOffOptions {
  readonly timing: Pick<Timing, 'backoffFirst' | 'backoffMost'>;
  /** 0 to 1. */
  readonly random: () => number;
}

/** How long to wait before the next attempt to connect: 1 s, 2 s, 4 s … 30 s, each between half of it and the whole. */
export class BackOff {
  readonly #options: BackOffOptions;
  #failures = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** Milliseconds, 1 at least. */
  waitMs(): number {
    const { timing, random } = this.#options;
    const full = Math.min(timing.backoffMost, timing.backoffFirst * 2 ** this.#failures);
    return Math.max(1, Math.round(full * (0.5 + random() / 2)));
  }

  failed(): void {
    this.#failures += 1;
  }

  succeeded(): void {
    this.#failures = 0;
  }
}
