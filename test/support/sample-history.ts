import type { HostUpdate } from '../../domain/change.ts';
import type { SweepRecord } from '../../domain/history.ts';
import type { HostRecord } from '../../domain/host.ts';
import { sampleChange, sampleEvent, sampleHost, sampleSummary } from './samples.ts';

/** First sight of a host: all its facts and findings are new. */
export function firstSight(
  host: HostRecord = sampleHost(),
  changes: HostUpdate['changes'] = [
    sampleChange({ type: 'host_new', at: host.firstSeenAt, hostId: host.id, findingId: null }),
  ],
): HostUpdate {
  return {
    host,
    isNew: true,
    changedFacts: host.facts,
    changedFindings: host.findings,
    confirmedFindings: [],
    changes,
  };
}

/** A host that was seen again, at `at`, as it was before. */
export function seenAgain(before: HostRecord, at: number): HostUpdate {
  const findings = before.findings.map((finding) => ({ ...finding, confirmedAt: at }));
  return {
    host: { ...before, lastSeenAt: at, systemTime: at, findings },
    isNew: false,
    changedFacts: {},
    changedFindings: [],
    confirmedFindings: findings.map((finding) => finding.id),
    changes: [],
  };
}

/** A sweep that finished at `at` and taught `updates`; no events. */
export function sweepOf(at: number, updates: readonly HostUpdate[] = []): SweepRecord {
  return {
    summary: sampleSummary({ startedAt: at - 812, finishedAt: at, hostsUp: updates.length }),
    updates,
    changes: [],
    events: [],
  };
}

/** The first sweep: a baseline change, one host with a finding, one event. */
export function firstSweep(host: HostRecord = sampleHost()): SweepRecord {
  const { finishedAt } = sampleSummary();
  return {
    ...sweepOf(finishedAt, [firstSight(host)]),
    changes: [
      sampleChange({ type: 'baseline', hostId: null, findingId: null, summary: 'First sweep: 1 host' }),
    ],
    events: [sampleEvent()],
  };
}

/** `count` hosts with three findings each, for sizes and speed. Ids and addresses differ, the rest is alike. */
export function manyHosts(count: number): readonly HostRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const digits = i.toString(16).padStart(4, '0');
    const id = `h00113200${digits}`;
    const [finding] = sampleHost().findings;
    const rules = ['smb1-enabled', 'smb-signing-not-required', 'netbios-session-exposed'] as const;
    return sampleHost({
      id,
      mac: `00:11:32:00:${digits.slice(0, 2)}:${digits.slice(2)}`,
      facts: { ...sampleHost().facts, addresses: [`10.0.${i >> 8}.${i & 0xff}`] },
      findings: rules.map((rule, n) => ({ ...finding!, id: `f_${digits}${n}x`, hostId: id, rule })),
    });
  });
}
