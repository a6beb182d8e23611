import { compareAddresses } from '../../domain/address.ts';
import type { HostUpdate } from '../../domain/change.ts';
import { compareAbsent, compareSeen } from '../../domain/compare.ts';
import { withQuarantine } from '../../domain/harm.ts';
import type { Quarantined } from '../../domain/history.ts';
import { firstAddress, type HostId, type HostRecord } from '../../domain/host.ts';
import { identify, type SeenHost, withUnaskedAddresses } from '../../domain/identity.ts';
import type { Moment } from '../../domain/judge.ts';
import { dayOf, type LedgerEntry } from '../../domain/ledger.ts';
import type { Sighting } from '../../domain/observation.ts';
import { NO_POLICY } from '../../domain/policy.ts';
import type { Sending, SweepSummary } from '../../domain/sweep.ts';
import type { Coverage } from '../../domain/target.ts';
import { newFindingId, newHostId } from '../ids.ts';
import { announce, changesWorthTelling, sweepChanges } from './announce.ts';
import { absentHosts, harmDone, nothingNew, suspicion } from './belief.ts';
import { type LimitsWorld, mayBeMissed } from './limits.ts';
import { limitsWorld, planFor, whoRests } from './plan.ts';
import type { SweepReport } from './report.ts';
import { type SweepRequest, SweepStopped, type SweepWorld } from './request.ts';
import { type Rest, withSleepers } from './rest.ts';
import { lookAgain } from './second-look.ts';
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
  const rest = await whoRests(request, world, known, at);
  const asked = await world.asker.askAll(rest.coverage, {
    known,
    plan: planFor(request, known, before.limits, before.quarantine),
    signal: request.signal,
    onProgress: request.onProgress,
  });
  stopIfAsked(request.signal);
  const met = await whoWasMet(asked, request, world, before);
  stopIfAsked(request.signal);
  const silent = absentHosts(met, known, asked).filter((host) => mayBeMissed(host, before.limits));
  const suspect = before.isBaseline ? null : suspicion(met, known, silent, world.history);
  const harm = suspect === null ? harmDone(met, known, before.quarantine, at) : [];
  const updates = withQuarantine(updatesOf(met, silent, suspect !== null, rest, before), harm);
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
    sent: world.asker.sent(),
  };
  const changes = sweepChanges(summary, updates, before);
  const worthTelling = [...changes, ...changesWorthTelling(updates, before.isBaseline)];
  const events = request.announce ? announce(worthTelling, updates, request, world) : [];
  const ledger = ledgerOf(world.asker.sendings(), met, at);
  const record = { summary, updates, changes, events, ledger, quarantined: harm };
  const recorded = world.history.recordSweep(record);
  const hosts = updates.filter((each) => each.host.lastSeenAt === at).map((each) => each.host);
  return { ...recorded, hosts: hosts.sort(byAddress) };
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
  const settled = new Set([...asked.settled, ...request.coverage.own]);
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
function ledgerOf(sendings: readonly Sending[], met: readonly SeenHost[], at: number): LedgerEntry[] {
  const hostAt = new Map(met.flatMap((host) => (host.facts.addresses ?? []).map((a) => [a, host.id])));
  return sendings.map((sending) => ({
    ...sending,
    day: dayOf(at),
    hostId: sending.address === null ? null : (hostAt.get(sending.address) ?? null),
  }));
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new SweepStopped('the sweep was stopped; nothing of it was recorded');
}

function byAddress(a: HostRecord, b: HostRecord): number {
  return compareAddresses(firstAddress(a) ?? '0.0.0.0', firstAddress(b) ?? '0.0.0.0');
}
