import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SecurityEvent } from '../../domain/event.ts';
import type { SweepRecord } from '../../domain/history.ts';
import { type SteadyOptions, type SteadyStorage, steadyStorage } from '../../storage/steady-storage.ts';
import { openStorage, type Storage } from '../../storage/storage.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { firstSight, firstSweep, manyHosts, seenAgain, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleEvent, sampleHost } from '../support/samples.ts';

const MINUTE_MS = 60_000;
const ID = 'h001132aabbcc';

/** A storage whose file takes nothing, of the kind `full`, as long as `isFull` says so. */
function fillable(overrides: Partial<SteadyOptions> = {}, file = temporaryFile()) {
  const disk = { isFull: false, roomMade: 0 };
  const open = (isDamaged: boolean) =>
    withFullDisk(
      openStorage({ file, mode: 'read-write', version: '1.0.0', now: () => SAMPLE_TIME, isDamaged }),
      disk,
    );
  const makeRoom = () => {
    disk.roomMade += 1;
  };
  const storage = steadyStorage({ open, makeRoom, onReplaced: () => {}, onMoved: () => {}, ...overrides });
  onTestFinished(() => storage.close());
  return { file, disk, storage };
}

/** What SQLite does on a full disk: reads work, writes do not. A quota is too exact to be met at a chosen write. */
function withFullDisk(storage: Storage, disk: { isFull: boolean }): Storage {
  const refusing = <Part extends object>(part: Part, ...writers: (keyof Part)[]): Part => {
    const wrapped = { ...part };
    for (const name of writers) {
      const write = part[name] as (...args: unknown[]) => unknown;
      wrapped[name] = ((...args: unknown[]) => {
        if (disk.isFull) throw new StorageError('full', 'record: smbwarden.db: the disk is full');
        return write(...args);
      }) as Part[typeof name];
    }
    return wrapped;
  };
  return {
    ...storage,
    history: refusing(storage.history, 'recordSweep', 'recordDecision', 'forgetHost'),
    outbox: refusing(storage.outbox, 'add', 'acknowledge', 'remove'),
    retained: refusing(storage.retained, 'put', 'remove'),
  };
}

const SENT = {
  day: '2026-11-21',
  hostId: ID,
  address: '192.168.1.21',
  transport: 'udp',
  port: 137,
  probe: 'nbstat',
  connections: 0,
  datagrams: 1,
  bytes: 50,
} as const;

/** The n-th sweep, in which the host answers the other way round, and an event says so. */
function turn(n: number): SweepRecord {
  const at = SAMPLE_TIME + n * MINUTE_MS;
  const value = n % 2 === 0 ? 'yes' : 'no';
  const host = sampleHost({ lastSeenAt: at, facts: { ...sampleHost().facts, 'smb.smb1': value } });
  const changes = [sampleChange({ at, type: 'fact_changed', findingId: null, summary: `turn ${n}` })];
  const update = { ...seenAgain(host, at), host, changedFacts: { 'smb.smb1': value }, changes } as const;
  return { ...sweepOf(at, [update]), events: [sampleEvent({ id: `event-${n}` })], ledger: [SENT] };
}

const idsOf = (events: readonly SecurityEvent[]) => events.map((event) => event.id);
const waitingIn = ({ outbox }: SteadyStorage) => idsOf(outbox.waiting(99));

