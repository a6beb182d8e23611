import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The database of a data directory. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'smbwarden.db');
}

/**
 * Makes the data directory where it is missing. Only the last part of the path is made: a mistyped path is not grown
 * into a tree.
 * @throws Error that says what stands in the way and what to do.
 */
export function makeDataDir(dataDir: string): void {
  if (existsSync(dataDir)) return;
  const parent = dirname(dataDir);
  if (!existsSync(parent)) {
    throw new Error(
      `making the data directory ${dataDir}: ${parent} does not exist. Make it, or name another --data-dir`,
    );
  }
  try {
    mkdirSync(dataDir, { mode: 0o750 });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const advice = 'Name a directory that this user may write to with --data-dir';
    throw new Error(`making the data directory ${dataDir}: ${code}. ${advice}`, { cause: error });
  }
}
