import { describe, expect, it } from 'vitest';
import type { Upkeep } from '../../../agent/commands/context.ts';
import { runCommand } from '../../support/command-line.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);

const UPKEEP: Upkeep = {
  backUp: (file) => ({ file, size: 8_400_000 }),
  restore: async (from) => ({
    from,
    recordedUntil: SAMPLE_TIME,
    keptAs: '/data/smbwarden.db.before-restore.20261121T225105.000Z',
  }),
  check: () => ({ file: '/data/smbwarden.db', size: 8_400_000, free: 12_288, schema: 2, faults: [] }),
  vacuum: async () => ({ before: 9_100_000, after: 843_776 }),
};

const DAMAGED: Upkeep['check'] = () => ({
  ...UPKEEP.check(),
  faults: [
    'Tree 12 page 12: btreeInitPage() returns error code 11',
    'row 3 missing from index changes_by_time',
  ],
});

describe('db', () => {
  it.each([
    ['db-backup', ['db', 'backup', '/mnt/usb/smbwarden.db'], UPKEEP, 0],
    ['db-restore', ['db', 'restore', '/mnt/usb/smbwarden.db'], UPKEEP, 0],
    ['db-check', ['db', 'check'], UPKEEP, 0],
    ['db-check-damaged', ['db', 'check'], { ...UPKEEP, check: DAMAGED }, 1],
    ['db-vacuum', ['db', 'vacuum'], UPKEEP, 0],
  ])('prints what the golden file %s holds, as text and as JSON', async (name, args, upkeep, status) => {
    const text = await runCommand(args, { upkeep });
    expect(text).toMatchObject({ status, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await runCommand([...args, '--json'], { upkeep });
    expect(json).toMatchObject({ status, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ schema: 1 });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });

  it('overwrites a file only with --force', async () => {
    const asked: boolean[] = [];
    const backUp: Upkeep['backUp'] = (file, overwrite) => {
      asked.push(overwrite);
      return { file, size: 1 };
    };
    await runCommand(['db', 'backup', 'x.db'], { upkeep: { ...UPKEEP, backUp } });
    await runCommand(['db', 'backup', 'x.db', '--force'], { upkeep: { ...UPKEEP, backUp } });
    expect(asked).toEqual([false, true]);
  });

  it('wants to be told which file', async () => {
    expect(await runCommand(['db', 'backup'])).toMatchObject({ status: 2, out: '' });
    expect(await runCommand(['db', 'restore'])).toMatchObject({ status: 2, out: '' });
  });
});
