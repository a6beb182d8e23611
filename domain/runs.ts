import type { Aspect, AspectValue } from './aspect.ts';
import type { Change, ChangeType } from './change.ts';
import { type FactName, type Facts, type FactValue, sameFact } from './facts.ts';
import type { Finding, FindingState } from './finding.ts';
import type { FactInterval } from './history.ts';
import { type HostRecord, LOST_AFTER_SWEEPS } from './host.ts';

/** A value and for how long it held, milliseconds UTC; `until` null: it still holds. */
export interface Run<Value> {
  readonly value: Value;
  readonly since: number;
  readonly until: number | null;
}

/** The values that an aspect had, oldest first; times at which it was not known are in no run. `intervals`: any order. */
export function aspectRuns(aspect: Aspect, intervals: readonly FactInterval[]): readonly Run<AspectValue>[] {
  // A clock that stepped back leaves empty intervals: nothing ever held in them.
  const own = intervals.filter(({ name, since, until }) => aspect.facts.includes(name) && since !== until);
  const begun = Map.groupBy(own, ({ since }) => since);
  const ended = Map.groupBy(own, ({ until }) => until);
  const moments = [...new Set([...begun.keys(), ...ended.keys()])].filter((at) => at !== null);
  const facts = new Map<FactName, FactValue>();
  const values = moments
    .sort((a, b) => a - b)
    .map((since) => {
      for (const { name } of ended.get(since) ?? []) facts.delete(name);
      for (const { name, value } of begun.get(since) ?? []) facts.set(name, value);
      return { since, value: aspect.valueOf(Object.fromEntries(facts) as Facts) };
    });
  const turns = values.filter(
    ({ value }, index) => index === 0 || !sameFact(value, values[index - 1]?.value),
  );
  return turns.flatMap(({ since, value }, index) =>
    value === undefined ? [] : [{ value, since, until: turns[index + 1]?.since ?? null }],
  );
}

/** `away`: lost, or not present any more; one missed answer is not enough. */
export type Presence = 'there' | 'away';

/** When a host was there and when it was away, oldest first. `changes` may hold those of other hosts too. */
export function presenceRuns(host: HostRecord, changes: readonly Change[]): readonly Run<Presence>[] {
  const known = [{ since: host.firstSeenAt, value: presenceOf(host) }];
  return runsOf(turnsOf(host, changes), known);
}

/** Was the host there at a moment, milliseconds UTC; null: it had not been seen yet. `changes` from that moment on do. */
export function presenceAt(host: HostRecord, changes: readonly Change[], at: number): Presence | null {
  if (at < host.firstSeenAt) return null;
  return stateAt(turnsOf(host, changes), at) ?? presenceOf(host);
}

/** The states of a finding, oldest first. `changes` may hold those of other findings too. */
export function findingRuns(finding: Finding, changes: readonly Change[]): readonly Run<FindingState>[] {
  return runsOf(findingTurns(finding, changes), statesByItself(finding));
}

/** The state of a finding at a moment, milliseconds UTC; null: not opened yet. `changes` from that moment on do. */
export function findingStateAt(
  finding: Finding,
  changes: readonly Change[],
  at: number,
): FindingState | null {
  const turns = findingTurns(finding, changes);
  if (turns.length > 0) return stateAt(turns, at);
  return statesByItself(finding).findLast(({ since }) => since <= at)?.value ?? null;
}

/** What a change says: the state from then on, and the one until then; null: there was none. */
interface Turn<State> {
  readonly at: number;
  readonly before: State | null;
  readonly after: State;
}

type Turns<State> = { readonly [Type in ChangeType]?: Omit<Turn<State>, 'at'> };

const PRESENCE_TURNS: Turns<Presence> = {
  host_new: { before: null, after: 'there' },
  host_returned: { before: 'away', after: 'there' },
  host_lost: { before: 'there', after: 'away' },
};

const FINDING_TURNS: Turns<FindingState> = {
  finding_opened: { before: null, after: 'open' },
  finding_reopened: { before: 'resolved', after: 'open' },
  finding_acknowledged: { before: 'open', after: 'acknowledged' },
  finding_unacknowledged: { before: 'acknowledged', after: 'open' },
  // Who acknowledged the finding did not know of the worse: that ends it.
  severity_raised: { before: 'open', after: 'open' },
  finding_resolved: { before: 'open', after: 'resolved' },
};

function presenceOf(host: HostRecord): Presence {
  return host.missedSweeps >= LOST_AFTER_SWEEPS ? 'away' : 'there';
}

function turnsOf(host: HostRecord, changes: readonly Change[]): readonly Turn<Presence>[] {
  return turnsIn(
    changes.filter(({ hostId }) => hostId === host.id),
    PRESENCE_TURNS,
  );
}

function findingTurns(finding: Finding, changes: readonly Change[]): readonly Turn<FindingState>[] {
  return turnsIn(
    changes.filter(({ findingId }) => findingId === finding.id),
    FINDING_TURNS,
  );
}

/** What a finding says of itself, where none of its changes is on record any more. */
function statesByItself({
  state,
  openedAt,
  resolvedAt,
}: Finding): readonly Omit<Run<FindingState>, 'until'>[] {
  if (resolvedAt === null) return [{ since: openedAt, value: state }];
  return [
    { since: openedAt, value: 'open' },
    { since: resolvedAt, value: 'resolved' },
  ];
}

/** Oldest first. */
function turnsIn<State>(changes: readonly Change[], turns: Turns<State>): readonly Turn<State>[] {
  return changes
    .flatMap(({ at, type }) => {
      const turn = turns[type];
      return turn === undefined ? [] : [{ at, ...turn }];
    })
    .sort((a, b) => a.at - b.at);
}

/** The state at a moment by the last turn up to it, else by the first one after it; null: there was none, or no turn. */
function stateAt<State>(turns: readonly Turn<State>[], at: number): State | null {
  const last = turns.findLast((turn) => turn.at <= at);
  return last === undefined ? (turns[0]?.before ?? null) : last.after;
}

/** Runs by the turns; before the first of them, and where there is none, by what is `known` otherwise. Oldest first. */
function runsOf<State>(
  turns: readonly Turn<State>[],
  known: readonly Omit<Run<State>, 'until'>[],
): readonly Run<State>[] {
  const [oldest] = turns;
  const [start] = known;
  const starts = turns.map(({ at, after }) => ({ since: at, value: after }));
  if (oldest === undefined) starts.push(...known);
  else if (oldest.before !== null && start !== undefined && start.since < oldest.at)
    starts.unshift({ since: start.since, value: oldest.before });
  const differing = starts.filter(({ value }, index) => index === 0 || value !== starts[index - 1]?.value);
  return differing.map((run, index) => ({ ...run, until: differing[index + 1]?.since ?? null }));
}
