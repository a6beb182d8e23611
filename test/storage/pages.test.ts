import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { firstSight, firstSweep, manyHosts, seenAgain, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleHost } from '../support/samples.ts';

const LATER = SAMPLE_TIME + 900_000;

describe('the facts of a moment', () => {
  it('are those that held at it, by host', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    const { id, facts } = sampleHost();
    const changedFacts = { 'tcp/139': 'closed' } as const;
    const host = sampleHost({ facts: { ...facts, ...changedFacts } });
    history.recordSweep(sweepOf(LATER, [{ ...seenAgain(host, LATER), changedFacts }]));

    expect(history.factsAt(SAMPLE_TIME - 1)).toEqual(new Map());
    expect(history.factsAt(SAMPLE_TIME)).toEqual(new Map([[id, facts]]));
    expect(history.factsAt(LATER - 1)).toEqual(new Map([[id, facts]]));
    expect(history.factsAt(LATER)).toEqual(new Map([[id, { ...facts, ...changedFacts }]]));
  });
});

describe('everything that is recorded', () => {
  it('is read in the order of recording, across all pages', () => {
    const { history } = openTestStorage();
    const hosts = manyHosts(120);
    const changes = Array.from({ length: 1_001 }, (_, n) =>
      sampleChange({ hostId: null, findingId: null, summary: `change ${n}` }),
    );
    history.recordSweep({ ...sweepOf(SAMPLE_TIME), changes });
    history.recordSweep(
      sweepOf(
        LATER,
        hosts.map((host) => firstSight(host, [])),
      ),
    );

    expect([...history.allChanges()].map(({ summary }) => summary)).toEqual(
      changes.map(({ summary }) => summary),
    );
    expect([...history.allSweeps()]).toEqual(history.sweeps(9).toReversed());
    const intervals = [...history.allIntervals()];
    expect(intervals).toHaveLength(hosts.length * Object.keys(sampleHost().facts).length);
    expect(intervals[0]).toEqual({
      hostId: hosts[0]!.id,
      name: 'addresses',
      value: ['10.0.0.0'],
      since: SAMPLE_TIME,
      until: null,
    });
  });

  it('is nothing before the first sweep', () => {
    const { history } = openTestStorage();
    expect([...history.allChanges(), ...history.allSweeps(), ...history.allIntervals()]).toEqual([]);
  });

  it('does not keep a writer from emptying its log while a reader takes its time', () => {
    const file = temporaryFile();
    const writer = openTestStorage({ file });
    const changes = Array.from({ length: 1_001 }, () => sampleChange({ hostId: null, findingId: null }));
    writer.history.recordSweep({ ...sweepOf(SAMPLE_TIME), changes });
    const reader = openTestStorage({ file, mode: 'read-only' });
    const slowly = reader.history.allChanges()[Symbol.iterator]();
    slowly.next();

    writer.history.recordSweep(sweepOf(LATER));
    const log = new Sqlite(file);
    expect(log.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
    log.close();
    expect(slowly.next().done).toBe(false);
  });
});
