import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { HostUpdate } from '../../domain/change.ts';
import type { SweepRecord } from '../../domain/history.ts';
import type { HostRecord } from '../../domain/host.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { firstSight, firstSweep, manyHosts, seenAgain, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleEvent, sampleFinding, sampleHost } from '../support/samples.ts';

const MINUTE_MS = 60_000;
const LATER = SAMPLE_TIME + 15 * MINUTE_MS;
const MUCH_LATER = SAMPLE_TIME + 30 * MINUTE_MS;

describe('a recorded sweep', () => {
  it('is read back whole, by another process too', () => {
    const file = temporaryFile();
    const record = firstSweep();
    const { sweep, changes } = openTestStorage({ file }).history.recordSweep(record);

    const { history, outbox } = openTestStorage({ file, mode: 'read-only' });
    expect(sweep).toEqual({ id: 1, ...record.summary });
    expect(history.sweeps(10)).toEqual([sweep]);
    expect(history.hosts()).toEqual(new Map([['h001132aabbcc', sampleHost()]]));
    expect(changes.map(({ id, type }) => [id, type])).toEqual([
      [1, 'baseline'],
      [2, 'host_new'],
    ]);
    expect(history.changes({})).toEqual(changes.toReversed());
    expect(outbox.waiting(10)).toEqual(record.events);
  });

  it('keeps every field of a host, whatever it holds', () => {
    const { history } = openTestStorage();
    const bare = sampleHost({
      id: 'u0123456789ab',
      mac: null,
      isAgent: true,
      present: false,
      missedSweeps: 2,
      askedAt: {},
      systemTime: null,
      facts: {},
      findings: [],
    });
    history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight(bare), firstSight()]));
    expect([...history.hosts()]).toEqual([
      ['h001132aabbcc', sampleHost()],
      ['u0123456789ab', bare],
    ]);
  });

  it('keeps an incomplete and suspect sweep as it was', () => {
    const { history } = openTestStorage();
    const record = sweepOf(SAMPLE_TIME);
    const summary = { ...record.summary, complete: false, suspect: 'every host was silent' };
    history.recordSweep({ ...record, summary });
    expect(history.sweeps(1)).toEqual([{ ...summary, id: 1 }]);
  });

  it('is the first one, whatever checks went before it', () => {
    const { history } = openTestStorage();
    expect(history.hasSwept()).toBe(false);
    const check = sweepOf(SAMPLE_TIME);
    history.recordSweep({ ...check, summary: { ...check.summary, kind: 'check' } });
    expect(history.hasSwept()).toBe(false);
    history.recordSweep(sweepOf(LATER));
    expect(history.hasSwept()).toBe(true);
    expect(history.sweeps(9).map((sweep) => sweep.kind)).toEqual(['sweep', 'check']);
  });

  it('comes newest first, as many as asked for', () => {
    const { history } = openTestStorage();
    for (const at of [SAMPLE_TIME, LATER, MUCH_LATER]) history.recordSweep(sweepOf(at));
    expect(history.sweeps(2).map((sweep) => sweep.finishedAt)).toEqual([MUCH_LATER, LATER]);
  });
});

describe('facts', () => {
  it('end the old interval and begin a new one when the value changes', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    history.recordSweep(sweepOf(LATER, [withFact('smb.smb1', 'no', LATER)]));

    expect(history.intervals('h001132aabbcc', 'smb.smb1')).toEqual([
      { name: 'smb.smb1', value: 'no', since: LATER, until: null },
      { name: 'smb.smb1', value: 'yes', since: SAMPLE_TIME, until: LATER },
    ]);
    expect(history.hosts().get('h001132aabbcc')?.facts['smb.smb1']).toBe('no');
    const since = history.factsSince('h001132aabbcc');
    expect(since.get('smb.smb1')).toBe(LATER);
    expect(since.get('tcp/445')).toBe(SAMPLE_TIME);
    expect([...since.keys()].sort()).toEqual(Object.keys(sampleHost().facts).sort());
  });

  it('tell a value that is null from one that is not known', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    expect(history.intervals('h001132aabbcc', 'netbios.unitId')).toEqual([
      { name: 'netbios.unitId', value: null, since: SAMPLE_TIME, until: null },
    ]);
    expect(history.intervals('h001132aabbcc', 'smb.dialect')).toEqual([]);
  });

  it('of all names come newest first', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    history.recordSweep(sweepOf(LATER, [withFact('tcp/139', 'closed', LATER)]));
    const intervals = history.intervals('h001132aabbcc');
    expect(intervals[0]).toEqual({ name: 'tcp/139', value: 'closed', since: LATER, until: null });
    expect(intervals).toHaveLength(Object.keys(sampleHost().facts).length + 1);
  });

  it('keep their order when the clock has stepped back', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    const earlier = SAMPLE_TIME - MINUTE_MS;
    history.recordSweep(sweepOf(earlier, [withFact('smb.smb1', 'no', earlier)]));
    expect(history.intervals('h001132aabbcc', 'smb.smb1')).toEqual([
      { name: 'smb.smb1', value: 'no', since: earlier, until: null },
      { name: 'smb.smb1', value: 'yes', since: SAMPLE_TIME, until: SAMPLE_TIME },
    ]);
  });
});

