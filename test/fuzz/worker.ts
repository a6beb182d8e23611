import { parentPort, workerData } from 'node:worker_threads';
import { type BlockOutcome, fuzzBlock } from './block.ts';
import type { FuzzTarget } from './targets.ts';

/** What a thread is started with. */
export interface WorkerTask {
  /** Module that exports TARGETS. */
  readonly targets: string;
  readonly seed: number;
  /** Holds the input being decoded, behind its target's index and its length (32 bits each). */
  readonly current: SharedArrayBuffer;
}

/** One block to do, and what became of it. */
export interface BlockTask {
  readonly block: number;
  readonly size: number;
}
export interface BlockDone extends BlockTask {
  readonly target: number;
  readonly outcome: BlockOutcome;
}

// Most inputs end in a DecodeError, whose stack costs more than the decoding. A failure is decoded again with its stack.
Error.stackTraceLimit = 0;

const { targets: url, seed, current } = workerData as WorkerTask;
const { TARGETS } = (await import(url)) as { TARGETS: readonly FuzzTarget[] };
const header = new Uint32Array(current, 0, 2);
const input = new Uint8Array(current, header.byteLength);

parentPort?.on('message', ({ block, size }: BlockTask) => {
  const target = block % TARGETS.length;
  const announce = (bytes: Uint8Array) => {
    header[0] = target;
    header[1] = bytes.length;
    input.set(bytes);
  };
  const options = { seed, block, size, clock: () => performance.now(), announce };
  const outcome = fuzzBlock(TARGETS[target]!, options);
  parentPort?.postMessage({ block, size, target, outcome } satisfies BlockDone);
});
