import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';

/** Why storage could not do what was asked. */
export type StorageErrorCode =
  | 'missing'
  | 'permission'
  | 'read-only'
  | 'foreign'
  | 'corrupt'
  | 'locked'
  | 'full'
  | 'newer-schema'
  | 'older-schema'
  | 'exists'
  | 'io';

/** Storage could not do what was asked. The message says what was attempted, on what, what came back, and what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

interface Reply {
  readonly code: StorageErrorCode;
  /** What came back. */
  readonly said: string;
  readonly advice: string;
}

/**
 * Runs `work`. What SQLite or the file system reports becomes a StorageError about `file` that begins with `attempted`
 * ("record a sweep"); anything else (a bug, a broken constraint) passes through as it is.
 */
export function attempt<T>(attempted: string, file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reply = replyOf(error, file);
    if (reply === null) throw error;
    const { code } = error as { code: string };
    throw new StorageError(
      reply.code,
      `${attempted}: ${file}: ${reply.said} (${code}). ${reply.advice}`,
      error,
    );
  }
}

function replyOf(error: unknown, file: string): Reply | null {
  if (error instanceof Sqlite.SqliteError) return sqliteReply(error.code, file);
  const isSystemError = error instanceof Error && 'code' in error && 'syscall' in error;
  return isSystemError ? fileSystemReply(String(error.code), file) : null;
}

function fileSystemReply(code: string, file: string): Reply | null {
  const directory = dirname(file);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return {
        code: 'missing',
        said: `there is no directory ${directory}`,
        advice: 'Create it, or name another one with --data-dir',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'permission',
        said: 'this user has no permission',
        advice: `Run it as the owner of ${directory} or as root, or name another directory with --data-dir`,
      };
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'full', said: 'the disk is full', advice: 'Free some space' };
    case 'EROFS':
      return {
        code: 'read-only',
        said: 'the file system is read-only',
        advice: 'Mount it for writing, or name another directory with --data-dir',
      };
    default:
      return null;
  }
}

function sqliteReply(code: string, file: string): Reply | null {
  switch (primaryCode(code)) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return {
        code: 'locked',
        said: 'another process holds the file',
        advice: 'Close it (a second smbwarden, a database browser), then try again',
      };
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return {
        code: 'corrupt',
        said: 'the file is damaged or no database',
        advice:
          'Restart the daemon: it sets the file aside, deletes nothing, and goes on with the newest good backup',
      };
    case 'SQLITE_FULL':
      return fullReply(file);
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
      return {
        code: 'read-only',
        said: 'the file cannot be opened or changed by this user as it is',
        advice: 'Start the daemon, which puts a file in order that was left by a crash, or run this as root',
      };
    case 'SQLITE_IOERR':
      // What a full disk looks like where a file is to grow that SQLite writes to by memory.
      if (isDiskFull(file)) return fullReply(file);
      return {
        code: 'io',
        said: 'the disk reported an error',
        advice: 'Read the system log (journalctl -k), and check the disk and its cable',
      };
    default:
      return null;
  }
}

/** `SQLITE_IOERR_WRITE` → `SQLITE_IOERR`. */
function primaryCode(code: string): string {
  return code.split('_').slice(0, 2).join('_');
}

/** SQLite reports a full disk and an exhausted quota alike; the free space tells which it is. */
function fullReply(file: string): Reply {
  const isDisk = isDiskFull(file);
  return {
    code: 'full',
    said: isDisk ? 'the disk is full' : 'the database has reached its quota',
    advice: isDisk
      ? 'Free some space; nothing that was recorded is lost'
      : 'Raise "quota" in the configuration, or shorten "retention"; nothing that was recorded is lost',
  };
}

function isDiskFull(file: string): boolean {
  const directory = dirname(file);
  if (!existsSync(directory)) return false;
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < 1e6;
}
