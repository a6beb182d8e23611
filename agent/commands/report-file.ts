import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { UsageError } from './context.ts';

/** What is written with, so that a full disk can be tried out. */
export type Write = (descriptor: number, text: string) => void;

const FIRST_KILOBYTE = 1024;

/**
 * Writes a whole file or nothing: to a new file beside it, which then takes its place. A file that is there already is
 * replaced only if `marker` is within its first kilobyte, which is to say if it is one of ours.
 * @throws UsageError when something else is there, Error when the file cannot be written; an earlier one is left as it was.
 */
export function replaceOwnFile(
  file: string,
  text: string,
  marker: string,
  write: Write = (descriptor, content) => writeFileSync(descriptor, content),
): void {
  const target = targetOf(file, marker);
  const unfinished = `${target}.${process.pid}.tmp`;
  const descriptor = attempt(file, () => openSync(unfinished, 'wx'));
  try {
    attempt(file, () => {
      try {
        write(descriptor, text);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(unfinished, target);
    });
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function attempt<Value>(file: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new Error(`writing ${file}: ${reasonFor(error)}. Nothing was written`);
  }
}

/** The file that `file` means, links followed. */
function targetOf(file: string, marker: string): string {
  if (!existsSync(file)) return file;
  const target = attempt(file, () => realpathSync(file));
  if (!statSync(target).isFile()) {
    throw new UsageError(`writing ${file}: that is no file. Name one, or "-" for standard output`);
  }
  if (!attempt(file, () => beginningOf(target)).includes(marker)) {
    throw new UsageError(
      `writing ${file}: a file that is no report of smbwarden is there already, and is not overwritten`,
    );
  }
  return target;
}

function beginningOf(file: string): string {
  const buffer = Buffer.alloc(FIRST_KILOBYTE);
  const descriptor = openSync(file, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(descriptor, buffer));
  } finally {
    closeSync(descriptor);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of the path is no directory',
  ENAMETOOLONG: 'the name is too long',
};

function reasonFor(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const reason = REASONS[code];
  return reason === undefined ? code : `${reason} (${code})`;
}
