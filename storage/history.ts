import type { History, Outbox, SweepRecord } from '../domain/history.ts';
import type { HostId, HostRecord } from '../domain/host.ts';
import { changesIn } from './changes.ts';
import type { Connection } from './database.ts';
import { factsIn } from './facts.ts';
import { findingsIn } from './findings.ts';
import { hostsIn } from './hosts.ts';
import { sweepsIn } from './sweeps.ts';

/** The history, over tables that each know their own rows. `outbox` takes the events of a sweep, in its transaction. */
export function historyIn({ db, attempt }: Connection, outbox: Outbox): History {
  const hosts = hostsIn(db);
  const facts = factsIn(db);
  const findings = findingsIn(db);
  const sweeps = sweepsIn(db);
  const changes = changesIn(db);

  const findAgentId = db.prepare<[], string>("SELECT value FROM meta WHERE name = 'agent_id'").pluck();
  const addAgentId = db.prepare<[string]>("INSERT INTO meta (name, value) VALUES ('agent_id', ?)");
  const agentId = db.transaction((newId: () => string): string => {
    const known = findAgentId.get();
    if (known !== undefined) return known;
    const id = newId();
    // A reader cannot keep it, and is not refused for that.
    if (!db.readonly) addAgentId.run(id);
    return id;
  });

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
    for (const update of record.updates) {
      hosts.record(update.host);
      facts.record(update);
      findings.record(update);
    }
    const recorded = [...record.changes, ...record.updates.flatMap((update) => update.changes)].map(
      changes.record,
    );
    outbox.add(record.events);
    return { sweep, changes: recorded };
  });

  return {
    agentId: (newId) => attempt('read the agent id', () => agentId(newId)),
    hosts: () => attempt('read the hosts', () => readHosts()),
    recordSweep: (record) => attempt('record a sweep', () => recordSweep(record)),
    hasSwept: () => attempt('read the sweeps', () => sweeps.hasSwept()),
    sweeps: (limit) => attempt('read the sweeps', () => sweeps.newest(limit)),
    changes: (filter) => attempt('read the changes', () => changes.find(filter)),
    intervals: (hostId, name) => attempt('read the intervals of a fact', () => facts.intervals(hostId, name)),
    factsSince: (hostId) => attempt('read since when facts hold', () => facts.since(hostId)),
  };
}
