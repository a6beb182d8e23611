import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { DatabaseOptions } from '../../storage/database.ts';
import { openStorage, type Storage } from '../../storage/storage.ts';
import { StorageError, type StorageErrorCode } from '../../storage/storage-error.ts';
import { firstSweep } from './sample-history.ts';
import { SAMPLE_TIME } from './samples.ts';

/** A path for a database in a folder of its own. The folder goes when the test ends; KEEP_DB=1 leaves it and prints it. */
export function temporaryFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'smbwarden-test-'));
  onTestFinished(() => {
    if (process.env.KEEP_DB === '1') console.log(`kept ${directory}`);
    else rmSync(directory, { recursive: true });
  });
  return join(directory, 'smbwarden.db');
}

/**
 * A real database that is closed when the test ends: in memory, or with KEEP_DB=1 in a file to look at. With `file` it
 * is that file.
 */
export function openTestStorage(overrides: Partial<DatabaseOptions> = {}): Storage {
  const file = overrides.file ?? (process.env.KEEP_DB === '1' ? temporaryFile() : ':memory:');
  const storage = openStorage({
    mode: 'read-write',
    version: '1.0.0',
    now: () => SAMPLE_TIME,
    ...overrides,
    file,
  });
  onTestFinished(() => storage.close());
  return storage;
}

/** A history with one sweep, cleanly closed. */
export function recordedFile(): string {
  const file = temporaryFile();
  const storage = openTestStorage({ file });
  storage.history.recordSweep(firstSweep());
  storage.close();
  return file;
}

/** `work` throws a StorageError with this code, and a message that matches. */
export function expectStorageError(
  work: () => unknown,
  code: StorageErrorCode,
  message: RegExp | string,
): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as unknown });
    return;
  }
  expect.fail('nothing was thrown');
}
