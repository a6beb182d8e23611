import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { attempt } from './storage-error.ts';

/** A copy that only this user can reach. */
export interface PrivateCopy {
  readonly file: string;
  remove(): void;
}

const ATTEMPTS = 3;
/** Write version and read version of the file format; 2: the file is in WAL mode. https://sqlite.org/fileformat.html 1.3 */
const FORMAT_OFFSET = 18;
const WAL_FORMAT = 2;

/**
 * Copies a database and its write-ahead log for a reader that may not write beside them: a file that a crash left in WAL
 * mode can be read in no other way. null: the file is not in WAL mode, or somebody wrote to it all the time. Whether the
 * pages of the copy fit together is for the caller to check.
 * @throws StorageError when there is no room, or no permission to read.
 */
export function copyForReader(file: string): PrivateCopy | null {
  return attempt('copy the history for reading', file, () => {
    if (!isInWalMode(file)) return null;
    const directory = mkdtempSync(join(process.env.TMPDIR ?? '/tmp', 'smbwarden-'));
    const remove = () => rmSync(directory, { recursive: true, force: true });
    const copy = join(directory, basename(file));
    try {
      for (let n = 0; n < ATTEMPTS; n += 1) {
        if (copyAtRest(file, copy)) return { file: copy, remove };
      }
    } catch (error) {
      remove();
      throw error;
    }
    remove();
    return null;
  });
}

/** True when nobody wrote while the files were copied. */
function copyAtRest(file: string, copy: string): boolean {
  const before = stateOf(file);
  for (const suffix of ['', '-wal']) {
    rmSync(copy + suffix, { force: true });
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  }
  return stateOf(file) === before;
}

function stateOf(file: string): string {
  return ['', '-wal']
    .filter((suffix) => existsSync(file + suffix))
    .map((suffix) => statSync(file + suffix))
    .map(({ size, mtimeMs }) => `${size} ${mtimeMs}`)
    .join(', ');
}

function isInWalMode(file: string): boolean {
  const byte = Buffer.alloc(1);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, byte, 0, 1, FORMAT_OFFSET);
  } finally {
    closeSync(descriptor);
  }
  return byte[0] === WAL_FORMAT;
}
