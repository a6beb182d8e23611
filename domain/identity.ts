import { type Address, compareAddresses } from './address.ts';
import type { DeepQuestion } from './cadence.ts';
import { hasAnswered } from './crowd.ts';
import {
  type FactName,
  type Facts,
  type FactValue,
  factNames,
  isServiceKey,
  mergeFacts,
  netbiosName,
  type ServiceState,
  type SigningPolicy,
} from './facts.ts';
import type { PortLoss } from './harm.ts';
import { type HostId, type HostRecord, hostIdOf, isGloballyAdministered, type Mac } from './host.ts';
import { type Sighting, systemTimeOf, toFacts } from './observation.ts';

/** What one sweep saw of one host, at all addresses at which it met it. */
export interface SeenHost {
  readonly id: HostId;
  readonly mac: Mac | null;
  readonly isAgent: boolean;
  /** `addresses` included. */
  readonly facts: Facts;
  readonly systemTime: number | null;
  /** Single questions that were put, answered or not. */
  readonly asked: readonly DeepQuestion[];
  /** Ports that stopped answering after one of them; missing: none. */
  readonly losses?: readonly PortLoss[];
}

/**
 * A MAC that answers for more addresses than this in one sweep is a router, proxy ARP or a virtual switch, not the
 * identity of a machine; hosts behind it are told apart by address and name.
 */
export const MOST_ADDRESSES_OF_A_MAC = 4;

/**
 * Who was seen. Identity is the MAC where there is one, then the address and the NetBIOS name of hosts known without a
 * MAC, then a new id of our own; never the address alone of a host that has a MAC. Addresses of one host are put
 * together: of services, SMB 1 and signing the most exposed value is kept, of other facts that of the last address.
 * A randomised MAC that nobody answers behind is whoever was so before at that address: phones change theirs.
 * `newId` gives `u` + 12 random hex digits.
 */
export function identify(
  sightings: readonly Sighting[],
  known: ReadonlyMap<HostId, HostRecord>,
  newId: () => HostId,
): SeenHost[] {
  const shared = sharedMacs(sightings);
  const withoutMac = [...known.values()].filter((host) => host.mac === null);
  const passing = passingHosts(known, sightings);
  const sightedAddresses = new Set(sightings.map((each) => each.address));
  const groups = new Map<HostId, Sighting[]>();
  const macIds = new Map<Mac, HostId>();
  for (const sighting of sightings) {
    const mac = sighting.mac !== null && shared.has(sighting.mac) ? null : sighting.mac;
    const id =
      mac === null
        ? (matchWithoutMac(sighting, withoutMac, sightedAddresses, groups) ?? newId())
        : (macIds.get(mac) ?? matchMac(mac, known) ?? matchPassing(sighting, passing, groups) ?? newId());
    if (mac !== null) macIds.set(mac, id);
    groups.set(id, [...(groups.get(id) ?? []), { ...sighting, mac }]);
  }
  return [...groups].map(([id, group]) => merge(id, group));
}

/**
 * The same hosts, with the addresses at which they are known and that this sweep did not ask: a look at one address says
 * nothing about the others. `asked` holds every address that was asked and has settled.
 */
export function withUnaskedAddresses(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  asked: Pick<ReadonlySet<Address>, 'has'>,
): SeenHost[] {
  return seen.map((host) => {
    const unasked = known.get(host.id)?.facts.addresses?.filter((address) => !asked.has(address)) ?? [];
    const addresses = [...new Set([...(host.facts.addresses ?? []), ...unasked])].sort(compareAddresses);
    return { ...host, facts: { ...host.facts, addresses } };
  });
}

function sharedMacs(sightings: readonly Sighting[]): ReadonlySet<Mac> {
  const counts = new Map<Mac, number>();
  for (const { mac, isAgent } of sightings) {
    if (mac !== null && !isAgent) counts.set(mac, (counts.get(mac) ?? 0) + 1);
  }
  return new Set([...counts].filter(([, count]) => count > MOST_ADDRESSES_OF_A_MAC).map(([mac]) => mac));
}

