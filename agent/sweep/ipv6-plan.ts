import type { Address } from '../../domain/address.ts';
import { type Facts, mergeFacts } from '../../domain/facts.ts';
import { fragility, type Sparing } from '../../domain/fragile.ts';
import type { Mac } from '../../domain/host.ts';
import { MOST_ADDRESSES_OF_A_MAC } from '../../domain/identity.ts';
import { type Ipv6Address, offersService } from '../../domain/ipv6.ts';
import { shallower } from '../../domain/level.ts';
import { type Observation, type Sighting, toFacts } from '../../domain/observation.ts';
import type { Plan } from './asker.ts';

/** What an address may be asked, as the sweep has decided. */
export type PlanOf = (address: Address, mac: Mac | null) => Plan;

/** One host as it is asked over IPv6. */
export interface AskedOverIpv6 {
  readonly addresses: readonly Ipv6Address[];
  /** `known` holds what this sweep saw over IPv4, too. */
  readonly plan: Plan;
}

/** By MAC. A MAC at more addresses than a host has is a router or a switch, and no identity. */
export function hostsAmong(sightings: readonly Sighting[]): ReadonlyMap<Mac, readonly Sighting[]> {
  const hosts = new Map<Mac, Sighting[]>();
  for (const sighting of sightings) {
    if (sighting.mac === null || sighting.isAgent) continue;
    hosts.set(sighting.mac, [...(hosts.get(sighting.mac) ?? []), sighting]);
  }
  return new Map([...hosts].filter(([, each]) => each.length <= MOST_ADDRESSES_OF_A_MAC));
}

/** How a host is to be asked at these addresses; null: not at all. */
export function toAsk(
  sightings: readonly Sighting[],
  addresses: readonly Ipv6Address[],
  plan: PlanOf,
): AskedOverIpv6 | null {
  const [first] = sightings;
  if (first === undefined) return null;
  const planned = plan(first.address, first.mac);
  const seen = sightings.map(({ observations }) => toFacts(observations)).reduce(mergeFacts, {});
  const known = mergeFacts(planned.known, seen);
  const deepest = shallower(planned.deepest, 'L2');
  // No deep question is put, so that there is nothing to be lost by one; and what was announced is in `known` already.
  const overIpv6 = { due: [], dueOnChange: [], isSecondLook: true, heard: () => [] };
  const spared = sparing(planned, known);
  const isLeftAlone = spared?.ports === 'none' || (spared?.stopsAtFirst === true && offersService(seen));
  return deepest === 'L0' || isLeftAlone
    ? null
    : { addresses, plan: { ...planned, ...overIpv6, deepest, known } };
}

function sparing({ spare = (facts) => fragility(facts, null) }: Plan, known: Facts): Sparing | null {
  return spare(known);
}

/** One service of a fragile host has answered: its other addresses are left alone. */
export function isEnough(observations: readonly Observation[], plan: Plan): boolean {
  const facts = toFacts(observations);
  return offersService(facts) && sparing(plan, mergeFacts(plan.known, facts))?.stopsAtFirst === true;
}
