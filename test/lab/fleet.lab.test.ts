/** Several agents: on one broker, and on brokers that a bridge joins. Both know the same hosts, the worst case for ids. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { topicsOf } from '../../agent/publish/topics.ts';
import type { TracedMessage } from '../support/contract-linter.ts';
import { manyHosts } from '../support/sample-history.ts';
import { LoopbackDaemon } from './loopback-daemon.ts';
import { LoopbackMosquitto, type Recorder } from './loopback-mosquitto.ts';

const HOSTS = manyHosts(5);
const A = 'a0000000a';
const B = 'a0000000b';
const SOON = { timeout: 20_000, interval: 100 };
const FIRST_HOST = HOSTS[0]?.id ?? '';

let folder: string;
let closing: (() => Promise<unknown>)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smbwarden-fleet-'));
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true });
});

const topics = (agentId: string) =>
  topicsOf({
    baseTopic: 'smbwarden',
    discoveryPrefix: 'homeassistant',
    statusTopic: 'homeassistant/status',
    agentId,
  });

async function broker(
  options: Parameters<typeof LoopbackMosquitto.start>[0] = {},
): Promise<LoopbackMosquitto> {
  const started = await LoopbackMosquitto.start(options);
  closing.push(() => started.close());
  return started;
}

async function recorderAt(at: LoopbackMosquitto): Promise<Recorder> {
  const recorder = await at.record();
  closing.push(() => recorder.close());
  return recorder;
}

async function agent(
  id: string,
  at: LoopbackMosquitto,
  { hosts = HOSTS, user = at.user } = {},
): Promise<LoopbackDaemon> {
  const daemon = new LoopbackDaemon(join(folder, id));
  daemon.prepare(id, at, hosts, user);
  closing.push(() => daemon.end());
  await daemon.start();
  return daemon;
}

/** Whose topic it is. */
function ownerOf(topic: string): string | null {
  return /^(?:smbwarden\/|homeassistant\/device\/smbwarden_)(a[0-9a-f]{8})\//.exec(topic)?.[1] ?? null;
}

/** What the broker holds now, as its messages tell. */
function held(trace: readonly TracedMessage[]): Map<string, string> {
  const retained = new Map<string, string>();
  for (const { topic, payload, retain } of trace) {
    if (retain && payload === '') retained.delete(topic);
    else if (retain) retained.set(topic, payload);
  }
  return retained;
}

function heldBy(id: string, trace: readonly TracedMessage[]): Map<string, string> {
  return new Map([...held(trace)].filter(([topic]) => ownerOf(topic) === id));
}

/** Everything that lasts; the state tells when the next sweep is due, and the like. */
async function isShown(id: string, trace: readonly TracedMessage[]): Promise<void> {
  await vi.waitFor(() => expect(held(trace).get(topics(id).availability)).toBe('online'), SOON);
}

function uniqueIds(payloads: Iterable<string>): string[] {
  return [...payloads].flatMap((payload) => {
    const { components = {} } = JSON.parse(payload) as {
      components?: Record<string, { unique_id?: string }>;
    };
    return Object.values(components).flatMap(({ unique_id }) => unique_id ?? []);
  });
}

/** Agent A is taken out piece by piece; whatever is heard meanwhile is A's. */
async function takeOut(first: LoopbackDaemon, trace: TracedMessage[]): Promise<void> {
  // What B still has to say by itself is said.
  await sleep(2_000);
  const before = heldBy(B, trace);
  const from = trace.length;
  await first.ask('forget', { hostId: FIRST_HOST });
  await vi.waitFor(() => expect(held(trace).has(topics(A).hostConfig(FIRST_HOST))).toBe(false), SOON);
  expect(held(trace).has(topics(B).hostConfig(FIRST_HOST))).toBe(true);
  expect(await first.ask('remove-all')).toMatchObject({ settled: true, retained: 0 });
  await vi.waitFor(() => expect([...heldBy(A, trace).keys()]).toEqual([]), SOON);
  const ofOthers = trace.slice(from).filter(({ topic }) => ownerOf(topic) !== A && topic !== topics(B).state);
  expect(ofOthers).toEqual([]);
  expect([...heldBy(B, trace).keys()].sort()).toEqual([...before.keys()].sort());
}

describe('two agents on one broker', () => {
  test('stay apart although they know the same hosts, and one can go without the other', async () => {
    const shared = await broker();
    const { trace } = await recorderAt(shared);
    const first = await agent(A, shared);
    await agent(B, shared);
    await isShown(A, trace);
    await isShown(B, trace);
    expect(trace.filter(({ topic }) => ownerOf(topic) === null)).toEqual([]);
    const configs = [...held(trace)].filter(([topic]) => topic.endsWith('/config'));
    expect(configs).toHaveLength(2 * (1 + HOSTS.length));
    const ids = uniqueIds(configs.map(([, payload]) => payload));
    expect(new Set(ids).size).toBe(ids.length);
    await takeOut(first, trace);
  });

  test('each with its own access rules, neither can write where the other does', async () => {
    const rules = [A, B].flatMap((id) => [
      `user ${id}`,
      `topic readwrite smbwarden/${id}/#`,
      `topic readwrite homeassistant/device/smbwarden_${id}/#`,
      'topic read homeassistant/status',
    ]);
    const file = join(folder, 'acl');
    writeFileSync(file, `user warden\ntopic readwrite #\n\n${rules.join('\n')}\n`, { mode: 0o600 });
    const guarded = await broker({ users: [A, B], config: [`acl_file ${file}`] });
    const { trace } = await recorderAt(guarded);
    const first = await agent(A, guarded, { user: A });
    await agent(B, guarded, { user: B });
    await isShown(A, trace);
    await isShown(B, trace);
    expect(await first.ask('republish')).toMatchObject({ settled: true });
    const from = trace.length;
    const intruder = await guarded.join(A);
    closing.push(() => intruder.endAsync(true));
    for (const topic of [
      topics(B).availability,
      topics(B).agentConfig,
      `${topics(B).commands}/ha/remove_all`,
    ])
      await intruder.publishAsync(topic, 'x', { qos: 1, retain: true }).catch(() => {});
    await sleep(500);
    expect(trace.slice(from).filter(({ payload }) => payload === 'x')).toEqual([]);
  });
});

