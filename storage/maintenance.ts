import { statSync } from 'node:fs';
import { copyTo } from './backup.ts';
import { type Connection, type DatabaseOptions, isDamage, openDatabase } from './database.ts';
import { readMigrations, schemaOf } from './migrations.ts';
import { type RestoredBackup, restoreFrom } from './restore.ts';

/** What looking at every page of the database brought to light. */
export interface Checked {
  readonly file: string;
  /** In bytes: the whole file, and what of it is free for later use. */
  readonly size: number;
  readonly free: number;
  /** null: the file is too damaged to tell. */
  readonly schema: number | null;
  /** What is wrong, one sentence each; empty: nothing. */
  readonly faults: readonly string[];
}

/** Sizes of the file in bytes. */
export interface Vacuumed {
  readonly before: number;
  readonly after: number;
}

type Place = Pick<DatabaseOptions, 'file' | 'version' | 'now'>;

/** A damaged file has many faults; the first few tell enough. */
const MOST_FAULTS = 10;

/**
 * Looks at every page, index and reference, beside whoever uses the history.
 * @throws StorageError when the file cannot be read at all, for another reason than damage.
 */
export function checkDatabase(place: Place): Checked {
  try {
    return withReader(place, (connection) =>
      connection.attempt('check the history', () => check(connection.db, place)),
    );
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { size } = statSync(place.file);
    return { file: place.file, size, free: 0, schema: null, faults: [(error as Error).message] };
  }
}

function check(db: Connection['db'], { file }: Place): Checked {
  const pageSize = db.pragma('page_size', { simple: true }) as number;
  const pages = db.pragma('page_count', { simple: true }) as number;
  const freePages = db.pragma('freelist_count', { simple: true }) as number;
  return {
    file,
    size: pages * pageSize,
    free: freePages * pageSize,
    schema: schemaOf(db),
    faults: [...pageFaults(db), ...referenceFaults(db)],
  };
}

function pageFaults(db: Connection['db']): string[] {
  const rows = db.pragma(`integrity_check(${MOST_FAULTS})`) as { readonly integrity_check: string }[];
  return rows.map((row) => row.integrity_check).filter((verdict) => verdict !== 'ok');
}

function referenceFaults(db: Connection['db']): string[] {
  const rows = db.pragma('foreign_key_check') as { readonly table: string; readonly parent: string }[];
  return rows
    .slice(0, MOST_FAULTS)
    .map(({ table, parent }) => `a row of ${table} refers to a row of ${parent} that is not there`);
}

/** Writes a compact copy to `target`, beside whoever uses the history. @throws StorageError */
export function backUpDatabase(place: Place, target: string, overwrite: boolean): { readonly bytes: number } {
  return withReader(place, (connection) => copyTo(connection, target, overwrite));
}

/** Makes `from` the history; the caller sees to it that nobody uses the present one. @throws StorageError */
export function restoreDatabase(
  place: Place,
  from: string,
): RestoredBackup & { readonly keptAs: string | null } {
  const expected = { ...place, migrations: readMigrations(), busyTimeoutMs: 5000 };
  return restoreFrom(from, expected, place.now());
}

/** Rewrites the whole file without its free pages. Nobody else can write meanwhile. @throws StorageError */
export function vacuum({ db, attempt }: Connection, file: string): Vacuumed {
  return attempt('vacuum the history', () => {
    db.pragma('wal_checkpoint(TRUNCATE)');
    const before = statSync(file).size;
    // The copy that is made on the way is as large as the history: too large for the memory of a daemon.
    db.pragma('temp_store = FILE');
    try {
      db.exec('VACUUM');
    } finally {
      db.pragma('temp_store = MEMORY');
    }
    db.pragma('wal_checkpoint(TRUNCATE)');
    return { before, after: statSync(file).size };
  });
}

function withReader<T>(place: Place, work: (connection: Connection) => T): T {
  const connection = openDatabase({ ...place, mode: 'read-only' });
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}
