import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { connectPublisher, type PublisherOptions } from '../../../agent/publish/connect-publisher.ts';
import type { AgentCommand, MqttConfig } from '../../../agent/publish/publisher.ts';
import { silentPublisher } from '../../../agent/publish/silent-publisher.ts';
import { startBroker, type TestBroker } from '../../support/aedes-broker.ts';
import { lintContract } from '../../support/contract-linter.ts';
import {
  AGENT_ID,
  FAST,
  memoryLedger,
  memoryOutbox,
  recordingLog,
  sampleMqtt,
  samplePicture,
  TOPICS,
} from '../../support/publisher-parts.ts';
import { sampleEvent, sampleHost } from '../../support/samples.ts';

const NAS = 'h001132aabbcc';

interface Parts {
  readonly mqtt?: Partial<MqttConfig>;
  readonly outbox?: ReturnType<typeof memoryOutbox>;
  readonly ledger?: ReturnType<typeof memoryLedger>;
  readonly timing?: PublisherOptions['timing'];
  readonly quietUntil?: () => number | null;
}

/** A publisher at the broker, closed when the test ends. */
function publisherAt(url: string, parts: Parts = {}) {
  const { outbox = memoryOutbox(), ledger = memoryLedger() } = parts;
  const log = recordingLog();
  const commands: AgentCommand[] = [];
  const publisher = connectPublisher({
    mqtt: sampleMqtt({ url, ...parts.mqtt }),
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
    random: () => 0.5,
    timing: { ...FAST, ...parts.timing },
    ...(parts.quietUntil === undefined ? {} : { quietUntil: parts.quietUntil }),
  });
  onTestFinished(() => publisher.close());
  return { publisher, outbox, ledger, log, commands };
}

async function settledAt(url: string, parts: Parts = {}, picture = samplePicture()) {
  const all = publisherAt(url, parts);
  all.publisher.publish(picture);
  expect(await all.publisher.settled(5_000)).toBe(true);
  return all;
}

function lint(broker: TestBroker): string[] {
  return lintContract(broker.trace, {
    baseTopic: 'smbwarden',
    discoveryPrefix: 'homeassistant',
    agentId: AGENT_ID,
    subscriptions: [...broker.subscriptions],
  });
}

function eventIds(broker: TestBroker): string[] {
  return broker.trace
    .filter(({ topic }) => topic === TOPICS.event)
    .map(({ payload }) => JSON.parse(payload).id);
}

/** MQTT 5: session not present, success, no properties. MQTT 5.0 §3.2 */
const CONNACK = Uint8Array.of(0x20, 0x03, 0x00, 0x00, 0x00);
/** MQTT 5: reason code 0x8E, no properties. MQTT 5.0 §3.14 */
const SESSION_TAKEN_OVER = Uint8Array.of(0xe0, 0x02, 0x8e, 0x00);

/** A broker that answers the first packet with `packets` and hangs up. Its URL. */
async function brokerThatSays(...packets: readonly Uint8Array[]): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      for (const packet of packets) socket.write(packet);
      setTimeout(() => socket.end(), 5);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('quiet hours', () => {
  test('hold alerts back and send them as replayed when they are over; states go on', async () => {
    const broker = await startBroker();
    let quiet: number | null = Date.now() + 60_000;
    const outbox = memoryOutbox();
    const { publisher } = await settledAt(broker.url, {
      outbox,
      quietUntil: () => quiet,
      timing: { heartbeat: 100 },
    });
    outbox.add([sampleEvent({ occurredAt: Date.now() })]);
    publisher.eventsWaiting();
    expect(await publisher.settled(500)).toBe(true);
    await sleep(250);
    expect(eventIds(broker)).toEqual([]);
    expect(broker.trace.filter(({ topic }) => topic === TOPICS.state).length).toBeGreaterThan(1);
    quiet = null;
    await vi.waitFor(() => expect(eventIds(broker)).toEqual([sampleEvent().id]), 2_000);
    const sent = broker.trace.find(({ topic }) => topic === TOPICS.event);
    expect(JSON.parse(sent!.payload).replayed).toBe(true);
  });
});

