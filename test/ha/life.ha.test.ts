/** How devices and entities go: taken away by us, deleted by the owner, claimed by another daemon. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { castOf } from '../lab/hosts.ts';
import { Program } from '../lab/program.ts';
import { Home, seconds, tell } from './home.ts';

const NAS = 'h001132000020';
const LEGACY = 'h245ebe000021';
const SESSION_ONLY = 'h00089b000023';
const POLL = { timeout: 20_000, interval: 200 };

let home: Home;

beforeAll(async () => {
  home = await Home.open(castOf('broker', 'nas', 'legacy', 'session-only'));
  await home.allAvailable();
});
afterAll(() => home?.close());

test('a component that a new version no longer has leaves Home Assistant', async () => {
  await home.daemon.stop();
  const agent = await home.agentId();
  const topic = `homeassistant/device/smbwarden_${agent}/agent/config`;
  const [config] = await home.listener.retained(topic);
  const payload = JSON.parse(config?.payload ?? '') as { components: Record<string, object> };
  const entity = { unique_id: `smbwarden_${agent}_mood`, default_entity_id: 'sensor.smbwarden_mood' };
  payload.components.mood = {
    platform: 'sensor',
    ...entity,
    name: 'Mood',
    state_topic: `smbwarden/${agent}/state`,
    value_template: '{{ value_json.status }}',
    qos: 1,
  };
  await retain(topic, JSON.stringify(payload));
  await vi.waitFor(async () => expect(await entityIds()).toContain('sensor.smbwarden_mood'), POLL);
  await home.startDaemon();
  await vi.waitFor(async () => expect(await entityIds()).not.toContain('sensor.smbwarden_mood'), POLL);
  expect(await home.homeAssistant.state('sensor.smbwarden_mood')).toBeNull();
  await home.allAvailable();
});

test('a host that is forgotten leaves Home Assistant and the broker', async () => {
  await home.lab.host('session-only').switchOff();
  await home.program.json('forget', SESSION_ONLY, '--yes');
  await vi.waitFor(async () => expect(await home.device(SESSION_ONLY)).toBeNull(), POLL);
  await vi.waitFor(async () => {
    expect(await home.listener.retained(`smbwarden/+/host/${SESSION_ONLY}/#`)).toEqual([]);
  }, POLL);
  expect((await entityIds()).filter((id) => /session/.test(id))).toEqual([]);
});

test('a host that is forgotten while Home Assistant is off leaves it after its start', async (context) => {
  await home.homeAssistant.stop();
  await home.lab.host('nas').switchOff();
  await home.program.json('forget', NAS, '--yes');
  await delay(2_000);
  expect(await home.listener.retained(`homeassistant/device/+/${NAS}/config`)).toHaveLength(1);
  await home.homeAssistant.start();
  const begun = performance.now();
  await vi.waitFor(async () => expect(await home.device(NAS)).toBeNull(), { timeout: 40_000, interval: 200 });
  tell(context, `gone ${seconds(performance.now() - begun)} after the start`);
  await vi.waitFor(async () => {
    expect(await home.listener.retained(`smbwarden/+/host/${NAS}/#`)).toEqual([]);
  }, POLL);
});

test('a host that comes back after that is a new device', async () => {
  await home.lab.host('nas').switchOn();
  await home.program.json('sweep');
  await vi.waitFor(async () => expect(await home.device(NAS)).toMatchObject({ name: 'NAS' }), POLL);
  await home.allAvailable();
});

test('a device that the owner deletes stays deleted, over sweeps and a restart', async () => {
  const device = await home.device(LEGACY);
  if (device === null) throw new Error('no device of legacy');
  await home.homeAssistant.deleteDevice(device);
  await home.daemon.says(/deleted in Home Assistant and stays deleted/);
  await home.program.json('sweep');
  await home.daemon.stop();
  await home.startDaemon();
  await delay(8_000);
  expect(await home.device(LEGACY)).toBeNull();
  expect(await home.listener.retained(`smbwarden/+/host/${LEGACY}/#`)).toEqual([]);
  const findings = (await home.homeAssistant.entity('sensor.smbwarden_open_findings'))?.attributes.findings;
  expect(findings).toContainEqual(expect.objectContaining({ host_id: LEGACY }));
});

test('a device that the owner deletes while the daemon is stopped stays deleted, too', async () => {
  await home.daemon.stop();
  const device = await home.device(NAS);
  if (device === null) throw new Error('no device of nas');
  await home.homeAssistant.deleteDevice(device);
  await vi.waitFor(async () => {
    expect(await home.listener.retained(`homeassistant/device/+/${NAS}/config`)).toEqual([]);
  }, POLL);
  await home.startDaemon();
  await home.daemon.says(/deleted in Home Assistant and stays deleted/);
  await delay(8_000);
  expect(await home.device(NAS)).toBeNull();
});

test("the agent's own device comes back when the owner deletes it", async (context) => {
  const device = await home.device(null);
  if (device === null) throw new Error('no device of the agent');
  await home.homeAssistant.deleteDevice(device);
  await vi.waitFor(async () => expect(await home.device(null)).toBeNull(), POLL);
  const begun = performance.now();
  await vi.waitFor(async () => expect(await home.device(null)).not.toBeNull(), {
    timeout: 90_000,
    interval: 500,
  });
  tell(context, `back after ${seconds(performance.now() - begun)}`);
  await home.allAvailable();
  expect(await home.homeAssistant.state('sensor.smbwarden_status')).toBe('idle');
});

test('"mqtt test" shows a test alert as an event', async () => {
  home.forgetThePast();
  await home.program.json('mqtt', 'test');
  await vi.waitFor(() => expect(home.eventsShown()).toHaveLength(1), POLL);
  expect(home.eventsShown()).toMatchObject([{ event_type: 'finding_opened', replayed: false }]);
});

test('"mqtt remove-all" leaves nothing, and "mqtt republish" brings back all but what the owner deleted', async () => {
  const before = await entityIds();
  await home.program.json('mqtt', 'remove-all', '--yes');
  await vi.waitFor(async () => expect(await home.homeAssistant.devices()).toEqual([]), POLL);
  expect(await home.listener.retained('smbwarden/#')).toEqual([]);
  expect(await home.listener.retained('homeassistant/device/#')).toEqual([]);
  await home.program.json('mqtt', 'republish');
  await vi.waitFor(async () => expect(await entityIds()).toEqual(before), POLL);
  await home.allAvailable();
});

test('two daemons with one id are told, and Home Assistant has nothing twice', async () => {
  const before = await entityIds();
  const agent = await home.agentId();
  const { url, user, password } = home.lab.mosquitto;
  const config = `mqtt: { url: "${url}", username: ${user}, password: ${password} }\nagent: { id: ${agent} }\n`;
  const second = await Program.install(home.lab, 'second', config);
  const rival = await second.startDaemon();
  await Promise.any([rival, home.daemon].map((daemon) => daemon.says(/same id/, 60_000)));
  await rival.stop();
  expect(await entityIds()).toEqual(before);
}, 90_000);

test('Home Assistant has not logged a single warning about it', () => {
  // When its owner deletes a device, it clears the discovery topic once for each entity, and warns of all but the first.
  const own = /^No device components to cleanup for /;
  const complaints = home.homeAssistant.complaints().filter(({ message }) => !own.test(message));
  expect(complaints).toEqual([]);
});

async function entityIds(): Promise<string[]> {
  return (await home.homeAssistant.entities()).map(({ entity_id }) => entity_id);
}

async function retain(topic: string, payload: string): Promise<void> {
  const { station, user, password } = home.lab.mosquitto;
  const login = ['-h', station.address, '-u', user, '-P', password];
  await home.lab.agent.run('mosquitto_pub', [...login, '-q', '1', '-r', '-t', topic, '-s'], {
    input: payload,
  });
}
