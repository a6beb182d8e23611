import { expect, it } from 'vitest';
import { parseConfig } from '../../agent/config.ts';
import { databaseFile } from '../../agent/data-dir.ts';
import { planText } from '../../agent/render/plan.ts';
import { createRuntime } from '../../agent/runtime.ts';
import { openTestStorage } from '../support/open-database.ts';
import { recordingLog } from '../support/publisher-parts.ts';
import { firstSight, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleHost } from '../support/samples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const VIEW = { color: false, width: 100, now: SAMPLE_TIME, timeZone: 'UTC' };

function runtimeWith(yaml: string, dataDir = temporaryDirectory()) {
  const config = parseConfig(yaml, 'x');
  const log = recordingLog();
  const now = () => SAMPLE_TIME;
  const vendorOf = () => null;
  return createRuntime({ config, reloadConfig: () => config, dataDir, version: '1.0.0', vendorOf, log, now });
}

const plan = (yaml: string, dataDir?: string) =>
  runtimeWith(yaml, dataDir).plan({ subnets: ['127.0.0.4-6'], level: null });

it('leaves out whoever is to be left asleep, and says so', async () => {
  const sparing = await plan('hosts: { 127.0.0.5: { letSleep: true }, 127.0.0.6: { note: awake } }');
  expect(sparing.coverage.loopback).toEqual(['127.0.0.4', '127.0.0.6']);
  expect(sparing.asleep).toEqual(['127.0.0.5']);
  expect(planText(sparing, VIEW)).toContain('would ask 2 addresses');
  expect(planText(sparing, VIEW)).toContain('Left asleep by your wish, with nothing sent: 127.0.0.5.');
});

it('knows sleepers by the name that they told earlier', async () => {
  const dataDir = temporaryDirectory();
  const storage = openTestStorage({ file: databaseFile(dataDir), now: () => SAMPLE_TIME });
  const host = sampleHost({ mac: null, id: 'u000000000001', findings: [] });
  const known = { ...host, facts: { ...host.facts, addresses: ['127.0.0.4'] } };
  storage.history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight(known, [])]));
  storage.close();
  expect((await plan('hosts: { naslegacy: { letSleep: true } }', dataDir)).asleep).toEqual(['127.0.0.4']);
});

it('names nobody where the owner lets nobody sleep', async () => {
  const usual = await plan('');
  expect(usual.coverage.loopback).toHaveLength(3);
  expect(planText(usual, VIEW)).not.toContain('asleep');
});
