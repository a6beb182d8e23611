import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DaemonStatus } from '../../agent/commands/context.ts';
import { askControl, controlPath } from '../../agent/control.ts';
import type { Topics } from '../../agent/publish/topics.ts';
import { startBroker, type TestBroker } from '../support/aedes-broker.ts';
import { DECIDED_ON } from '../support/decision-world.ts';
import { openTestStorage } from '../support/open-database.ts';
import { AGENT_ID, TOPICS } from '../support/publisher-parts.ts';
import { firstSight, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME } from '../support/samples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** The whole daemon as a process of its own, at a broker on loopback. Its sweeps are paused: no packet goes out. */

const NAS = DECIDED_ON.id;
const PATIENCE = { timeout: 8_000, interval: 20 };

function recorded(directory: string): void {
  const storage = openTestStorage({ file: join(directory, 'smbwarden.db'), now: Date.now });
  storage.history.agentId(() => AGENT_ID);
  storage.history.recordSweep(sweepOf(SAMPLE_TIME, [firstSight(DECIDED_ON, [])]));
  storage.settings.set('sweeps_enabled', 'OFF');
  storage.close();
}

interface Running {
  readonly broker: TestBroker;
  readonly directory: string;
  /** What the daemon answers on its control socket. */
  ask(command: string, args?: object): Promise<unknown>;
  /** The retained JSON on a topic of ours. */
  shown(topic: (topics: Topics) => string): Record<string, unknown>;
  /** Sends a command over MQTT and resolves with its answer. */
  command(name: string, payload: string): Promise<Record<string, unknown>>;
  eventTypes(): string[];
}

async function runningDaemon(directory = temporaryDirectory()): Promise<Running> {
  recorded(directory);
  const broker = await startBroker();
  const config = join(directory, 'config.yaml');
  writeFileSync(config, `targets: [127.0.0.99]\nmqtt: {url: "${broker.url}", protocolVersion: 4}\n`);
  const child = spawn(
    process.execPath,
    ['agent/cli.ts', 'run', '--config', config, '--data-dir', directory],
    {
      stdio: 'ignore',
    },
  );
  onTestFinished(() => ended(child));
  const ask = async (command: string, args: object = {}) => {
    const answer = await askControl(controlPath(directory), { command, args });
    if (answer === null) throw new Error('no daemon answers');
    return answer.result;
  };
  await vi.waitFor(() => ask('status'), PATIENCE);
  await vi.waitFor(() => expect(broker.retained(TOPICS.availability)).toBe('online'), PATIENCE);
  return {
    broker,
    directory,
    ask,
    shown: (topic) => JSON.parse(broker.retained(topic(TOPICS)) ?? 'null') ?? {},
    command: async (name, payload) => {
      const before = answers(broker).length;
      await broker.publish(`${TOPICS.commands}/${name}`, payload);
      await vi.waitFor(() => expect(answers(broker).length).toBeGreaterThan(before), PATIENCE);
      return JSON.parse(answers(broker).at(-1) ?? '{}');
    },
    eventTypes: () =>
      broker.trace
        .filter(({ topic }) => topic === TOPICS.event)
        .map(({ payload }) => (JSON.parse(payload) as { event_type: string }).event_type),
  };
}

function answers(broker: TestBroker): string[] {
  return broker.trace.filter(({ topic }) => topic === TOPICS.commandResult).map(({ payload }) => payload);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await Promise.race([exit, sleep(5_000).then(() => child.kill('SIGKILL'))]);
}

/** What the database says, read beside the daemon. */
function findingsIn(directory: string) {
  const storage = openTestStorage({ file: join(directory, 'smbwarden.db'), mode: 'read-only' });
  const findings = storage.history.hosts().get(NAS)?.findings ?? [];
  const commands = storage.commands.newest(20);
  storage.close();
  return { findings, commands };
}

const ack = (scope: object) => ({ scope, until: null, note: null, by: null });

