import type { Address } from '../domain/address.ts';
import type { Neighbour } from './transport/neighbours4.ts';

/** Lists the kernel's neighbour table. */
export type ListNeighbours = () => Promise<Iterable<readonly [Address, Neighbour]>>;

/** A large table is read less often, the longer it is and the longer that takes, so that it costs the same in all. */
const REST_FOR_ENTRY_MS = 1 / 16;
const REST_AFTER_READING = 2;
const LONGEST_REST_MS = 250;

/** What the table said, and when the reading of it began. */
export interface NeighbourListing {
  readonly entries: Iterable<readonly [Address, Neighbour]>;
  readonly at: number;
}

/** Reads the table beside everything else, never twice at once, and rests after each reading. */
export class NeighbourReading {
  readonly #list: ListNeighbours;
  readonly #tickMs: number;
  #listing: NeighbourListing | null = null;
  #underWay: Promise<void> | null = null;
  #nextAt = 0;

  /** The table is read every `tickMs` at most. */
  constructor(list: ListNeighbours, tickMs: number) {
    this.#list = list;
    this.#tickMs = tickMs;
  }

  /** The last reading, once; null: there is no new one. */
  taken(): NeighbourListing | null {
    const listing = this.#listing;
    this.#listing = null;
    return listing;
  }

  /** Begins a reading when it is time for one; `listed` entries were there at the last one. Resolves with its end, or never. */
  read(listed: number): Promise<void> {
    const at = performance.now();
    if (this.#underWay !== null) return this.#underWay;
    if (at < this.#nextAt) return new Promise(() => {});
    this.#underWay = this.#list().then((entries) => {
      this.#listing = { entries, at };
      this.#underWay = null;
      const rest = REST_AFTER_READING * (performance.now() - at);
      this.#nextAt =
        at + Math.max(this.#tickMs, Math.min(LONGEST_REST_MS, Math.max(rest, listed * REST_FOR_ENTRY_MS)));
    });
    return this.#underWay;
  }
}
