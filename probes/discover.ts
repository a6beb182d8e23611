import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../domain/address.ts';
import { AddressSet } from '../domain/address-set.ts';
import type { Mac } from '../domain/host.ts';
import type { Neighbour } from './transport/kernel.ts';

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

/** Lists the kernel's neighbour table. */
export type ListNeighbours = () => Promise<Iterable<readonly [Address, Neighbour]>>;

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
 * How often the table is read: closely while answers are due, leisurely while only the silent are waited for. Each reading
 * lets the kernel walk through the table of the whole machine: a fifth of what an unchanged sweep cost with 20 and 100 ms.
 */
const TICK_MS = 20;
const SLOW_TICK_MS = 400;
const ANSWERS_ARE_DUE_MS = 200;
/** A large table is read less often, the longer it is and the longer that takes, so that it costs the same in all. */
const REST_FOR_ENTRY_MS = 1 / 16;
const REST_AFTER_READING = 2;
const LONGEST_REST_MS = 250;
/** An unresolved entry has failed after three ARP requests, one second apart. */
const SETTLED_AFTER_MS = 3_200;
/** By this share of that time the last of the three requests has long been sent. */
const NEARLY_SETTLED = 0.9;
/** Kept free in the table, for everybody else on this machine. */
const RESERVE = 128;
/** So many may go out at once before the rate counts; where there is none a whole /24, and 10,000 a second. */
const BURST = 100;
const BURST_WITHOUT_RATE = 256;
/** Whoever is there has answered by then. A reading behind a burst would come too early, and the next is a tick later. */
const ANSWERS_AFTER_MS = 4;
/** However large the table is, this machine keeps no more in hand than that. */
export const MOST_UNRESOLVED = 16_384;
/** A datagram that has left no entry by then, in two readings of the table, has been dropped: the table was full. */
const REFUSED_AFTER_MS = 60;
const REFUSED_AFTER_READINGS = 2;
/** Share of the time to settle, 1 s. */
const AGAIN_AFTER_REFUSAL = 1_000 / SETTLED_AFTER_MS;
const MOST_REFUSALS = 10;
/** What others hold is forgotten to one half in this time, and so found out again. */
const HALF_FORGOTTEN_AFTER_MS = 10_000;
/** However much others hold, so many are tried. */
const LEAST_ROOM = 64;
/**
 * By then an entry that this sweep made has grown stale, unless somebody else uses it: it is reachable for 45 s at most
 * after the last answer. The kernel reclaims stale entries, too.
 */
const STALE_AFTER_MS = 60_000;
/** A stale entry is probed by the kernel 5 s after its first use, for 3 s. */
const STALE_SETTLED_AFTER_MS = 9_000;

/** Yields whoever is found, as soon as it is found; ends when every address has settled or the signal fires. */
export async function* discover(options: DiscoverOptions): AsyncGenerator<Found> {
  const { listNeighbours, addressesPerSecond, signal } = options;
  const rate = new Rate(addressesPerSecond);
  const search = new Search(options, await listNeighbours());
  const table = new Reading(listNeighbours);
  while (!search.isOver && !signal.aborted) {
    const reading = table.taken();
    if (reading !== null) yield* search.look(reading.entries, reading.at);
    if (signal.aborted) return;
    const primed = search.prime(rate.allowance());
    rate.spend(primed);
    if (primed > 0) await sleep(ANSWERS_AFTER_MS, undefined, { signal }).catch(() => {});
    const pause = sleep(search.pauseMs(), undefined, { signal }).catch(() => {});
    await Promise.race([pause, table.read(search.listed)]);
  }
}

/** What the table said, and when the reading of it began. */
interface Listing {
  readonly entries: Iterable<readonly [Address, Neighbour]>;
  readonly at: number;
}

/** Reads the table beside everything else, never twice at once, and rests after each reading. */
class Reading {
  readonly #list: ListNeighbours;
  #listing: Listing | null = null;
  #underWay: Promise<void> | null = null;
  #nextAt = 0;

  constructor(list: ListNeighbours) {
    this.#list = list;
  }

  /** The last reading, once; null: there is no new one. */
  taken(): Listing | null {
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
        at + Math.max(TICK_MS, Math.min(LONGEST_REST_MS, Math.max(rest, listed * REST_FOR_ENTRY_MS)));
    });
    return this.#underWay;
  }
}

/** How many addresses may be asked now. */
class Rate {
  readonly #perSecond: number;
  readonly #burst: number;
  #allowance: number;
  #countedAt = performance.now();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#burst = Number.isFinite(perSecond) ? BURST : BURST_WITHOUT_RATE;
    this.#allowance = this.#burst;
  }

  allowance(): number {
    const now = performance.now();
    const elapsed = Math.max(now - this.#countedAt, Number.EPSILON);
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
  readonly #room: Room;

  /** Entries of the last reading. */
  #listed = 0;

  constructor(options: DiscoverOptions, before: Listing['entries']) {
    this.#options = options;
    this.#settledAfterMs = options.settledAfterMs ?? SETTLED_AFTER_MS;
    this.#order = options.addresses[Symbol.iterator]();
    this.#older = new AddressSet([...before].filter(([, each]) => each.complete).map(([address]) => address));
    this.#room = new Room(options.neighbourLimit, this.#settledAfterMs);
  }

  get listed(): number {
    return this.#listed;
  }

  get isOver(): boolean {
    return this.#hasEnded && this.#again.length === 0 && this.#pending.size === 0;
  }

  /** Once everybody has been asked, some time ago, only silence is waited for: until the next address settles. */
  pauseMs(): number {
    const now = performance.now();
    const isQuiet =
      this.#hasEnded && this.#again.length === 0 && now - this.#lastPrimeAt > ANSWERS_ARE_DUE_MS;
    const [next] = this.#pending.values();
    if (!isQuiet || next === undefined) return TICK_MS;
    return Math.max(TICK_MS, Math.min(SLOW_TICK_MS, next.sentAt + this.#settledAfterMs - now));
  }

  /** What a reading of the table, begun at `readAt`, tells of those who are waited for. */
  *look(entries: Listing['entries'], readAt: number): Generator<Found> {
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
      this.#room.noteComplete(address);
      found.push({ address, mac: flat(mac), proven: !this.#older.has(address) });
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
      this.#pending.set(address, { sentAt: this.#lastPrimeAt, listedAt: null, missing: 0, hasFailed: false });
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

/** How many new entries the table takes. Failed ones are reclaimed by the kernel when room is needed, all others count. */
class Room {
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
