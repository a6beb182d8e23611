import type { Address } from '../../domain/address.ts';
import type { Facts } from '../../domain/facts.ts';
import { fragility, type Sparing } from '../../domain/fragile.ts';
import { type HostRecord, hostIdOf, type Mac, type VendorOf } from '../../domain/host.ts';
import { type Level, shallower } from '../../domain/level.ts';
import { entryFor, isLeftAsleep, type OwnersEntry, type OwnersHosts } from '../../domain/owners-hosts.ts';
import type { VisitPlan } from './stay.ts';

/** How far one host may be asked. */
export type Limits = Required<Pick<VisitPlan, 'deepest' | 'spare' | 'heard'>>;

export interface LimitsWorld {
  /** The deepest level of this sweep. */
  readonly deepest: Level;
  /** The level that was named for this one sweep, which no wish of the owner's exceeds; null: none was. */
  readonly named: Level | null;
  /** Somebody wants to know of one host now: it is asked though it should sleep. */
  readonly wished: boolean;
  readonly owners: OwnersHosts;
  readonly vendorOf: VendorOf;
  /** Service types that were announced by mDNS at an address. */
  readonly heard: (address: Address) => readonly string[];
  readonly now: number;
}

/** Somebody whose name alone told that it should sleep: no further packet. */
const LEFT_ALONE: Sparing = { deepest: 'L1', ports: 'none', stopsAtFirst: true };

/**
 * The limits for the host that is known at an address, or for a stranger there. The owner's `levels` of this host wins
 * over the general level and over what its kind is held at, in both directions. A stranger may turn out, by the name that
 * it tells, to be a host the owner has written of.
 */
export function limitsFor(
  { address, mac, host }: { readonly address: Address; readonly mac: Mac | null; readonly host?: HostRecord },
  { deepest, named, wished, owners, vendorOf, heard, now }: LimitsWorld,
): Limits {
  const ownMac = mac ?? host?.mac ?? null;
  const id = host?.id ?? (ownMac === null ? '' : hostIdOf(ownMac));
  const entryOf = (facts: Facts) =>
    entryFor(owners, { id, mac: ownMac, facts: { addresses: [address], ...facts } });
  const sleeps = (entry: OwnersEntry) => !wished && isLeftAsleep(entry, host ?? null, now);
  const spare = (facts: Facts): Sparing | null => {
    const entry = entryOf(facts);
    if (entry !== null && sleeps(entry)) return LEFT_ALONE;
    const wish = wishIn(entry);
    if (wish !== null) return { deepest: wish, ports: 'all', stopsAtFirst: false };
    return fragility(facts, ownMac === null ? null : vendorOf(ownMac));
  };
  const entry = entryOf(host?.facts ?? {});
  const wish = wishIn(entry);
  const level = wish === null ? deepest : shallower(wish, named ?? 'L4');
  return {
    deepest: entry !== null && sleeps(entry) ? 'L0' : level,
    spare,
    heard: () => heard(address),
  };
}

/** A sleeper is not missed, even where another machine answers at its address. */
export function mayBeMissed(host: HostRecord, { owners, wished, now }: LimitsWorld): boolean {
  const entry = entryFor(owners, host);
  return entry === null || wished || !isLeftAsleep(entry, host, now);
}

/** L0 is said of hosts that sleep; the owner who asks for one all the same gets the usual answers. */
function wishIn(entry: OwnersEntry | null): Level | null {
  return entry === null || entry.levels === 'L0' ? null : entry.levels;
}
