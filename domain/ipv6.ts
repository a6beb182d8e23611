import ipaddr from 'ipaddr.js';
import {
  DIALECTS,
  type Dialect,
  type Facts,
  type ServiceState,
  type SigningPolicy,
  saysNo,
} from './facts.ts';
import type { Mac } from './host.ts';
import type { Ipv6Observation, Observation } from './observation.ts';

/** Text of an IPv6 address; a link-local one has the zone that it is reached through: `fe80::1%eth0`. */
export type Ipv6Address = string;

/** An entry of the IPv6 neighbour table whose MAC the kernel has learnt. */
export interface Ipv6Neighbour {
  /** Without a zone. */
  readonly address: string;
  readonly device: string;
  readonly mac: Mac;
}

/** So many addresses of one host are asked, and remembered: a machine may give itself a new one every day. */
export const MOST_IPV6_ADDRESSES = 4;

/** Addresses of one host, in the order in which they are asked; `left` counts those beyond the cap. */
export interface AskableAddresses {
  readonly addresses: readonly Ipv6Address[];
  readonly left: number;
}

/**
 * What may be asked of the neighbours on `devices`: link-local and unique local addresses (RFC 4193), nothing global,
 * by MAC. Link-local ones come first, for they stay; then those that are `known` at that MAC.
 */
export function askableAddresses(
  neighbours: readonly Ipv6Neighbour[],
  devices: readonly string[],
  known: (mac: Mac) => readonly Ipv6Address[],
): ReadonlyMap<Mac, AskableAddresses> {
  const byMac = Map.groupBy(
    neighbours.filter(({ device }) => devices.includes(device)),
    ({ mac }) => mac,
  );
  return new Map(
    [...byMac].flatMap(([mac, entries]) => {
      const all = [...new Set(entries.flatMap(askable))].sort(linkLocalFirst(known(mac)));
      const addresses = all.slice(0, MOST_IPV6_ADDRESSES);
      return all.length === 0 ? [] : [[mac, { addresses, left: all.length - addresses.length }] as const];
    }),
  );
}

/** The address as it is asked, or nothing. */
function askable({ address, device }: Ipv6Neighbour): Ipv6Address[] {
  if (!ipaddr.IPv6.isValid(address)) return [];
  const range = ipaddr.IPv6.parse(address).range();
  if (range === 'linkLocal') return [`${address}%${device}`];
  return range === 'uniqueLocal' ? [address] : [];
}

function isLinkLocal(address: Ipv6Address): boolean {
  return address.includes('%');
}

function linkLocalFirst(preferred: readonly Ipv6Address[]) {
  const rank = (address: Ipv6Address): number =>
    (isLinkLocal(address) ? 0 : 2) + (preferred.includes(address) ? 0 : 1);
  return (a: Ipv6Address, b: Ipv6Address): number => rank(a) - rank(b) || (a < b ? -1 : 1);
}

/** One address that was asked, and what it said. */
export interface Ipv6Look {
  readonly address: Ipv6Address;
  /** Something came back. */
  readonly answered: boolean;
  readonly observations: readonly Observation[];
}

/** From the least to the most exposed. */
const EXPOSURE: readonly ServiceState[] = ['filtered', 'closed', 'rejected', 'open'];

/**
 * What the looks amount to, beside what is `known` of the host; null: nothing came back from any address, which says
 * nothing. Of several addresses the most exposed state and the weakest negotiate count.
 */
export function observationOf(looks: readonly Ipv6Look[], known: Facts): Ipv6Observation | null {
  const answered = looks.filter((look) => look.answered);
  if (answered.length === 0) return null;
  const before = known['ipv6.addresses'] ?? [];
  const all = [...answered.map(({ address }) => address), ...before];
  const kept = [...new Set(all)].slice(0, MOST_IPV6_ADDRESSES);
  return {
    kind: 'ipv6',
    addresses: kept.sort(linkLocalFirst([])),
    states: statesOf(looks, known),
    smb: smbOf(answered),
  };
}

function statesOf(looks: readonly Ipv6Look[], known: Facts): Record<number, ServiceState> {
  const answers = looks.flatMap(({ address, observations }) =>
    observations.flatMap((seen) =>
      seen.kind === 'service' && seen.transport === 'tcp' && EXPOSURE.includes(seen.state)
        ? [{ address, port: seen.port, state: seen.state }]
        : [],
    ),
  );
  const states = [...Map.groupBy(answers, ({ port }) => port)].flatMap(([port, ofPort]) => {
    const worst = EXPOSURE.findLast((state) => ofPort.some((each) => each.state === state));
    const wasOpen = known[`tcp6/${port}`] === 'open';
    const refusing = ofPort.filter(({ state }) => saysNo(state)).map(({ address }) => address);
    const overruled = !wasOpen || worst === 'open' || haveAllRefused(refusing, looks, known);
    return worst === undefined || !overruled ? [] : [[port, worst] as const];
  });
  return Object.fromEntries(states);
}

/**
 * A port that was open is closed once every address that was asked now has said so, and every link-local one that is
 * known: others come and go with the privacy extensions (RFC 8981) and would never be heard of again.
 */
function haveAllRefused(refusing: readonly Ipv6Address[], looks: readonly Ipv6Look[], known: Facts): boolean {
  const lasting = (known['ipv6.addresses'] ?? []).filter(isLinkLocal);
  const wanted = [...looks.map(({ address }) => address), ...lasting];
  return wanted.every((address) => refusing.includes(address));
}

function smbOf(looks: readonly Ipv6Look[]): Ipv6Observation['smb'] {
  const ended = looks.flatMap(({ observations }) => observations.filter((seen) => seen.kind === 'smb2'));
  const selections = ended.flatMap(({ selected }) => (selected === null ? [] : [selected]));
  const conversation = selections.length > 0 ? 'smb' : ended.at(-1)?.conversation;
  if (conversation === undefined) return null;
  return { conversation, selected: selections.length === 0 ? null : weakestOf(selections) };
}

function weakestOf(selections: readonly { readonly dialect: Dialect; readonly signing: SigningPolicy }[]) {
  const dialect = DIALECTS.find((each) => selections.some((selected) => selected.dialect === each));
  const weak = selections.find(({ signing }) => signing !== 'required');
  return { dialect: dialect ?? '2.0.2', signing: weak?.signing ?? 'required' };
}

/** Has a service of a host answered over IPv4? Some fragile devices are left alone after the first that did. */
export function offersService(facts: Facts): boolean {
  return (
    facts['smb.conversation.445'] === 'smb' ||
    facts['smb.conversation.139'] === 'smb' ||
    facts['netbios.session'] !== undefined ||
    facts['rpc.bindAcknowledged'] === 'yes'
  );
}
