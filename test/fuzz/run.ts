import { Worker } from 'node:worker_threads';
import { BLOCK_SIZE, type BlockOutcome, bestTime, keepSlowest, type TimedInput } from './block.ts';
import { LONGEST_INPUT } from './mutate.ts';
import type { FuzzTarget } from './targets.ts';
import type { BlockDone, BlockTask, WorkerTask } from './worker.ts';

export interface FuzzOptions {
  /** Module that exports TARGETS. */
  readonly targets: URL;
  readonly executions: number;
  /** Begin no further block after so long. */
  readonly limitMs: number;
  readonly seed: number;
  readonly threads: number;
  /** A thread that needs longer than this for one block (a moment as a rule) hangs. */
  readonly stallMs: number;
}

/** Counts for one target, and the slowest of its inputs. */
export interface TargetTally {
  readonly name: string;
  readonly accepted: number;
  readonly refused: number;
  readonly slowest: readonly TimedInput[];
}

/** An input that a decoder did not end on with a message or a DecodeError. */
export interface FuzzFailure {
  readonly target: string;
  readonly bytes: Uint8Array;
  /** `hung`: it was still being decoded after `stallMs`; `crashed`: it took the thread down with it. */
  readonly kind: 'threw' | 'hung' | 'crashed';
}

export interface FuzzOutcome {
  /** Inputs decoded; those of a block that hung or crashed are not counted, but for the last. */
  readonly executions: number;
  readonly durationMs: number;
  readonly tallies: readonly TargetTally[];
  readonly failures: readonly FuzzFailure[];
}

const TRIES_ALONE = 10;
const HEADER_BYTES = 8;

/**
 * Fuzzes on `threads` threads until all is done or something fails, then times the slowest inputs again while nothing
 * else runs: the best of ten.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzOutcome> {
  const { TARGETS } = (await import(options.targets.href)) as { TARGETS: readonly FuzzTarget[] };
  const startedAt = performance.now();
  const done: BlockDone[] = [];
  const blocks = blocksOf(options, startedAt);
  const threads = Array.from({ length: options.threads }, () => fuzzOnThread(options, blocks, done));
  const stopped = (await Promise.all(threads)).filter((failure) => failure !== null);
  const durationMs = performance.now() - startedAt;
  const tallies = TARGETS.map((target, index) => {
    const outcomes = done.filter((each) => each.target === index).map(({ outcome }) => outcome);
    return tallyOf(target, outcomes);
  });
  const failures = [
    ...done.flatMap(({ target, outcome }) =>
      outcome.failure === null ? [] : [{ target, bytes: outcome.failure, kind: 'threw' as const }],
    ),
    ...stopped,
  ].map((failure) => ({ ...failure, target: TARGETS[failure.target]!.name }));
  const executions =
    tallies.reduce((sum, { accepted, refused }) => sum + accepted + refused, 0) + failures.length;
  return { executions, durationMs, tallies, failures };
}

/** Blocks until the executions are done or the time is up; threads take from it in turn. */
function* blocksOf({ executions, limitMs }: FuzzOptions, startedAt: number): Generator<BlockTask, undefined> {
  for (let block = 0; block * BLOCK_SIZE < executions; block += 1) {
    if (performance.now() - startedAt > limitMs) return;
    yield { block, size: Math.min(BLOCK_SIZE, executions - block * BLOCK_SIZE) };
  }
}

type Stopped = Omit<FuzzFailure, 'target'> & { readonly target: number };

/** Resolves to null when no block is left or one has failed, else to the input that stopped the thread. */
function fuzzOnThread(
  { targets, seed, stallMs }: FuzzOptions,
  blocks: Generator<BlockTask, undefined>,
  done: BlockDone[],
): Promise<Stopped | null> {
  const current = new SharedArrayBuffer(HEADER_BYTES + LONGEST_INPUT);
  const workerData: WorkerTask = { targets: targets.href, seed, current };
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData });
  return new Promise((resolve) => {
    let watchdog: NodeJS.Timeout | undefined;
    const end = (failure: Stopped | null) => {
      if (failure !== null) blocks.return(undefined);
      clearTimeout(watchdog);
      worker.removeAllListeners();
      worker.terminate().then(
        () => resolve(failure),
        () => resolve(failure),
      );
    };
    const next = () => {
      const { value: task } = blocks.next();
      if (task === undefined) return end(null);
      watchdog = setTimeout(() => end({ ...inputIn(current), kind: 'hung' }), stallMs);
      worker.postMessage(task);
    };
    worker.on('message', (block: BlockDone) => {
      clearTimeout(watchdog);
      done.push(block);
      if (block.outcome.failure !== null) blocks.return(undefined);
      next();
    });
    const crashed = () => end({ ...inputIn(current), kind: 'crashed' });
    worker.on('error', crashed);
    worker.on('exit', crashed);
    next();
  });
}

function inputIn(current: SharedArrayBuffer): Pick<Stopped, 'target' | 'bytes'> {
  const [target = 0, length = 0] = new Uint32Array(current, 0, 2);
  return { target, bytes: new Uint8Array(current, HEADER_BYTES, length).slice() };
}

function tallyOf(target: FuzzTarget, outcomes: readonly BlockOutcome[]): TargetTally {
  const candidates = outcomes.flatMap(({ slowest }) => slowest.map(({ bytes }) => bytes));
  return {
    name: target.name,
    accepted: outcomes.reduce((sum, { accepted }) => sum + accepted, 0),
    refused: outcomes.reduce((sum, { refused }) => sum + refused, 0),
    slowest: keepSlowest(timedAlone(target, candidates)),
  };
}

/** Twice over, because the first round is slower for what is compiled on the way. */
function timedAlone(target: FuzzTarget, inputs: readonly Uint8Array[]): TimedInput[] {
  const clock = () => performance.now();
  const round = () => inputs.map((bytes) => ({ bytes, ms: bestTime(target, bytes, TRIES_ALONE, clock) }));
  round();
  return round();
}
