import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Connection } from './database.ts';
import { attempt, StorageError } from './storage-error.ts';

/** A copy of the whole history. */
export interface Backup {
  readonly file: string;
  /** Milliseconds UTC: when it was made. */
  readonly at: number;
}

/** One of today and one of yesterday: damage may be older than the newest. */
const KEPT = 2;
/** Pages copied before the event loop has its turn; a step takes a few milliseconds. */
const PAGES_A_STEP = 200;
const NAME = /^smbwarden-(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2})Z\.db$/;

/** Where the backups of a database are kept. */
export function backupDirectory(file: string): string {
  return join(dirname(file), 'backup');
}

/** The backups that there are, newest first. */
export function backupsOf(file: string): readonly Backup[] {
  const directory = backupDirectory(file);
  if (!existsSync(directory)) return [];
  return attempt('list the backups', file, () => readdirSync(directory))
    .flatMap((name) => {
      const [, day, hour, minute, second] = NAME.exec(name) ?? [];
      return day === undefined
        ? []
        : [{ file: join(directory, name), at: Date.parse(`${day}T${hour}:${minute}:${second}Z`) }];
    })
    .sort((a, b) => b.at - a.at);
}

/**
 * Copies the database while it is in use, a few pages at a time; checks the copy, and then lets go all but this one and
 * the newest before it. Nothing is left of a backup that failed.
 * @throws StorageError when there is no room or no permission, or the copy is damaged (and so, most likely, the original).
 */
export async function takeBackup({ db }: Connection, file: string, now: number): Promise<Backup> {
  const directory = backupDirectory(file);
  const name = `smbwarden-${new Date(now).toISOString().replace(/:|\.\d+/g, '')}.db`;
  const target = join(directory, name);
  const unfinished = `${target}.unfinished`;
  const told = <T>(work: () => T): T => attempt('back the history up', file, work);
  told(() => {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
    for (const left of readdirSync(directory).filter((each) => each.endsWith('.unfinished'))) {
      rmSync(join(directory, left));
    }
  });
  try {
    const failure = await db.backup(unfinished, { progress: () => PAGES_A_STEP }).then(
      () => null,
      (error: unknown) => error,
    );
    told(() => {
      if (failure !== null) throw failure;
      finish(unfinished);
      renameSync(unfinished, target);
    });
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(unfinished + suffix, { force: true });
  }
  told(() => {
    // One that lies ahead of a clock that was set back since goes first: it must not push out those of every day.
    const others = backupsOf(file).filter((backup) => backup.file !== target);
    const byWorth = others.toSorted((a, b) => Number(a.at > now) - Number(b.at > now));
    for (const { file: old } of byWorth.slice(KEPT - 1)) rmSync(old);
  });
  return { file: target, at: now };
}

/** The copy is one file that a reader opens without write permission, and it is not damaged. */
function finish(copy: string): void {
  const db = new Sqlite(copy);
  try {
    db.pragma('journal_mode = DELETE');
    const verdict = db.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok') {
      throw new StorageError(
        'corrupt',
        `back the history up: ${copy}: the copy is damaged (${String(verdict)})`,
      );
    }
  } finally {
    db.close();
  }
  chmodSync(copy, 0o640);
}

/**
 * Writes a compact copy of the history to `target`, beside whoever uses the history. A file that is there is kept unless
 * `overwrite`.
 * @throws StorageError `exists` when it is there; others when it cannot be written.
 */
export function copyTo({ db }: Connection, target: string, overwrite: boolean): { readonly bytes: number } {
  if (existsSync(target) && !overwrite) {
    throw new StorageError(
      'exists',
      `back the history up: ${target}: the file is there already. Name another one, or overwrite it with --force`,
    );
  }
  const unfinished = `${target}.unfinished`;
  return attempt('back the history up', target, () => {
    rmSync(unfinished, { force: true });
    try {
      db.prepare('VACUUM INTO ?').run(unfinished);
      chmodSync(unfinished, 0o640);
      renameSync(unfinished, target);
    } finally {
      rmSync(unfinished, { force: true });
    }
    return { bytes: statSync(target).size };
  });
}
