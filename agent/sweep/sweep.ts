import type { Address } from '../../domain/address.ts';
import { compareAddresses } from '../../domain/address.ts';
import { type Cadence, questionsFor } from '../../domain/cadence.ts';
import type { Change, HostUpdate } from '../../domain/change.ts';
import { compareAbsent, compareSeen, type Moment } from '../../domain/compare.ts';
import { eventsFor, type SecurityEvent } from '../../domain/event.ts';
import { servicesOf } from '../../domain/facts.ts';
import { countBySeverity, SEVERITIES, type Severity } from '../../domain/finding.ts';
import type { History } from '../../domain/history.ts';
import { firstAddress, type HostId, type HostRecord, type Mac } from '../../domain/host.ts';
import { identify, type SeenHost, withUnaskedAddresses } from '../../domain/identity.ts';
import type { Level } from '../../domain/level.ts';
import type { Sighting } from '../../domain/observation.ts';
import type { SweepSummary } from '../../domain/sweep.ts';
import type { Coverage } from '../../domain/target.ts';
import { newEventId, newFindingId, newHostId, type Random } from '../ids.ts';
import type { Log } from '../log.ts';
import type { Asker } from './asker.ts';
import type { SweepProgress, SweepReport } from './report.ts';
import { lookAgain } from './second-look.ts';
import type { Asked } from './tally.ts';