describe('a running daemon', { timeout: 30_000 }, () => {
  test('publishes at once what is decided on its control socket', async () => {
    const { ask, shown, eventTypes, broker } = await runningDaemon();
    expect(shown(({ state }) => state)).toMatchObject({
      open_findings: 3,
      unacknowledged: 3,
      exposure: 'ON',
    });
    expect(await ask('ack', ack({ hostId: NAS }))).toMatchObject({ changed: true });
    await vi.waitFor(() => {
      expect(shown(({ state }) => state)).toMatchObject({
        open_findings: 3,
        unacknowledged: 0,
        exposure: 'OFF',
      });
      expect(eventTypes()).toEqual(['finding_acknowledged', 'finding_acknowledged']);
    }, PATIENCE);
    await ask('unack', { scope: { findingId: 'f_3k2m9q' } });
    await vi.waitFor(() => {
      expect(shown(({ hostState }) => hostState(NAS))).toMatchObject({ exposure: 'ON', findings: 3 });
      expect(eventTypes().at(-1)).toBe('finding_reopened');
    }, PATIENCE);
    await expect(ask('ack', { scope: 7 })).rejects.toThrow(/does not know the command "ack"/);
    await expect(ask('ack', ack({ hostId: 'h_none' }))).rejects.toThrow('host h_none: not known');
    await ask('forget', { hostId: NAS });
    await vi.waitFor(() => {
      expect(broker.retained(TOPICS.hostConfig(NAS))).toBeNull();
      expect(broker.retained(TOPICS.hostState(NAS))).toBeNull();
    }, PATIENCE);
  });

  test('records, audits and answers what Home Assistant says, and holds its sweeps while it is paused', async () => {
    const { command, shown, directory, ask } = await runningDaemon();
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const payload = JSON.stringify({ by: 'Anna', note: 'ordered', until });
    expect(await command('finding/f_3k2m9q/ack', payload)).toMatchObject({ ok: true });
    expect(findingsIn(directory).findings.find(({ id }) => id === 'f_3k2m9q')).toMatchObject({
      state: 'acknowledged',
      acknowledged: { until: Date.parse(until), note: 'ordered', by: 'Anna' },
    });
    expect(await command(`host/${NAS}/ignore/set`, 'ON')).toMatchObject({ ok: true });
    await vi.waitFor(
      () => expect(shown(({ hostState }) => hostState(NAS))).toMatchObject({ ignore: 'ON', exposure: 'OFF' }),
      PATIENCE,
    );
    expect(await command('alert_threshold/set', 'high')).toMatchObject({ ok: true });
    expect(await command('sweep_interval/set', '30')).toMatchObject({ ok: true });
    await vi.waitFor(() => {
      expect(shown(({ state }) => state)).toMatchObject({ alert_threshold: 'high', sweep_interval: 30 });
      expect(shown(({ info }) => info).set_at_run_time).toEqual({
        sweeps_enabled: 'OFF',
        sweep_interval: 30,
        alert_threshold: 'high',
      });
    }, PATIENCE);
    expect(await command('finding/f_none/ack', '{}')).toMatchObject({
      ok: false,
      error: 'finding f_none: not known',
    });
    const audited = findingsIn(directory).commands.map(({ source, command: name }) => `${source} ${name}`);
    expect(audited).toEqual([
      'mqtt ack',
      'mqtt set-interval',
      'mqtt set-threshold',
      'mqtt ignore',
      'mqtt ack',
    ]);
    await holdsSweeps({ command, shown, ask });
  });
});

test('a running daemon is taken out of the broker by the command line, and comes back by a command of MQTT', async () => {
  const { ask, broker, command, directory } = await runningDaemon();
  expect(await ask('remove-all')).toMatchObject({ settled: true, retained: 0 });
  for (const topic of [
    TOPICS.agentConfig,
    TOPICS.hostConfig(NAS),
    TOPICS.hostState(NAS),
    TOPICS.availability,
  ])
    expect(broker.retained(topic)).toBeNull();
  await ask('ack', ack({ hostId: NAS }));
  expect(broker.retained(TOPICS.hostState(NAS))).toBeNull();
  expect(await command('ha/republish', '{}')).toMatchObject({ ok: true });
  await vi.waitFor(() => expect(broker.retained(TOPICS.availability)).toBe('online'), PATIENCE);
  expect(broker.retained(TOPICS.hostConfig(NAS))).not.toBeNull();
  const audited = findingsIn(directory).commands.map(({ source, command: name }) => `${source} ${name}`);
  expect(audited).toEqual(['mqtt republish', 'cli ack', 'cli remove-all']);
}, 30_000);

/** From a pause that was there before the start, by way of one with an end, to none and back. */
async function holdsSweeps({
  command,
  shown,
  ask,
}: Pick<Running, 'command' | 'shown' | 'ask'>): Promise<void> {
  const paused = { status: 'paused', sweeps_enabled: 'OFF', next_sweep: null };
  expect(shown(({ state }) => state)).toMatchObject(paused);
  expect(await ask('status')).toMatchObject({ status: 'paused', nextSweepAt: null });
  const until = Date.now() + 3_600_000;
  await ask('pause', { until });
  expect(await ask('status')).toMatchObject({ status: 'paused', nextSweepAt: until });
  await command('sweeps_enabled/set', 'ON');
  const { status, nextSweepAt } = (await ask('status')) as DaemonStatus;
  expect(status).toBe('idle');
  expect(nextSweepAt).toBeGreaterThan(Date.now() - 5_000);
  await command('sweeps_enabled/set', 'OFF');
  expect(await ask('status')).toMatchObject({ status: 'paused' });
}
