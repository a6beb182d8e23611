import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../domain/address.ts';
import { AddressSet } from '../domain/address-set.ts';
import type { Mac } from '../domain/host.ts';
import { type ListNeighbours, type NeighbourListing, NeighbourReading } from './neighbour-reading.ts';
import { NeighbourRoom } from './neighbour-room.ts';

/*
 * Which addresses of the attached subnets answer at all?
 *
 * 1. One node status datagram to each address: a useful question, and it makes the kernel resolve the neighbour by ARP.
 * 2. The neighbour table then shows who is there, firewalled hosts included, within milliseconds. Each is yielded the
 *    moment it appears.
 * 3. Whoever has not appeared 3.2 s after its datagram (three ARP requests, one second apart) is absent, provided that
 *    its entry is listed then, or was until shortly before: the kernel evicts no entry that it still asks for, so one that
 *    has gone by then had failed. Any other entry that has gone is asked for again.
 * The table has a hard limit for the whole machine and drops silently what exceeds it, so entries are counted before
 * each burst. What other network namespaces hold is not shown: it is told by datagrams that leave no entry at all, which
 * are sent again later, and fewer at once from then on. Facts: docs/probing.md, kernel sources net/core/neighbour.c and
 * net/ipv4/arp.c.
 */

/** Somebody is, or was lately, at this address. */
export interface Found {
  readonly address: Address;
  readonly mac: Mac;
  /** The entry was made by this sweep: presence is proven. An older entry may be of a machine that has left since. */
  readonly proven: boolean;
}

export interface DiscoverOptions {
  /** Asked in this order, each taken when its turn has come. */
  readonly addresses: Iterable<Address>;
  /** Sends the datagram. */
  readonly prime: (address: Address) => void;
  readonly listNeighbours: ListNeighbours;
  /** Hard limit of the neighbour table, all entries counted. */
  readonly neighbourLimit: number;
  /** New addresses a second; Infinity: as quickly as the table allows. */
  readonly addressesPerSecond: number;
  readonly signal: AbortSignal;
  /** Every address is reported once: it has settled, and nobody is there. */
  readonly onAbsent: (address: Address) => void;
  /** The kernel never made an entry for the address: whether somebody is there cannot be told. */
  readonly onUnsettled?: (address: Address) => void;
  /** Milliseconds after which an unresolved entry has failed; 3,200 unless a test is in a hurry. */
  readonly settledAfterMs?: number;
}

/**
 * How often the table is read: at every tick while answers are due, leisurely while only the silent are waited for. Each reading
 * lets the kernel walk through the table of the whole machine, so the tick is long where the addresses take their time, too.
 */
const TICK_MS = 50;
const TICK_WITHOUT_RATE_MS = 6;
const SLOW_TICK_MS = 400;
const ANSWERS_ARE_DUE_MS = 200;
/** An unresolved entry has failed after three ARP requests, one second apart. */
const SETTLED_AFTER_MS = 3_200;
/** By this share of that time the last of the three requests has long been sent. */
const NEARLY_SETTLED = 0.9;
/** So many may go out at once before the rate counts; where none is wanted a whole /24, and then so many a second. */
const BURST = 100;
const BURST_WITHOUT_RATE = 256;
const MOST_PER_SECOND = 10_000;
/** So many are asked in a row before whoever has answered meanwhile is visited. */
const AT_A_TIME = 64;
/** Whoever is there has answered by then. A reading behind the last of a burst would come too early, and the next is a tick later. */
const ANSWERS_AFTER_MS = 3;
/** However large the table is, this machine keeps no more in hand than that. */
export const MOST_UNRESOLVED = 16_384;
/** A datagram that has left no entry by then, in two readings of the table, has been dropped: the table was full. */
const REFUSED_AFTER_MS = 60;
const REFUSED_AFTER_READINGS = 2;
/** Share of the time to settle, 1 s. */
const AGAIN_AFTER_REFUSAL = 1_000 / SETTLED_AFTER_MS;
const MOST_REFUSALS = 10;
/** A stale entry is probed by the kernel 5 s after its first use, for 3 s. */
const STALE_SETTLED_AFTER_MS = 9_000;