function matchMac(mac: Mac, known: ReadonlyMap<HostId, HostRecord>): HostId | undefined {
  if (isGloballyAdministered(mac)) return hostIdOf(mac);
  return [...known.values()].find((host) => host.mac === mac)?.id;
}

/** Hosts with a randomised MAC that was not met this time, of which nothing else is known than where they were. */
function passingHosts(
  known: ReadonlyMap<HostId, HostRecord>,
  sightings: readonly Sighting[],
): ReadonlyMap<Address, HostRecord> {
  const met = new Set(sightings.map((sighting) => sighting.mac));
  const passing = [...known.values()].filter(
    ({ mac, facts, findings, ignored, ownersWord }) =>
      mac !== null &&
      !isGloballyAdministered(mac) &&
      !met.has(mac) &&
      !hasAnswered(facts) &&
      findings.length === 0 &&
      ignored === null &&
      ownersWord === undefined,
  );
  return new Map(passing.flatMap((host) => (host.facts.addresses ?? []).map((address) => [address, host])));
}

function matchPassing(
  { address, mac, observations }: Sighting,
  passing: ReadonlyMap<Address, HostRecord>,
  taken: ReadonlyMap<HostId, unknown>,
): HostId | undefined {
  const host = passing.get(address);
  if (host === undefined || taken.has(host.id) || mac === null || isGloballyAdministered(mac))
    return undefined;
  return hasAnswered(toFacts(observations)) ? undefined : host.id;
}

function matchWithoutMac(
  sighting: Sighting,
  withoutMac: readonly HostRecord[],
  sightedAddresses: ReadonlySet<Address>,
  taken: ReadonlyMap<HostId, unknown>,
): HostId | undefined {
  const atAddress = withoutMac.find((host) => host.facts.addresses?.includes(sighting.address));
  if (atAddress !== undefined) return atAddress.id;
  const name = netbiosName(toFacts(sighting.observations));
  if (name === null) return undefined;
  const named = withoutMac.filter((host) => netbiosName(host.facts) === name && !taken.has(host.id));
  const moved = named.filter(
    (host) => !host.facts.addresses?.some((address) => sightedAddresses.has(address)),
  );
  return moved.length === 1 ? moved[0]?.id : undefined;
}

function merge(id: HostId, sightings: readonly Sighting[]): SeenHost {
  const group = sightings.toSorted((a, b) => compareAddresses(a.address, b.address));
  const facts = group.map((sighting) => toFacts(sighting.observations)).reduce(mergeAddresses);
  const addresses = group.map((sighting) => sighting.address);
  return {
    id,
    mac: group[0]?.mac ?? null,
    isAgent: group.some((sighting) => sighting.isAgent),
    facts: { ...facts, addresses },
    systemTime: systemTimeOf(group.flatMap((sighting) => sighting.observations)),
    asked: [...new Set(group.flatMap((sighting) => sighting.asked))],
    losses: group.flatMap((sighting) => sighting.losses ?? []),
  };
}

/** From the least to the most exposed value. */
const SERVICE_EXPOSURE: readonly ServiceState[] = ['unknown', 'closed', 'filtered', 'rejected', 'open'];
const SIGNING_EXPOSURE: readonly (SigningPolicy | null)[] = [null, 'required', 'enabled', 'disabled'];
const EXPOSURE: { readonly [Name in FactName]?: readonly FactValue[] } = {
  'smb.smb1': ['no', 'yes'],
  'smb.signing.smb1': SIGNING_EXPOSURE,
  'smb.smb2': ['no', 'yes'],
  'smb.signing.smb2': SIGNING_EXPOSURE,
};

function mergeAddresses(a: Facts, b: Facts): Facts {
  const worse = factNames(a).filter((name) => {
    const scale = isServiceKey(name) ? SERVICE_EXPOSURE : EXPOSURE[name];
    return b[name] !== undefined && scale !== undefined && scale.indexOf(a[name]) > scale.indexOf(b[name]);
  });
  return { ...mergeFacts(a, b), ...Object.fromEntries(worse.map((name) => [name, a[name]])) };
}
