import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { latestSchema, readMigrations, schemaBackup } from '../../storage/migrations.ts';
import {
  expectStorageError,
  openTestStorage,
  recordedFile,
  temporaryFile,
} from '../support/open-database.ts';
import { firstSight, firstSweep, manyHosts, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const LATER = SAMPLE_TIME + 60_000;
const SCHEMA = latestSchema(readMigrations());

describe('a place that does not serve', () => {
  it('is named: no directory', () => {
    const file = `${temporaryFile()}.d/smbwarden.db`;
    expectStorageError(
      () => openTestStorage({ file }),
      'missing',
      /there is no directory .*ENOENT.*--data-dir/,
    );
    expectStorageError(
      () => openTestStorage({ file, mode: 'read-only' }),
      'missing',
      /there is no directory/,
    );
  });

  it('is named: no permission, to write or to read', () => {
    const file = recordedFile();
    chmodSync(file, 0o666);
    chmodSync(dirname(file), 0o555);
    expect(errorWithoutPrivileges(file, 'read-write')).toMatch(
      /^permission .*EACCES.* as root, or name another/,
    );
    chmodSync(dirname(file), 0o755);
    chmodSync(file, 0o000);
    expect(errorWithoutPrivileges(file, 'read-only')).toMatch(/^permission .*EACCES/);
  });
});

describe('a newer schema', () => {
  it('is refused with the version that wrote it, and not a byte is written', () => {
    const file = temporaryFile();
    const migrations = [...readMigrations(), { number: 7, sql: 'CREATE TABLE novelty (id INTEGER) STRICT' }];
    openTestStorage({ file, version: '9.8.7', migrations }).close();
    const before = readFileSync(file);
    const refusal = new RegExp(
      `schema 7, written by smbwarden 9\\.8\\.7; this is 1\\.0\\.0, which knows schema ${SCHEMA}\\. Upgrade smbwarden$`,
    );
    expectStorageError(() => openTestStorage({ file }), 'newer-schema', refusal);
    expectStorageError(() => openTestStorage({ file, mode: 'read-only' }), 'newer-schema', refusal);
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(dirname(file))).toEqual(['smbwarden.db']);
  });

  it('is refused with the copy that this version can use, where there is one', () => {
    const file = recordedFile();
    const novelty = { number: SCHEMA + 1, sql: 'CREATE TABLE novelty (id INTEGER) STRICT' };
    const migrations = [...readMigrations(), novelty];
    openTestStorage({ file, version: '9.8.7', migrations }).close();
    expectStorageError(
      () => openTestStorage({ file }),
      'newer-schema',
      `or restore ${schemaBackup(file, SCHEMA)}`,
    );
  });
});

describe('a reader that may not write beside the file', () => {
  it('reads what a crash left, log included, and leaves nothing behind', () => {
    const file = crashedFile();
    readableByAll(file);
    const before = readdirSync(dirname(file));
    expect(readWithoutPrivileges(file)).toEqual({ hosts: 300, sweeps: 2, left: [] });
    expect(readdirSync(dirname(file))).toEqual(before);
  });

  it('says so where the copy does not hold together', () => {
    const file = crashedFile();
    overwrite(file, 4096 * 20, Buffer.alloc(4096, 0xa5));
    readableByAll(file);
    expect(readWithoutPrivileges(file)).toEqual({ error: expect.stringMatching(/^corrupt /), left: [] });
  });
});

