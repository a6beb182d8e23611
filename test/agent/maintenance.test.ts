import { expect, it } from 'vitest';
import { maintenanceUntil, quietUntil } from '../../agent/config/windows.ts';
import { parseConfig } from '../../agent/config.ts';
import { sweepOnce, UnderMaintenance } from '../../agent/sweep-once.ts';
import { openTestStorage } from '../support/open-database.ts';
import { recordingLog } from '../support/publisher-parts.ts';

const AT_NIGHT = new Date('2026-11-21T02:30').getTime();
const END = new Date('2026-11-21T04:00').getTime();
const config = parseConfig('maintenance: ["sat 02:00-04:00"]\nquietHours: ["22:00-07:00"]\n', 'test.yaml');

it('a sweep that somebody asks for under maintenance sends nothing, and says until when', async () => {
  const storage = openTestStorage();
  const sweep = sweepOnce(
    { kind: 'check', targets: ['127.0.0.1'], level: null },
    {
      config,
      history: storage.history,
      vendorOf: () => null,
      log: recordingLog(),
      now: () => AT_NIGHT,
      signal: new AbortController().signal,
      onProgress: () => {},
    },
  );
  await expect(sweep).rejects.toThrow(UnderMaintenance);
  await expect(sweep).rejects.toThrow('maintenance until 2026-11-21 04:00');
  expect(storage.history.sweeps(1)).toEqual([]);
});

it('maintenance and quiet hours are told apart', () => {
  expect(maintenanceUntil(config, AT_NIGHT)).toBe(END);
  expect(maintenanceUntil(config, END)).toBeNull();
  expect(quietUntil(config, AT_NIGHT)).toBe(new Date('2026-11-21T07:00').getTime());
});
