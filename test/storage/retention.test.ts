import { statSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../domain/ledger.ts';
import type { Retention } from '../../storage/retention.ts';
import type { Storage } from '../../storage/storage.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { firstSweep, seenAgain, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleHost } from '../support/samples.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const KEEP: Retention = {
  changes: 30 * DAY_MS,
  sweeps: 2 * DAY_MS,
  ledger: 3 * DAY_MS,
  commands: 10 * DAY_MS,
};
/** Midnight of the day of the samples, UTC. */
const MIDNIGHT = SAMPLE_TIME - (SAMPLE_TIME % DAY_MS);

/** Drops what is old to the end; how many rows went, and in how many steps. */
function drop(storage: Storage, now: number, keep = KEEP) {
  const steps = storage.retention.drop(keep, now);
  for (let n = 1; ; n += 1) {
    const step = steps.next();
    if (step.done === true) return { ...step.value, steps: n };
  }
}

function recordSweepAt(storage: Storage, startedAt: number, overrides: object = {}): void {
  const record = sweepOf(startedAt + 812);
  storage.history.recordSweep({ ...record, summary: { ...record.summary, ...overrides } });
}

/** The host says yes and no by turns, a change each time. */
function turn(at: number, value: 'yes' | 'no') {
  const host = sampleHost({ lastSeenAt: at, facts: { ...sampleHost().facts, 'smb.smb1': value } });
  const changes = [sampleChange({ at, type: 'fact_changed', findingId: null })];
  return sweepOf(at, [{ ...seenAgain(host, at), host, changedFacts: { 'smb.smb1': value }, changes }]);
}

describe('what is older than it is to be kept', () => {
  it('goes: of old days every sweep but one, the last that was complete and believed', () => {
    const storage = openTestStorage();
    for (const day of [-4, -3, -2, -1, 0]) {
      const start = MIDNIGHT + day * DAY_MS;
      recordSweepAt(storage, start + HOUR_MS);
      recordSweepAt(storage, start + 2 * HOUR_MS);
      recordSweepAt(storage, start + 3 * HOUR_MS, { complete: false });
      recordSweepAt(storage, start + 4 * HOUR_MS, { suspect: 'every host was silent' });
      recordSweepAt(storage, start + 5 * HOUR_MS, { kind: 'check' });
    }
    expect(drop(storage, MIDNIGHT + 6 * HOUR_MS)).toMatchObject({ sweeps: 8 });
    const starts = storage.history.sweeps(99).map((sweep) => (sweep.startedAt - MIDNIGHT) / HOUR_MS);
    const kept = [-2, -1, 0].flatMap((day) => [1, 2, 3, 4, 5].map((hour) => day * 24 + hour));
    expect(starts.toReversed()).toEqual([-4 * 24 + 2, -3 * 24 + 2, ...kept]);
    expect(drop(storage, MIDNIGHT + 7 * HOUR_MS)).toMatchObject({ sweeps: 0 });
  });

  it('goes: changes and intervals that ended, while what holds now stays however old it is', () => {
    const storage = openTestStorage();
    storage.history.recordSweep(firstSweep());
    storage.history.recordSweep(turn(SAMPLE_TIME + DAY_MS, 'no'));
    storage.history.recordSweep(turn(SAMPLE_TIME + 40 * DAY_MS, 'yes'));
    expect(drop(storage, SAMPLE_TIME + 45 * DAY_MS)).toMatchObject({ changes: 3, facts: 1 });
    expect(storage.history.intervals('h001132aabbcc', 'smb.smb1').map(({ value }) => value)).toEqual([
      'yes',
      'no',
    ]);
    expect(storage.history.hosts().get('h001132aabbcc')?.facts['tcp/445']).toBe('open');
    expect(storage.history.changes({})).toHaveLength(1);
  });

  it('goes: ledger and commands, by days of their own', () => {
    const storage = openTestStorage();
    storage.history.recordSweep({
      ...firstSweep(),
      ledger: ledgerOf('2026-11-10', '2026-11-18', '2026-11-19'),
    });
    for (const days of [20, 11, 9]) {
      const at = SAMPLE_TIME - days * DAY_MS;
      storage.commands.add({ at, source: 'cli', command: 'ack', args: {}, outcome: 'done' });
    }
    expect(drop(storage, SAMPLE_TIME)).toMatchObject({ ledger: 1, commands: 2 });
    expect(storage.history.ledger({}).map(({ day }) => day)).toEqual(['2026-11-19', '2026-11-18']);
    expect(storage.commands.newest(9)).toHaveLength(1);
  });

  it('goes a batch at a time, with a turn for others in between, and the file shrinks', () => {
    const file = temporaryFile();
    const storage = openTestStorage({ file });
    const all = Array.from({ length: 5500 }, (_, n) =>
      sampleChange({ hostId: null, findingId: null, at: n }),
    );
    storage.history.recordSweep({ ...sweepOf(SAMPLE_TIME), changes: all });
    checkpoint(file);
    const before = statSync(file).size;
    const { changes, steps } = drop(storage, SAMPLE_TIME);
    checkpoint(file);
    expect(changes).toBe(5500);
    expect(steps).toBeGreaterThan(6);
    expect(statSync(file).size).toBeLessThan(before / 2);
  });
});

describe('a clock that jumps ahead', () => {
  it('makes the history no older than a week at a time', () => {
    const storage = openTestStorage();
    storage.history.recordSweep(firstSweep());
    drop(storage, SAMPLE_TIME);
    expect(drop(storage, SAMPLE_TIME + 5000 * DAY_MS)).toMatchObject({ changes: 0 });
    expect(storage.retention.lastAt()).toBe(SAMPLE_TIME + 7 * DAY_MS);
    expect(drop(storage, SAMPLE_TIME + DAY_MS)).toMatchObject({ changes: 0 });
    expect(storage.retention.lastAt()).toBe(SAMPLE_TIME + DAY_MS);
  });

  it('before anything was ever dropped is measured by the newest sweep', () => {
    const storage = openTestStorage();
    storage.history.recordSweep(firstSweep());
    drop(storage, SAMPLE_TIME + 5000 * DAY_MS);
    expect(storage.history.changes({})).toHaveLength(2);
  });
});

function ledgerOf(...days: readonly string[]): LedgerEntry[] {
  return days.map((day) => ({
    day,
    hostId: null,
    address: null,
    transport: 'udp',
    port: 137,
    probe: 'nbstat',
    connections: 0,
    datagrams: 1,
    bytes: 50,
  }));
}

/** Brings the file itself up to date; it grows and shrinks in its log first. */
function checkpoint(file: string): void {
  const db = new Sqlite(file);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}
