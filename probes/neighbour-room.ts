import type { Address } from '../domain/address.ts';
import { AddressSet } from '../domain/address-set.ts';

/** Kept free in the table, for everybody else on this machine. */
const RESERVE = 128;
/** What others hold is forgotten to one half in this time, and so found out again. */
const HALF_FORGOTTEN_AFTER_MS = 10_000;
/** However much others hold, so many are tried. */
const LEAST_ROOM = 64;
/**
 * By then an entry that this sweep made has grown stale, unless somebody else uses it: it is reachable for 45 s at most
 * after the last answer. The kernel reclaims stale entries, too.
 */
const STALE_AFTER_MS = 60_000;

/** How many new entries the table takes. Failed ones are reclaimed by the kernel when room is needed, all others count. */
export class NeighbourRoom {
  readonly #limit: number;
  readonly #settledAfterMs: number;
  /** Failed entries, ours and those that others left. */
  readonly #failed = new AddressSet();
  /** Unresolved entries that others made, and when they were first seen. */
  #strangers = new Map<Address, number>();
  #before: ReadonlyMap<Address, number> = new Map();
  /** As it was told last, which may be a second ago. */
  readonly #stale = new Set<Address>();
  readonly #completeSince = new Map<Address, number>();
  #readAt = 0;
  #complete = 0;
  /** Shown by the last reading and by the one before, which may each have missed some. */
  #counts: readonly number[] = [];
  /** Entries of other namespaces, as far as they have shown themselves, and when that was last reckoned. */
  #hidden = 0;
  #reckonedAt = performance.now();

  constructor(limit: number, settledAfterMs: number) {
    this.#limit = limit;
    this.#settledAfterMs = settledAfterMs;
  }

  /** A reading that began at `readAt` follows, entry by entry; those of pending addresses that are not complete are left out. */
  begin(readAt: number): void {
    this.#readAt = readAt;
    this.#before = this.#strangers;
    this.#strangers = new Map();
    this.#complete = 0;
  }

  /** `reclaimable`: as the reading tells; undefined: it does not. */
  count(address: Address, complete: boolean, reclaimable: boolean | undefined): void {
    if (complete) {
      if (reclaimable === true) this.#stale.add(address);
      else if (reclaimable === false) this.#stale.delete(address);
      this.#complete += this.#isStale(address) ? 0 : 1;
    } else if (reclaimable === true) this.#failed.add(address);
    else if (!this.#failed.has(address)) {
      const since = this.#before.get(address) ?? this.#readAt;
      if (this.#readAt - since >= this.#settledAfterMs) this.#failed.add(address);
      else this.#strangers.set(address, since);
    }
  }

  end(): void {
    this.#counts = [this.#complete + this.#strangers.size, ...this.#counts].slice(0, 2);
  }

  #isStale(address: Address): boolean {
    if (this.#stale.has(address)) return true;
    return this.#readAt - (this.#completeSince.get(address) ?? this.#readAt) >= STALE_AFTER_MS;
  }

  /** It has become complete during this sweep. */
  noteComplete(address: Address): void {
    this.#completeSince.set(address, this.#readAt);
  }

  noteFailed(address: Address): void {
    this.#failed.add(address);
  }

  /** New entries were refused while so many others were pending: the table was full, and what we do not see is others'. */
  noteRefused(pending: number): void {
    const most = this.#limit - RESERVE - LEAST_ROOM;
    this.#hidden = Math.max(0, Math.min(most, this.#limit - this.#used(pending)));
    this.#reckonedAt = performance.now();
  }

  /** None before the table was read. */
  left(pending: number): number {
    if (this.#counts.length === 0) return 0;
    const now = performance.now();
    this.#hidden *= 0.5 ** ((now - this.#reckonedAt) / HALF_FORGOTTEN_AFTER_MS);
    this.#reckonedAt = now;
    return Math.floor(this.#limit - RESERVE - this.#used(pending) - this.#hidden);
  }

  #used(pending: number): number {
    return Math.max(...this.#counts) + pending;
  }
}
