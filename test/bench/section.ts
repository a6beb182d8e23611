/** One thing that is measured, with what it must not exceed. */
export interface Measured {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB' | 'bytes' | 's' | 'rows';
  /** null: only told. */
  readonly most: number | null;
  /** Shown behind it. */
  readonly note?: string;
}

/** A part of `npm run bench`; another one is one file and one line in bench.ts. */
export interface Section {
  /** Names it on the command line: `npm run bench -- year`. */
  readonly name: string;
  /** One sentence: what is measured, on what. */
  readonly about: string;
  /** `quick`: a small version that takes seconds; its limits count all the same. `say` tells how it goes on. */
  run(options: {
    readonly quick: boolean;
    readonly say: (text: string) => void;
  }): Promise<readonly Measured[]>;
}

/** Milliseconds that `work` took, run so many times, ascending. */
export function timed(times: number, work: () => unknown): number[] {
  return Array.from({ length: times }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  }).sort((a, b) => a - b);
}

/** The value that `share` (0 to 1) of the ascending values do not exceed. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}