describe('a host', () => {
  it('that moved to another address keeps its id, first sight and history', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    history.recordSweep(sweepOf(LATER, [withFact('addresses', ['192.168.1.77'], LATER)]));

    expect([...history.hosts().keys()]).toEqual(['h001132aabbcc']);
    const host = history.hosts().get('h001132aabbcc');
    expect(host).toMatchObject({ firstSeenAt: SAMPLE_TIME, lastSeenAt: LATER });
    expect(host?.facts.addresses).toEqual(['192.168.1.77']);
    expect(host?.findings).toEqual([sampleFinding()]);
    expect(history.intervals('h001132aabbcc', 'addresses').map((each) => each.value)).toEqual([
      ['192.168.1.77'],
      ['192.168.1.21'],
    ]);
  });

  it('that was seen in another light moves everything but its first sight', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    const now = sampleHost({
      mac: '00:11:32:aa:bb:cd',
      isAgent: true,
      lastSeenAt: LATER,
      askedAt: { smb1: LATER },
      systemTime: null,
    });
    const update = { ...seenAgain(now, LATER), host: { ...now, firstSeenAt: LATER } };
    history.recordSweep(sweepOf(LATER, [{ ...update, confirmedFindings: [] }]));
    expect(history.hosts().get('h001132aabbcc')).toEqual(now);
  });

  it('that is absent keeps its facts and its open findings', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    const absent = sampleHost({ present: false, missedSweeps: 2 });
    history.recordSweep(
      sweepOf(LATER, [{ ...seenAgain(absent, LATER), host: absent, confirmedFindings: [] }]),
    );
    expect(history.hosts().get('h001132aabbcc')).toEqual(absent);
  });
});

describe('a finding', () => {
  it('that is resolved and reopened keeps its id, and its changes tell the story', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    const resolved = sampleFinding({ state: 'resolved', resolvedAt: LATER });
    const reopened = sampleFinding({ openedAt: MUCH_LATER, confirmedAt: MUCH_LATER, severity: 'critical' });
    history.recordSweep(sweepOf(LATER, [withFinding(resolved, 'finding_resolved', LATER)]));
    expect(history.hosts().get('h001132aabbcc')?.findings).toEqual([resolved]);

    history.recordSweep(sweepOf(MUCH_LATER, [withFinding(reopened, 'finding_reopened', MUCH_LATER)]));
    expect(history.hosts().get('h001132aabbcc')?.findings).toEqual([reopened]);
    expect(history.changes({ findingId: 'f_3k2m9q' }).map((change) => [change.type, change.at])).toEqual([
      ['finding_reopened', MUCH_LATER],
      ['finding_resolved', LATER],
    ]);
  });

  it('that is confirmed moves its time and nothing else', () => {
    const { history } = openTestStorage();
    history.recordSweep(firstSweep());
    history.recordSweep(sweepOf(LATER, [seenAgain(sampleHost(), LATER)]));
    expect(history.hosts().get('h001132aabbcc')?.findings).toEqual([sampleFinding({ confirmedAt: LATER })]);
  });
});

describe('a sweep that cannot be recorded whole', () => {
  const waiting = sampleEvent();
  const broken: readonly [string, Partial<SweepRecord>][] = [
    ['a finding is made anew instead of reopened', { updates: [withFindingOfAnotherId()] }],
    ['a change concerns a host that nobody knows', { changes: [sampleChange({ hostId: 'h000000000000' })] }],
    ['its last event waits already', { events: [sampleEvent({ id: 'e2' }), waiting] }],
  ];

  it.each(broken)('leaves no trace when %s', (_why, part) => {
    const file = temporaryFile();
    const { history } = openTestStorage({ file });
    history.recordSweep(firstSweep());
    const before = allRows(file);
    const record = { ...sweepOf(LATER, [withFact('smb.smb1', 'no', LATER)]), ...part };
    expect(() => history.recordSweep(record)).toThrow(/constraint failed/);
    expect(allRows(file)).toEqual(before);
    expect(history.recordSweep(sweepOf(LATER)).sweep.id).toBe(2);
  });
});

