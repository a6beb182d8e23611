import { DecodeError } from '../../probes/wire/reader.ts';
import { mutate, randomNumbers } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';

/** How many inputs make one block. A seed and a block's number make the same inputs on any number of threads. */
export const BLOCK_SIZE = 2_000;

const SLOWEST_KEPT = 3;

/** An input and how long it took to decode, in milliseconds, the best of three. */
export interface TimedInput {
  readonly bytes: Uint8Array;
  readonly ms: number;
}

/** What became of one block of inputs for one target. */
export interface BlockOutcome {
  readonly accepted: number;
  /** Answered with a DecodeError. */
  readonly refused: number;
  /** Slowest first, at most three. */
  readonly slowest: readonly TimedInput[];
  /** The first input for which something other than a DecodeError was thrown; the block ends there. */
  readonly failure: Uint8Array | null;
}

/** What a block needs besides its target. */
export interface BlockOptions {
  readonly seed: number;
  readonly block: number;
  readonly size: number;
  /** Milliseconds from any origin. */
  readonly clock: () => number;
  /** Told each input before it is decoded, so that one that never returns is known. */
  readonly announce: (input: Uint8Array) => void;
}

/** Decodes `size` mutated inputs. Never throws what a decoder throws. */
export function fuzzBlock(target: FuzzTarget, options: BlockOptions): BlockOutcome {
  const { seed, block, size, clock, announce } = options;
  const random = randomNumbers(seedOfBlock(seed, block));
  let slowest: TimedInput[] = [];
  let accepted = 0;
  for (let done = 0; done < size; done += 1) {
    const bytes = mutate(target.corpus, random);
    announce(bytes);
    const before = clock();
    const ending = endingOf(target.decode, bytes);
    const ms = clock() - before;
    if (ending === 'failure') return { accepted, refused: done - accepted, slowest, failure: bytes };
    if (ending === 'accepted') accepted += 1;
    if (ms > fastestKept(slowest)) {
      // Most of such times are a pause of the garbage collector or of this thread: the input gets two more tries.
      slowest = keepSlowest([...slowest, { bytes, ms: Math.min(ms, bestTime(target, bytes, 2, clock)) }]);
    }
  }
  return { accepted, refused: size - accepted, slowest, failure: null };
}

/** Milliseconds that the input takes to decode, the best of `tries`. */
export function bestTime(
  { decode }: Pick<FuzzTarget, 'decode'>,
  bytes: Uint8Array,
  tries: number,
  clock: () => number,
): number {
  const times = Array.from({ length: tries }, () => {
    const before = clock();
    endingOf(decode, bytes);
    return clock() - before;
  });
  return Math.min(...times);
}

/** The slowest of them, slowest first. */
export function keepSlowest(inputs: readonly TimedInput[]): TimedInput[] {
  return [...inputs].sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_KEPT);
}

function fastestKept(slowest: readonly TimedInput[]): number {
  return slowest[SLOWEST_KEPT - 1]?.ms ?? -1;
}

function endingOf(decode: FuzzTarget['decode'], bytes: Uint8Array): 'accepted' | 'refused' | 'failure' {
  try {
    decode(bytes);
    return 'accepted';
  } catch (error) {
    return error instanceof DecodeError ? 'refused' : 'failure';
  }
}

/** Blocks next to each other get seeds far from each other. */
function seedOfBlock(seed: number, block: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(block + 1, 0xc2b2ae35);
}
