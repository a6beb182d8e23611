/** The publisher against a real Mosquitto that speaks MQTT 5, on loopback. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectPublisher, type PublisherOptions } from '../../agent/publish/connect-publisher.ts';
import type { AgentCommand, MqttConfig } from '../../agent/publish/publisher.ts';
import { lintContract, type TracedMessage } from '../support/contract-linter.ts';
import {
  AGENT_ID,
  FAST,
  memoryLedger,
  memoryOutbox,
  recordingLog,
  sampleMqtt,
  samplePicture,
  TOPICS,
} from '../support/publisher-parts.ts';
import { manyHosts } from '../support/sample-history.ts';
import { sampleEvent, sampleHost } from '../support/samples.ts';
import { LoopbackMosquitto, type Recorder, wireTo } from './loopback-mosquitto.ts';

const NAS = 'h001132aabbcc';

let broker: LoopbackMosquitto;
let recorder: Recorder;

beforeEach(async () => {
  broker = await LoopbackMosquitto.start();
  recorder = await broker.record();
});
afterEach(async () => {
  await recorder.close();
  await broker.close();
});

interface Parts {
  readonly mqtt?: Partial<MqttConfig>;
  readonly outbox?: ReturnType<typeof memoryOutbox>;
  readonly ledger?: ReturnType<typeof memoryLedger>;
  readonly timing?: PublisherOptions['timing'];
}

function publish(parts: Parts = {}) {
  const { outbox = memoryOutbox(), ledger = memoryLedger() } = parts;
  const log = recordingLog();
  const commands: AgentCommand[] = [];
  const publisher = connectPublisher({
    mqtt: sampleMqtt({ url: broker.url, username: broker.user, password: broker.password, ...parts.mqtt }),
    agentId: AGENT_ID,
    version: '1.0.0',
    outbox,
    retained: ledger,
    vendorOf: () => null,
    onCommand: async (command) => {
      commands.push(command);
      return { ok: true };
    },
    log,
    now: Date.now,
    random: Math.random,
    timing: parts.timing ?? FAST,
  });
  onTestFinished(() => publisher.close());
  return { publisher, outbox, ledger, log, commands };
}

async function settled(parts: Parts = {}, picture = samplePicture()) {
  const all = publish(parts);
  all.publisher.publish(picture);
  expect(await all.publisher.settled(20_000)).toBe(true);
  return all;
}

function lint(): string[] {
  const spoken = recorder.trace.filter(
    ({ topic }) => topic !== TOPICS.status && !topic.endsWith('/cmd/sweep'),
  );
  return lintContract(spoken, {
    baseTopic: 'smbwarden',
    discoveryPrefix: 'homeassistant',
    agentId: AGENT_ID,
    subscriptions: [TOPICS.commandFilter],
  });
}

function last(topic: string): string | undefined {
  return recorder.trace.findLast((message) => message.topic === topic)?.payload;
}

function eventIds(trace: readonly TracedMessage[]): string[] {
  return trace.filter(({ topic }) => topic === TOPICS.event).map(({ payload }) => JSON.parse(payload).id);
}

describe('with the waits of the contract', () => {
  test('64 hosts are in Home Assistant within five seconds, and the trace keeps the contract', async () => {
    const startedAt = performance.now();
    await settled({ outbox: memoryOutbox([sampleEvent()]), timing: {} }, samplePicture(manyHosts(64)));
    const took = performance.now() - startedAt;
    await vi.waitFor(() => expect(eventIds(recorder.trace)).toEqual([sampleEvent().id]));
    expect(lint()).toEqual([]);
    expect(took).toBeLessThan(5_000);
  });

  test('a connection that breaks shows "offline" after 20 seconds, not before', async () => {
    const wire = await wireTo(broker.port);
    onTestFinished(() => wire.close());
    await settled({ mqtt: { url: wire.url }, timing: {} });
    await vi.waitFor(() => expect(last(TOPICS.availability)).toBe('online'));
    wire.cut();
    await sleep(5_000);
    wire.mend();
    await sleep(25_000);
    const availability = recorder.trace.filter(({ topic }) => topic === TOPICS.availability);
    expect(availability.map(({ payload }) => payload)).not.toContain('offline');
    wire.cut();
    await sleep(15_000);
    expect(last(TOPICS.availability)).toBe('online');
    await vi.waitFor(() => expect(last(TOPICS.availability)).toBe('offline'), 10_000);
  });
});

describe('a publisher', () => {
  test('speaks MQTT 5, and is silent when nothing differs', async () => {
    const { publisher, log } = await settled();
    expect(log.lines).toEqual(['info Connected to the MQTT broker']);
    await sleep(100);
    recorder.trace.length = 0;
    publisher.publish(samplePicture());
    await sleep(200);
    expect(recorder.trace).toEqual([]);
  });

  test('says "offline" at once when it is closed', async () => {
    const { publisher } = await settled();
    await publisher.close();
    await vi.waitFor(() => expect(last(TOPICS.availability)).toBe('offline'));
  });

  test('answers a command where its sender wants, with what the sender sent along', async () => {
    const { commands } = await settled();
    const correlationData = Buffer.from('question 7');
    const answered = vi.fn();
    recorder.client.on('message', (topic, payload, { properties }) => {
      if (topic === 'smbwarden/answers')
        answered(JSON.parse(payload.toString()).ok, properties?.correlationData);
    });
    await recorder.client.publishAsync(`${TOPICS.commands}/sweep`, '{"level":"L2"}', {
      qos: 1,
      properties: { responseTopic: 'smbwarden/answers', correlationData },
    });
    await vi.waitFor(() => expect(answered).toHaveBeenCalledWith(true, correlationData));
    expect(commands).toEqual([{ kind: 'sweep', level: 'L2' }]);
  });

  test('ignores a command that is published retained while it listens', async () => {
    const { commands, log } = await settled();
    await recorder.client.publishAsync(`${TOPICS.commands}/sweep`, '{}', { qos: 1, retain: true });
    await vi.waitFor(() =>
      expect(log.lines).toContain(
        'warn Ignored a retained command: it would be carried out at every connection',
      ),
    );
    expect(commands).toEqual([]);
  });

  test('with a wrong password says so once, keeps trying, and needs no restart', async () => {
    let password = 'wrong';
    const { publisher, log } = publish({ mqtt: { password: () => password } });
    publisher.publish(samplePicture());
    await sleep(500);
    expect(log.lines).toEqual(['warn No connection to the MQTT broker; trying again']);
    expect(publisher.link().lastError).toMatch(/Not authorized; check user name and password/i);
    password = broker.password;
    expect(await publisher.settled(5_000)).toBe(true);
  });

  test('says so when another one with its id keeps taking over', async () => {
    const both = [publish(), publish()];
    const told = () => both.flatMap(({ log }) => log.lines).filter((line) => /same id/.test(line));
    await vi.waitFor(() => expect(told()).not.toEqual([]), 10_000);
    const errors = both.map(({ publisher }) => publisher.link().lastError).join();
    expect(errors).toMatch(/another smbwarden with the same/);
  });

  test('is not disconnected by hosts whose names attack topics', async () => {
    const names = ['+/#', '\u0000', '\u001b[31m', '{{ 7*7 }}', '../..', '\ud800', 'N'.repeat(300)];
    const hosts = names.map((name, n) =>
      sampleHost({
        id: `h00000000000${n}`,
        facts: { 'netbios.names': [{ name, suffix: 0x20, group: false }] },
      }),
    );
    const events = names.map((name, n) => sampleEvent({ id: `e${n}`, hostName: name, message: name }));
    const { log } = await settled({ outbox: memoryOutbox(events) }, samplePicture(hosts));
    await vi.waitFor(() => expect(eventIds(recorder.trace)).toHaveLength(names.length));
    expect(log.lines).toEqual(['info Connected to the MQTT broker']);
    expect(lint()).toEqual([]);
  });
});

describe('what the broker holds', () => {
  test('is left alone where it is identical, and cleared where it is stale', async () => {
    const first = await settled();
    await first.publisher.close();
    const stale = TOPICS.hostConfig('h00deadbeef00');
    await recorder.client.publishAsync(stale, '{"components":{}}', { qos: 1, retain: true });
    await sleep(100);
    recorder.trace.length = 0;
    await settled({ ledger: first.ledger });
    await vi.waitFor(() => expect(last(TOPICS.availability)).toBe('online'));
    const configs = recorder.trace.filter(({ topic }) => topic.endsWith('/config'));
    expect(configs.map(({ topic, payload }) => [topic, payload])).toEqual([[stale, '']]);
  });

  test('is put back when it comes back empty', async () => {
    const { publisher } = await settled();
    await broker.kill();
    await broker.restart();
    await vi.waitFor(() => expect(publisher.link().connected).toBe(true), 5_000);
    expect(await publisher.settled(5_000)).toBe(true);
    const later = await broker.record();
    onTestFinished(() => later.close());
    await vi.waitFor(() => expect(later.trace.map(({ topic }) => topic)).toContain(TOPICS.hostConfig(NAS)));
    expect(later.trace.find(({ topic }) => topic === TOPICS.availability)?.payload).toBe('online');
  });

  test('loses the device of a host for good when the owner deletes it', async () => {
    const { publisher, ledger } = await settled();
    await recorder.client.publishAsync(TOPICS.hostConfig(NAS), '', { qos: 1, retain: true });
    await vi.waitFor(() => expect(last(TOPICS.hostState(NAS))).toBe(''));
    await publisher.close();
    await settled({ ledger });
    expect(last(TOPICS.hostConfig(NAS))).toBe('');
  });
});

describe('when the broker is away', () => {
  test('no event is lost and their order holds, however often it is killed', async () => {
    const received = new Set<string>();
    const { publisher, outbox } = await settled({ timing: { ...FAST, awaitBirth: 30 } });
    const ids = Array.from({ length: 90 }, (_, n) => `e${String(n).padStart(4, '0')}`);
    for (let round = 0; round < 3; round += 1) {
      const batch = ids.slice(round * 30, round * 30 + 30);
      outbox.add(batch.map((id) => sampleEvent({ id, occurredAt: Date.now() })));
      publisher.eventsWaiting();
      await broker.kill();
      for (const id of eventIds(recorder.trace)) received.add(id);
      await recorder.close();
      await broker.restart();
      recorder = await broker.record();
    }
    expect(await publisher.settled(10_000)).toBe(true);
    await vi.waitFor(() => expect(eventIds(recorder.trace)).toContain(ids.at(-1)));
    const lastRun = eventIds(recorder.trace);
    for (const id of lastRun) received.add(id);
    expect([...received].sort()).toEqual(ids);
    expect(lastRun).toEqual([...lastRun].sort());
  });

  test('one that stops answering counts as gone, and events go on when it is back', async () => {
    const { publisher, outbox } = await settled({ timing: { ...FAST, acknowledge: 300 } });
    broker.freeze();
    outbox.add([sampleEvent({ occurredAt: Date.now() })]);
    publisher.eventsWaiting();
    await vi.waitFor(() => expect(publisher.link().connected).toBe(false), 3_000);
    broker.thaw();
    expect(await publisher.settled(15_000)).toBe(true);
    await vi.waitFor(() => expect(eventIds(recorder.trace)).toContain(sampleEvent().id));
  });
});

test('Home Assistant gets what it missed after its birth, as replayed', async () => {
  const { publisher, outbox } = await settled();
  await recorder.client.publishAsync(TOPICS.status, 'offline');
  await sleep(50);
  outbox.add([sampleEvent({ occurredAt: Date.now() })]);
  publisher.eventsWaiting();
  await sleep(100);
  expect(eventIds(recorder.trace)).toEqual([]);
  await recorder.client.publishAsync(TOPICS.status, 'online');
  await vi.waitFor(() => expect(eventIds(recorder.trace)).toHaveLength(1));
  expect(JSON.parse(last(TOPICS.event) ?? '').replayed).toBe(true);
});
