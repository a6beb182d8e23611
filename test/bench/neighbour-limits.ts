import { readFileSync, writeFileSync } from 'node:fs';

/** The two limits of the kernel's neighbour table that matter to a sweep, for the whole machine. */
export interface NeighbourLimits {
  /** gc_thresh2: beyond it, failed entries are reclaimed every 5 s. */
  readonly soft: number;
  /** gc_thresh3: beyond it, new entries are refused. */
  readonly hard: number;
}

/** What a kernel starts with. */
export const USUAL_LIMITS: NeighbourLimits = { soft: 512, hard: 1_024 };

const FOLDER = '/proc/sys/net/ipv4/neigh/default';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @throws Error in any network namespace but the initial one, where alone they are shown. */
export function readLimits(): NeighbourLimits {
  return { soft: read('gc_thresh2'), hard: read('gc_thresh3') };
}

/**
 * Sets the limits while `work` is done, and puts back what was there before, however that ends: signals that end this
 * process, and its own exit, included.
 */
export async function withLimits<Result>(
  limits: NeighbourLimits,
  work: () => Promise<Result>,
): Promise<Result> {
  const before = readLimits();
  const restore = (): void => write(before);
  const endBySignal = (signal: NodeJS.Signals): void => {
    restore();
    stopListening();
    process.kill(process.pid, signal);
  };
  const stopListening = (): void => {
    process.off('exit', restore);
    for (const signal of SIGNALS) process.off(signal, endBySignal);
  };
  process.on('exit', restore);
  for (const signal of SIGNALS) process.on(signal, endBySignal);
  try {
    write(limits);
    return await work();
  } finally {
    restore();
    stopListening();
  }
}

function read(name: string): number {
  return Number.parseInt(readFileSync(`${FOLDER}/${name}`, 'utf8'), 10);
}

function write({ soft, hard }: NeighbourLimits): void {
  writeFileSync(`${FOLDER}/gc_thresh3`, String(hard));
  writeFileSync(`${FOLDER}/gc_thresh2`, String(soft));
}
