import type { Address } from '../../domain/address.ts';
import type { HostUpdate } from '../../domain/change.ts';
import { compareAsleep, unchanged } from '../../domain/compare.ts';
import { type HostId, type HostRecord, hostIdOf, type Mac } from '../../domain/host.ts';
import { entryFor, isLeftAsleep, type OwnersHosts } from '../../domain/owners-hosts.ts';
import type { Coverage } from '../../domain/target.ts';
import type { Neighbour } from '../../probes/transport/neighbours4.ts';

/** Who is left asleep in one sweep, by the owner's wish. */
export interface Rest {
  /** Without the addresses to which nothing is to be sent. */
  readonly coverage: Coverage;
  /** Known hosts that are left alone, and whether the neighbour table lists them. */
  readonly asleep: ReadonlyMap<HostId, boolean>;
}

/** Nobody is: a look that the owner asked for. */
export function noRest(coverage: Coverage): Rest {
  return { coverage, asleep: new Map() };
}

/**
 * Takes the sleepers out of the coverage. Who is at an address is told by the neighbour table, which is read and not
 * filled, and where it is silent by what is known: so an address that another machine has taken over is asked.
 */
export function restOf(
  coverage: Coverage,
  world: {
    readonly known: ReadonlyMap<HostId, HostRecord>;
    readonly owners: OwnersHosts;
    readonly neighbours: ReadonlyMap<Address, Neighbour>;
    readonly now: number;
  },
): Rest {
  const { known, owners, neighbours, now } = world;
  const hosts = [...known.values()].filter((host) => !host.isAgent);
  const byMac = new Map(hosts.map((host) => [host.mac, host]));
  const byAddress = new Map(
    hosts.flatMap((host) => (host.facts.addresses ?? []).map((address) => [address, host] as const)),
  );
  const asleep = new Map<HostId, boolean>();
  const isAwake = (address: Address): boolean => {
    const mac = macOf(neighbours.get(address));
    const host = mac === null ? byAddress.get(address) : byMac.get(mac);
    const entry = entryFor(owners, host ?? stranger(address, mac));
    if (entry === null || !isLeftAsleep(entry, host ?? null, now)) return true;
    if (host !== undefined) asleep.set(host.id, mac !== null || asleep.get(host.id) === true);
    return false;
  };
  return {
    coverage: {
      onLink: coverage.onLink.filter(isAwake),
      routed: coverage.routed.filter(isAwake),
      loopback: coverage.loopback.filter(isAwake),
      own: coverage.own,
    },
    asleep,
  };
}

function macOf(neighbour: Neighbour | undefined): Mac | null {
  return neighbour?.complete === true ? neighbour.mac : null;
}

/** Somebody of whom nothing is known but where it is. */
function stranger(address: Address, mac: Mac | null) {
  return { id: mac === null ? '' : hostIdOf(mac), mac, facts: { addresses: [address] } };
}

/**
 * The updates, with those of the sleepers: one that was left alone and not met keeps everything, and one that was looked
 * at in vain has had its look all the same.
 */
export function withSleepers(
  updates: readonly HostUpdate[],
  { coverage, asleep }: Rest,
  {
    known,
    owners,
    at,
  }: {
    readonly known: ReadonlyMap<HostId, HostRecord>;
    readonly owners: OwnersHosts;
    readonly at: number;
  },
): HostUpdate[] {
  if (owners.size === 0) return [...updates];
  const asked = new Set([...coverage.onLink, ...coverage.routed, ...coverage.loopback]);
  const updateOf = new Map(updates.map((update) => [update.host.id, update]));
  for (const [id, host] of known) {
    const update = updateOf.get(id) ?? null;
    const isListed = asleep.get(id);
    const next =
      isListed !== undefined && update === null
        ? compareAsleep(host, isListed, at)
        : wasLookedAt(host, asked, owners)
          ? noteLook(update ?? unchanged(host), at)
          : update;
    if (next !== null) updateOf.set(id, next);
  }
  return [...updateOf.values()];
}

function wasLookedAt(host: HostRecord, asked: ReadonlySet<Address>, owners: OwnersHosts): boolean {
  const entry = entryFor(owners, host);
  const sleeps = entry !== null && (entry.letSleep !== false || entry.levels === 'L0');
  return sleeps && (host.facts.addresses ?? []).some((address) => asked.has(address));
}

function noteLook(update: HostUpdate, at: number): HostUpdate {
  return { ...update, host: { ...update.host, askedAt: { ...update.host.askedAt, look: at } } };
}
