import { chmodSync, chownSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { backupsOf } from './backup.ts';
import { checkHeader, checkPages, type Expected, moveAside } from './inspection.ts';
import { latestSchema, schemaBackup, schemaOf } from './migrations.ts';
import { attempt, StorageError } from './storage-error.ts';

/** A backup that took the place of the history. */
export interface RestoredBackup {
  readonly file: string;
  /** End of the last sweep that is in it, milliseconds UTC: what happened later is not. null: it has none. */
  readonly recordedUntil: number | null;
}

/**
 * Puts the newest good backup where the history is to be, and where nothing is now: one of the daily ones, else a copy
 * that was made before a change of the schema. null: none is good, or there is none.
 */
export function restoreNewestBackup(expected: Expected): RestoredBackup | null {
  const { file, migrations } = expected;
  const candidates = [
    ...backupsOf(file).map((backup) => backup.file),
    ...migrations.map(({ number }) => schemaBackup(file, number)).reverse(),
  ].filter((candidate) => existsSync(candidate));
  for (const candidate of candidates) {
    try {
      return { file: candidate, recordedUntil: putInPlace(candidate, expected) };
    } catch (error) {
      // It is not good, or there is no room for it: the next one may do better.
      if (!(error instanceof StorageError)) throw error;
    }
  }
  return null;
}

/**
 * Makes `from` the history. The present one is kept beside it as `FILE.before-restore.TIME`. Nobody else may use the
 * history meanwhile.
 * @throws StorageError when `from` is no good history of a schema that is known; nothing has changed then.
 */
export function restoreFrom(
  from: string,
  expected: Expected,
  at: number,
): RestoredBackup & { readonly keptAs: string | null } {
  if (!existsSync(from)) {
    throw new StorageError('missing', `restore the history: ${from}: there is no such file`);
  }
  const copy = copyOf(from, expected);
  const keptAs = existsSync(expected.file) ? moveAside(expected.file, 'before-restore', at) : null;
  attempt('restore the history', expected.file, () => renameSync(copy.file, expected.file));
  return { file: from, recordedUntil: copy.recordedUntil, keptAs };
}

function putInPlace(backup: string, expected: Expected): number | null {
  const copy = copyOf(backup, expected);
  attempt('restore the history', expected.file, () => renameSync(copy.file, expected.file));
  return copy.recordedUntil;
}

/** A checked copy of `from` beside the history, in the hands of whom the history belongs to. */
function copyOf(from: string, expected: Expected): RestoredBackup {
  const copy = `${expected.file}.restoring`;
  return attemptFrom(from, () => {
    rmSync(copy, { force: true });
    const db = new Sqlite(from, { readonly: true, fileMustExist: true, timeout: expected.busyTimeoutMs });
    try {
      checkGood(db, from, expected);
      db.prepare('VACUUM INTO ?').run(copy);
      giveToOwner(copy, expected.file);
      return { file: copy, recordedUntil: lastRecorded(db) };
    } catch (error) {
      rmSync(copy, { force: true });
      throw error;
    } finally {
      db.close();
    }
  });
}

/** The usual advice on a damaged file is about the history itself. */
function attemptFrom<T>(from: string, work: () => T): T {
  try {
    return attempt('restore the history', from, work);
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'corrupt')) throw error;
    const said = 'this backup is damaged, or no database at all. Nothing was changed; name another one';
    throw new StorageError('corrupt', `restore the history: ${from}: ${said}`, error);
  }
}

function checkGood(db: Sqlite.Database, from: string, expected: Expected): void {
  checkHeader(db, { ...expected, file: from });
  const schema = schemaOf(db);
  if (schema === 0 || schema > latestSchema(expected.migrations)) {
    throw new StorageError('foreign', `restore the history: ${from}: this is no history of smbwarden`);
  }
  checkPages(db, from);
}

function lastRecorded(db: Sqlite.Database): number | null {
  return db.prepare<[], number | null>('SELECT max(finished_at) FROM sweeps').pluck().get() ?? null;
}

/** Root may restore for the daemon, which must be able to write the file afterwards. */
function giveToOwner(copy: string, file: string): void {
  const { uid, gid } = statSync(existsSync(file) ? file : dirname(file));
  const own = statSync(copy);
  if (uid !== own.uid || gid !== own.gid) chownSync(copy, uid, gid);
  chmodSync(copy, 0o640);
}
