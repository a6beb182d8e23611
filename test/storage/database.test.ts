import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../storage/database.ts';
import { readMigrations } from '../../storage/migrations.ts';
import {
  expectStorageError,
  openTestStorage,
  recordedFile,
  temporaryFile,
} from '../support/open-database.ts';
import { firstSight, firstSweep, manyHosts, seenAgain, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleEvent, sampleHost } from '../support/samples.ts';

const LATER = SAMPLE_TIME + 60_000;

describe('a new file', () => {
  it('is set up for durability, small memory and a quota', () => {
    const { db, close } = openDatabase({
      file: temporaryFile(),
      mode: 'read-write',
      version: '1.0.0',
      now: () => SAMPLE_TIME,
      quotaBytes: 4_096_000,
    });
    const names = ['journal_mode', 'synchronous', 'auto_vacuum', 'foreign_keys', 'cache_size', 'mmap_size'];
    names.push('busy_timeout', 'temp_store', 'trusted_schema', 'max_page_count', 'journal_size_limit');
    expect(Object.fromEntries(names.map((name) => [name, db.pragma(name, { simple: true })]))).toEqual({
      journal_mode: 'wal',
      synchronous: 2,
      auto_vacuum: 2,
      foreign_keys: 1,
      cache_size: -2000,
      mmap_size: 0,
      busy_timeout: 5000,
      temp_store: 2,
      trusted_schema: 0,
      max_page_count: 1000,
      journal_size_limit: 4_194_304,
    });
    close();
  });
});

describe('a clean stop', () => {
  it('leaves one file that a reader opens without write permission', () => {
    const file = recordedFile();
    expect(readdirSync(dirname(file))).toEqual(['smbwarden.db']);
    chmodSync(file, 0o444);
    chmodSync(dirname(file), 0o555);
    onTestFinished(() => chmodSync(dirname(file), 0o755));
    asNobody(() => {
      const storage = openTestStorage({ file, mode: 'read-only' });
      expect(storage.history.hosts().size).toBe(1);
      storage.close();
    });
  });

  it('leaves the file to a reader that is reading, and waits for nobody', () => {
    const file = temporaryFile();
    const writer = openTestStorage({ file });
    writer.history.recordSweep(firstSweep());
    const reader = new Sqlite(file, { readonly: true });
    reader.exec('BEGIN');
    const count = () => reader.prepare('SELECT count(*) FROM sweeps').pluck().get();
    expect(count()).toBe(1);
    writer.history.recordSweep(sweepOf(LATER));
    const started = performance.now();
    writer.close();
    expect(performance.now() - started).toBeLessThan(1000);
    expect(count()).toBe(1);
    reader.close();
    expect(openTestStorage({ file }).history.sweeps(9)).toHaveLength(2);
  });

  it('may be asked for twice', () => {
    const storage = openTestStorage({ file: temporaryFile() });
    storage.close();
    expect(() => storage.close()).not.toThrow();
  });
});

describe('a reader', () => {
  it('sees each sweep that the daemon records beside it', () => {
    const file = temporaryFile();
    const daemon = openTestStorage({ file });
    daemon.history.recordSweep(firstSweep());
    const reader = openTestStorage({ file, mode: 'read-only' });
    daemon.history.recordSweep(sweepOf(LATER, [seenAgain(sampleHost(), LATER)]));
    expect(reader.history.hosts().get('h001132aabbcc')?.lastSeenAt).toBe(LATER);
    expect(reader.history.sweeps(9)).toHaveLength(2);
  });

  it('cannot write', () => {
    const reader = openTestStorage({ file: recordedFile(), mode: 'read-only' });
    expectStorageError(
      () => reader.settings.set('sweep_interval', '5'),
      'read-only',
      /keep the setting sweep_interval/,
    );
    expectStorageError(() => reader.history.recordSweep(sweepOf(LATER)), 'read-only', /record a sweep/);
  });

  it('is told when nothing has been recorded yet', () => {
    const file = temporaryFile();
    expectStorageError(
      () => openTestStorage({ file, mode: 'read-only' }),
      'missing',
      /nothing has been recorded yet/,
    );
    writeFileSync(file, '');
    expectStorageError(
      () => openTestStorage({ file, mode: 'read-only' }),
      'missing',
      /Run "smbwarden sweep"/,
    );
  });

  it('is told when the daemon has to migrate first', () => {
    const file = recordedFile();
    const migrations = [...readMigrations(), { number: readMigrations().length + 1, sql: 'SELECT 1' }];
    expectStorageError(
      () => openTestStorage({ file, mode: 'read-only', migrations }),
      'older-schema',
      /Restart/,
    );
  });

  it('leaves a damaged file where it is', () => {
    const file = recordedFile();
    writeFileSync(file, 'not a database'.repeat(400));
    expectStorageError(() => openTestStorage({ file, mode: 'read-only' }), 'corrupt', /sets the file aside/);
    expect(readdirSync(dirname(file))).toEqual(['smbwarden.db']);
  });
});

describe('a file that another process holds', () => {
  it('is reported as locked after the wait', () => {
    const file = recordedFile();
    const storage = openTestStorage({ file, busyTimeoutMs: 50 });
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    expectStorageError(
      () => storage.history.recordSweep(sweepOf(LATER)),
      'locked',
      /another process holds the file/,
    );
    other.close();
    expect(storage.history.recordSweep(sweepOf(LATER)).sweep.id).toBe(2);
  });
});

describe('a full quota', () => {
  it('rolls the sweep back, and heals when rows have gone', () => {
    const storage = openTestStorage({ file: temporaryFile(), quotaBytes: 100 * 4096 });
    const events = Array.from({ length: 800 }, (_, i) => sampleEvent({ id: `e${i}` }));
    storage.outbox.add(events);
    const hosts = manyHosts(100).map((host) => firstSight(host));
    const sweep = { ...sweepOf(SAMPLE_TIME, hosts), events: [sampleEvent({ id: 'announcement' })] };

    expectStorageError(() => storage.history.recordSweep(sweep), 'full', /reached its quota .*SQLITE_FULL/);
    expect(storage.history.hosts().size).toBe(0);
    expect(storage.outbox.size()).toBe(800);

    storage.outbox.remove(events.map((event) => event.id));
    storage.history.recordSweep(sweep);
    expect(storage.history.hosts().size).toBe(100);
    expect(storage.outbox.size()).toBe(1);
  });
});

/** Root may do everything, so where the tests run as root, SQLite meets the file as nobody. */
function asNobody(work: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