describe('an unchanged sweep', () => {
  it('adds one row to sweeps and nothing else, the ledger of the day included, and grows the file by less than 200 bytes', () => {
    const file = temporaryFile();
    const { history } = openTestStorage({ file });
    const hosts = manyHosts(50);
    const sent = {
      transport: 'udp',
      port: 137,
      probe: 'nbstat',
      connections: 0,
      datagrams: 1,
      bytes: 50,
    } as const;
    const ledger = hosts.map(({ id, facts }) => ({
      ...sent,
      day: '2026-11-21',
      hostId: id,
      address: facts.addresses?.[0] ?? null,
    }));
    history.recordSweep({
      ...sweepOf(
        SAMPLE_TIME,
        hosts.map((host) => firstSight(host)),
      ),
      ledger,
    });
    const before = { rows: rowCounts(file), bytes: usedBytes(file) };

    const sweeps = 500;
    for (let n = 1; n <= sweeps; n += 1) {
      const at = SAMPLE_TIME + n * 15 * MINUTE_MS;
      history.recordSweep({
        ...sweepOf(
          at,
          hosts.map((host) => seenAgain(host, at)),
        ),
        ledger,
      });
    }
    expect(rowCounts(file)).toEqual({ ...before.rows, sweeps: 1 + sweeps });
    expect((usedBytes(file) - before.bytes) / sweeps).toBeLessThan(200);
  });
});

describe('the agent id', () => {
  it('is made once, then kept', () => {
    const file = temporaryFile();
    expect(openTestStorage({ file }).history.agentId(() => 'a1b2c3d4e')).toBe('a1b2c3d4e');
    expect(openTestStorage({ file }).history.agentId(() => 'affffffff')).toBe('a1b2c3d4e');
  });

  it('that was never made is not made by a reader', () => {
    const file = temporaryFile();
    const { history } = openTestStorage({ file });
    expect(openTestStorage({ file, mode: 'read-only' }).history.agentId(() => 'unknown')).toBe('unknown');
    expect(history.agentId(() => 'a1b2c3d4e')).toBe('a1b2c3d4e');
  });
});

function withFact(
  name: 'smb.smb1' | 'addresses' | 'tcp/139',
  after: string | readonly string[],
  at: number,
): HostUpdate {
  const before = sampleHost();
  const host = sampleHost({
    lastSeenAt: at,
    facts: { ...before.facts, [name]: after } as HostRecord['facts'],
  });
  const fact = { name, before: before.facts[name] ?? null, after } as HostUpdate['changes'][number]['fact'];
  return {
    ...seenAgain(before, at),
    host,
    confirmedFindings: [],
    changedFacts: { [name]: after } as HostUpdate['changedFacts'],
    changes: [sampleChange({ at, type: 'fact_changed', findingId: null, fact })],
  };
}

function withFinding(
  finding: ReturnType<typeof sampleFinding>,
  type: 'finding_resolved' | 'finding_reopened',
  at: number,
): HostUpdate {
  const host = sampleHost({ lastSeenAt: at, findings: [finding] });
  return {
    ...seenAgain(host, at),
    host,
    confirmedFindings: [],
    changedFindings: [finding],
    changes: [sampleChange({ at, type })],
  };
}

function withFindingOfAnotherId(): HostUpdate {
  return withFinding(sampleFinding({ id: 'f_zzzzzz' }), 'finding_reopened', LATER);
}

/** Every row of every table of ours, by table. */
function allRows(file: string): Record<string, unknown[]> {
  const db = new Sqlite(file, { readonly: true });
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];
  const rows = tables.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()]);
  db.close();
  return Object.fromEntries(rows);
}

function rowCounts(file: string): Record<string, number> {
  return Object.fromEntries(Object.entries(allRows(file)).map(([table, rows]) => [table, rows.length]));
}

function usedBytes(file: string): number {
  const db = new Sqlite(file, { readonly: true });
  const [pages, size] = ['page_count', 'page_size'].map(
    (name) => db.pragma(name, { simple: true }) as number,
  );
  db.close();
  return pages! * size!;
}
