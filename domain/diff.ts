import type { Change, ChangeType } from './change.ts';
import { type FactName, type Facts, type FactValue, factNames, isServiceKey, sameFact } from './facts.ts';
import { type Finding, type FindingState, worstFirst } from './finding.ts';
import type { HostId, HostRecord } from './host.ts';
import { findingStateAt, presenceAt } from './runs.ts';

/** What differs of one host between two moments. */
export interface HostDiff {
  readonly host: HostRecord;
  /** `appeared`: it had never been seen before; null: it was there, or away, at both moments. */
  readonly presence: 'appeared' | 'returned' | 'lost' | null;
  /** By transport and port. */
  readonly services: readonly FactDifference[];
  /** All other facts, addresses first. */
  readonly posture: readonly FactDifference[];
  /** Worst first. */
  readonly findings: readonly FindingDifference[];
}

/** A fact with another value; null: the host was new, and so is the fact. */
export interface FactDifference {
  readonly name: FactName;
  readonly before: FactValue | null;
  readonly after: FactValue;
}

export interface FindingDifference {
  /** As it is now. */
  readonly finding: Finding;
  /** null: it had not been opened yet. */
  readonly before: FindingState | null;
  readonly after: FindingState;
  /** Its severity was raised in between. */
  readonly raised: boolean;
}

/** The types of change that tell what was so at an earlier moment. */
export const TURNS: readonly ChangeType[] = [
  'host_new',
  'host_returned',
  'host_lost',
  'finding_opened',
  'finding_reopened',
  'finding_acknowledged',
  'finding_unacknowledged',
  'finding_resolved',
  'severity_raised',
];

/** What is known of two moments, milliseconds UTC, `since` being the earlier one. */
export interface Moments {
  readonly since: number;
  readonly until: number;
  readonly hosts: Iterable<HostRecord>;
  readonly factsSince: ReadonlyMap<HostId, Facts>;
  readonly factsUntil: ReadonlyMap<HostId, Facts>;
  /** All of the types TURNS from `since` on, those after `until` too, in any order: they tell back from what is so now. */
  readonly changes: readonly Change[];
}

/**
 * The hosts that differ between two moments, in the order given. What flipped and flipped back does not show, nor does a
 * fact that was learnt in between of a host that was known before: the host need not have changed.
 */
export function diffOf(moments: Moments): readonly HostDiff[] {
  const { since, until, factsSince, factsUntil } = moments;
  const changesOf = Map.groupBy(moments.changes, ({ hostId }) => hostId);
  return [...moments.hosts].flatMap((host) => {
    if (host.firstSeenAt > until) return [];
    const changes = changesOf.get(host.id) ?? [];
    const facts = factDifferences(
      host.firstSeenAt > since ? null : (factsSince.get(host.id) ?? {}),
      factsUntil.get(host.id) ?? {},
    );
    const diff: HostDiff = {
      host,
      presence: presenceDifference(host, changes, since, until),
      services: facts.filter(({ name }) => isServiceKey(name)),
      posture: facts.filter(({ name }) => !isServiceKey(name)),
      findings: worstFirst(host.findings).flatMap((each) => findingDifference(each, changes, since, until)),
    };
    return isEmpty(diff) ? [] : [diff];
  });
}

function isEmpty({ presence, services, posture, findings }: HostDiff): boolean {
  return presence === null && services.length + posture.length + findings.length === 0;
}

function presenceDifference(
  host: HostRecord,
  changes: readonly Change[],
  since: number,
  until: number,
): HostDiff['presence'] {
  const [before, after] = [presenceAt(host, changes, since), presenceAt(host, changes, until)];
  if (before === after) return null;
  if (before === null) return 'appeared';
  return after === 'there' ? 'returned' : 'lost';
}

/** `before` null: the host was not known. */
function factDifferences(before: Facts | null, after: Facts): readonly FactDifference[] {
  return factNames(after)
    .sort(byName)
    .flatMap((name) => {
      const [was, is] = [before?.[name], after[name]];
      const isLearnt = before !== null && was === undefined;
      return is === undefined || isLearnt || sameFact(was, is)
        ? []
        : [{ name, before: was ?? null, after: is }];
    });
}

function byName(a: FactName, b: FactName): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function findingDifference(
  finding: Finding,
  changes: readonly Change[],
  since: number,
  until: number,
): readonly FindingDifference[] {
  const before = findingStateAt(finding, changes, since);
  const after = findingStateAt(finding, changes, until);
  const raised = changes.some(
    ({ type, findingId, at }) =>
      type === 'severity_raised' && findingId === finding.id && at > since && at <= until,
  );
  const isGone = after === null || (after === 'resolved' && before === null);
  if (isGone || (before === after && !(raised && after !== 'resolved'))) return [];
  return [{ finding, before, after, raised: raised && after !== 'resolved' }];
}