describe('a file that takes nothing', () => {
  it('stops neither sweeps nor alerts: what is new is known, told and remembered in memory', () => {
    const { disk, storage } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    const { sweep, changes } = storage.history.recordSweep(turn(1));
    storage.history.recordSweep(turn(2));

    expect(sweep).toMatchObject({ id: 0, finishedAt: SAMPLE_TIME + MINUTE_MS });
    expect(changes).toMatchObject([{ id: 0, summary: 'turn 1' }]);
    expect(storage.history.hosts().get(ID)).toMatchObject({
      lastSeenAt: SAMPLE_TIME + 2 * MINUTE_MS,
      facts: { 'smb.smb1': 'yes' },
    });
    expect(waitingIn(storage)).toEqual(['e000000000001', 'event-1', 'event-2']);
    expect(storage.outbox.size()).toBe(3);
    expect(storage.outbox.waiting(2)).toHaveLength(2);
    expect(storage.history.sweeps(2).map(({ finishedAt }) => (finishedAt - SAMPLE_TIME) / MINUTE_MS)).toEqual(
      [2, 1],
    );
    expect(storage.trouble()).toMatch(/the disk is full\. Sweeps and alerts go on; 2 sweeps wait in memory/);
    expect(disk.roomMade).toBe(2);
  });

  it('gets everything in order as soon as it takes something again', () => {
    const { disk, storage, file } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    for (const n of [1, 2, 3]) storage.history.recordSweep(turn(n));
    disk.isFull = false;
    storage.history.recordSweep(turn(4));

    expect(storage.trouble()).toBeNull();
    const { history, outbox } = openTestStorage({ file, mode: 'read-only' });
    expect(history.changes({ types: ['fact_changed'] }).map(({ id, summary }) => [id, summary])).toEqual([
      [6, 'turn 4'],
      [5, 'turn 3'],
      [4, 'turn 2'],
      [3, 'turn 1'],
    ]);
    expect(history.intervals(ID, 'smb.smb1').map(({ since }) => (since - SAMPLE_TIME) / MINUTE_MS)).toEqual([
      4, 3, 2, 1, 0,
    ]);
    expect(history.sweeps(9)).toHaveLength(5);
    expect(history.ledger({})).toEqual([{ ...SENT, datagrams: 4, bytes: 200 }]);
    expect(idsOf(outbox.waiting(9))).toEqual(['e000000000001', 'event-1', 'event-2', 'event-3', 'event-4']);
  });

  it('holds back what was quarantined meanwhile, before and after', () => {
    const { disk, storage, file } = fillable();
    storage.history.recordSweep(firstSweep());
    const quarantined = [{ hostId: ID, probe: 'smb1', since: SAMPLE_TIME, reason: 'it fell' }];
    disk.isFull = true;
    storage.history.recordSweep({ ...turn(1), quarantined });
    expect(storage.history.quarantine()).toEqual(quarantined);
    disk.isFull = false;
    storage.history.recordSweep(turn(2));
    expect(storage.history.quarantine()).toEqual(quarantined);
    expect(openTestStorage({ file, mode: 'read-only' }).history.quarantine()).toEqual(quarantined);
  });

  it('does not bring back events that the broker took meanwhile', () => {
    const { disk, storage, file } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    storage.history.recordSweep(turn(1));
    storage.history.recordSweep(turn(2));
    storage.outbox.add([sampleEvent({ id: 'summary' })]);
    storage.outbox.remove(['e000000000001', 'event-1']);
    expect(waitingIn(storage)).toEqual(['event-2', 'summary']);
    expect(storage.outbox.size()).toBe(2);
    disk.isFull = false;
    storage.history.recordSweep(turn(3));
    expect(idsOf(openTestStorage({ file, mode: 'read-only' }).outbox.waiting(9))).toEqual([
      'event-2',
      'summary',
      'event-3',
    ]);
  });

  it('does not forget which events the broker acknowledged meanwhile, recorded or not', () => {
    const { disk, storage, file } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    storage.history.recordSweep(turn(1));
    storage.history.recordSweep(turn(2));
    const ids = ['e000000000001', 'event-1', 'event-2'];
    storage.outbox.acknowledge(new Map(ids.map((id) => [id, SAMPLE_TIME])));
    storage.outbox.remove(['event-1']);
    expect(storage.outbox.acknowledged()).toEqual(new Set(['e000000000001', 'event-2']));
    disk.isFull = false;
    storage.history.recordSweep(turn(3));
    expect(storage.trouble()).toBeNull();
    const { outbox } = openTestStorage({ file, mode: 'read-only' });
    expect(idsOf(outbox.waiting(9))).toEqual(['e000000000001', 'event-2', 'event-3']);
    expect(outbox.acknowledged()).toEqual(new Set(['e000000000001', 'event-2']));
  });

  it('does not stop the broker from being told: its topics are remembered in memory', () => {
    const { disk, storage } = fillable();
    const entry = { sha256: 'ab', kind: 'state', owner: null, publishedAt: SAMPLE_TIME } as const;
    storage.retained.put('a', entry);
    disk.isFull = true;
    storage.retained.put('b', entry);
    storage.retained.remove('a');
    expect([...storage.retained.all().keys()]).toEqual(['b']);
    disk.isFull = false;
    storage.history.recordSweep(sweepOf(SAMPLE_TIME));
    expect([...storage.retained.all().keys()]).toEqual(['b']);
    expect(storage.trouble()).toBeNull();
  });

  it('is tried once more when the storage closes', () => {
    const { disk, storage, file } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    storage.history.recordSweep(turn(1));
    disk.isFull = false;
    storage.close();
    expect(openTestStorage({ file }).history.sweeps(9)).toHaveLength(2);
  });

  it('ends in good order all the same, with what it did not take', () => {
    const { disk, storage, file } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    storage.history.recordSweep(turn(1));
    storage.close();
    storage.close();
    expect(storage.trouble()).toMatch(/1 sweep waits/);
    expect(openTestStorage({ file }).history.sweeps(9)).toHaveLength(1);
  });

  it('refuses a decision, so that whoever made it knows', () => {
    const { disk, storage } = fillable();
    storage.history.recordSweep(firstSweep());
    disk.isFull = true;
    const decision = { findings: [], changes: [], events: [] };
    expect(() => storage.history.recordDecision(decision)).toThrow('the disk is full');
    expect(() => storage.history.forgetHost(ID)).toThrow('the disk is full');
  });

  it('costs little memory however long that lasts: sweeps that taught nothing are given up first', () => {
    const { disk, storage } = fillable();
    const hosts = manyHosts(50);
    storage.history.recordSweep(
      sweepOf(
        SAMPLE_TIME,
        hosts.map((host) => firstSight(host)),
      ),
    );
    disk.isFull = true;
    storage.history.recordSweep({ ...sweepOf(SAMPLE_TIME + 1), events: [sampleEvent({ id: 'kept' })] });
    for (let n = 2; n <= 600; n += 1) {
      const at = SAMPLE_TIME + n;
      storage.history.recordSweep(
        sweepOf(
          at,
          hosts.map((host) => seenAgain(host, at)),
        ),
      );
    }
    expect(storage.trouble()).toMatch(/500 sweeps wait in memory .*, 100 more had to be given up/);
    expect(waitingIn(storage)).toEqual(['kept']);
    disk.isFull = false;
    storage.history.recordSweep(sweepOf(SAMPLE_TIME + 601));
    expect(storage.history.sweeps(999)).toHaveLength(502);
    expect(storage.history.hosts().get(hosts[0]!.id)?.lastSeenAt).toBe(SAMPLE_TIME + 600);
  });
});

