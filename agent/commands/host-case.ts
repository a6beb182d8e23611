import { type Address, isAddress, liesWithin, toNumber } from '../../domain/address.ts';
import { type Held, heldAt } from '../../domain/held.ts';
import type { Quarantined } from '../../domain/history.ts';
import { firstAddress, type HostId, type HostRecord } from '../../domain/host.ts';
import { entryFor, ownersHosts } from '../../domain/owners-hosts.ts';
import { parseTarget, TargetError } from '../../domain/target.ts';
import type { DoctorWorld } from '../doctor/doctor-world.ts';
import type { Claim, HostCase, Look } from '../doctor/host.ts';
import { type CommandContext, NotFoundError } from './context.ts';
import { findHost } from './lookup.ts';
import { reading } from './reading.ts';

/** What the history knows of the hosts, as far as a diagnosis needs it. */
interface Known {
  readonly hosts: ReadonlyMap<HostId, HostRecord>;
  readonly quarantine: readonly Quarantined[];
  sinceOf(host: HostRecord): number;
}

const NOTHING_KNOWN: Known = { hosts: new Map(), quarantine: [], sinceOf: () => 0 };

/**
 * Everything that tells why `asked` cannot be reached or read: it is asked once, by the same rules as always, unless the
 * owner wants nothing to be sent to it.
 * @throws TargetError for a public address, NotFoundError and UsageError as `findHost` does.
 */
export async function hostCase(context: CommandContext, asked: string): Promise<HostCase> {
  const before = knownBy(context);
  const host = isAddress(asked) ? atAddress(before, asked) : findHost(before.hosts.values(), asked);
  const address = isAddress(asked) ? parseTarget(asked).text : host === null ? null : firstAddress(host);
  const doctor = await context.doctor();
  const rules = rulesFor(context, doctor, host, address);
  const mayLook = address !== null && rules.excluded === null && rules.held?.level !== 'L0';
  const look =
    mayLook && host?.isAgent !== true
      ? await lookAt(context, doctor, address)
      : await noLook(doctor, address);
  const after = look.kind === 'not taken' ? before : knownBy(context);
  const now = address === null ? host : (atAddress(after, address, host?.id) ?? host);
  return {
    address,
    host: now,
    ...rules,
    quarantine: after.quarantine.filter(({ hostId }) => hostId === now?.id),
    claims: claimsOf(after, address),
    look,
    now: context.now(),
  };
}

/** Without a history nothing is known, which is no reason not to look. */
function knownBy(context: CommandContext): Known {
  try {
    return reading(context, ({ history }) => {
      const hosts = history.hosts();
      const since = new Map(
        [...hosts.keys()].map((id) => [id, history.factsSince(id).get('addresses') ?? 0]),
      );
      return { hosts, quarantine: history.quarantine(), sinceOf: ({ id }) => since.get(id) ?? 0 };
    });
  } catch (error) {
    if (error instanceof NotFoundError) return NOTHING_KNOWN;
    throw error;
  }
}

/** Who is at the address: the one that was meant where it is among them, else who was seen there last. */
function atAddress({ hosts }: Known, address: Address, meant?: HostId): HostRecord | null {
  const there = [...hosts.values()].filter(({ facts }) => facts.addresses?.includes(address));
  const [latest = null] = there.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  return there.find(({ id }) => id === meant) ?? latest;
}

function claimsOf(known: Known, address: Address | null): Claim[] {
  return [...known.hosts.values()]
    .filter(({ present, facts }) => present && address !== null && facts.addresses?.includes(address))
    .map((host) => ({ host, since: known.sinceOf(host) }));
}

function rulesFor(
  context: CommandContext,
  doctor: DoctorWorld,
  host: HostRecord | null,
  address: Address | null,
): Pick<HostCase, 'isTarget' | 'attached' | 'excluded' | 'held'> {
  const { config } = context;
  const held = heldHere(context, host, address);
  if (address === null) return { isTarget: true, attached: null, excluded: null, held };
  const range = { first: toNumber(address), last: toNumber(address) };
  const network = doctor.network(config);
  const excluded = config.exclude.find((text) => liesWithin(range, [parseTarget(text)])) ?? null;
  if (network.kind === 'failed') return { isTarget: true, attached: null, excluded, held };
  const { onLink, routed, loopback, own } = network.coverage;
  return {
    isTarget: [onLink, routed, loopback, own].some((addresses) => addresses.includes(address)),
    attached: network.attached.find((subnet) => liesWithin(range, [subnet])) ?? null,
    excluded,
    held,
  };
}

/** A host that was never met can be left asleep, too: by its address. */
function heldHere(
  { config, vendorOf }: CommandContext,
  host: HostRecord | null,
  address: Address | null,
): Held | null {
  if (host !== null) return heldAt(host, host.mac === null ? null : vendorOf(host.mac));
  const stranger = { id: '', mac: null, facts: { addresses: address === null ? [] : [address] } };
  const entry = entryFor(ownersHosts(config.hosts), stranger);
  if (entry === null || (entry.letSleep === false && entry.levels !== 'L0')) return null;
  return { level: 'L0', why: "asleep by the owner's wish", lastAskedAt: null };
}

async function noLook(doctor: DoctorWorld, address: Address | null): Promise<Look> {
  return { kind: 'not taken', why: null, macs: [await macAt(doctor, address)] };
}

/** Asks the address, and reads the neighbour table before and after. @throws TargetError */
async function lookAt({ check }: CommandContext, doctor: DoctorWorld, address: Address): Promise<Look> {
  const before = await macAt(doctor, address);
  try {
    const { hosts } = await check({ address });
    const macs = [before, await macAt(doctor, address)];
    const met = hosts.find(({ facts }) => facts.addresses?.includes(address));
    return met === undefined ? { kind: 'silent', macs } : { kind: 'answered', facts: met.facts, macs };
  } catch (error) {
    if (error instanceof TargetError || !(error instanceof Error)) throw error;
    return { kind: 'not taken', why: error.message, macs: [before] };
  }
}

async function macAt(doctor: DoctorWorld, address: Address | null): Promise<string | null> {
  const { macs } = await doctor.neighbours();
  return address === null ? null : (macs.get(address) ?? null);
}
