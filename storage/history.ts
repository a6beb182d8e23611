import type { Database } from 'better-sqlite3';
import type { Change } from '../domain/change.ts';
import type { DecisionRecord, History, Outbox, SweepRecord } from '../domain/history.ts';
import type { HostId, HostRecord } from '../domain/host.ts';
import { changesIn } from './changes.ts';
import type { Connection } from './database.ts';
import { factsIn } from './facts.ts';
import { findingsIn } from './findings.ts';
import { hostsIn } from './hosts.ts';
import { ledgerIn } from './ledger.ts';
import { quarantineIn } from './quarantine.ts';
import { sweepsIn } from './sweeps.ts';

/** The history, over tables that each know their own rows. `outbox` takes the events of a sweep, in its transaction. */
export function historyIn({ db, attempt }: Connection, outbox: Outbox): History {
  const hosts = hostsIn(db);
  const facts = factsIn(db);
  const findings = findingsIn(db);
  const sweeps = sweepsIn(db);
  const changes = changesIn(db);
  const ledger = ledgerIn(db);
  const quarantine = quarantineIn(db);

  const agentId = agentIdIn(db);

  // Three tables are one picture only within a transaction: a sweep may be recorded between two reads.
  const readHosts = db.transaction((): ReadonlyMap<HostId, HostRecord> => {
    const factsOf = facts.present();
    const findingsOf = findings.byHost();
    return new Map(
      hosts
        .all()
        .map((host) => [
          host.id,
          { ...host, facts: factsOf.get(host.id) ?? {}, findings: findingsOf.get(host.id) ?? [] },
        ]),
    );
  });

  const recordSweep = db.transaction((record: SweepRecord) => {
    const sweep = sweeps.record(record.summary);
    // A host that was forgotten while it was asked would come back with nothing but what is new.
    const updates = record.updates.filter(({ isNew, host }) => isNew || hosts.isKnown(host.id));
    for (const update of updates) {
      hosts.record(update.host);
      facts.record(update);
      findings.record(update, record.summary.startedAt);
    }
    const recorded = [...record.changes, ...updates.flatMap((update) => update.changes)].map(changes.record);
    outbox.add(record.events);
    ledger.add(record.ledger ?? []);
    for (const each of record.quarantined ?? []) quarantine.add(each);
    return { sweep, changes: recorded };
  });

  const recordDecision = db.transaction((record: DecisionRecord) => {
    for (const host of record.hosts ?? []) hosts.decide(host);
    for (const finding of record.findings ?? []) findings.decide(finding);
    outbox.add(record.events);
    return record.changes.map(changes.record);
  });

  const forgetHost = db.transaction((id: HostId, change?: Change) => {
    const gone = hosts.forget(id);
    if (gone !== null && change !== undefined) changes.record(change);
    return gone;
  });

  return {
    agentId: (newId) => attempt('read the agent id', () => agentId(newId)),
    hosts: () => attempt('read the hosts', () => readHosts()),
    recordSweep: (record) => attempt('record a sweep', () => recordSweep(record)),
    recordDecision: (record) => attempt('record a decision', () => recordDecision(record)),
    forgetHost: (id, change) => attempt('forget a host', () => forgetHost(id, change)),
    hasSwept: () => attempt('read the sweeps', () => sweeps.hasSwept()),
    sweeps: (limit) => attempt('read the sweeps', () => sweeps.newest(limit)),
    changes: (filter) => attempt('read the changes', () => changes.find(filter)),
    intervals: (hostId, name) => attempt('read the intervals of a fact', () => facts.intervals(hostId, name)),
    factsSince: (hostId) => attempt('read since when facts hold', () => facts.since(hostId)),
    factsAt: (at) => attempt('read the facts of a moment', () => facts.at(at)),
    allIntervals: () => eachOf(facts.all(), (next) => attempt('read the intervals of all facts', next)),
    allChanges: () => eachOf(changes.all(), (next) => attempt('read the changes', next)),
    allSweeps: () => eachOf(sweeps.all(), (next) => attempt('read the sweeps', next)),
    ledger: (filter) => attempt('read the ledger', () => ledger.find(filter)),
    quarantine: () => attempt('read the quarantine', () => quarantine.all()),
    liftQuarantine: (hostId, probe) => attempt('lift a quarantine', () => quarantine.lift(hostId, probe)),
  };
}

function agentIdIn(db: Database) {
  const findAgentId = db.prepare<[], string>("SELECT value FROM meta WHERE name = 'agent_id'").pluck();
  const addAgentId = db.prepare<[string]>("INSERT INTO meta (name, value) VALUES ('agent_id', ?)");
  return db.transaction((newId: () => string): string => {
    const known = findAgentId.get();
    if (known !== undefined) return known;
    const id = newId();
    // A reader cannot keep it, and is not refused for that.
    if (!db.readonly) addAgentId.run(id);
    return id;
  });
}

/** What `rows` yields, each step taken within `attempt`. */
function* eachOf<Value>(
  rows: Iterator<Value, void>,
  attempt: (next: () => IteratorResult<Value, void>) => IteratorResult<Value, void>,
): Generator<Value> {
  for (;;) {
    const step = attempt(() => rows.next());
    if (step.done === true) return;
    yield step.value;
  }
}
