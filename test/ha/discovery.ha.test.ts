/** What Home Assistant makes of a small home: devices, entities, states, and the way back to the daemon. */
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CastMember, castOf } from '../lab/hosts.ts';
import { Home, isOurs, seconds, tell } from './home.ts';
import {
  type EntityState,
  identifierOf,
  type RegisteredDevice,
  type RegisteredEntity,
} from './home-assistant.ts';

const GOLDEN = fileURLToPath(new URL('../golden/ha-entities.txt', import.meta.url));
const NAS = 'h001132000020';
const POLL = { timeout: 20_000, interval: 200 };

/** As an owner may call a machine who copied it from somewhere: a template, markup, Markdown, text-direction marks. */
const HOSTILE_NAME = '{{ 7*7 }} <img src=x> `ls` **[a](//b)** \u202e\u2066RTL';
const [ATTACKER] = castOf('session-only') as [CastMember];
const HOSTILE: CastMember = {
  ...ATTACKER,
  samba: {
    options: ATTACKER.samba?.options ?? {},
    nmbd: true,
    shares: { '{{ states }}': { 'guest ok': 'no' }, '`**x**`': { 'guest ok': 'no' } },
  },
};
const NOT_IN_A_NAME = /[<>{}`\u0000-\u001f\u202a-\u202e\u2066-\u2069]/;
/** Home Assistant's own stamps, which may well be of 8:49. */
const IS_A_TIME = /^\d{4}-\d\d-\d\dT[\d:.+]+$/;

let home: Home;

beforeAll(async () => {
  const config = `hosts: { ${HOSTILE.address}: { name: ${JSON.stringify(HOSTILE_NAME)} } }\n`;
  home = await Home.open([...castOf('broker', 'nas', 'legacy', 'quicksand', 'escapes', 'bare'), HOSTILE], {
    config,
  });
});
afterAll(() => home?.close());

test('finds the agent and each exposed host by itself', async (context) => {
  const took = await home.allAvailable();
  await vi.waitFor(async () => expect(await home.homeAssistant.devices()).toHaveLength(6), POLL);
  tell(context, `all available ${seconds(took)} after the first sweep`);
});

test('registers every entity as written down', async () => {
  const [devices, entities, states] = await Promise.all([
    home.homeAssistant.devices(),
    home.homeAssistant.entities(),
    home.states(),
  ]);
  const agent = await home.agentId();
  const text = devices
    .flatMap((device) => [
      deviceLine(device, devices),
      ...entities
        .filter(({ device_id }) => device_id === device.id)
        .map((entity) => entityLine(entity, states.get(entity.entity_id)?.attributes ?? {})),
      '',
    ])
    .join('\n')
    .replaceAll(agent, 'AGENT')
    // The id of a host with a locally administered MAC is drawn.
    .replaceAll(/_u[0-9a-f]{12}/g, '_RANDOM');
  await expect(text).toMatchFileSnapshot(GOLDEN);
});

test('shows what the sweep found, and leaves unknown what is unknown', async () => {
  const states = await home.states();
  const shown = (entityId: string) => states.get(entityId)?.state;
  expect({
    exposure: shown('binary_sensor.smbwarden_exposure'),
    connection: shown('binary_sensor.smbwarden_connection'),
    problem: shown('binary_sensor.smbwarden_problem'),
    severity: shown('sensor.smbwarden_highest_severity'),
    status: shown('sensor.smbwarden_status'),
    smb1Hosts: shown('sensor.smbwarden_hosts_smb1'),
    sweeps: shown('switch.smbwarden_sweeps_enabled'),
    interval: shown('number.smbwarden_sweep_interval'),
    threshold: shown('select.smbwarden_alert_threshold'),
    legacySmb1: shown('binary_sensor.smbwarden_naslegacy_smb1'),
    legacyGuests: shown('binary_sensor.smbwarden_naslegacy_guest_access'),
    legacySeverity: shown('sensor.smbwarden_naslegacy_severity'),
    legacyAddress: shown('sensor.smbwarden_naslegacy_ip_address'),
    nasSmb1: shown('binary_sensor.smbwarden_nas_smb1'),
    nasNetbios: shown('binary_sensor.smbwarden_nas_netbios'),
    nasReachable: shown('binary_sensor.smbwarden_nas_reachable'),
    nasIgnored: shown('switch.smbwarden_nas_ignore'),
    quicksandSmb1: shown('binary_sensor.smbwarden_10_77_0_29_smb1'),
  }).toEqual({
    exposure: 'on',
    connection: 'on',
    problem: 'off',
    severity: 'critical',
    status: 'idle',
    smb1Hosts: '1',
    sweeps: 'on',
    interval: '15',
    threshold: 'medium',
    legacySmb1: 'on',
    legacyGuests: 'on',
    legacySeverity: 'critical',
    legacyAddress: '10.77.0.21',
    nasSmb1: 'off',
    nasNetbios: 'on',
    nasReachable: 'on',
    nasIgnored: 'off',
    quicksandSmb1: 'unknown',
  });
  const findings = states.get('sensor.smbwarden_open_findings')?.attributes.findings;
  expect(findings).toHaveLength(Number(shown('sensor.smbwarden_open_findings')));
});

test('shows hostile names as text, and nothing of them is rendered', async () => {
  const devices = await home.homeAssistant.devices();
  const states = [...(await home.states()).values()];
  expect(devices.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^7\*7 img src=x ls .*RTL$/));
  const texts = stringsIn([devices.map(({ name }) => name), states]);
  expect(texts).toContain('31mbx');
  const names = texts.filter((text) => !IS_A_TIME.test(text));
  expect(names.filter((text) => NOT_IN_A_NAME.test(text) || /\b49\b/.test(text))).toEqual([]);
});

test('a press on "Sweep now" sweeps', async () => {
  const lastSweep = async () => (await home.program.json<Status>('status')).lastSweep.id;
  const before = await lastSweep();
  await home.homeAssistant.act('button.press', 'button.smbwarden_sweep');
  await expect.poll(lastSweep, { timeout: 30_000 }).toBeGreaterThan(before);
});

test('a press on "Check now" of a host checks it', async () => {
  const from = home.listener.count();
  await home.homeAssistant.act('button.press', 'button.smbwarden_nas_recheck');
  const { payload } = await home.listener.hears(({ topic }) => topic.endsWith('/cmd/result'), { from });
  expect(JSON.parse(payload)).toMatchObject({ cmd: `host/${NAS}/recheck`, ok: true });
});

test('the switch, the number and the select take effect and show what is in force', async () => {
  const { homeAssistant } = home;
  await homeAssistant.act('switch.turn_off', 'switch.smbwarden_sweeps_enabled');
  await home.shows('sensor.smbwarden_status', 'paused');
  await home.shows('switch.smbwarden_sweeps_enabled', 'off');
  await homeAssistant.act('switch.turn_on', 'switch.smbwarden_sweeps_enabled');
  await home.shows('sensor.smbwarden_status', 'idle');
  await homeAssistant.act('number.set_value', 'number.smbwarden_sweep_interval', { value: 30 });
  await home.shows('number.smbwarden_sweep_interval', '30');
  await homeAssistant.act('select.select_option', 'select.smbwarden_alert_threshold', { option: 'critical' });
  await home.shows('select.smbwarden_alert_threshold', 'critical');
  await home.shows('binary_sensor.smbwarden_nas_exposure', 'off');
  await homeAssistant.act('select.select_option', 'select.smbwarden_alert_threshold', { option: 'medium' });
  await home.shows('binary_sensor.smbwarden_nas_exposure', 'on');
});

test('a host is ignored by its switch, and heeded again', async () => {
  await home.homeAssistant.act('switch.turn_on', 'switch.smbwarden_nas_ignore');
  await home.shows('switch.smbwarden_nas_ignore', 'on');
  await home.shows('sensor.smbwarden_nas_severity', 'none');
  await home.homeAssistant.act('switch.turn_off', 'switch.smbwarden_nas_ignore');
  await home.shows('sensor.smbwarden_nas_severity', 'medium');
});

test('findings of one host, then all, are acknowledged by buttons, and each tells an event', async () => {
  home.forgetThePast();
  await home.homeAssistant.act('button.press', 'button.smbwarden_nas_acknowledge');
  await home.shows('binary_sensor.smbwarden_nas_exposure', 'off');
  expect(await home.homeAssistant.state('binary_sensor.smbwarden_naslegacy_exposure')).toBe('on');
  await home.homeAssistant.act('button.press', 'button.smbwarden_ack_all');
  await home.shows('sensor.smbwarden_unacknowledged', '0');
  await home.shows('binary_sensor.smbwarden_exposure', 'off');
  const { attributes } = (await home.homeAssistant.entity('sensor.smbwarden_open_findings')) as EntityState;
  const findings = attributes.findings as readonly { readonly severity: string }[];
  // What is below the threshold raises no event.
  const told = findings.filter(({ severity }) => !['info', 'low'].includes(severity));
  await vi.waitFor(() => expect(home.eventsShown()).toHaveLength(told.length), POLL);
  expect(new Set(home.eventsShown().map(({ event_type }) => event_type))).toEqual(
    new Set(['finding_acknowledged']),
  );
});

test('an event reaches the event entity and the device trigger, once', async () => {
  const agent = await home.device(null);
  const triggers = await home.homeAssistant.socket.ask<readonly DeviceTrigger[]>(
    'device_automation/trigger/list',
    { device_id: agent?.id },
  );
  const ours = triggers.filter(({ domain }) => domain === 'mqtt');
  expect(ours.map(({ type, subtype }) => `${type} ${subtype}`).sort()).toEqual([
    'finding critical',
    'finding opened',
    'finding resolved',
    'host new',
    'sweep failed',
  ]);
  const fired: unknown[] = [];
  const resolved = ours.find(({ type, subtype }) => `${type} ${subtype}` === 'finding resolved');
  await home.homeAssistant.socket.subscribeTrigger(resolved as DeviceTrigger, (event) => fired.push(event));
  home.forgetThePast();
  await home.lab.samba('legacy').restartWith({ 'server min protocol': 'SMB2' });
  await home.program.json('sweep', '--level', 'L3');
  await home.shows('binary_sensor.smbwarden_naslegacy_smb1', 'off');
  await vi.waitFor(() => expect(fired).toHaveLength(1), POLL);
  expect(home.eventsShown().map(({ event_type, replayed }) => [event_type, replayed])).toEqual([
    ['finding_resolved', false],
  ]);
});

test('an unchanged sweep makes the recorder write nothing about hosts', async (context) => {
  await delay(3_000);
  const before = lastRow();
  await home.program.json('sweep');
  await delay(5_000);
  const written = home.homeAssistant.inRecorder((database) =>
    database
      .prepare<[number], { entity_id: string }>(
        'SELECT states_meta.entity_id FROM states JOIN states_meta USING (metadata_id) WHERE state_id > ?',
      )
      .all(before),
  );
  const ours = written.filter(isOurs).map(({ entity_id }) => entity_id);
  tell(context, `rows written: ${ours.length === 0 ? 'none' : ours.join(', ')}`);
  expect(ours).toEqual([]);
});

test('Home Assistant has not logged a single warning about it', () => {
  expect(home.homeAssistant.complaints()).toEqual([]);
});

/** Every string in it, at whatever depth; keys do not count. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(stringsIn);
}

interface Status {
  readonly lastSweep: { readonly id: number };
}

interface DeviceTrigger {
  readonly domain: string;
  readonly type: string;
  readonly subtype: string;
}

function lastRow(): number {
  return home.homeAssistant.inRecorder(
    (database) =>
      database.prepare<[], { id: number }>('SELECT max(state_id) AS id FROM states').get()?.id ?? 0,
  );
}

function deviceLine(device: RegisteredDevice, all: readonly RegisteredDevice[]): string {
  const { name, manufacturer, model, connections, via_device_id } = device;
  const via = all.find(({ id }) => id === via_device_id);
  return [
    `${identifierOf(device)}: ${name}`,
    `made by ${manufacturer ?? '–'}`,
    `model ${model ?? '–'}`,
    `connections ${connections.map((each) => each.join(' ')).join(', ') || '–'}`,
    `via ${via === undefined ? '–' : identifierOf(via)}`,
  ].join(' | ');
}

function entityLine(entity: RegisteredEntity, attributes: Readonly<Record<string, unknown>>): string {
  const { entity_id, unique_id, original_name, entity_category, disabled_by } = entity;
  const { device_class, unit_of_measurement, state_class, options, min, max } = attributes;
  const traits = { device_class, unit_of_measurement, state_class, options, min, max };
  return [
    `  ${entity_id}`,
    unique_id,
    original_name,
    entity_category ?? 'main',
    ...(disabled_by === null ? [] : ['off']),
    ...Object.values(traits)
      .filter((trait) => trait !== undefined)
      .map((trait) => (Array.isArray(trait) ? trait.join('/') : String(trait))),
  ].join(' | ');
}
