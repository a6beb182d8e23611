import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type SteadyStorage, steadyStorage } from '../../storage/steady-storage.ts';
import { openStorage } from '../../storage/storage.ts';
import { recordedFile, temporaryFile } from '../support/open-database.ts';
import { firstSweep, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const MINUTE_MS = 60_000;

/** A storage in use, in a directory of its own, and what it says of being moved. */
function inUse() {
  const file = `${dirname(temporaryFile())}/data/smbwarden.db`;
  mkdirSync(dirname(file));
  const moved: string[] = [];
  const storage = steadyStorage({
    open: () => openStorage({ file, mode: 'read-write', version: '1.0.0', now: () => SAMPLE_TIME }),
    makeRoom: () => {},
    onReplaced: () => {},
    onMoved: (outcome) => moved.push(outcome),
  });
  onTestFinished(() => storage.close());
  storage.history.recordSweep(firstSweep());
  return { file, storage, moved };
}

const sweepAgain = ({ history }: SteadyStorage) => history.recordSweep(sweepOf(SAMPLE_TIME + MINUTE_MS, []));

function sweepsIn(file: string): number {
  const storage = openStorage({ file, mode: 'read-only', version: '1.0.0', now: () => SAMPLE_TIME });
  try {
    return storage.history.sweeps(-1).length;
  } finally {
    storage.close();
  }
}

it('puts a history back whole whose directory was deleted while it was in use', () => {
  const { file, storage, moved } = inUse();
  rmSync(dirname(file), { recursive: true });
  sweepAgain(storage);
  expect(moved).toEqual(['put-back']);
  expect(sweepsIn(file)).toBe(2);
  expect(storage.trouble()).toBeNull();
  sweepAgain(storage);
  expect(moved).toHaveLength(1);
});

it('puts it back at the end of its use at the latest', () => {
  const { file, storage } = inUse();
  for (const name of readdirSync(dirname(file))) rmSync(`${dirname(file)}/${name}`);
  storage.close();
  expect(sweepsIn(file)).toBe(1);
});

it('holds sweeps while the place itself is gone, and makes no tree of directories', () => {
  const { file, storage } = inUse();
  const disk = dirname(dirname(file));
  renameSync(disk, `${disk}-unmounted`);
  onTestFinished(() => rmSync(`${disk}-unmounted`, { recursive: true, force: true }));
  sweepAgain(storage);
  expect(existsSync(disk)).toBe(false);
  expect(storage.trouble()).toMatch(/put the history back.*1 sweep waits/);
  renameSync(`${disk}-unmounted`, disk);
  sweepAgain(storage);
  expect(storage.trouble()).toBeNull();
  expect(sweepsIn(file)).toBe(3);
});

it('uses the file that somebody has put in its place', () => {
  const { file, storage, moved } = inUse();
  sweepAgain(storage);
  renameSync(recordedFile(), file);
  sweepAgain(storage);
  expect(moved).toEqual(['exchanged']);
  expect(sweepsIn(file)).toBe(2);
});