describe('a publisher at a broker of MQTT 3.1.1', () => {
  test('falls back, and publishes what keeps the contract', async () => {
    const broker = await startBroker();
    const { publisher, outbox, log } = await settledAt(broker.url, { outbox: memoryOutbox([sampleEvent()]) });
    expect(log.lines).toEqual([
      'info The broker does not speak MQTT 5; using MQTT 3.1.1',
      'info Connected to the MQTT broker',
    ]);
    expect(publisher.link()).toEqual({
      configured: true,
      connected: true,
      broker: broker.url,
      lastError: null,
      outboxSize: 0,
    });
    expect(broker.retained(TOPICS.availability)).toBe('online');
    expect(eventIds(broker)).toEqual([outbox.rows[0]!.id]);
    expect(lint(broker)).toEqual([]);
  });

  test('is silent when nothing differs', async () => {
    const broker = await startBroker();
    const { publisher } = await settledAt(broker.url);
    await broker.forget();
    publisher.publish(samplePicture());
    await sleep(50);
    expect(broker.trace).toEqual([]);
  });

  test('publishes nothing but its own state after a second, identical sweep', async () => {
    const broker = await startBroker();
    const { publisher } = await settledAt(broker.url);
    await broker.forget();
    const host = sampleHost({ lastSeenAt: sampleHost().lastSeenAt + 900_000 });
    const { lastSweep } = samplePicture();
    publisher.publish(
      samplePicture([host], { lastSweep: { ...lastSweep!, finishedAt: lastSweep!.finishedAt + 900_000 } }),
    );
    expect(await publisher.settled(1_000)).toBe(true);
    expect(broker.trace.map(({ topic }) => topic)).toEqual([TOPICS.state]);
  });

  test('says "offline" when it is closed', async () => {
    const broker = await startBroker();
    const { publisher } = await settledAt(broker.url);
    await publisher.close();
    expect(broker.retained(TOPICS.availability)).toBe('offline');
    expect(publisher.link().connected).toBe(false);
  });

  test('repeats its state as a heartbeat', async () => {
    const broker = await startBroker();
    await settledAt(broker.url, { timing: { heartbeat: 30 } });
    await broker.forget();
    await vi.waitFor(() => expect(broker.trace.length).toBeGreaterThan(1));
    expect(new Set(broker.trace.map(({ topic }) => topic))).toEqual(new Set([TOPICS.state]));
  });

  test('survives hosts whose names attack topics, templates and terminals', async () => {
    const broker = await startBroker();
    const hostile = ['+/#', '{{ states }}', '\u0000\u001b[31m', '\u202eevil', 'N'.repeat(300)];
    const hosts = hostile.map((name, n) =>
      sampleHost({
        id: `h00000000000${n}`,
        facts: { 'netbios.names': [{ name, suffix: 0x20, group: false }] },
      }),
    );
    const events = hostile.map((name, n) =>
      sampleEvent({ id: `e${n}`, hostName: name, message: `${name} accepts SMB 1`, title: name }),
    );
    await settledAt(broker.url, { outbox: memoryOutbox(events) }, samplePicture(hosts));
    expect(lint(broker)).toEqual([]);
    expect(
      broker.trace.filter(({ payload }) => /[{}]{2}\s*states|\\u001b|\\u0000|\u202e/.test(payload)),
    ).toEqual([]);
  });
});

describe('commands', () => {
  test('are carried out and answered; our own answer is no command', async () => {
    const broker = await startBroker();
    const { commands } = await settledAt(broker.url);
    await broker.publish(`${TOPICS.commands}/sweep`, '{}');
    await vi.waitFor(() => expect(broker.trace.at(-1)?.topic).toBe(TOPICS.commandResult));
    await sleep(30);
    expect(commands).toEqual([{ kind: 'sweep', level: null }]);
    expect(broker.trace.filter(({ topic }) => topic === TOPICS.commandResult)).toHaveLength(1);
  });

  test('that are retained are ignored', async () => {
    const broker = await startBroker();
    await broker.publish(`${TOPICS.commands}/sweep`, '{}', true);
    const { commands, log } = await settledAt(broker.url);
    expect(commands).toEqual([]);
    expect(log.lines).toContain(
      'warn Ignored a retained command: it would be carried out at every connection',
    );
  });
});

