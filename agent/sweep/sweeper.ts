import type { AskingLevel } from '../../domain/level.ts';
import type { Log } from '../log.ts';
import type { SweepProgress, SweepReport } from './report.ts';
import { SweepStopped } from './request.ts';

/** What somebody wants to be swept. */
export interface SweepOrder {
  readonly kind: 'sweep' | 'check';
  /** Targets as written; empty: those of the configuration. For a check, the addresses of the host. */
  readonly targets: readonly string[];
  readonly level: AskingLevel | null;
}

export type CarryOut = (
  order: SweepOrder,
  signal: AbortSignal,
  onProgress: (progress: SweepProgress) => void,
) => Promise<SweepReport>;

/**
 * Sees to it that there is one sweep at a time, whoever asks. Two orders for the same thing share one sweep; an order
 * for something else waits its turn.
 */
export class Sweeper {
  readonly #carryOut: CarryOut;
  readonly #log: Log;
  readonly #listeners = new Set<(progress: SweepProgress) => void>();
  #running: {
    readonly key: string;
    readonly report: Promise<SweepReport>;
    readonly stop: AbortController;
  } | null = null;
  #stopped = false;

  constructor(carryOut: CarryOut, log: Log) {
    this.#carryOut = carryOut;
    this.#log = log;
  }

  isSweeping(): boolean {
    return this.#running !== null;
  }

  /** Resolves with the report of the sweep that fulfils the order. @throws SweepStopped after `stop`. */
  async sweep(
    order: SweepOrder,
    onProgress: (progress: SweepProgress) => void = () => {},
  ): Promise<SweepReport> {
    const key = JSON.stringify(order);
    this.#listeners.add(onProgress);
    try {
      while (this.#running !== null && this.#running.key !== key) await this.#running.report.catch(() => {});
      if (this.#stopped) throw new SweepStopped('the daemon is stopping');
      return await (this.#running?.report ?? this.#begin(order, key));
    } finally {
      this.#listeners.delete(onProgress);
    }
  }

  /** Gives up the sweep under way and takes no more orders. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#running?.stop.abort();
    await this.#running?.report.catch(() => {});
  }

  #begin(order: SweepOrder, key: string): Promise<SweepReport> {
    const stop = new AbortController();
    const report = this.#carryOut(order, stop.signal, (progress) => {
      for (const listener of this.#listeners) listener(progress);
    }).finally(() => {
      this.#running = null;
    });
    report.catch((error: unknown) => {
      if (!(error instanceof SweepStopped)) this.#log.error({ error }, 'sweep failed');
    });
    this.#running = { key, report, stop };
    return report;
  }
}
