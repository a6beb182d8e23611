import { accessSync, constants, existsSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { backupsOf } from './backup.ts';
import { APPLICATION_ID, latestSchema, type Migration, schemaBackup, schemaOf } from './migrations.ts';
import { attempt, StorageError } from './storage-error.ts';

/** What the inspection of a file needs to know. */
export interface Expected {
  readonly file: string;
  /** The smbwarden that opens it. */
  readonly version: string;
  readonly migrations: readonly Migration[];
  readonly busyTimeoutMs: number;
}

/** @throws StorageError when the directory, or the file where there is one, does not admit this user. */
export function checkPlace(file: string, mode: 'read-write' | 'read-only'): void {
  const { R_OK, W_OK, X_OK } = constants;
  attempt('open the history', file, () => {
    accessSync(dirname(file), mode === 'read-write' ? W_OK | X_OK : X_OK);
    if (existsSync(file)) accessSync(file, mode === 'read-write' ? R_OK | W_OK : R_OK);
  });
  if (mode === 'read-write') for (const suffix of ['-wal', '-shm'] as const) checkCompanion(file, suffix);
  if (mode === 'read-only' && !existsSync(file)) throw noHistory(file);
}

/** @throws StorageError when what belongs to the file is in somebody else's hands: without it the file is not whole. */
function checkCompanion(file: string, suffix: '-wal' | '-shm'): void {
  const companion = file + suffix;
  if (!existsSync(companion)) return;
  try {
    accessSync(companion, constants.R_OK | constants.W_OK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES') throw error;
    throw new StorageError(
      'permission',
      `open the history: ${companion}: this user has no permission (EACCES); another user has left it there. ` +
        `Give it back, as root: chown --reference=${dirname(file)} ${file}*`,
      error,
    );
  }
}

/**
 * Looks at the file, if there is one, through a connection that cannot write, so that nothing changes in a file that is
 * refused. Pages are checked only where the last stop was not clean: such a file is still in WAL mode. `half-written`: only
 * a writer can roll back what was under way, and has to check the pages then.
 * @throws StorageError `corrupt` for a damaged file; `foreign` and `newer-schema` as `checkHeader` does.
 */
export function inspect(expected: Expected): 'closed' | 'left-open' | 'half-written' {
  const { file, busyTimeoutMs } = expected;
  if (!existsSync(file)) return 'closed';
  return attempt('open the history', file, () => {
    const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs });
    try {
      checkNotEmptied(file);
      checkHeader(db, expected);
      if (db.pragma('journal_mode', { simple: true }) !== 'wal') return 'closed';
      checkPages(db, file);
      return 'left-open';
    } catch (error) {
      // A crash in the instant between two journal modes, or on a disk that was full at the start.
      if (!(error instanceof Sqlite.SqliteError && error.code === 'SQLITE_READONLY_ROLLBACK')) throw error;
      return 'half-written';
    } finally {
      db.close();
    }
  });
}

/** @throws StorageError `corrupt` for a file without a byte that once had some: there are backups of it. */
function checkNotEmptied(file: string): void {
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeOf(file) + sizeOf(`${file}-wal`) > 0 || backupsOf(file).length === 0) return;
  throw new StorageError(
    'corrupt',
    `open the history: ${file}: the file is empty, though there are backups of it`,
  );
}

/** @throws StorageError `foreign` for another program's database, `newer-schema` for one of a later smbwarden. */
export function checkHeader(db: Database, { file, migrations, version }: Expected): void {
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID && !isEmpty(db)) {
    throw new StorageError(
      'foreign',
      `open the history: ${file}: this is another program's database. Name another directory with --data-dir`,
    );
  }
  const schema = schemaOf(db);
  const known = latestSchema(migrations);
  if (schema <= known) return;
  const backup = schemaBackup(file, known);
  throw new StorageError(
    'newer-schema',
    `open the history: ${file}: the database is schema ${schema}, written by smbwarden ${writerOf(db)}; ` +
      `this is ${version}, which knows schema ${known}. Upgrade smbwarden` +
      (existsSync(backup) ? `, or restore ${backup}` : ''),
  );
}

/** @throws StorageError `older-schema` where a writer has to migrate first, `missing` where nothing was ever written. */
export function checkReadable(db: Database, { file, migrations }: Expected): void {
  const schema = schemaOf(db);
  const known = latestSchema(migrations);
  if (schema === 0) throw noHistory(file);
  if (schema < known) {
    throw new StorageError(
      'older-schema',
      `read the history: ${file}: the database is schema ${schema}, this build needs schema ${known}. ` +
        'Restart the daemon, or run "smbwarden sweep": either brings it up to date',
    );
  }
}

/**
 * Moves a database, with its `-wal` and `-shm`, to `FILE.LABEL.TIME`, and returns that path; nothing is deleted. The log
 * goes along because it belongs to these pages and to no others.
 */
export function moveAside(file: string, label: 'corrupt' | 'before-restore', at: number): string {
  const target = `${file}.${label}.${new Date(at).toISOString().replace(/[-:]/g, '')}`;
  return attempt(`move the database aside as ${target}`, file, () => {
    for (const suffix of ['-wal', '-shm', '']) {
      if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
    }
    return target;
  });
}

/** @throws StorageError `corrupt` where the pages of the file do not fit together. */
export function checkPages(db: Database, file: string): void {
  const verdict = db.pragma('quick_check(1)', { simple: true });
  if (verdict === 'ok') return;
  throw new StorageError('corrupt', `open the history: ${file}: the file is damaged (${String(verdict)})`);
}

function isEmpty(db: Database): boolean {
  return schemaOf(db) === 0 && db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
}

function writerOf(db: Database): string {
  const version = db.prepare("SELECT value FROM meta WHERE name = 'version'").pluck().get();
  return typeof version === 'string' ? version : 'of unknown version';
}

function noHistory(file: string): StorageError {
  return new StorageError(
    'missing',
    `read the history: ${file}: nothing has been recorded yet. Run "smbwarden sweep", or start the daemon, first`,
  );
}