describe('what the broker holds', () => {
  test('is left alone where it is identical, and cleared where it is stale', async () => {
    const broker = await startBroker();
    const first = await settledAt(broker.url);
    await first.publisher.close();
    const stale = TOPICS.hostConfig('h00deadbeef00');
    await broker.publish(stale, '{"components":{}}', true);
    await broker.forget();
    await settledAt(broker.url, { ledger: first.ledger });
    const configs = broker.trace.filter(({ topic }) => topic.endsWith('/config'));
    expect(configs.map(({ topic, payload }) => [topic, payload])).toEqual([[stale, '']]);
    expect(broker.retained(stale)).toBeNull();
  });

  test('is put back when it comes back empty', async () => {
    const broker = await startBroker();
    const { publisher } = await settledAt(broker.url);
    await broker.stop();
    await vi.waitFor(() => expect(publisher.link().connected).toBe(false));
    const restarted = await startBroker({ port: broker.port });
    await vi.waitFor(() => expect(restarted.retained(TOPICS.availability)).toBe('online'), 3_000);
    await vi.waitFor(() => expect(restarted.retained(TOPICS.hostConfig(NAS))).not.toBeNull(), 3_000);
    await vi.waitFor(() => expect(lint(restarted)).toEqual([]), 3_000);
  });

  test('loses the device of a host for good when the owner deletes it', async () => {
    const broker = await startBroker();
    const { publisher, ledger } = await settledAt(broker.url);
    await broker.publish(TOPICS.hostConfig(NAS), '', true);
    await vi.waitFor(() => expect(broker.retained(TOPICS.hostState(NAS))).toBeNull());
    publisher.publish(samplePicture([sampleHost({ present: false })]));
    await publisher.close();
    await settledAt(broker.url, { ledger });
    expect(broker.retained(TOPICS.hostConfig(NAS))).toBeNull();
    expect(broker.retained(TOPICS.agentConfig)).not.toBeNull();
  });

  test('keeps a device deleted that the owner deleted while we were away', async () => {
    const broker = await startBroker();
    const { publisher, ledger } = await settledAt(broker.url);
    await publisher.close();
    await broker.publish(TOPICS.hostConfig(NAS), '', true);
    await settledAt(broker.url, { ledger });
    expect(broker.retained(TOPICS.hostConfig(NAS))).toBeNull();
    expect(broker.retained(TOPICS.hostState(NAS))).toBeNull();
  });

  test('gets the device of the agent back after a while', async () => {
    const broker = await startBroker();
    await settledAt(broker.url);
    await broker.publish(TOPICS.agentConfig, '', true);
    await vi.waitFor(() => expect(broker.retained(TOPICS.agentConfig)).not.toBeNull());
  });
});