/** Yields whoever is found, as soon as it is found; ends when every address has settled or the signal fires. */
export async function* discover(options: DiscoverOptions): AsyncGenerator<Found> {
  const { listNeighbours, addressesPerSecond, signal } = options;
  const tickMs = Number.isFinite(addressesPerSecond) ? TICK_MS : TICK_WITHOUT_RATE_MS;
  const rate = new Rate(addressesPerSecond);
  const search = new Search(options, await listNeighbours());
  const table = new NeighbourReading(listNeighbours, tickMs);
  while (!search.isOver && !signal.aborted) {
    const reading = table.taken();
    if (reading !== null) yield* search.look(reading.entries, reading.at);
    if (signal.aborted) return;
    const primed = search.prime(Math.min(AT_A_TIME, rate.allowance()));
    rate.spend(primed);
    const hasMore = primed === AT_A_TIME;
    if (primed > 0 && !hasMore) await sleep(ANSWERS_AFTER_MS, undefined, { signal }).catch(() => {});
    const pause = hasMore ? nextTurn() : sleep(search.pauseMs(tickMs), undefined, { signal }).catch(() => {});
    await Promise.race([pause, table.read(search.listed)]);
  }
}

/** How many addresses may be asked now. */
class Rate {
  readonly #perSecond: number;
  readonly #burst: number;
  #allowance: number;
  #countedAt = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = Math.min(perSecond, MOST_PER_SECOND);
    this.#burst = Number.isFinite(perSecond) ? BURST : BURST_WITHOUT_RATE;
    this.#allowance = this.#burst;
  }

  allowance(): number {
    const now = performance.now();
    const elapsed = now - this.#countedAt;
    this.#countedAt = now;
    this.#allowance = Math.min(this.#burst, this.#allowance + (elapsed / 1_000) * this.#perSecond);
    return Math.floor(this.#allowance);
  }

  spend(count: number): void {
    this.#allowance -= count;
  }
}

/** An address that was asked and has not settled; times are milliseconds of the monotonic clock. */
interface Pending {
  /** As it was given: the one in a reading is a part of the text, and would keep all of that in memory. */
  readonly address: Address;
  readonly sentAt: number;
  /** When its entry was last seen, unresolved; null: never yet. */
  listedAt: number | null;
  /** Readings of the table in a row that did not show the entry. */
  missing: number;
  /** The last reading told that it has failed. */
  hasFailed: boolean;
}

/** The addresses of one sweep: who is waited for, and how many more may be asked. */
class Search {
  readonly #options: DiscoverOptions;
  readonly #settledAfterMs: number;
  readonly #order: Iterator<Address>;
  #hasEnded = false;
  /** To be asked again, and from when on. */
  readonly #again: { readonly address: Address; readonly from: number }[] = [];
  /** In the order in which they were asked. */
  readonly #pending = new Map<Address, Pending>();
  readonly #refusals = new Map<Address, number>();
  #lastPrimeAt = performance.now();
  /** Complete before this sweep began. */
  readonly #older: AddressSet;
  readonly #room: NeighbourRoom;

  /** Entries of the last reading. */
  #listed = 0;

  constructor(options: DiscoverOptions, before: NeighbourListing['entries']) {
    this.#options = options;
    this.#settledAfterMs = options.settledAfterMs ?? SETTLED_AFTER_MS;
    this.#order = options.addresses[Symbol.iterator]();
    this.#older = new AddressSet([...before].filter(([, each]) => each.complete).map(([address]) => address));
    this.#room = new NeighbourRoom(options.neighbourLimit, this.#settledAfterMs);
  }

  get listed(): number {
    return this.#listed;
  }

  get isOver(): boolean {
    return this.#hasEnded && this.#again.length === 0 && this.#pending.size === 0;
  }

