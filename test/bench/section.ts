/** One thing that is measured, with what it must not exceed. */
export interface Measured {
  readonly what: string;
  /** The median, where there are rounds. */
  readonly value: number;
  readonly unit: Unit;
  /** null: only told. */
  readonly most: number | null;
  /** What it must not fall below; missing: nothing. */
  readonly least?: number;
  /** Shown behind it. */
  readonly note?: string;
  /** The value of each round, in the order of measuring; shown as the number of rounds and their minimum and maximum. */
  readonly rounds?: readonly number[];
  /** What one would take instead, measured in the same run, in turn. */
  readonly peer?: Peer;
}

/** `share`: of a whole, 0 to 1. */
export type Unit =
  | 'ms'
  | 's'
  | 'kB'
  | 'MB'
  | 'bytes'
  | 'rows'
  | 'hosts'
  | 'packets'
  | 'messages'
  | 'connections'
  | 'share';

export interface Peer {
  /** The command, as somebody would give it. */
  readonly what: string;
  /** In the unit of the row; the median, where there are rounds. */
  readonly value: number;
  readonly rounds?: readonly number[];
  /** What the value of the row, divided by the peer's, must not exceed; null: only told. */
  readonly mostRatio: number | null;
}

/** A part of `npm run bench`; another one is one file and one line in bench.ts. */
export interface Section {
  /** Names it on the command line: `npm run bench -- year`. */
  readonly name: string;
  /** One sentence: what is measured, on what. */
  readonly about: string;
  /** A quick run leaves it out unless it is named: nothing is promised in it. */
  readonly inWholeRunsOnly?: true;
  /** What keeps it from being measured here, a sentence each; empty or no such member: nothing does. */
  missing?(): Promise<readonly string[]>;
  /** @throws Error when it fails; the other sections go on, and the exit status tells. */
  run(options: SectionOptions): Promise<readonly Measured[]>;
}

export interface SectionOptions {
  /** A small version that takes seconds, all sections together less than two minutes; its limits count all the same. */
  readonly quick: boolean;
  /** Tells how it goes on. */
  readonly say: (text: string) => void;
  /** Shows a further table below the rows of the section, at the terminal and in docs/benchmarks.md. */
  readonly show: (table: Table) => void;
  /** Keeps a picture as docs/images/NAME.svg, shown below the section; `alt` says in a sentence what is to be seen. */
  readonly draw: (name: string, alt: string, svg: string) => void;
}

/** Cells are plain text; a column whose cells are all numbers, with or without a unit, is set flush right. */
export interface Table {
  /** A sentence above it. */
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A row of rounds: their median is its value. @throws RangeError when there is no round. */
export function ofRounds(
  rounds: readonly number[],
  rest: Omit<Measured, 'value' | 'rounds' | 'peer'> & {
    readonly peer?: Omit<Peer, 'value'> & { readonly rounds: readonly number[] };
  },
): Measured {
  const { peer, ...row } = rest;
  return {
    ...row,
    value: median(rounds),
    rounds,
    ...(peer === undefined ? {} : { peer: { ...peer, value: median(peer.rounds) } }),
  };
}

/** The middle one, or the mean of the two in the middle. @throws RangeError when there is no value. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of no values');
  const ascending = values.toSorted((a, b) => a - b);
  const middle = (ascending.length - 1) / 2;
  return ((ascending[Math.floor(middle)] ?? Number.NaN) + (ascending[Math.ceil(middle)] ?? Number.NaN)) / 2;
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
