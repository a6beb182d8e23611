import { setTimeout as sleep } from 'node:timers/promises';
import type { ListNeighbours } from '../../probes/neighbour-reading.ts';

const SHARED_AFTER_MS = 100;

/** The neighbour table for many who want to look at it at about the same time: read once for all of them. */
export class SharedListings {
  readonly #list: ListNeighbours;
  #next: ReturnType<ListNeighbours> | null = null;

  constructor(list: ListNeighbours) {
    this.#list = list;
  }

  /** A reading that begins a little later than now. */
  readonly next: ListNeighbours = () => {
    this.#next ??= sleep(SHARED_AFTER_MS).then(async () => {
      this.#next = null;
      return [...(await this.#list())];
    });
    return this.#next;
  };
}