  /** A tick. Once everybody has been asked, some time ago, only silence is waited for: until the next address settles. */
  pauseMs(tickMs: number): number {
    const now = performance.now();
    const isQuiet =
      this.#hasEnded && this.#again.length === 0 && now - this.#lastPrimeAt > ANSWERS_ARE_DUE_MS;
    const [next] = this.#pending.values();
    if (!isQuiet || next === undefined) return tickMs;
    return Math.max(tickMs, Math.min(SLOW_TICK_MS, next.sentAt + this.#settledAfterMs - now));
  }

  /** What a reading of the table, begun at `readAt`, tells of those who are waited for. */
  *look(entries: NeighbourListing['entries'], readAt: number): Generator<Found> {
    const found: Found[] = [];
    this.#listed = 0;
    this.#room.begin(readAt);
    for (const [address, { complete, mac, reclaimable }] of entries) {
      this.#listed += 1;
      const pending = this.#pending.get(address);
      if (complete || pending === undefined) this.#room.count(address, complete, reclaimable);
      if (pending === undefined) continue;
      pending.listedAt = readAt;
      pending.hasFailed = reclaimable === true;
      if (!complete) continue;
      this.#pending.delete(address);
      this.#room.noteComplete(pending.address);
      found.push({ address: pending.address, mac: flat(mac), proven: !this.#older.has(address) });
    }
    this.#room.end();
    this.#settleAll(readAt);
    yield* found;
  }

  /** Asks as many more as `allowance` and the table allow. Returns how many that were. */
  prime(allowance: number): number {
    const room = Math.min(
      this.#room.left(this.#pending.size),
      MOST_UNRESOLVED - this.#pending.size,
      allowance,
    );
    for (let primed = 0; primed < room; primed += 1) {
      const address = this.#next();
      if (address === null) return primed;
      this.#lastPrimeAt = performance.now();
      const sentAt = this.#lastPrimeAt;
      this.#pending.set(address, { address, sentAt, listedAt: null, missing: 0, hasFailed: false });
      this.#options.prime(address);
    }
    return Math.max(0, room);
  }

  #settleAll(readAt: number): void {
    const refused: Address[] = [];
    for (const [address, pending] of this.#pending) {
      pending.missing = pending.listedAt === readAt ? 0 : pending.missing + 1;
      const nearlyMs = pending.hasFailed ? NEARLY_SETTLED * this.#settledAfterMs : this.#settledAfterMs;
      if (readAt - pending.sentAt >= nearlyMs) this.#settle(address, pending, readAt);
      else if (isRefused(pending, readAt)) refused.push(address);
    }
    this.#askRefusedLater(refused);
  }

  /** The address is waited for no longer: nobody is there, or it is to be asked again. */
  #settle(address: Address, { sentAt, listedAt }: Pending, readAt: number): void {
    this.#pending.delete(address);
    if (listedAt !== null && listedAt - sentAt >= NEARLY_SETTLED * this.#settledAfterMs) {
      this.#room.noteFailed(address);
      this.#options.onAbsent(address);
    } else this.#again.push({ address, from: readAt });
  }

  #askRefusedLater(refused: readonly Address[]): void {
    if (refused.length === 0) return;
    for (const address of refused) this.#pending.delete(address);
    this.#room.noteRefused(this.#pending.size);
    for (const address of refused) {
      const refusals = (this.#refusals.get(address) ?? 0) + 1;
      this.#refusals.set(address, refusals);
      if (refusals < MOST_REFUSALS)
        this.#again.push({ address, from: performance.now() + AGAIN_AFTER_REFUSAL * this.#settledAfterMs });
      else this.#options.onUnsettled?.(address);
    }
  }

  #next(): Address | null {
    const [first] = this.#again;
    if (first !== undefined && first.from <= performance.now()) return this.#again.shift()?.address ?? null;
    const { done, value } = this.#order.next();
    if (done === true) this.#hasEnded = true;
    return done === true ? null : value;
  }
}

function isRefused({ sentAt, listedAt, missing }: Pending, readAt: number): boolean {
  return listedAt === null && missing >= REFUSED_AFTER_READINGS && readAt - sentAt >= REFUSED_AFTER_MS;
}

/** A string of its own: a part of what was read would keep all of that in memory. */
function flat(mac: Mac): Mac {
  return mac.split(':').join(':');
}

/**
 * Is somebody still at an address whose entry is older than this sweep and who has not answered a single question?
 * Waits until the kernel itself has asked (9 s after `primedAt`, monotonic milliseconds) and reads the table again.
 */
export async function isStillThere(
  address: Address,
  primedAt: number,
  options: Pick<DiscoverOptions, 'listNeighbours' | 'signal'>,
): Promise<boolean> {
  const left = primedAt + STALE_SETTLED_AFTER_MS - performance.now();
  if (left > 0) await sleep(left, undefined, { signal: options.signal }).catch(() => {});
  for (const [each, { complete }] of await options.listNeighbours()) if (each === address) return complete;
  return false;
}
