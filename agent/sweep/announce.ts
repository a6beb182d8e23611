import type { Change, HostUpdate, RecordedChange } from '../../domain/change.ts';
import { hasSpoken } from '../../domain/crowd.ts';
import { eventsFor, type SecurityEvent } from '../../domain/event.ts';
import { countBySeverity, SEVERITIES } from '../../domain/finding.ts';
import { FLAPPING, flapsSince, withoutFlapping } from '../../domain/flapping.ts';
import type { History } from '../../domain/history.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { SweepSummary } from '../../domain/sweep.ts';
import { newEventId } from '../ids.ts';
import type { SweepRequest, SweepWorld } from './request.ts';

/** A suspicion that lasts is told once. */
export function sweepChanges(
  summary: SweepSummary,
  updates: readonly HostUpdate[],
  { isBaseline, wasSuspect }: { readonly isBaseline: boolean; readonly wasSuspect: boolean },
): Change[] {
  const change = (type: 'baseline' | 'sweep_suspect', text: string): Change => ({
    at: summary.startedAt,
    type,
    hostId: null,
    findingId: null,
    summary: text,
    fact: null,
  });
  if (summary.suspect !== null)
    return wasSuspect ? [] : [change('sweep_suspect', `Sweep not believed: ${summary.suspect}`)];
  if (!isBaseline) return [];
  const counts = countBySeverity(updates.flatMap((update) => update.host.findings));
  const found = [...SEVERITIES].reverse().filter((severity) => counts[severity] > 0);
  const findings = found.map((severity) => `${counts[severity]} ${severity}`).join(', ') || 'none';
  return [change('baseline', `First sweep: ${summary.hostsUp} hosts; findings: ${findings}`)];
}

/** Of the hosts: the first sweep is summed up, but for harm that was done; a crowd of machines that say nothing is no news. */
export function changesWorthTelling(
  updates: readonly HostUpdate[],
  { isBaseline, isCrowd }: { readonly isBaseline: boolean; readonly isCrowd: boolean },
): Change[] {
  const news = updates.filter(({ isNew, host }) => !(isCrowd && isNew && !hasSpoken(host.facts)));
  const all = news.flatMap((update) => update.changes);
  return isBaseline ? all.filter(({ type }) => type === 'probe_quarantined') : all;
}

export function announce(
  changes: readonly Change[],
  updates: readonly HostUpdate[],
  request: SweepRequest,
  world: SweepWorld,
): SecurityEvent[] {
  const lately = flappingWindow(world.history);
  // The owner may have said so while the host was asked.
  const known = world.history.hosts();
  const ignored = (host: HostRecord) => known.get(host.id)?.ignored ?? null;
  return eventsFor(withoutFlapping(changes, lately), {
    hosts: new Map(updates.map(({ host }) => [host.id, { ...host, ignored: ignored(host) }])),
    threshold: request.alertThreshold,
    newId: (at) => newEventId(world.random, at),
  });
}

function flappingWindow(history: History): readonly RecordedChange[] {
  const oldest = history.sweeps(FLAPPING.sweeps).at(-1);
  return oldest === undefined ? [] : history.changes(flapsSince(oldest.startedAt));
}
