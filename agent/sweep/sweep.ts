import { type Address, compareAddresses } from '../../domain/address.ts';
import type { HostUpdate } from '../../domain/change.ts';
import { compareAbsent, compareSeen } from '../../domain/compare.ts';
import { MOST_KNOWN_HOSTS, type Room, roomFor } from '../../domain/crowd.ts';
import { withQuarantine } from '../../domain/harm.ts';
import type { Quarantined } from '../../domain/history.ts';
import { firstAddress, type HostId, type HostRecord } from '../../domain/host.ts';
import { identify, type SeenHost, withUnaskedAddresses } from '../../domain/identity.ts';
import type { Moment } from '../../domain/judge.ts';
import { dayOf, type LedgerEntry } from '../../domain/ledger.ts';
import type { Sighting } from '../../domain/observation.ts';
import { NO_POLICY } from '../../domain/policy.ts';
import type { SweepSummary } from '../../domain/sweep.ts';
import type { Coverage } from '../../domain/target.ts';
import { newFindingId, newHostId } from '../ids.ts';
import { announce, changesWorthTelling, sweepChanges } from './announce.ts';
import { absentHosts, detachedHosts, harmDone, nothingNew, suspicion } from './belief.ts';
import { type LimitsWorld, mayBeMissed } from './limits.ts';
import { limitsWorld, planFor, whoRests } from './plan.ts';
import type { SweepReport } from './report.ts';
import { type SweepRequest, SweepStopped, type SweepWorld } from './request.ts';
import { type Rest, withSleepers } from './rest.ts';
import { lookAgain } from './second-look.ts';
import { sum } from './sendings.ts';
import type { Asked } from './tally.ts';

/**
 * One sweep, from targets to recorded changes: ask everybody, say who they are, compare with what is known, look again
 * where an alert would rest on one ambiguous look, and record everything in one transaction.
 * @throws SweepStopped when the signal fires; errors of storage pass through.
 */
export async function runSweep(request: SweepRequest, world: SweepWorld): Promise<SweepReport> {
  const begun = performance.now();
  const before = whatIsKnown(request, world);
  const { known, at } = before;
  const detached = detachedHosts(known, request.coverage).length;
  if (detached > 0)
    world.log.warn(
      { hosts: detached },
      'the subnet of known hosts is not attached: nothing is concluded from their silence',
    );
  const rest = await whoRests(request, world, known, at);
  const { met, ...asked } = await meetAll(rest.coverage, request, world, before);
  const silent = absentHosts(met, known, asked, request.coverage).filter((host) =>
    mayBeMissed(host, before.limits),
  );
  const suspect = before.isBaseline ? null : suspicion(met, known, silent, world.history);
  const harm = suspect === null ? harmDone(met, known, before.quarantine, at) : [];
  const most = Math.max(MOST_KNOWN_HOSTS, asked.addresses);
  const room = roomFor(met, known, { most, isBaseline: before.isBaseline });
  const updates = withQuarantine(updatesOf(room.seen, silent, suspect !== null, rest, before), harm);
  const summary: SweepSummary = {
    kind: request.kind,
    startedAt: at,
    finishedAt: world.now(),
    durationMs: Math.round(performance.now() - begun),
    lastAnswerMs: Math.round(asked.lastAnswerMs),
    level: request.deepest,
    targets: request.targets,
    addresses: asked.addresses,
    hostsUp: met.length,
    complete: asked.complete,
    suspect,
    sent: sum(world.asker.sent(), world.ipv6?.sent()),
  };
  const changes = sweepChanges(summary, updates, before);
  const worthTelling = [...changes, ...changesWorthTelling(updates, { ...before, ...room })];
  const events = request.announce ? announce(worthTelling, updates, request, world) : [];
  const ledger = ledgerOf(world, met, at);
  const record = { summary, updates, changes, events, ledger, quarantined: harm };
  const recorded = world.history.recordSweep(record);
  if (suspect === null) makeRoom(room, known.size, world);
  const hosts = updates.filter((each) => each.host.lastSeenAt === at).map((each) => each.host);
  return { ...recorded, hosts: hosts.sort(byAddress) };
}

/** Forgets whom there is no room for, and says so. A file that takes nothing now is asked again by the next sweep. */
function makeRoom({ forgotten, refused, isCrowd }: Room, known: number, { history, log }: SweepWorld): void {
  const fields = { known, forgotten: forgotten.length, refused };
  if (isCrowd)
    log.warn(
      fields,
      'a crowd of new machines says nothing: does somebody invent them, or answer for them? Few are taken in',
    );
  else if (forgotten.length + refused > 0)
    log.warn(fields, 'more hosts than are kept: those that never answered were forgotten, or not taken in');
  try {
    for (const id of forgotten) history.forgetHost(id);
  } catch (error) {
    log.warn({ error }, 'hosts could not be forgotten; it is tried again');
  }
}

