import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../agent/config.ts';
import { ControlTaken, controlPath, serveControl } from '../../agent/control.ts';
import { createRuntime } from '../../agent/runtime.ts';
import { DECIDED_ON } from '../support/decision-world.ts';
import { untilTestEnds } from '../support/loopback.ts';
import { openTestStorage } from '../support/open-database.ts';
import { recordingLog } from '../support/publisher-parts.ts';
import { firstSight, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ACK = { kind: 'ack', scope: { hostId: DECIDED_ON.id }, until: null, note: null, by: null } as const;

/** A data directory with a history, and a command line on it. */
function commandLine() {
  const dataDir = temporaryDirectory();
  const file = join(dataDir, 'smbwarden.db');
  const storage = openTestStorage({ file });
  storage.history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight(DECIDED_ON, [])]));
  storage.close();
  const config = parseConfig('mqtt: {url: "mqtt://127.0.0.1:1"}', 'test.yaml');
  const runtime = createRuntime({
    config,
    reloadConfig: () => config,
    dataDir,
    version: '1.0.0',
    vendorOf: () => null,
    log: recordingLog(),
    now: () => SAMPLE_TIME + 60_000,
  });
  return { runtime, dataDir, read: () => openTestStorage({ file, mode: 'read-only' }) };
}

describe('a decision', () => {
  it('is recorded without a daemon, and its events wait in the outbox', async () => {
    const { runtime, read } = commandLine();
    expect(await runtime.decide(ACK)).toMatchObject({ changed: true });
    const { history, outbox, commands } = read();
    const states = history
      .hosts()
      .get(DECIDED_ON.id)
      ?.findings.map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['acknowledged', 'resolved']));
    expect(outbox.waiting(9).map(({ type }) => type)).toEqual([
      'finding_acknowledged',
      'finding_acknowledged',
    ]);
    expect(commands.newest(9)).toMatchObject([{ source: 'cli', command: 'ack', outcome: 'done' }]);
  });

  it('goes to whoever owns the data directory', async () => {
    const { runtime, dataDir, read } = commandLine();
    const heard: unknown[] = [];
    await untilTestEnds(
      serveControl(controlPath(dataDir), async (request) => {
        heard.push(request);
        return { changed: true, forgotten: null };
      }),
    );
    expect(await runtime.decide(ACK)).toMatchObject({ changed: true });
    const { kind: command, ...args } = ACK;
    expect(heard).toEqual([{ command, args }]);
    expect(read().commands.newest(9)).toEqual([]);
  });

  it('waits for nobody: while a sweep from the command line is under way, it is told so', async () => {
    const { runtime, dataDir } = commandLine();
    await untilTestEnds(
      serveControl(controlPath(dataDir), async () => {
        throw new ControlTaken('a sweep from the command line is under way; try again when it is done');
      }),
    );
    await expect(runtime.decide(ACK)).rejects.toThrow(/a sweep from the command line is under way/);
  });
});
