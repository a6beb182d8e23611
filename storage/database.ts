import Sqlite, { type Database } from 'better-sqlite3';
import { checkHeader, checkPages, checkPlace, checkReadable, inspect, moveAside } from './inspection.ts';
import { type Migration, migrate, readMigrations } from './migrations.ts';
import { copyForReader, type PrivateCopy } from './private-copy.ts';
import { type RestoredBackup, restoreNewestBackup } from './restore.ts';
import { attempt, StorageError } from './storage-error.ts';

export interface DatabaseOptions {
  readonly file: string;
  readonly mode: 'read-write' | 'read-only';
  /** The smbwarden that opens it; the file remembers who wrote it last. */
  readonly version: string;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** The file never grows beyond this; 200 MB unless told otherwise. */
  readonly quotaBytes?: number;
  /** How long to wait for another process; 5 s unless told otherwise. */
  readonly busyTimeoutMs?: number;
  /** Those of this build unless told otherwise. */
  readonly migrations?: readonly Migration[];
  /** The file was seen to be damaged while it was in use: it is set aside, whatever a check says. */
  readonly isDamaged?: boolean;
}

/** What became of a damaged history. */
export interface Restored {
  /** Where the damaged file is now; its `-wal`, if there was one, is beside it. */
  readonly setAside: string;
  /** Milliseconds UTC: when that was. */
  readonly at: number;
  /** What took its place; null: no backup was good, and the history began anew. */
  readonly backup: RestoredBackup | null;
}

/** An open database, and how its errors are told. */
export interface Connection {
  readonly db: Database;
  /** What this opening did about a damaged file; null: it was not damaged. */
  readonly restored: Restored | null;
  /** Whoever wrote to the file last did not close it: killed, a crash, a power cut. Its pages were checked. */
  readonly wasLeftOpen: boolean;
  /** Runs `work`; what SQLite reports becomes a StorageError that begins with `attempted` ("record a sweep"). */
  attempt<T>(attempted: string, work: () => T): T;
  /** Leaves one file without `-wal` where nobody else has it open. May be called again. */
  close(): void;
}

type Options = Required<DatabaseOptions>;

const DEFAULT_QUOTA_BYTES = 200_000_000;
/** Another process, such as a command beside the daemon, holds the file for a moment only. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the history for writing or for reading only, beside a running daemon or without one. For writing it is made and
 * migrated as needed; a damaged file is set aside, never deleted, and the newest good backup takes its place.
 * @throws StorageError when the place, the file or its schema does not allow it; nothing has been written then.
 */
export function openDatabase(given: DatabaseOptions): Connection {
  const options: Options = {
    quotaBytes: DEFAULT_QUOTA_BYTES,
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    isDamaged: false,
    ...given,
    migrations: given.migrations ?? readMigrations(),
  };
  checkPlace(options.file, options.mode);
  if (options.mode === 'read-only') return reader(options);
  if (options.isDamaged) return replaceDamaged(options);
  try {
    const left = inspect(options);
    const db = openForWriting(options, left === 'half-written');
    return connectionTo(db, options, { restored: null, wasLeftOpen: left !== 'closed' });
  } catch (error) {
    if (!isDamage(error)) throw error;
    return replaceDamaged(options);
  }
}

function reader(options: Options): Connection {
  try {
    return connectionTo(openForReading(options), options, AS_IT_WAS);
  } catch (error) {
    const isStuck = error instanceof StorageError && error.code === 'read-only';
    const copy = isStuck ? copyForReader(options.file) : null;
    if (copy === null) throw error;
    return readerOfCopy(copy, options);
  }
}

/** A daemon that lives lets everybody read, so the copy is of a file at rest; its pages are checked all the same. */
function readerOfCopy(copy: PrivateCopy, options: Options): Connection {
  try {
    const db = openForReading({ ...options, file: copy.file });
    const connection = connectionTo(db, options, AS_IT_WAS);
    connection.attempt('read the history', () => checkPages(db, options.file));
    return {
      ...connection,
      close() {
        connection.close();
        copy.remove();
      },
    };
  } catch (error) {
    copy.remove();
    throw error;
  }
}

function replaceDamaged(options: Options): Connection {
  const at = options.now();
  const setAside = moveAside(options.file, 'corrupt', at);
  const backup = restoreNewestBackup(options);
  const db = openForWriting(options);
  if (backup === null) rescueAgentId(setAside, db);
  return connectionTo(db, options, { restored: { setAside, at, backup }, wasLeftOpen: false });
}