describe('two sites, each with its Mosquitto, joined by a bridge', () => {
  /** As docs/fleet.md says it. */
  const bridge = (centre: LoopbackMosquitto, id: string) => [
    'connection centre',
    `address 127.0.0.1:${centre.port}`,
    `remote_username ${centre.user}`,
    `remote_password ${centre.password}`,
    'cleansession false',
    'notifications false',
    'restart_timeout 1',
    `topic smbwarden/${id}/# both 1`,
    `topic homeassistant/device/smbwarden_${id}/# both 1`,
    'topic homeassistant/status in 1',
  ];

  test('the centre shows both, commands it, and one site can go without the other', async () => {
    const centre = await broker();
    const { trace, client } = await recorderAt(centre);
    const site = await broker({ config: bridge(centre, B) });
    const first = await agent(A, centre);
    await agent(B, site);
    await isShown(A, trace);
    await isShown(B, trace);
    await vi.waitFor(() => expect(heldBy(B, trace).size).toBe(heldBy(A, trace).size), SOON);
    await client.publishAsync(`${topics(B).commands}/findings/ack_all`, '{}', { qos: 1 });
    const answer = () => trace.find(({ topic }) => topic === topics(B).commandResult);
    await vi.waitFor(() => expect(JSON.parse(answer()?.payload ?? '{}')).toMatchObject({ ok: true }), SOON);
    await vi.waitFor(
      () => expect(JSON.parse(held(trace).get(topics(B).state) ?? '{}')).toMatchObject({ unacknowledged: 0 }),
      SOON,
    );
    expect(JSON.parse(held(trace).get(topics(A).state) ?? '{}')).toMatchObject({ unacknowledged: 15 });
    await takeOut(first, trace);
  });

  test('a centre that comes back empty gets everything again, and what occurred meanwhile', async () => {
    const centre = await broker();
    const site = await broker({ config: bridge(centre, B) });
    const second = await agent(B, site);
    const before = await recorderAt(centre);
    await isShown(B, before.trace);
    await vi.waitFor(() => expect(heldBy(B, before.trace).size).toBe(5 + 3 * HOSTS.length), SOON);
    await centre.kill();
    await second.ask('ack', { scope: { hostId: FIRST_HOST }, until: null, note: null, by: null });
    await sleep(1_000);
    await centre.restart();
    const after = await recorderAt(centre);
    await vi.waitFor(
      () =>
        expect([...heldBy(B, after.trace).keys()].sort()).toEqual([...heldBy(B, before.trace).keys()].sort()),
      { timeout: 40_000, interval: 200 },
    );
  });
});

test('what an agent costs the broker is what docs/fleet.md says', { timeout: 180_000 }, async () => {
  // Side by side: each waits a minute for a heartbeat.
  const weighed = (
    [
      [A, 5],
      [B, 64],
    ] as const
  ).map(async ([id, count]) => {
    const shared = await broker();
    const { trace } = await recorderAt(shared);
    const daemon = await agent(id, shared, { hosts: manyHosts(count) });
    await isShown(id, trace);
    const start = weigh(trace.filter(({ topic }) => ownerOf(topic) === id));
    const from = trace.length;
    await vi.waitFor(() => expect(trace.slice(from).length).toBeGreaterThan(0), { timeout: 70_000 });
    const beat = weigh(trace.slice(from));
    const hostState = weigh(
      trace.filter(({ topic }) => topic === topics(id).hostState(FIRST_HOST)).slice(0, 1),
    );
    // 1440 heartbeats, two states for each of 96 sweeps, and each host's "last seen" once.
    const messages = 1_440 + 2 * 96 + count;
    const bytes = (1_440 + 2 * 96) * beat.bytes + count * hostState.bytes;
    console.log(
      `${count} hosts: ${start.messages} messages, ${start.bytes} bytes at a start; heartbeat ${beat.bytes} bytes; ` +
        `${messages} messages, ${bytes} bytes a day`,
    );
    expect(beat.messages).toBe(1);
    expect(bytes / 1_000_000).toBeLessThan(1);
    expect(start.messages).toBe(6 + 3 * count - 1);
    await daemon.end();
  });
  await Promise.all(weighed);
});

/** On the wire: topic, payload, and the header of a QoS 1 PUBLISH of MQTT 5 (fixed header 2 to 3, lengths and ids 5). */
function weigh(trace: readonly TracedMessage[]): { readonly messages: number; readonly bytes: number } {
  const bytes = trace.map(({ topic, payload }) => Buffer.byteLength(topic) + Buffer.byteLength(payload) + 8);
  return { messages: trace.length, bytes: bytes.reduce((sum, each) => sum + each, 0) };
}
