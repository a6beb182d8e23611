import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../storage/database.ts';
import { backUpDatabase, checkDatabase, restoreDatabase } from '../../storage/maintenance.ts';
import { readMigrations, schemaBackup } from '../../storage/migrations.ts';
import {
  expectStorageError,
  openTestStorage,
  recordedFile,
  temporaryFile,
} from '../support/open-database.ts';
import { firstSweep, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const DAY_MS = 86_400_000;
const LATER = SAMPLE_TIME + DAY_MS;
const place = (file: string) => ({ file, version: '1.0.0', now: () => LATER });
const namesIn = (directory: string) => readdirSync(directory).sort();

/** A history of three days, a backup at the end of each. */
async function backedUpFile() {
  const file = temporaryFile();
  const storage = openTestStorage({ file });
  storage.history.agentId(() => 'a1b2c3d4e');
  storage.history.recordSweep(firstSweep());
  for (const day of [0, 1, 2]) {
    storage.history.recordSweep(sweepOf(SAMPLE_TIME + day * DAY_MS));
    await storage.backUp(SAMPLE_TIME + day * DAY_MS);
  }
  storage.close();
  return { file, directory: join(dirname(file), 'backup') };
}

const NEWEST = 'smbwarden-2026-11-23T224105Z.db';
const SECOND = 'smbwarden-2026-11-22T224105Z.db';

describe('the daily backup', () => {
  it('is one whole file that a reader opens; two are kept', async () => {
    const { directory } = await backedUpFile();
    expect(namesIn(directory)).toEqual([SECOND, NEWEST]);
    const copy = openTestStorage({ file: join(directory, NEWEST), mode: 'read-only' });
    expect(copy.history.sweeps(9)).toHaveLength(4);
    expect(statSync(join(directory, NEWEST)).mode & 0o777).toBe(0o640);
  });

  it('outlasts those that were taken while the clock was years ahead', async () => {
    const file = temporaryFile();
    const storage = openTestStorage({ file });
    for (const days of [3650, 3651, 0, 1]) await storage.backUp(SAMPLE_TIME + days * DAY_MS);
    storage.close();
    expect(namesIn(join(dirname(file), 'backup'))).toEqual(['smbwarden-2026-11-21T224105Z.db', SECOND]);
  });

  it('is taken while the history is in use, and has what was recorded meanwhile or not, but never half', async () => {
    const file = temporaryFile();
    const storage = openTestStorage({ file });
    storage.history.recordSweep(firstSweep());
    const backup = storage.backUp(SAMPLE_TIME);
    storage.history.recordSweep(sweepOf(LATER));
    const { file: copy } = await backup;
    expect(checkDatabase(place(copy))).toMatchObject({ faults: [] });
    expect(storage.lastBackupAt()).toBe(SAMPLE_TIME - (SAMPLE_TIME % 1000));
  });

  it('that fails leaves nothing behind, and the older ones where they are', async () => {
    const { file, directory } = await backedUpFile();
    const storage = openTestStorage({ file });
    const inTheWay = join(directory, 'smbwarden-2026-11-24T224105Z.db.unfinished');
    mkdirSync(inTheWay);
    await expect(storage.backUp(SAMPLE_TIME + 3 * DAY_MS)).rejects.toThrow();
    expect(namesIn(directory)).toContain(NEWEST);
    expect(namesIn(directory)).toContain(SECOND);
  });
});

describe('a damaged history with backups', () => {
  it('is set aside, and the newest backup goes on from where it ends', async () => {
    const { file, directory } = await backedUpFile();
    writeFileSync(file, 'not a database'.repeat(400));
    const { restored, history } = openTestStorage({ file, now: () => LATER });
    expect(restored).toEqual({
      setAside: `${file}.corrupt.20261122T224105.000Z`,
      at: LATER,
      backup: { file: join(directory, NEWEST), recordedUntil: SAMPLE_TIME + 2 * DAY_MS },
    });
    expect(history.sweeps(9)).toHaveLength(4);
    expect(history.agentId(() => 'new')).toBe('a1b2c3d4e');
    expect(existsSync(join(directory, NEWEST))).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it('goes on with the second when the newest is damaged too, and begins anew when both are', async () => {
    const { file, directory } = await backedUpFile();
    for (const path of [file, join(directory, NEWEST)]) writeFileSync(path, 'not a database'.repeat(400));
    const first = openTestStorage({ file, now: () => LATER });
    expect(first.restored?.backup?.file).toBe(join(directory, SECOND));
    first.close();
    for (const path of [file, join(directory, SECOND)]) writeFileSync(path, 'not a database'.repeat(400));
    const second = openTestStorage({ file, now: () => LATER + 1 });
    expect(second.restored?.backup).toBeNull();
    expect(second.history.sweeps(9)).toEqual([]);
  });

  it('goes on with the copy from before a change of the schema where there is nothing newer', () => {
    const file = recordedFile();
    backUpDatabase(place(file), schemaBackup(file, 1), false);
    writeFileSync(file, 'not a database'.repeat(400));
    expect(openTestStorage({ file }).restored?.backup?.file).toBe(schemaBackup(file, 1));
  });

  it('keeps the id of the agent even without a backup, where it can still be read', () => {
    const file = temporaryFile();
    const before = openTestStorage({ file });
    before.history.agentId(() => 'a1b2c3d4e');
    before.close();
    const condemned = openDatabase({ ...place(file), mode: 'read-write', isDamaged: true });
    condemned.close();
    expect(openTestStorage({ file }).history.agentId(() => 'new')).toBe('a1b2c3d4e');
  });
});

describe('a copy by hand', () => {
  it('is compact, and does not overwrite a file unless it is told to', () => {
    const file = recordedFile();
    const target = `${file}.copy`;
    const { bytes } = backUpDatabase(place(file), target, false);
    expect(statSync(target).size).toBe(bytes);
    expect(openTestStorage({ file: target }).history.hosts().size).toBe(1);
    const before = readFileSync(target);
    expectStorageError(
      () => backUpDatabase(place(file), target, false),
      'exists',
      /back the history up: .*copy: the file is there already\. .*--force/,
    );
    expect(readFileSync(target)).toEqual(before);
    writeFileSync(target, 'something else');
    backUpDatabase(place(file), target, true);
    expect(readFileSync(target).subarray(0, 15).toString()).toBe('SQLite format 3');
  });

  it('says where it could not be written', () => {
    const file = recordedFile();
    expectStorageError(
      () => backUpDatabase(place(file), join(dirname(file), 'no-such-folder', 'copy.db'), false),
      'read-only',
      /back the history up: .*no-such-folder/,
    );
  });

  it('is of a history that others write to', () => {
    const file = temporaryFile();
    const { history } = openTestStorage({ file });
    history.recordSweep(firstSweep());
    backUpDatabase(place(file), `${file}.copy`, false);
    history.recordSweep(sweepOf(LATER));
    expect(openTestStorage({ file: `${file}.copy`, mode: 'read-only' }).history.sweeps(9)).toHaveLength(1);
  });
});

describe('a restored backup', () => {
  it('is the history from then on; the one that was there is kept beside it', async () => {
    const { file, directory } = await backedUpFile();
    const other = recordedFile();
    const keptAs = `${file}.before-restore.20261122T224105.000Z`;
    expect(restoreDatabase(place(file), other)).toEqual({ file: other, recordedUntil: SAMPLE_TIME, keptAs });
    expect(openTestStorage({ file }).history.sweeps(9)).toHaveLength(1);
    expect(openTestStorage({ file: keptAs, mode: 'read-only' }).history.sweeps(9)).toHaveLength(4);
    expect(namesIn(directory)).toHaveLength(2);
  });

  it('may be the first history of a place', () => {
    const file = temporaryFile();
    expect(restoreDatabase(place(file), recordedFile())).toMatchObject({ keptAs: null });
    expect(openTestStorage({ file }).history.hosts().size).toBe(1);
  });

  it('is none of these: nothing, another file, a damaged one, one of a newer smbwarden', () => {
    const file = recordedFile();
    const before = readFileSync(file);
    const bad = (suffix: string, write: (path: string) => void) => {
      write(`${file}.${suffix}`);
      return `${file}.${suffix}`;
    };
    const newer = (path: string) => {
      const migrations = [
        ...readMigrations(),
        { number: 7, sql: 'CREATE TABLE novelty (id INTEGER) STRICT' },
      ];
      openTestStorage({ file: path, version: '9.8.7', migrations }).close();
    };
    const restore = (from: string) => () => restoreDatabase(place(file), from);
    expectStorageError(
      restore(`${file}.none`),
      'missing',
      /restore the history: .*none: there is no such file/,
    );
    expectStorageError(
      restore(bad('text', (path) => writeFileSync(path, 'hello'))),
      'corrupt',
      /text: this backup is damaged/,
    );
    expectStorageError(restore(bad('torn', (path) => writeTorn(path, before))), 'corrupt', /torn/);
    expectStorageError(restore(bad('newer', newer)), 'newer-schema', /newer: .*9\.8\.7/);
    expect(readFileSync(file)).toEqual(before);
    expect(namesIn(dirname(file)).filter((name) => /restor/.test(name))).toEqual([]);
  });
});

function writeTorn(path: string, good: Buffer): void {
  writeFileSync(path, Buffer.concat([good.subarray(0, 8192), Buffer.alloc(good.length - 8192, 0xa5)]));
  chmodSync(path, 0o600);
}

describe('a check', () => {
  it('says how large the file is, and that nothing is wrong', () => {
    const file = recordedFile();
    expect(checkDatabase(place(file))).toEqual({
      file,
      size: statSync(file).size,
      free: 0,
      schema: readMigrations().length,
      faults: [],
    });
  });

  it('names what is wrong', () => {
    const file = recordedFile();
    writeTorn(file, readFileSync(file));
    expect(checkDatabase(place(file)).faults.length).toBeGreaterThan(0);
    writeFileSync(file, 'not a database'.repeat(400));
    expect(checkDatabase(place(file))).toMatchObject({
      schema: null,
      faults: [expect.stringMatching(/the file is damaged or no database/)],
    });
  });
});

it('vacuum gives free space back', () => {
  const file = temporaryFile();
  const storage = openTestStorage({ file });
  const events = Array.from({ length: 500 }, (_, n) => ({ id: `e${n}`, message: 'x'.repeat(1000) }));
  storage.outbox.add(events as never);
  storage.outbox.remove(events.map(({ id }) => id));
  const { before, after } = storage.vacuum();
  expect(after).toBeLessThan(before / 2);
  expect(statSync(file).size).toBe(after);
});
