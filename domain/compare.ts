import type { Change, ChangeType, HostUpdate } from './change.ts';
import { factInWords } from './fact-words.ts';
import {
  type FactName,
  type Facts,
  type FactValue,
  factNames,
  isServiceKey,
  mergeFacts,
  sameFact,
} from './facts.ts';
import { ABSENT_AFTER_SWEEPS, type HostRecord, hostName, LOST_AFTER_SWEEPS } from './host.ts';
import type { SeenHost } from './identity.ts';
import { judgeAll, type Moment } from './judge.ts';
import { entryFor } from './owners-hosts.ts';
import { visible } from './text.ts';

/** What differs between a host as it was known and as one sweep saw it, and the host as it is now. */
export function compareSeen(before: HostRecord | null, seen: SeenHost, moment: Moment): HostUpdate {
  const facts = mergeFacts(before?.facts ?? {}, seen.facts);
  const changedFacts = Object.fromEntries(
    factNames(facts)
      .filter((name) => !sameFact(facts[name], before?.facts[name]))
      .map((name) => [name, facts[name]]),
  ) as Facts;
  const known = { id: seen.id, mac: seen.mac, facts };
  const entry = entryFor(moment.owners ?? new Map(), known);
  const named = entry === null ? known : { ...known, ownersWord: entry };
  const judged = judgeAll(before?.findings ?? [], seen, named, moment);
  const host: HostRecord = {
    ...named,
    isAgent: seen.isAgent,
    firstSeenAt: before?.firstSeenAt ?? moment.at,
    lastSeenAt: moment.at,
    present: true,
    missedSweeps: 0,
    askedAt: {
      ...before?.askedAt,
      ...Object.fromEntries(seen.asked.map((question) => [question, moment.at])),
    },
    systemTime: seen.systemTime ?? before?.systemTime ?? null,
    ignored: before?.ignored ?? null,
    findings: judged.findings,
  };
  const changes = [...hostChanges(before, host, changedFacts, moment.at), ...judged.changes];
  return {
    host,
    isNew: before === null,
    changedFacts,
    changedFindings: judged.changed,
    confirmedFindings: judged.confirmed,
    changes,
  };
}

/** The update for a host whose addresses were asked, have settled, and did not show it. It keeps facts and findings. */
export function compareAbsent(before: HostRecord, at: number): HostUpdate {
  const missedSweeps = before.missedSweeps + 1;
  const host = { ...before, missedSweeps, present: before.present && missedSweeps < ABSENT_AFTER_SWEEPS };
  const name = visible(hostName(before));
  const lost = missedSweeps === LOST_AFTER_SWEEPS;
  return {
    host,
    isNew: false,
    changedFacts: {},
    changedFindings: [],
    confirmedFindings: [],
    changes: lost
      ? [changeOf('host_lost', host, at, `${name} has not answered for ${missedSweeps} sweeps`)]
      : [],
  };
}

/**
 * The update for a host that the owner lets sleep: nothing was asked, so it keeps everything. `isListed`: the neighbour
 * table shows it. That makes a host present which was thought to be gone; it proves nothing of one that was there, for
 * the kernel keeps entries that it does not use. null: nothing differs.
 */
export function compareAsleep(before: HostRecord, isListed: boolean, at: number): HostUpdate | null {
  if (!isListed || before.present) return null;
  const host = { ...before, present: true, missedSweeps: 0 };
  const wasLost = before.missedSweeps >= LOST_AFTER_SWEEPS;
  const summary = `${visible(hostName(before))} is in the neighbour table again`;
  return { ...unchanged(host), changes: wasLost ? [changeOf('host_returned', host, at, summary)] : [] };
}

/** The update that tells of no difference. */
export function unchanged(host: HostRecord): HostUpdate {
  return {
    host,
    isNew: false,
    changedFacts: {},
    changedFindings: [],
    confirmedFindings: [],
    changes: [],
  };
}

function hostChanges(before: HostRecord | null, host: HostRecord, changed: Facts, at: number): Change[] {
  const name = visible(hostName(host));
  if (before === null) return [changeOf('host_new', host, at, `${name} was seen for the first time`)];
  const facts = factNames(changed).filter((fact) => before.facts[fact] !== undefined);
  return [
    ...(before.missedSweeps < LOST_AFTER_SWEEPS
      ? []
      : [changeOf('host_returned', host, at, `${name} answers again`)]),
    ...facts.map((fact) => factChange(fact, before, host, name, at)),
  ];
}

function factChange(fact: FactName, before: HostRecord, host: HostRecord, name: string, at: number): Change {
  const [was, is] = [before.facts[fact] ?? null, host.facts[fact] ?? null];
  const type: ChangeType =
    fact === 'addresses' ? 'host_moved' : isServiceKey(fact) ? 'service_changed' : 'fact_changed';
  const what = fact === 'addresses' ? 'moved' : `${fact} changed`;
  const summary = `${name} ${what} from ${factInWords(was)} to ${factInWords(is)}`;
  return { ...changeOf(type, host, at, summary), fact: { name: fact, before: was, after: is as FactValue } };
}

function changeOf(type: ChangeType, host: HostRecord, at: number, summary: string): Change {
  return { at, type, hostId: host.id, findingId: null, summary, fact: null };
}
