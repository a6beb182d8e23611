import { expect, test } from 'vitest';
import { StorageError, type StorageErrorCode } from '../../../storage/storage-error.ts';
import { runCommand } from '../../support/command-line.ts';

const failing = (code: StorageErrorCode) =>
  runCommand(['run'], { run: () => Promise.reject(new StorageError(code, `open the history: ${code}`)) });

test.each<StorageErrorCode>(['newer-schema', 'foreign'])(
  'exits 78 when it helps nothing to start it again: %s',
  async (code) => {
    expect(await failing(code)).toEqual({
      status: 78,
      out: '',
      err: `smbwarden: open the history: ${code}\n`,
    });
  },
);

test('exits 1 for what may pass', async () => {
  expect(await failing('locked')).toMatchObject({ status: 1, err: 'smbwarden: open the history: locked\n' });
});

test('exits 0 after a clean stop', async () => {
  expect(await runCommand(['run'], { run: async () => {} })).toEqual({ status: 0, out: '', err: '' });
});
