import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ControlTaken, controlPath, serveControl } from '../../agent/control.ts';
import { createUpkeep } from '../../agent/upkeep.ts';
import { untilTestEnds } from '../support/loopback.ts';
import { openTestStorage } from '../support/open-database.ts';
import { firstSweep } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A data directory with one sweep in it, and no daemon. */
function dataDirectory() {
  const dataDir = temporaryDirectory();
  const file = join(dataDir, 'smbwarden.db');
  const storage = openTestStorage({ file });
  storage.history.recordSweep(firstSweep());
  storage.close();
  const upkeep = createUpkeep({ dataDir, quotaBytes: 200e6, version: '1.0.0', now: () => SAMPLE_TIME });
  return { dataDir, file, upkeep };
}

describe('upkeep without a daemon', () => {
  it('backs up, restores, checks and vacuums by itself', async () => {
    const { file, upkeep } = dataDirectory();
    const { file: copy, size } = upkeep.backUp(`${file}.copy`, false);
    expect(copy).toBe(`${file}.copy`);
    expect(size).toBeGreaterThan(10_000);
    expect(await upkeep.restore(copy)).toMatchObject({ from: copy, recordedUntil: SAMPLE_TIME });
    expect(upkeep.check()).toMatchObject({ file, faults: [] });
    const { before, after } = await upkeep.vacuum();
    expect(after).toBeLessThanOrEqual(before);
    expect(openTestStorage({ file }).history.hosts().size).toBe(1);
  });

  it('makes the data directory for a first history', async () => {
    const { file } = dataDirectory();
    const dataDir = join(temporaryDirectory(), 'new');
    const upkeep = createUpkeep({ dataDir, quotaBytes: 200e6, version: '1.0.0', now: () => SAMPLE_TIME });
    expect(await upkeep.restore(file)).toMatchObject({ keptAs: null });
    expect(existsSync(join(dataDir, 'smbwarden.db'))).toBe(true);
  });
});

describe('upkeep beside a daemon', () => {
  async function beside() {
    const place = dataDirectory();
    const asked: unknown[] = [];
    const daemon = serveControl(controlPath(place.dataDir), async (request) => {
      asked.push(request);
      return { before: 2, after: 1 };
    });
    await untilTestEnds(daemon);
    return { ...place, asked };
  }

  it('refuses to restore, says what to do, and changes nothing', async () => {
    const { file, upkeep } = await beside();
    upkeep.backUp(`${file}.copy`, false);
    const before = readFileSync(file);
    const refusal = upkeep.restore(`${file}.copy`);
    await expect(refusal).rejects.toThrow(ControlTaken);
    await expect(refusal).rejects.toThrow(/restore the history: the daemon uses it\. Stop it first/);
    expect(readFileSync(file)).toEqual(before);
  });

  it('has the daemon vacuum', async () => {
    const { upkeep, asked } = await beside();
    expect(await upkeep.vacuum()).toEqual({ before: 2, after: 1 });
    expect(asked).toEqual([{ command: 'vacuum', args: null }]);
  });
});
