import { describe, expect, it } from 'vitest';
import { Housekeeping } from '../../agent/housekeeping.ts';
import type { Storage } from '../../storage/storage.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { recordingLog } from '../support/publisher-parts.ts';
import { firstSweep, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const DAY_MS = 86_400_000;
const KEEP = { changes: 30 * DAY_MS, sweeps: DAY_MS, ledger: DAY_MS, commands: DAY_MS };

/** Housekeeping on a real history whose clock the test holds. */
function housekeeping(storage: Storage = openTestStorage({ file: temporaryFile() })) {
  storage.history.recordSweep(firstSweep());
  const clock = { now: SAMPLE_TIME };
  const log = recordingLog();
  const keeper = new Housekeeping({ keep: KEEP, log, now: () => clock.now });
  const afterSweep = async () => {
    keeper.afterSweep(storage);
    await keeper.idle();
  };
  return { keeper, storage, clock, log, afterSweep };
}

describe('housekeeping', () => {
  it('drops what is old and takes a backup after the first sweep, and then once a day', async () => {
    const { storage, clock, afterSweep } = housekeeping();
    await afterSweep();
    const first = storage.lastBackupAt();
    expect(first).not.toBeNull();
    expect(storage.retention.lastAt()).toBe(SAMPLE_TIME);
    clock.now += DAY_MS - 1;
    await afterSweep();
    expect(storage.lastBackupAt()).toBe(first);
    expect(storage.retention.lastAt()).toBe(SAMPLE_TIME);
    clock.now += 1;
    await afterSweep();
    expect(storage.lastBackupAt()).toBe((first ?? 0) + DAY_MS);
    expect(storage.retention.lastAt()).toBe(SAMPLE_TIME + DAY_MS);
  });

  it('does not begin anew at each start of the daemon', async () => {
    const { storage, afterSweep } = housekeeping();
    await afterSweep();
    const first = storage.lastBackupAt();
    const log = recordingLog();
    const next = new Housekeeping({ keep: KEEP, log, now: () => SAMPLE_TIME + 3_600_000 });
    next.afterSweep(storage);
    await next.idle();
    expect(storage.lastBackupAt()).toBe(first);
    expect(log.lines).toEqual([]);
  });

  it('logs trouble once and tries again a day later', async () => {
    const { storage, clock, log, afterSweep } = housekeeping();
    const backUp = async () => Promise.reject(new Error('the disk is full'));
    const broken = housekeeping({
      ...storage,
      backUp,
      history: { ...storage.history, recordSweep: noSweep },
    });
    await broken.afterSweep();
    await broken.afterSweep();
    expect(broken.log.lines.filter((line) => line.startsWith('error'))).toEqual([
      'error housekeeping failed; it is tried again',
    ]);
    clock.now += DAY_MS;
    await afterSweep();
    expect(log.lines).toContain('info the history was backed up');
  });

  it('makes room at once when it is asked to, but not over and over', () => {
    const { keeper, storage, clock, log } = housekeeping();
    keeper.makeRoom(storage);
    keeper.makeRoom(storage);
    expect(log.lines).toEqual(['warn the database is full, and no history is old enough to be dropped']);
    clock.now += 10 * 60_000;
    keeper.makeRoom(storage);
    expect(log.lines).toHaveLength(2);
  });

  it('says when old history made room', () => {
    const { keeper, storage, clock, log } = housekeeping();
    clock.now += 365 * DAY_MS;
    storage.history.recordSweep(sweepOf(clock.now, []));
    keeper.makeRoom(storage);
    expect(log.lines).toEqual(['warn the database is full: old history was dropped to make room']);
  });

  it('makes room again after the clock was set back', () => {
    const { keeper, storage, clock, log } = housekeeping();
    keeper.makeRoom(storage);
    clock.now -= 365 * DAY_MS;
    keeper.makeRoom(storage);
    expect(log.lines).toHaveLength(2);
  });

  it('ends at its next step when the daemon stops', async () => {
    const { keeper, storage } = housekeeping();
    keeper.afterSweep(storage);
    await keeper.stop();
    expect(storage.lastBackupAt()).toBeNull();
  });
});

const noSweep: Storage['history']['recordSweep'] = ({ summary }) => ({
  sweep: { ...summary, id: 1 },
  changes: [],
});
