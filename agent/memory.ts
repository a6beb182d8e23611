/** By then the broker has been told everything that a start has to tell. */
const STARTED_AFTER_MS = 3_000;
/** Giving back less is not worth its processor time, which is as much as a sweep of a few hosts takes. */
const WORTHWHILE_BYTES = 3 * 1024 * 1024;

/**
 * Gives back what a start or a sweep has left behind, where Node.js lets us (--expose-gc), instead of keeping it until it is
 * needed. "Last resort" includes the compiled form of functions, which is made anew when they are called.
 */
export class MemoryKeeper {
  /** In use when there was nothing to give back. */
  #leastBytes = 0;

  afterStart(): void {
    setTimeout(() => this.#giveBack(), STARTED_AFTER_MS).unref();
  }

  /** Sweeps of a few hosts leave so little that it is given back after some of them. */
  afterSweep(): void {
    if (process.memoryUsage().heapUsed - this.#leastBytes >= WORTHWHILE_BYTES) this.#giveBack();
  }

  #giveBack(): void {
    if (globalThis.gc === undefined) return;
    void globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    this.#leastBytes = process.memoryUsage().heapUsed;
  }
}
