import { expect, it } from 'vitest';
import { damageText } from '../../agent/outside.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const restored = { setAside: '/data/smbwarden.db.corrupt.1', at: SAMPLE_TIME };
const backup = { file: '/data/backup/smbwarden-1.db', recordedUntil: SAMPLE_TIME - 3_600_000 };

it.each([
  [
    { ...restored, backup },
    'the history from 2026-11-21T21:41:05.000Z to 2026-11-21T22:41:05.000Z is missing: ',
  ],
  [
    { ...restored, backup: { ...backup, recordedUntil: null } },
    'the history begins anew at 2026-11-21T22:41:05.000Z: ',
  ],
  [{ ...restored, backup: null }, 'the history begins anew at 2026-11-21T22:41:05.000Z: '],
])('what is missing after damage is told first, and where the damaged file is: %#', (each, missing) => {
  const text = damageText({ restored: each });
  expect(text?.startsWith(missing)).toBe(true);
  expect(text).toContain('kept as /data/smbwarden.db.corrupt.1');
  expect(text).toContain(each.backup?.file ?? 'no good backup was found');
});

it('nothing is told when nothing was damaged', () => {
  expect(damageText({ restored: null })).toBeNull();
});