/** Without its id the agent would be a stranger to Home Assistant. What else the damaged file holds is not trusted. */
function rescueAgentId(damaged: string, db: Database): void {
  try {
    const old = new Sqlite(damaged, { readonly: true, fileMustExist: true });
    try {
      const id = old.prepare("SELECT value FROM meta WHERE name = 'agent_id'").pluck().get();
      if (typeof id !== 'string' || !/^[a-z0-9_]{1,32}$/.test(id)) return;
      db.prepare("INSERT INTO meta (name, value) VALUES ('agent_id', ?)").run(id);
    } finally {
      old.close();
    }
  } catch (error) {
    // It cannot be read: a new id is made.
    if (!(error instanceof Sqlite.SqliteError)) throw error;
  }
}

/** True where SQLite said, or a check found, that the file is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'corrupt';
}

/** What opening a file brought to light. */
type Found = Pick<Connection, 'restored' | 'wasLeftOpen'>;
const AS_IT_WAS: Found = { restored: null, wasLeftOpen: false };

function connectionTo(db: Database, options: Options, found: Found): Connection {
  let damaged = false;
  return {
    db,
    ...found,
    attempt(attempted, work) {
      try {
        return attempt(attempted, options.file, work);
      } catch (error) {
        damaged ||= isDamage(error);
        throw error;
      }
    },
    close() {
      if (!db.open) return;
      // A file that was seen to be damaged stays in WAL mode, so that the next start looks at its pages.
      if (options.mode === 'read-write' && !damaged) leaveWal(db);
      db.close();
    },
  };
}

function openForWriting(options: Options, isToBeChecked = false): Database {
  return openWith(options, {}, (db) => {
    checkHeader(db, options);
    if (isToBeChecked) checkPages(db, options.file);
    setWriterPragmas(db, options.quotaBytes);
    setCommonPragmas(db);
    migrate(db, options.migrations, options.file);
    signWith(db, options.version);
  });
}

function openForReading(options: Options): Database {
  return openWith(options, { readonly: true, fileMustExist: true }, (db) => {
    setCommonPragmas(db);
    checkHeader(db, options);
    checkReadable(db, options);
  });
}

/** Opens the file and prepares it; closes it again when that fails. */
function openWith(
  { file, busyTimeoutMs }: Options,
  access: Sqlite.Options,
  prepare: (db: Database) => void,
): Database {
  return attempt('open the history', file, () => {
    const db = new Sqlite(file, { ...access, timeout: busyTimeoutMs });
    try {
      prepare(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

function setWriterPragmas(db: Database, quotaBytes: number): void {
  // Space that is freed can be given back in steps. It counts before the first page only, so it comes before WAL; later it
  // would do nothing but write a page, for which a full disk has no room.
  if (db.pragma('page_count', { simple: true }) === 0) db.pragma('auto_vacuum = INCREMENTAL');
  enterWal(db);
  // What was recorded survives a power cut; with NORMAL, the default in WAL mode, the last commits may not.
  db.pragma('synchronous = FULL');
  // A log that one large transaction has made long is cut back at the next checkpoint.
  db.pragma('journal_size_limit = 4194304');
  // The quota: a full disk leaves SQLite unable even to delete, a full quota does not.
  const pageSize = db.pragma('page_size', { simple: true }) as number;
  db.pragma(`max_page_count = ${Math.floor(quotaBytes / pageSize)}`);
  // A change or finding of a host that nobody knows is a bug and is refused; a forgotten host takes its rows along.
  db.pragma('foreign_keys = ON');
}

/** In WAL mode readers do not block the writer, nor the writer them. */
function enterWal(db: Database): void {
  try {
    db.pragma('journal_mode = WAL');
  } catch (error) {
    // On a full disk it goes on without: alerts from memory are better than a daemon that does not start.
    if (!isFull(error)) throw error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code === 'SQLITE_FULL';
}

function setCommonPragmas(db: Database): void {
  // Memory: the build's default cache is 16 MB; 2 MB is plenty for a file of this size.
  db.pragma('cache_size = -2000');
  // No temporary files beside a database that may lie on an SD card.
  db.pragma('temp_store = MEMORY');
  // With mmap, a stray write of this process could reach the file.
  db.pragma('mmap_size = 0');
  // A file that somebody else prepared cannot make its schema call functions.
  db.pragma('trusted_schema = OFF');
}

/** Remembers which version wrote here last, for the builds that refuse a newer schema. A full disk puts it off. */
function signWith(db: Database, version: string): void {
  const signed = db.prepare("SELECT value FROM meta WHERE name = 'version'").pluck().get();
  if (signed === version) return;
  try {
    db.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('version', ?)").run(version);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/**
 * Out of WAL mode, a reader that may not write in the directory can open the file while no daemon runs. It is the mark
 * of a clean stop as well.
 */
function leaveWal(db: Database): void {
  try {
    db.pragma('busy_timeout = 0');
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.pragma('journal_mode = DELETE');
  } catch (error) {
    // Somebody reads, or the disk is full: the file stays in WAL mode, complete, and the next start checks it.
    if (!(error instanceof Sqlite.SqliteError)) throw error;
  }
}
