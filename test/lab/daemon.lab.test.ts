/** The daemon with a real broker and real servers: what Home Assistant would see, and what survives bad days. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab } from './build-lab.ts';
import { castOf } from './hosts.ts';
import { type Heard, type Listener, listenTo } from './listener.ts';
import { Program, type RunningDaemon } from './program.ts';

interface EventJson {
  readonly id: string;
  readonly event_type: string;
  readonly rule: string | null;
  readonly host_id: string | null;
  readonly replayed: boolean;
}
interface SweepJson {
  readonly sweep: { id: number; complete: boolean };
  readonly hosts: readonly { id: string; name: string }[];
  readonly changes: readonly { type: string; summary: string }[];
}

const LEGACY = 'h245ebe000021';
const BROKER_AWAY_MS = 60_000;

let lab: Lab;
let program: Program;
let daemon: RunningDaemon;
let listener: Listener;

beforeAll(async () => {
  lab = await buildLab(castOf('broker', 'nas', 'legacy', 'modern', 'printer', 'bare'));
  const { url, user, password } = lab.mosquitto;
  program = await Program.install(
    lab,
    'daemon',
    `mqtt: { url: "${url}", username: ${user}, password: ${password} }\n`,
  );
  listener = listenTo(lab);
  await listener.ready();
  daemon = await program.startDaemon();
  await daemon.says(/sweep finished/);
  await listener.hears((message) => message.topic.endsWith('/event'));
}, 60_000);
afterAll(async () => {
  await daemon?.stop();
  listener?.stop();
  await lab?.close();
});

test('announces the first sweep once, as a summary', () => {
  expect(events().map((event) => event.event_type)).toEqual(['baseline']);
});

test('leaves retained discovery for the agent and for each exposed host', async () => {
  const retained = await listener.retained('homeassistant/device/#');
  const topics = retained
    .map(({ topic }) => topic.replace(/smbwarden_a[0-9a-f]{8}/, 'smbwarden_AGENT'))
    .sort();
  expect(topics).toEqual(
    ['agent', 'h001132000020', LEGACY].map((id) => `homeassistant/device/smbwarden_AGENT/${id}/config`),
  );
});

test('shows the exposure of a host in its retained state', async () => {
  const [state] = await listener.retained(`smbwarden/+/host/${LEGACY}/state`);
  expect(JSON.parse(state?.payload ?? 'null')).toMatchObject({
    exposure: 'ON',
    severity: 'critical',
    smb1: 'ON',
    signing_optional: 'ON',
    guest_access: 'ON',
    netbios: 'ON',
    reachable: 'ON',
    ip_address: '10.77.0.21',
  });
});

test('publishes nothing but its own state when a second sweep finds nothing new', async () => {
  const from = listener.count();
  const { changes } = await program.json<SweepJson>('sweep');
  expect(changes).toEqual([]);
  await delay(2_000);
  const topics = new Set(listener.since(from).map(({ topic }) => topic));
  expect([...topics].filter((topic) => !/^smbwarden\/a[0-9a-f]{8}\/state$/.test(topic))).toEqual([]);
});

test('says by its status that the broker is connected', async () => {
  expect(await program.json('status')).toMatchObject({ mqtt: { connected: true } });
});

test('resolves the finding and sends one event when SMB 1 is switched off', async () => {
  const before = { events: events().length, heard: listener.count() };
  await lab.samba('legacy').restartWith({ 'server min protocol': 'SMB2' });
  const { changes } = await program.json<SweepJson>('sweep', '--level', 'L3');
  expect(changes.filter(({ type }) => type === 'finding_resolved')).toHaveLength(1);
  await listener.hears(isEvent('finding_resolved'), { from: before.heard });
  await delay(1_000);
  expect(events().slice(before.events)).toMatchObject([
    { event_type: 'finding_resolved', rule: 'smb1-enabled', host_id: LEGACY, replayed: false },
  ]);
});

test('loses no event while the broker is away for a minute', async () => {
  const before = { events: events().length, heard: listener.count() };
  await lab.mosquitto.kill();
  await lab.samba('legacy').restartWith({ 'server min protocol': 'NT1' });
  const { changes } = await program.json<SweepJson>('sweep', '--level', 'L3');
  expect(changes.some(({ type }) => type === 'finding_reopened')).toBe(true);
  await delay(BROKER_AWAY_MS);
  await lab.mosquitto.start();
  await listener.ready();
  await listener.hears(isOnline, { from: before.heard, withinMs: 60_000 });
  await listener.say('homeassistant/status', 'online');
  await listener.hears(isEvent('finding_reopened'), { from: before.heard, withinMs: 60_000 });
  // Events of the last minute may come again, with the ids they had: consumers drop duplicates by id.
  const earlier = new Set(
    events()
      .slice(0, before.events)
      .map((event) => event.id),
  );
  const told = events().filter((event) => !earlier.has(event.id));
  expect(new Set(told.map((event) => event.id)).size).toBe(1);
  expect(told[0]).toMatchObject({ event_type: 'finding_reopened', rule: 'smb1-enabled', replayed: true });
}, 240_000);

test('sweeps when Home Assistant presses the button', async () => {
  const { lastSweep } = await program.json<{ lastSweep: { id: number } }>('status');
  const agent = listener
    .since(0)
    .find(({ topic }) => topic.endsWith('/state'))
    ?.topic.split('/')[1];
  await listener.say(`smbwarden/${agent}/cmd/sweep`, '{}');
  await expect
    .poll(async () => (await program.json<{ lastSweep: { id: number } }>('status')).lastSweep.id, {
      timeout: 30_000,
    })
    .toBeGreaterThan(lastSweep.id);
});

test('refuses a second daemon on the same data, and says why', async () => {
  const second = await program.run('run');
  expect(second.code).toBe(1);
  expect(second.stderr + second.stdout).toMatch(/another smbwarden is using/);
});

test('ends within five seconds of SIGTERM, in the middle of a sweep, and leaves half a sweep nowhere', async () => {
  const { lastSweep } = await program.json<{ lastSweep: { id: number } }>('status');
  const interrupted = program.run('sweep', '--level', 'L3');
  await delay(1_200);
  const { code, tookMs } = await daemon.stop();
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5_000);
  expect((await interrupted).code).toBe(1);
  const after = await program.json<{ lastSweep: { id: number } }>('status');
  expect(after.lastSweep.id).toBe(lastSweep.id);
  const [availability] = await listener.retained('smbwarden/+/availability');
  expect(availability?.payload).toBe('offline');
});

function isEvent(type: string): (message: Heard) => boolean {
  return ({ topic, payload }) => topic.endsWith('/event') && payload.includes(`"event_type":"${type}"`);
}

function isOnline({ topic, payload }: Heard): boolean {
  return /^smbwarden\/\w+\/availability$/.test(topic) && payload === 'online';
}

function events(): EventJson[] {
  return listener
    .since(0)
    .filter(({ topic }) => topic.endsWith('/event'))
    .map(({ payload }) => JSON.parse(payload) as EventJson);
}
