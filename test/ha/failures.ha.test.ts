/** Bad days, as Home Assistant shows them: every row of the failure matrix, on the real processes. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { castOf } from '../lab/hosts.ts';
import type { Heard } from '../lab/listener.ts';
import { Home, SECURITY_EVENT, seconds, tell } from './home.ts';

const LEGACY = 'h245ebe000021';
const CONNECTION = 'binary_sensor.smbwarden_connection';
const NAS_EXPOSURE = 'binary_sensor.smbwarden_nas_exposure';
/** What these two stand for stays when the agent is gone: whether it is there, and what it told last. */
const STAY = [CONNECTION, SECURITY_EVENT];

let home: Home;

beforeAll(async () => {
  home = await Home.open(castOf('broker', 'nas', 'legacy'));
  await home.allAvailable();
});
afterAll(() => home?.close());
beforeEach(() => home.forgetThePast());

test('the daemon is stopped: everything is unavailable at once, and the connection is off', async (context) => {
  const begun = performance.now();
  await home.daemon.stop();
  await home.shows(CONNECTION, 'off', 5_000);
  const took = performance.now() - begun;
  await vi.waitFor(async () => expect(await available()).toEqual(STAY), { timeout: 2_000 });
  await home.startDaemon();
  const back = await home.allAvailable();
  tell(context, `unavailable ${seconds(took)} after SIGTERM, back ${seconds(back)} after the start`);
});

test('the daemon crashes: the same, after the will delay', async (context) => {
  const begun = performance.now();
  home.daemon.signal('SIGKILL');
  await delay(15_000);
  expect(await home.unavailable()).toEqual([]);
  await home.shows(CONNECTION, 'off', 15_000);
  tell(context, `unavailable ${seconds(performance.now() - begun)} after SIGKILL`);
  await vi.waitFor(async () => expect(await available()).toEqual(STAY), { timeout: 2_000 });
  await home.startDaemon();
  await home.allAvailable();
});

test('the daemon crashes and is back within 20 s: nothing flickers', async () => {
  home.daemon.signal('SIGKILL');
  await delay(5_000);
  await home.startDaemon();
  await delay(25_000);
  expect(flickers()).toEqual([]);
  expect(await home.homeAssistant.state(CONNECTION)).toBe('on');
});

test('the broker restarts and has lost everything: all is back without a restart of anybody', async (context) => {
  const begun = performance.now();
  await home.restartBrokerEmpty();
  await home.listener.ready();
  await delay(1_000);
  await home.allAvailable(60_000);
  tell(context, `all available ${seconds(performance.now() - begun)} after the kill`);
  const configs = await home.listener.retained('homeassistant/device/#');
  expect(configs).toHaveLength(3);
  await delay(15_000);
  expect(home.eventsShown()).toEqual([]);
});

test('Home Assistant restarts: nothing is unavailable, and it hears what it missed as replayed', async (context) => {
  const stopping = home.listener.count();
  await home.homeAssistant.stop();
  await home.listener.hears(isStatus('offline'), { from: stopping });
  await home.lab.samba('legacy').restartWith({ 'server min protocol': 'SMB2' });
  const { changes } = await home.program.json<SweepJson>('sweep', '--level', 'L3');
  expect(changes.map(({ type }) => type)).toContain('finding_resolved');
  const from = home.listener.count();
  await home.homeAssistant.start();
  await home.listener.hears(isStatus('online'), { from, withinMs: 60_000 });
  const born = performance.now();
  const available = await home.allAvailable(10_000);
  await vi.waitFor(() => expect(home.eventsShown()).not.toEqual([]), { timeout: 30_000 });
  tell(
    context,
    `all available ${seconds(available)} after birth, event ${seconds(performance.now() - born)}`,
  );
  await delay(5_000);
  expect(home.eventsShown().map(({ event_type, replayed }) => [event_type, replayed])).toEqual([
    ['finding_resolved', true],
  ]);
  expect(await home.homeAssistant.state('binary_sensor.smbwarden_naslegacy_smb1')).toBe('off');
});

test('Home Assistant crashes in an alert storm: each alert arrives, once or again with its id', async () => {
  await home.homeAssistant.kill();
  await home.lab.samba('legacy').restartWith({ 'server min protocol': 'NT1' });
  await home.program.json<SweepJson>('sweep', '--level', 'L3');
  await home.program.json('ack', LEGACY);
  const from = home.listener.count();
  await home.homeAssistant.start();
  await home.listener.hears(isStatus('online'), { from, withinMs: 60_000 });
  await delay(25_000);
  const told = home.eventsShown();
  expect(new Set(told.map(({ event_type }) => event_type))).toEqual(
    new Set(['finding_reopened', 'finding_acknowledged']),
  );
  expect(told.every(({ replayed }) => replayed)).toBe(true);
});

test('a host gets another address: it stays the same device', async () => {
  const before = await home.device('h001132000020');
  await home.lab.host('nas').moveTo('10.77.0.120');
  await home.program.json('sweep');
  await home.shows('sensor.smbwarden_nas_ip_address', '10.77.0.120');
  expect(await home.device('h001132000020')).toMatchObject({ id: before?.id ?? '' });
  expect(await home.homeAssistant.devices()).toHaveLength(3);
});

test('a host is switched off: it is not reachable, and its findings are kept', async () => {
  const findings = await home.homeAssistant.state('sensor.smbwarden_nas_findings');
  await home.lab.host('nas').switchOff();
  await home.program.json('sweep');
  await home.program.json('sweep');
  await home.shows('binary_sensor.smbwarden_nas_reachable', 'off', 5_000);
  expect(await home.homeAssistant.state('sensor.smbwarden_nas_findings')).toBe(findings);
  expect(await home.homeAssistant.state(NAS_EXPOSURE)).toBe('on');
  await home.lab.host('nas').switchOn();
});

test('the daemon hangs: the broker notices, and everything is unavailable within three minutes', async (context) => {
  const begun = performance.now();
  home.daemon.signal('SIGSTOP');
  await home.shows(CONNECTION, 'off', 180_000);
  tell(context, `unavailable ${seconds(performance.now() - begun)} after SIGSTOP`);
  home.daemon.signal('SIGCONT');
  await home.shows(CONNECTION, 'on', 60_000);
  await home.allAvailable();
}, 300_000);

test('Home Assistant has not logged a single warning about it', () => {
  const lost = /^(Disconnected from MQTT server|Error returned from MQTT server)/;
  const complaints = home.homeAssistant.complaints().filter(({ message }) => !lost.test(message));
  expect(complaints).toEqual([]);
});

interface SweepJson {
  readonly changes: readonly { readonly type: string }[];
}

/** Our entities that are available now, in order. */
async function available(): Promise<string[]> {
  const states = [...(await home.states()).values()];
  const there = states.filter(({ state }) => state !== 'unavailable');
  return there.map(({ entity_id }) => entity_id).sort();
}

/** What became unavailable or was off for a moment. */
function flickers(): string[] {
  const gone = home.homeAssistant.changes.filter(
    ({ entityId, to }) => to === 'unavailable' || (entityId === CONNECTION && to === 'off'),
  );
  return gone.map(({ entityId, to }) => `${entityId} ${to}`);
}

function isStatus(status: 'online' | 'offline') {
  return ({ topic, payload }: Heard) => topic === 'homeassistant/status' && payload === status;
}
