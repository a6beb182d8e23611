import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../domain/address.ts';
import type { Mac } from '../domain/host.ts';
import type { Neighbour } from './transport/kernel.ts';

/*
 * Which addresses of the attached subnets answer at all?
 *
 * 1. One node status datagram to each address: a useful question, and it makes the kernel resolve the neighbour by ARP.
 * 2. The neighbour table then shows who is there, firewalled hosts included, within milliseconds. Each is yielded the
 *    moment it appears.
 * 3. Whoever has not appeared 3.2 s after its datagram (three ARP requests, one second apart) is absent, provided that
 *    its entry is still listed. An entry that was evicted before it settled is asked again.
 * The table has a hard limit for the whole machine and drops silently what exceeds it, so entries are counted before
 * each burst. Facts: docs/probing.md, kernel sources net/core/neighbour.c and net/ipv4/arp.c.
 */

/** Somebody is, or was lately, at this address. */
export interface Found {
  readonly address: Address;
  readonly mac: Mac;
  /** The entry was made by this sweep: presence is proven. An older entry may be of a machine that has left since. */
  readonly proven: boolean;
}

export interface DiscoverOptions {
  /** Asked in this order. */
  readonly addresses: readonly Address[];
  /** Sends the datagram. */
  readonly prime: (address: Address) => void;
  readonly readNeighbours: () => Promise<ReadonlyMap<Address, Neighbour>>;
  /** Hard limit of the neighbour table, all entries counted. */
  readonly neighbourLimit: number;
  /** New addresses a second; Infinity: as quickly as the table allows. */
  readonly addressesPerSecond: number;
  readonly signal: AbortSignal;
  /** Every address is reported once: it has settled, and nobody is there. */
  readonly onAbsent: (address: Address) => void;
  /** Milliseconds after which an unresolved entry has failed; 3,200 unless a test is in a hurry. */
  readonly settledAfterMs?: number;
}

/** How often the table is read: closely while answers are due, leisurely while only the silent are waited for. */
const TICK_MS = 20;
const SLOW_TICK_MS = 100;
const ANSWERS_ARE_DUE_MS = 400;
/** An unresolved entry has failed after three ARP requests, one second apart. */
const SETTLED_AFTER_MS = 3_200;
/** Kept free in the table, for everybody else on this machine. */
const RESERVE = 128;
/** So many may go out at once before the rate counts. */
const BURST = 100;
/** A stale entry is probed by the kernel 5 s after its first use, for 3 s. */
const STALE_SETTLED_AFTER_MS = 9_000;

/** Yields whoever is found, as soon as it is found; ends when every address has settled or the signal fires. */
export async function* discover(options: DiscoverOptions): AsyncGenerator<Found> {
  const { addresses, prime, readNeighbours, addressesPerSecond, signal, onAbsent } = options;
  const settledAfterMs = options.settledAfterMs ?? SETTLED_AFTER_MS;
  const older = await readNeighbours();
  const waiting = [...addresses].reverse();
  const primedAt = new Map<Address, number>();
  const failed = new Set<Address>();
  let allowance = BURST;
  let lastTick = performance.now();
  let lastPrime = lastTick;
  while (waiting.length + primedAt.size > 0 && !signal.aborted) {
    const table = await readNeighbours();
    const now = performance.now();
    for (const [address, at] of primedAt) {
      const entry = table.get(address);
      if (entry?.complete) {
        primedAt.delete(address);
        yield { address, mac: entry.mac, proven: older.get(address)?.complete !== true };
      } else if (now - at >= settledAfterMs) {
        primedAt.delete(address);
        if (entry === undefined) waiting.push(address);
        else {
          failed.add(address);
          onAbsent(address);
        }
      }
    }
    const elapsed = Math.max(now - lastTick, Number.EPSILON);
    allowance = Math.min(BURST, allowance + (elapsed / 1_000) * addressesPerSecond);
    lastTick = now;
    const room = roomFor(table, primedAt, failed, options.neighbourLimit);
    const burst = Math.min(room, Math.floor(allowance), waiting.length);
    for (const address of waiting.splice(waiting.length - Math.max(0, burst)).reverse()) {
      lastPrime = performance.now();
      primedAt.set(address, lastPrime);
      prime(address);
      allowance -= 1;
    }
    const isQuiet = waiting.length === 0 && now - lastPrime > ANSWERS_ARE_DUE_MS;
    await sleep(isQuiet ? SLOW_TICK_MS : TICK_MS, undefined, { signal }).catch(() => {});
  }
}

/** How many new entries the table takes: failed ones are reclaimed when room is needed, all others count. */
function roomFor(
  table: ReadonlyMap<Address, Neighbour>,
  primedAt: ReadonlyMap<Address, number>,
  failed: ReadonlySet<Address>,
  limit: number,
): number {
  let counted = 0;
  for (const [address, entry] of table) if (entry.complete || !failed.has(address)) counted += 1;
  for (const address of primedAt.keys()) if (!table.has(address)) counted += 1;
  return limit - RESERVE - counted;
}

/**
 * Is somebody still at an address whose entry is older than this sweep and who has not answered a single question?
 * Waits until the kernel itself has asked (9 s after `primedAt`, monotonic milliseconds) and reads the table again.
 */
export async function isStillThere(
  address: Address,
  primedAt: number,
  options: Pick<DiscoverOptions, 'readNeighbours' | 'signal'>,
): Promise<boolean> {
  const left = primedAt + STALE_SETTLED_AFTER_MS - performance.now();
  if (left > 0) await sleep(left, undefined, { signal: options.signal }).catch(() => {});
  return (await options.readNeighbours()).get(address)?.complete === true;
}
