import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../../agent/config.ts';
import { createRuntime } from '../../agent/runtime.ts';
import { startBroker } from '../support/aedes-broker.ts';
import { DECIDED_ON } from '../support/decision-world.ts';
import { openTestStorage } from '../support/open-database.ts';
import { AGENT_ID, FAST, recordingLog, TOPICS } from '../support/publisher-parts.ts';
import { firstSight, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** The command line without a daemon, on a history with one host that is a device. */
async function commandLine() {
  const broker = await startBroker();
  const dataDir = temporaryDirectory();
  const storage = openTestStorage({ file: join(dataDir, 'smbwarden.db') });
  storage.history.agentId(() => AGENT_ID);
  storage.history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight(DECIDED_ON, [])]));
  storage.close();
  const yaml = `targets: [127.0.0.99]\nmqtt: {url: "${broker.url}", protocolVersion: 4}`;
  const config = parseConfig(yaml, 'test.yaml');
  const runtime = createRuntime({
    config,
    reloadConfig: () => config,
    dataDir,
    version: '1.0.0',
    vendorOf: () => null,
    log: recordingLog(),
    now: Date.now,
    timing: FAST,
  });
  return { broker, tools: runtime.broker };
}

describe('without a daemon', () => {
  it('everything is sent again, and what was identical at the broker is sent too', async () => {
    const { broker, tools } = await commandLine();
    expect(await tools.republish()).toMatchObject({ settled: true, byDaemon: false, retained: 8 });
    await broker.forget();
    expect(await tools.republish()).toMatchObject({ settled: true });
    expect(broker.trace.map(({ topic }) => topic)).toContain(TOPICS.hostConfig(DECIDED_ON.id));
    expect(broker.retained(TOPICS.availability)).toBe('offline');
  });

  it('everything is taken out of the broker, and nothing is left behind', async () => {
    const { broker, tools } = await commandLine();
    await tools.republish();
    expect(await tools.removeAll()).toMatchObject({ settled: true, byDaemon: false, retained: 0 });
    const topics = new Set(broker.trace.map(({ topic }) => topic));
    await vi.waitFor(() =>
      expect([...topics].filter((topic) => broker.retained(topic) !== null)).toEqual([]),
    );
  });

  it('a test alert goes out under the id of the agent', async () => {
    const { broker, tools } = await commandLine();
    const { steps } = await tools.test('high');
    expect(steps.map(({ error }) => error)).toEqual([null, null, null, null, null]);
    await vi.waitFor(() => expect(broker.trace.map(({ topic }) => topic)).toContain(TOPICS.event));
  });
});