describe('a file that has reached its quota', () => {
  it('takes the sweep once old history has made room', () => {
    const file = temporaryFile();
    const open = () =>
      openStorage({
        file,
        mode: 'read-write',
        version: '1.0.0',
        now: () => SAMPLE_TIME,
        quotaBytes: 1_000_000,
      });
    const keep = { changes: 1, sweeps: 1, ledger: 1, commands: 1 };
    const makeRoom = (storage: Storage) => {
      const steps = storage.retention.drop(keep, SAMPLE_TIME);
      while (steps.next().done !== true);
    };
    const storage = steadyStorage({ open, makeRoom, onReplaced: () => {}, onMoved: () => {} });
    onTestFinished(() => storage.close());
    const many = (at: number) =>
      Array.from({ length: 500 }, () =>
        sampleChange({ at, hostId: null, findingId: null, summary: 'x'.repeat(200) }),
      );
    for (let n = 0; n < 40; n += 1) {
      const at = SAMPLE_TIME - 40 + n;
      expect(
        storage.history.recordSweep({ ...sweepOf(at), changes: many(at) }).sweep.id,
        `sweep ${n}`,
      ).toBeGreaterThan(0);
    }
    expect(storage.trouble()).toBeNull();
    expect(readFileSync(file).length).toBeLessThanOrEqual(1_000_000);
  });
});

describe('a file that is damaged while it is used', () => {
  const hosts = manyHosts(300);

  /** A history and its backup, cleanly closed; then many of its pages are lost, which nobody looks at at the start. */
  async function damagedFile(): Promise<string> {
    const file = temporaryFile();
    const before = openTestStorage({ file });
    before.history.recordSweep(
      sweepOf(
        SAMPLE_TIME,
        hosts.map((host) => firstSight(host)),
      ),
    );
    await before.backUp(SAMPLE_TIME);
    before.close();
    writeFileSync(file, readFileSync(file).fill(0xa5, 60 * 4096));
    return file;
  }

  it('is replaced by the newest backup, and the sweep is recorded there', async () => {
    const file = await damagedFile();
    const replaced: Storage['restored'][] = [];
    const { storage } = fillable({ onReplaced: ({ restored }) => replaced.push(restored) }, file);
    expect(storage.restored).toBeNull();
    expect(storage.history.hosts().size).toBe(300);
    expect(replaced).toMatchObject([{ backup: { recordedUntil: SAMPLE_TIME } }]);
    expect(storage.restored?.setAside).toMatch(/\.corrupt\./);
    storage.history.recordSweep(sweepOf(SAMPLE_TIME + 1));
    expect(storage.history.sweeps(9)).toHaveLength(2);
  });

  it('is found out by the daily backup at the latest', async () => {
    const { storage } = fillable({}, await damagedFile());
    await expect(storage.backUp(SAMPLE_TIME + MINUTE_MS)).rejects.toThrow(/back the history up: .*damaged/);
    expect(storage.restored?.backup).toMatchObject({ recordedUntil: SAMPLE_TIME });
    await storage.backUp(SAMPLE_TIME + 2 * MINUTE_MS);
    expect(storage.history.hosts().size).toBe(300);
  });
});