describe("another program's database", () => {
  it('is refused and left as it is', () => {
    const file = temporaryFile();
    const db = new Sqlite(file);
    db.exec('CREATE TABLE recipes (id INTEGER)');
    db.close();
    const before = readFileSync(file);
    expectStorageError(() => openTestStorage({ file }), 'foreign', /another program's database/);
    expect(readFileSync(file)).toEqual(before);
  });
});

describe('a damaged file', () => {
  const damages: readonly [string, (file: string) => void][] = [
    ['holds something else', (file) => writeFileSync(file, 'not a database'.repeat(400))],
    ['has lost its end', (file) => truncateSync(file, 3 * 4096)],
    ['has a page of garbage', (file) => overwrite(file, 4096, Buffer.alloc(4096, 0xa5))],
  ];

  it.each(damages)('that %s is set aside whole, and a new history begins', (_how, damage) => {
    const file = crashedFile();
    damage(file);
    const before = readFileSync(file);
    const storage = openTestStorage({ file, now: () => LATER });
    const setAside = `${file}.corrupt.20261121T224205.000Z`;
    expect(storage.restored).toEqual({ setAside, at: LATER, backup: null });
    expect(readFileSync(setAside)).toEqual(before);
    expect(storage.history.hosts().size).toBe(0);
    storage.history.recordSweep(firstSweep());
    expect(storage.history.hosts().size).toBe(1);
  });

  it('is found out at its table of contents even after a clean stop', () => {
    const file = recordedFile();
    overwrite(file, 100, Buffer.alloc(900, 0xa5));
    const { restored, history } = openTestStorage({ file });
    expect(restored?.setAside).toMatch(/\.corrupt\./);
    expect(history.hosts().size).toBe(0);
  });

  it('without a byte is one where there are backups, and a new one where there are none', async () => {
    const file = temporaryFile();
    writeFileSync(file, '');
    expect(openTestStorage({ file }).restored).toBeNull();

    const backedUp = recordedFile();
    const storage = openTestStorage({ file: backedUp });
    await storage.backUp(SAMPLE_TIME);
    storage.close();
    truncateSync(backedUp, 0);
    const { restored, history } = openTestStorage({ file: backedUp });
    expect(restored?.backup?.file).toMatch(/backup/);
    expect(history.hosts().size).toBe(1);
  });

  it('takes its write-ahead log along', () => {
    const file = crashedFile();
    const log = readFileSync(`${file}-wal`);
    writeFileSync(file, 'not a database'.repeat(400));
    const { restored } = openTestStorage({ file });
    expect(readFileSync(`${restored?.setAside}-wal`)).toEqual(log);
  });

  it('that is noticed while running is reported, and set aside at the next start', () => {
    const file = temporaryFile();
    const daemon = openTestStorage({ file });
    daemon.history.recordSweep(
      sweepOf(
        SAMPLE_TIME,
        manyHosts(300).map((host) => firstSight(host)),
      ),
    );
    daemon.close();
    const blank = Buffer.alloc(4096, 0xa5);
    for (let page = 60; page < 110; page += 1) overwrite(file, page * 4096, blank);

    const next = openTestStorage({ file });
    expect(next.restored).toBeNull();
    expectStorageError(() => next.history.hosts(), 'corrupt', /read the hosts: .*Restart the daemon/);
    next.close();
    expect(openTestStorage({ file }).restored?.setAside).toMatch(/\.corrupt\./);
  });

  it('is not what a file without damage is taken for', () => {
    const { restored, wasLeftOpen, history } = openTestStorage({ file: crashedFile() });
    expect(restored).toBeNull();
    expect(wasLeftOpen).toBe(true);
    expect(history.hosts().size).toBe(300);
    expect(openTestStorage({ file: recordedFile() }).wasLeftOpen).toBe(false);
  });
});

describe('a file that was left between two journal modes', () => {
  it('is rolled back to its last commit', () => {
    const original = recordedFile();
    const file = temporaryFile();
    const db = new Sqlite(original);
    db.pragma('cache_size = 1');
    db.exec('BEGIN; CREATE TABLE half (text TEXT)');
    const insert = db.prepare('INSERT INTO half VALUES (?)');
    for (let row = 0; row < 50; row += 1) insert.run('x'.repeat(4096));
    for (const suffix of ['', '-journal']) copyFileSync(original + suffix, file + suffix);
    db.close();

    const { restored, wasLeftOpen, history } = openTestStorage({ file });
    expect(restored).toBeNull();
    expect(wasLeftOpen).toBe(true);
    expect(history.hosts().size).toBe(1);
  });
});

/** A history of 300 hosts, half of it in the write-ahead log, as a crash leaves it. */
function crashedFile(): string {
  const file = temporaryFile();
  const original = `${file}.original`;
  const { history } = openTestStorage({ file: original });
  history.recordSweep(
    sweepOf(
      SAMPLE_TIME,
      manyHosts(300).map((host) => firstSight(host)),
    ),
  );
  const db = new Sqlite(original);
  db.pragma('wal_checkpoint(TRUNCATE)');
  history.recordSweep(sweepOf(LATER));
  for (const suffix of ['', '-wal']) writeFileSync(file + suffix, readFileSync(original + suffix));
  db.close();
  return file;
}

function overwrite(file: string, offset: number, bytes: Buffer): void {
  const content = readFileSync(file);
  bytes.copy(content, offset);
  writeFileSync(file, content);
}

function readableByAll(file: string): void {
  for (const suffix of ['', '-wal']) chmodSync(file + suffix, 0o644);
  chmodSync(dirname(file), 0o755);
}

/** What such a reader found, or its error, and what it left in its folder for temporary files. See below. */
function readWithoutPrivileges(file: string): unknown {
  const temporary = dirname(temporaryFile());
  chmodSync(temporary, 0o777);
  const options = { file, mode: 'read-only', version: '1.0.0' };
  const script = `
    import { readdirSync } from 'node:fs';
    import { openStorage } from ${JSON.stringify(new URL('../../storage/storage.ts', import.meta.url).href)};
    import { readMigrations } from ${JSON.stringify(new URL('../../storage/migrations.ts', import.meta.url).href)};
    const migrations = readMigrations();
    const now = () => 0;
    openStorage({ file: ':memory:', mode: 'read-write', version: '1.0.0', migrations, now }).close();
    if (process.getuid() === 0) process.setuid(65534);
    const found = {};
    try {
      const storage = openStorage({ ...${JSON.stringify(options)}, migrations, now });
      found.hosts = storage.history.hosts().size;
      found.sweeps = storage.history.sweeps(9).length;
      storage.close();
    } catch (error) {
      found.error = error.code + ' ' + error.message;
    }
    console.log(JSON.stringify({ ...found, left: readdirSync(process.env.TMPDIR) }));`;
  const args = ['--input-type=module', '--eval', script];
  const env = { ...process.env, TMPDIR: temporary };
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env }));
}

/**
 * Code and message of the error that a process without privileges meets. A process of its own, because access(2) asks
 * for the real user id; that one cannot be had back. Modules are loaded while the checkout can still be read.
 */
function errorWithoutPrivileges(file: string, mode: 'read-write' | 'read-only'): string {
  const options = { file, mode, version: '1.0.0', migrations: [] };
  const script = `
    import { openDatabase } from ${JSON.stringify(new URL('../../storage/database.ts', import.meta.url).href)};
    if (process.getuid() === 0) process.setuid(65534);
    try {
      openDatabase({ ...${JSON.stringify(options)}, now: () => 0 });
    } catch (error) {
      console.log(error.code, error.message);
    }`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}