describe('when the broker is away', () => {
  test('no event is lost', async () => {
    const broker = await startBroker();
    const { publisher, outbox } = await settledAt(broker.url);
    await broker.stop();
    const events = Array.from({ length: 30 }, (_, n) =>
      sampleEvent({ id: `e${100 + n}`, occurredAt: Date.now() }),
    );
    outbox.add(events);
    publisher.eventsWaiting();
    expect(publisher.link().outboxSize).toBe(30);
    await sleep(100);
    const restarted = await startBroker({ port: broker.port });
    expect(await publisher.settled(3_000)).toBe(true);
    expect(eventIds(restarted)).toEqual(events.map((event) => event.id));
    const first = restarted.trace.find(({ topic }) => topic === TOPICS.event);
    expect(JSON.parse(first!.payload).replayed).toBe(true);
  });

  test('what it acknowledged just before is sent again', async () => {
    const broker = await startBroker();
    const { publisher } = await settledAt(broker.url, { outbox: memoryOutbox([sampleEvent()]) });
    await broker.stop();
    await vi.waitFor(() => expect(publisher.link().connected).toBe(false));
    const restarted = await startBroker({ port: broker.port });
    await vi.waitFor(() => expect(eventIds(restarted)).toEqual([sampleEvent().id]), 3_000);
  });

  test('settled gives up in time, and closing does not wait', async () => {
    const { publisher } = publisherAt('mqtt://127.0.0.1:9');
    publisher.publish(samplePicture());
    expect(await publisher.settled(50)).toBe(false);
    expect(publisher.link()).toMatchObject({
      connected: false,
      lastError: expect.stringMatching(/ECONNREFUSED/),
    });
    const startedAt = performance.now();
    await publisher.close();
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});

test('a wrong password is told once and tried again; a new one is used without a restart', async () => {
  let attempts = 0;
  const broker = await startBroker({
    authenticate: (username, password) => {
      attempts += 1;
      return username === 'warden' && password === 'right';
    },
  });
  let password = 'wrong';
  const { publisher, log } = publisherAt(broker.url, {
    mqtt: { username: 'warden', password: () => password },
  });
  publisher.publish(samplePicture());
  await vi.waitFor(() => expect(attempts).toBeGreaterThan(2));
  expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  expect(publisher.link().lastError).toMatch(/check user name and password/);
  password = 'right';
  expect(await publisher.settled(3_000)).toBe(true);
});

describe('Home Assistant', () => {
  test('gets events only when it is back, and then as replayed', async () => {
    const broker = await startBroker();
    const { publisher, outbox } = await settledAt(broker.url);
    await broker.publish(TOPICS.status, 'offline');
    await sleep(30);
    outbox.add([sampleEvent({ occurredAt: Date.now() })]);
    publisher.eventsWaiting();
    await sleep(50);
    expect(eventIds(broker)).toEqual([]);
    await broker.publish(TOPICS.status, 'online');
    await vi.waitFor(() => expect(eventIds(broker)).toHaveLength(1));
    expect(JSON.parse(broker.trace.findLast(({ topic }) => topic === TOPICS.event)!.payload).replayed).toBe(
      true,
    );
  });

  test('is sent every state again at its birth, but no discovery', async () => {
    const broker = await startBroker();
    await settledAt(broker.url);
    await broker.forget();
    await broker.publish(TOPICS.status, 'online');
    await vi.waitFor(() => expect(broker.trace.at(-1)?.topic).toBe(TOPICS.availability));
    const topics = broker.trace.map(({ topic }) => topic);
    expect(topics).toContain(TOPICS.hostState(NAS));
    expect(topics.filter((topic) => topic.endsWith('/config'))).toEqual([]);
  });
});

describe('another daemon with the same id', () => {
  test('ends MQTT when the broker says twice that it took over', async () => {
    const url = await brokerThatSays(CONNACK, SESSION_TAKEN_OVER);
    const { publisher, log } = publisherAt(url);
    await vi.waitFor(() => expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1));
    expect(publisher.link()).toMatchObject({
      connected: false,
      lastError: 'another smbwarden with the same agent id or client id is connected; MQTT is stopped',
    });
    const connections = log.lines.length;
    await sleep(150);
    expect(log.lines).toHaveLength(connections);
  });

  test('is suspected when a broker that gives no reason drops us again and again', async () => {
    const { publisher, log } = publisherAt(await brokerThatSays(CONNACK));
    const warnings = () => log.lines.filter((line) => line.startsWith('warn'));
    await vi.waitFor(() => expect(warnings()).toHaveLength(2), 8_000);
    await vi.waitFor(
      () => expect(publisher.link().lastError).toMatch(/another smbwarden with the same id/),
      8_000,
    );
  });
});

test('a base topic with a wildcard is refused at once', () => {
  expect(() => publisherAt('mqtt://127.0.0.1:9', { mqtt: { baseTopic: 'a/#' } })).toThrow(TypeError);
});

test('without a broker everything is done at once and nothing is connected', async () => {
  const publisher = silentPublisher();
  publisher.publish(samplePicture());
  expect(await publisher.settled(0)).toBe(true);
  expect(publisher.link()).toMatchObject({ configured: false, connected: false });
});

describe('taking everything out of the broker', () => {
  const holds = (broker: TestBroker) =>
    [...new Set(broker.trace.map(({ topic }) => topic))].filter((topic) => broker.retained(topic) !== null);

  test('leaves nothing there, not even "offline", until it is to come back', async () => {
    const broker = await startBroker();
    const { publisher, ledger } = await settledAt(broker.url);
    publisher.removeAll();
    expect(await publisher.retention(5_000)).toMatchObject({ settled: true, retained: 0 });
    await vi.waitFor(() => expect(holds(broker)).toEqual([]));
    expect(ledger.entries.size).toBe(0);
    publisher.publish(samplePicture([sampleHost({ lastSeenAt: Date.now() })]));
    await sleep(100);
    expect(holds(broker)).toEqual([]);
    publisher.republish();
    expect(await publisher.retention(5_000)).toMatchObject({ settled: true, retained: 8 });
    await vi.waitFor(() => expect(broker.retained(TOPICS.hostConfig(NAS))).not.toBeNull());
    publisher.removeAll();
    await publisher.retention(5_000);
    await publisher.close();
    await sleep(50);
    expect(holds(broker)).toEqual([]);
  });

  test('needs no picture, and finds what the database has forgotten', async () => {
    const broker = await startBroker();
    const first = await settledAt(broker.url);
    await first.publisher.close();
    const { publisher } = publisherAt(broker.url);
    publisher.removeAll();
    expect(await publisher.retention(5_000)).toMatchObject({ settled: true, retained: 0 });
    await vi.waitFor(() => expect(holds(broker)).toEqual([]));
  });

  test('waits while Home Assistant is away, which would keep dead devices', async () => {
    const broker = await startBroker();
    const { publisher } = await settledAt(broker.url);
    await broker.publish(TOPICS.status, 'offline');
    await sleep(50);
    publisher.removeAll();
    expect(await publisher.retention(5_000)).toMatchObject({ settled: true, retained: 8 });
    await broker.publish(TOPICS.status, 'online');
    await vi.waitFor(async () => expect(await publisher.retention(0)).toMatchObject({ retained: 0 }), 2_000);
  });
});