/** What a sweep begins with. */
interface Before {
  /** The one stamp of everything that the sweep records, milliseconds UTC. */
  readonly at: number;
  readonly known: ReadonlyMap<HostId, HostRecord>;
  readonly quarantine: readonly Quarantined[];
  readonly limits: LimitsWorld;
  readonly moment: Moment;
  /** Nothing was swept before: what is found is summed up. */
  readonly isBaseline: boolean;
  /** The last sweep was not believed. */
  readonly wasSuspect: boolean;
}

function whatIsKnown(request: SweepRequest, world: SweepWorld): Before {
  const { history } = world;
  const at = world.now();
  const known = history.hosts();
  return {
    at,
    known,
    quarantine: history.quarantine(),
    limits: limitsWorld(request, world, at),
    moment: momentOf(at, known, world),
    isBaseline: request.kind === 'sweep' && !history.hasSwept(),
    wasSuspect: (history.sweeps(1)[0]?.suspect ?? null) !== null,
  };
}

/**
 * Asks everybody, and says who was met. What was sighted at each address is let go with the end of this: it is as large as
 * the hosts that are made of it.
 */
async function meetAll(
  coverage: Coverage,
  request: SweepRequest,
  world: SweepWorld,
  before: Before,
): Promise<Omit<Asked, 'sightings'> & { readonly met: readonly SeenHost[] }> {
  const { signal, onProgress } = request;
  const { known, limits, quarantine } = before;
  const plan = planFor(request, known, limits, quarantine);
  await world.ipv6?.callOut();
  const { sightings, ...asked } = await world.asker.askAll(coverage, { known, plan, signal, onProgress });
  stopIfAsked(signal);
  const overBoth = (await world.ipv6?.askAll({ sightings, plan, signal, onProgress })) ?? sightings;
  stopIfAsked(signal);
  const met = await whoWasMet({ ...asked, sightings: overBoth }, request, world, before);
  stopIfAsked(signal);
  return { ...asked, met };
}

/** Who answered, ourselves included, as far as a second look bears it out. */
async function whoWasMet(
  asked: Asked,
  request: SweepRequest,
  world: SweepWorld,
  { known, moment, limits, isBaseline }: Before,
): Promise<SeenHost[]> {
  const sightings = [...asked.sightings, ...(await sightOurselves(request.coverage, world))];
  const seen = identify(sightings, known, () => newHostId(world.random));
  const believed = await lookAgain(seen, known, moment, { ...request, ...world, limits, isBaseline });
  const own = new Set(request.coverage.own);
  const settled = { has: (address: Address) => own.has(address) || asked.settled.has(address) };
  return withUnaskedAddresses(believed, known, settled);
}

/** What is to be recorded of each host. A sweep that is not believed teaches nothing new, and nobody is missed by it. */
function updatesOf(
  met: readonly SeenHost[],
  silent: readonly HostRecord[],
  isSuspect: boolean,
  rest: Rest,
  { known, moment, limits, at }: Before,
): HostUpdate[] {
  const present = (isSuspect ? nothingNew(met, known) : met).map((host) =>
    compareSeen(known.get(host.id) ?? null, host, moment),
  );
  const absent = isSuspect ? [] : silent.map((host) => compareAbsent(host, at));
  return withSleepers([...present, ...absent], rest, { known, owners: limits.owners, at });
}

async function sightOurselves(coverage: Coverage, world: SweepWorld): Promise<Sighting[]> {
  if (coverage.own.length === 0) return [];
  const { mac, listening } = await world.lookInside();
  return coverage.own.map((address) => ({
    address,
    mac,
    isAgent: true,
    observations: [{ kind: 'own-sockets', listening }],
    asked: [],
  }));
}

function momentOf(
  at: number,
  known: ReadonlyMap<HostId, HostRecord>,
  { random, owners = new Map(), policy = NO_POLICY }: SweepWorld,
): Moment {
  const taken = new Set([...known.values()].flatMap((host) => host.findings.map((finding) => finding.id)));
  return {
    at,
    owners,
    policy,
    newFindingId: () => {
      const id = newFindingId(random, (each) => taken.has(each));
      taken.add(id);
      return id;
    },
  };
}

/** What was sent, with the hosts that were met at each address. */
function ledgerOf({ asker, ipv6 }: SweepWorld, met: readonly SeenHost[], at: number): LedgerEntry[] {
  const hostAt = new Map(met.flatMap((host) => (host.facts.addresses ?? []).map((a) => [a, host.id])));
  const idOf = new Map(met.map(({ mac, id }) => [mac, id]));
  const day = dayOf(at);
  const over4 = asker.sendings().map((sending) => ({
    ...sending,
    hostId: sending.address === null ? null : (hostAt.get(sending.address) ?? null),
    day,
  }));
  const over6 = (ipv6?.sendings() ?? []).map((sending) => {
    const mac = sending.address === null ? null : (ipv6?.macAt(sending.address) ?? null);
    return { ...sending, hostId: mac === null ? null : (idOf.get(mac) ?? null), day };
  });
  return [...over4, ...over6];
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new SweepStopped('the sweep was stopped; nothing of it was recorded');
}

function byAddress(a: HostRecord, b: HostRecord): number {
  return compareAddresses(firstAddress(a) ?? '0.0.0.0', firstAddress(b) ?? '0.0.0.0');
}