/** One sweep, as somebody asked for it. */
export interface SweepRequest {
  readonly kind: 'sweep' | 'check';
  readonly coverage: Coverage;
  /** As a person writes them, for the record. */
  readonly targets: readonly string[];
  readonly deepest: Level;
  /** Put the single questions of L3 to every host, due or not. */
  readonly deepenAll: boolean;
  /** How often each single question of L3 is put. */
  readonly cadence: Cadence;
  readonly alertThreshold: Severity;
  /** Events go to the outbox; without a broker they would only pile up there. */
  readonly announce: boolean;
  /** Fires when the sweep is to be given up; nothing of it is then recorded. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
}

/** The world as a sweep needs it. */
export interface SweepWorld {
  readonly history: History;
  /** Asks hosts; opened for this sweep, closed by its end. */
  readonly asker: Asker;
  /** This machine as seen from the inside, or null when none of its addresses is within the targets. */
  readonly lookInside: () => Promise<{ readonly mac: Mac | null; readonly listening: readonly string[] }>;
  readonly random: Random;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: Log;
  /** Milliseconds between the first look and the second; 5 s unless a test is in a hurry. */
  readonly secondLookAfterMs?: number;
}

/** The sweep was given up on request. Nothing of it was recorded. */
export class SweepStopped extends Error {
  override readonly name = 'SweepStopped';
}

/**
 * One sweep, from targets to recorded changes: ask everybody, say who they are, compare with what is known, look again
 * where an alert would rest on one ambiguous look, and record everything in one transaction.
 * @throws SweepStopped when the signal fires; errors of storage pass through.
 */
export async function runSweep(request: SweepRequest, world: SweepWorld): Promise<SweepReport> {
  const startedAt = world.now();
  const begun = performance.now();
  const known = world.history.hosts();
  const isBaseline = request.kind === 'sweep' && !world.history.hasSwept();
  const asked = await world.asker.askAll(request.coverage, {
    known,
    plan: planFor(request, known, startedAt),
    signal: request.signal,
    onProgress: request.onProgress,
  });
  stopIfAsked(request.signal);
  const sightings = [...asked.sightings, ...(await sightOurselves(request.coverage, world))];
  const seen = identify(sightings, known, () => newHostId(world.random));
  const moment = momentOf(startedAt, known, world.random);
  const believed = isBaseline ? seen : await lookAgain(seen, known, moment, { ...request, ...world });
  stopIfAsked(request.signal);
  const settled = new Set([...asked.settled, ...request.coverage.own]);
  const confirmed = withUnaskedAddresses(believed, known, settled);

  const suspect = suspicion(confirmed, known, asked);
  const updates = [
    ...confirmed.map((host) => compareSeen(known.get(host.id) ?? null, host, moment)),
    ...(suspect === null
      ? absentHosts(confirmed, known, asked).map((host) => compareAbsent(host, startedAt))
      : []),
  ];
  const summary: SweepSummary = {
    kind: request.kind,
    startedAt,
    finishedAt: world.now(),
    durationMs: Math.round(performance.now() - begun),
    lastAnswerMs: Math.round(asked.lastAnswerMs),
    level: request.deepest,
    targets: request.targets,
    addresses: asked.addresses,
    hostsUp: confirmed.length,
    complete: asked.complete,
    suspect,
    sent: world.asker.sent(),
  };
  const changes = sweepChanges(summary, updates, isBaseline);
  const events = request.announce
    ? announce(
        isBaseline ? changes : [...changes, ...updates.flatMap((u) => u.changes)],
        updates,
        request,
        world,
      )
    : [];
  const recorded = world.history.recordSweep({ summary, updates, changes, events });
  const hosts = updates.filter((each) => each.host.lastSeenAt === startedAt).map((each) => each.host);
  return { ...recorded, hosts: hosts.sort(byAddress) };
}

/** Has any port of the host ever been open, closed or rejected? Others are known by their neighbour entry alone. */
function hasAnswered(host: HostRecord): boolean {
  return servicesOf(host.facts).some(
    ({ state }) => state === 'open' || state === 'closed' || state === 'rejected',
  );
}

/** What each address may be asked: the questions that are due for the host that is known there, or by its MAC elsewhere. */
function planFor(request: SweepRequest, known: ReadonlyMap<HostId, HostRecord>, at: number) {
  const byAddressKnown = new Map(
    [...known.values()].flatMap((host) => (host.facts.addresses ?? []).map((a) => [a, host])),
  );
  const byMac = new Map([...known.values()].map((host) => [host.mac, host]));
  return (address: Address, mac: Mac | null) => {
    const atAddress = byAddressKnown.get(address);
    const byItsMac = mac === null ? undefined : byMac.get(mac);
    const host = byItsMac ?? (mac === null || atAddress?.mac === null ? atAddress : undefined);
    const back = host !== undefined && (!host.present || host.missedSweeps > 0);
    const deepenAll = request.deepenAll || back;
    const wished = request.deepenAll;
    const questions = questionsFor(host?.askedAt ?? {}, request.cadence, { now: at, deepenAll, wished });
    return {
      deepest: request.deepest,
      due: questions.due,
      // A host at several addresses looks changed at each of them: what is known is of all together.
      dueOnChange: (host?.facts.addresses?.length ?? 0) > 1 ? questions.due : questions.dueOnChange,
      known: host?.facts ?? {},
      usuallyAnswers: host !== undefined && hasAnswered(host),
      knownCalledName:
        host?.facts['netbios.session'] === 'accepted' ? (host.facts['netbios.calledName'] ?? null) : null,
    };
  };
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

function momentOf(at: number, known: ReadonlyMap<HostId, HostRecord>, random: Random): Moment {
  const taken = new Set([...known.values()].flatMap((host) => host.findings.map((finding) => finding.id)));
  return {
    at,
    newFindingId: () => {
      const id = newFindingId(random, (each) => taken.has(each));
      taken.add(id);
      return id;
    },
  };
}

/** Known hosts, all of whose addresses were asked and have settled, and that were not met anywhere. */
function absentHosts(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  asked: Asked,
): HostRecord[] {
  const met = new Set(seen.map((host) => host.id));
  return [...known.values()].filter(
    (host) =>
      !met.has(host.id) &&
      !host.isAgent &&
      (host.facts.addresses?.length ?? 0) > 0 &&
      host.facts.addresses?.every((address) => asked.settled.has(address)),
  );
}

/** Everybody silent at once says more about our own link than about everybody. */
function suspicion(
  seen: readonly SeenHost[],
  known: ReadonlyMap<HostId, HostRecord>,
  asked: Asked,
): string | null {
  if (seen.some((host) => !host.isAgent)) return null;
  const missing = absentHosts(seen, known, asked).filter((host) => host.present);
  return missing.length >= 2
    ? `all ${missing.length} hosts that were there are silent: is our own link up?`
    : null;
}

function sweepChanges(summary: SweepSummary, updates: readonly HostUpdate[], isBaseline: boolean): Change[] {
  const change = (type: 'baseline' | 'sweep_suspect', text: string): Change => ({
    at: summary.startedAt,
    type,
    hostId: null,
    findingId: null,
    summary: text,
    fact: null,
  });
  if (summary.suspect !== null) return [change('sweep_suspect', `Sweep not believed: ${summary.suspect}`)];
  if (!isBaseline) return [];
  const counts = countBySeverity(updates.flatMap((update) => update.host.findings));
  const found = [...SEVERITIES].reverse().filter((severity) => counts[severity] > 0);
  const findings = found.map((severity) => `${counts[severity]} ${severity}`).join(', ') || 'none';
  return [change('baseline', `First sweep: ${summary.hostsUp} hosts; findings: ${findings}`)];
}

function announce(
  changes: readonly Change[],
  updates: readonly HostUpdate[],
  request: SweepRequest,
  world: SweepWorld,
): SecurityEvent[] {
  return eventsFor(changes, {
    hosts: new Map(updates.map((update) => [update.host.id, update.host])),
    threshold: request.alertThreshold,
    newId: (at) => newEventId(world.random, at),
  });
}

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new SweepStopped('the sweep was stopped; nothing of it was recorded');
}

function byAddress(a: HostRecord, b: HostRecord): number {
  return compareAddresses(firstAddress(a) ?? '0.0.0.0', firstAddress(b) ?? '0.0.0.0');
}
