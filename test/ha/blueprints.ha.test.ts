/** The blueprints and the dashboard of homeassistant/, on a real Home Assistant, with a real phone's protocol. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { castOf } from '../lab/hosts.ts';
import { Home } from './home.ts';
import { parseLog } from './home-assistant.ts';
import { chosenRelease } from './missing.ts';
import { type Phone, phoneOf, tagged } from './phone.ts';

const FOLDER = new URL('../../homeassistant/blueprints/automation/smbwarden/', import.meta.url);
const EVENT = 'event.smbwarden_security_event';
const SOON = { timeout: 15_000, interval: 50 };
/** Long enough for what must not come. */
const QUIET_MS = 1_500;

/** A release is `year.month.patch`. */
const [YEAR = 0, MONTH = 0] = chosenRelease().homeAssistant.split('.').map(Number);
const KNOWS_EVENT_TRIGGERS = YEAR * 12 + MONTH >= 2026 * 12 + 7;
const FILES = readdirSync(FOLDER).filter((name) => KNOWS_EVENT_TRIGGERS || !name.includes('2026.7'));

let home: Home;
let phone: Phone;
let agentId: string;

beforeAll(async () => {
  home = await Home.open(castOf('broker', 'nas', 'legacy'));
  const { homeAssistant } = home;
  agentId = await home.agentId();
  phone = await phoneOf(homeAssistant);
  await homeAssistant.copy(new URL('.', FOLDER).pathname, 'blueprints/automation/smbwarden');
  await home.allAvailable();
});
afterAll(async () => {
  phone?.close();
  await home?.close();
});
// What an earlier test has set going arrives before the next one begins.
beforeEach(async () => {
  await sleep(200);
  phone.notifications.length = 0;
});

/** Makes an automation of each blueprint, as the owner would in the browser. */
async function automate(
  ...automations: readonly { readonly file: string; readonly input: object }[]
): Promise<void> {
  const list = automations.map(({ file, input }) => ({
    id: file,
    alias: file,
    use_blueprint: { path: `smbwarden/${file}`, input },
  }));
  await home.homeAssistant.write('automations.yaml', JSON.stringify(list));
  await home.homeAssistant.rest('POST', 'services/automation/reload', {});
  await vi.waitFor(async () => {
    const states = await home.homeAssistant.states();
    const running = states.filter(
      ({ entity_id, state }) => entity_id.startsWith('automation.') && state === 'on',
    );
    expect(running).toHaveLength(list.length);
  }, SOON);
}

/** The daemon's own words on MQTT, as if it had found something; `more` replaces parts of them. */
async function announce(more: object = {}): Promise<void> {
  await home.listener.say(`smbwarden/${agentId}/event`, JSON.stringify({ ...anEvent(), ...more }));
}

function anEvent(): Record<string, unknown> {
  return {
    event_type: 'finding_opened',
    id: `e${Math.random().toString(36).slice(2)}`,
    occurred_at: '2026-11-21T22:41:05+00:00',
    replayed: false,
    severity: 'high',
    finding_id: 'f_made_up',
    rule: 'smb1-enabled',
    title: 'SMB 1 is accepted',
    message: 'NAS accepts SMB 1',
    host_id: 'h001132aabbcc',
    host_name: 'NAS',
    ip: '10.77.0.20',
    mac: '00:11:32:aa:bb:cc',
    acknowledge_topic: `smbwarden/${agentId}/cmd/finding/f_made_up/ack`,
    url: null,
  };
}

/** A finding that is open in the daemon's history. */
async function openFinding() {
  const { findings } = await home.program.json<{ findings: { id: string; hostId: string; state: string }[] }>(
    'findings',
  );
  const found = findings.find(({ state }) => state === 'open');
  if (found === undefined) throw new Error('nothing is open');
  return found;
}

const stateOf = async (findingId: string) =>
  (await home.program.json<{ finding: { state: string } }>('finding', findingId)).finding.state;

const quiet = () => sleep(QUIET_MS);

test('every blueprint is read without a complaint', async () => {
  const blueprints = await home.homeAssistant.socket.ask<
    Record<string, { metadata?: object; error?: string }>
  >('blueprint/list', { domain: 'automation' });
  for (const file of FILES) expect(blueprints[`smbwarden/${file}`]).toHaveProperty('metadata');
});

describe.each(FILES.filter((name) => name.startsWith('finding-alert')))('%s', (file) => {
  beforeAll(async () => {
    await automate({
      file,
      input: {
        event_entity: EVENT,
        notify_action: phone.notifyAction,
        severities: ['high', 'critical'],
        in_home_assistant: true,
      },
    });
  });

  test('tells a finding with its buttons, and takes it back when it is resolved', async () => {
    await announce();
    await vi.waitFor(() => expect(tagged(phone, 'smbwarden_f_made_up')).toBeDefined(), SOON);
    const told = tagged(phone, 'smbwarden_f_made_up');
    expect(told).toMatchObject({ title: 'High: SMB 1 is accepted', message: '`NAS`, 10.77.0.20' });
    expect(told?.data?.actions).toEqual([
      { action: `SMBWARDEN::smbwarden/${agentId}/cmd/finding/f_made_up/ack`, title: 'Acknowledge' },
      { action: `SMBWARDEN::smbwarden/${agentId}/cmd/host/h001132aabbcc/recheck`, title: 'Check now' },
      { action: `SMBWARDEN::smbwarden/${agentId}/cmd/host/h001132aabbcc/ignore/set`, title: 'Ignore' },
    ]);
    const shown = async () =>
      (await home.homeAssistant.socket.ask<{ notification_id: string }[]>('persistent_notification/get')).map(
        ({ notification_id }) => notification_id,
      );
    await vi.waitFor(async () => expect(await shown()).toContain('smbwarden_f_made_up'), SOON);
    await announce({ event_type: 'finding_resolved' });
    const isApp = phone.notifyAction.includes('mobile_app_');
    const last = isApp ? 'clear_notification' : '`NAS`, 10.77.0.20';
    await vi.waitFor(() => expect(phone.notifications.at(-1)?.message).toBe(last), SOON);
    await vi.waitFor(async () => expect(await shown()).not.toContain('smbwarden_f_made_up'), SOON);
  });

  test('tells every one of many that come at once, each once, and none that was not chosen', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `f_many_${n}`);
    await Promise.all(ids.map((finding_id) => announce({ finding_id })));
    await announce({ severity: 'low', finding_id: 'f_low' });
    const tags = () => phone.notifications.map(({ data }) => data?.tag);
    await vi.waitFor(() => expect(tags().length).toBeGreaterThanOrEqual(40), SOON);
    await quiet();
    expect(tags().sort()).toEqual(ids.map((id) => `smbwarden_${id}`).sort());
  });

  test('tells the test alert of "smbwarden mqtt test", without buttons', async () => {
    expect((await home.program.run('mqtt', 'test')).code).toBe(0);
    await vi.waitFor(() => expect(tagged(phone, 'smbwarden_test')).toBeDefined(), SOON);
    expect(tagged(phone, 'smbwarden_test')).toMatchObject({
      title: 'High: Test alert',
      message: 'This is a test alert of smbwarden: nothing was found',
    });
    expect(tagged(phone, 'smbwarden_test')?.data?.actions ?? []).toEqual([]);
  });

  test('shows a hostile name as it is, and renders no part of it', async () => {
    const host_name = '[Click](http://10.0.0.1) {{ 7*7 }} **now**';
    await announce({ host_name, finding_id: 'f_hostile' });
    await vi.waitFor(() => expect(tagged(phone, 'smbwarden_f_hostile')).toBeDefined(), SOON);
    expect(tagged(phone, 'smbwarden_f_hostile')?.message).toBe(`\`${host_name}\`, 10.77.0.20`);
  });

  test('carries the button back to the daemon, which records it', async () => {
    const { id, hostId } = await openFinding();
    const from = home.listener.count();
    await phone.press(`SMBWARDEN::smbwarden/${agentId}/cmd/finding/${id}/ack`);
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('acknowledged'), SOON);
    await phone.press(`SMBWARDEN::smbwarden/${agentId}/cmd/host/${hostId}/ignore/set`);
    await home.listener.hears(
      ({ topic, payload }) => topic.endsWith(`/host/${hostId}/state`) && JSON.parse(payload).ignore === 'ON',
      { from },
    );
    await phone.press(`SMBWARDEN::smbwarden/${agentId}/cmd/host/${hostId}/recheck`);
    await home.listener.hears(
      ({ topic, payload }) => topic.endsWith('/cmd/result') && payload.includes('recheck'),
      { from },
    );
    await home.program.run('unignore', hostId);
    await home.program.run('unack', id);
  });

  test.each([
    'homeassistant/status',
    'AGENT/cmd/ha/remove_all',
    'AGENT/cmd/findings/ack_all',
    'AGENT/cmd/sweeps_enabled/set',
    'AGENT/cmd/finding/f_1/ack/../../../sweep',
    'AGENT/cmd/finding/f_1/ack\nx',
    'AGENT/cmd/finding/+/ack',
    'AGENT/cmd/finding/#',
    'AGENT/cmd/host/h1/ignore/set/x',
    'x/AGENT/cmd/finding/f_1/ack',
    'smbwarden/a00000000/cmd/finding/f_1/ack',
    '{{ states }}',
  ])('refuses to follow %j', async (topic) => {
    const from = home.listener.count();
    const meant = topic.replace('AGENT', `smbwarden/${agentId}`);
    await phone.press(`SMBWARDEN::${meant}`);
    await phone.press(meant);
    await quiet();
    const commands = home.listener
      .since(from)
      .filter((heard) => heard.topic === meant || heard.topic.includes('/cmd/'));
    // Its own birth, which follows a start by some seconds, is Home Assistant's to say.
    expect(commands.filter(({ payload }) => payload !== 'online')).toEqual([]);
  });

  test('says nothing when Home Assistant loses the broker, is reloaded, or gives the entity another name', async () => {
    await announce({ finding_id: 'f_before' });
    await vi.waitFor(() => expect(tagged(phone, 'smbwarden_f_before')).toBeDefined(), SOON);
    phone.notifications.length = 0;
    const rename = (name: string | null) =>
      home.homeAssistant.socket.ask('config/entity_registry/update', { entity_id: EVENT, name });
    await rename('Another name');
    await rename(null);
    await home.restartBrokerEmpty();
    await home.allAvailable(60_000);
    await home.homeAssistant.rest('POST', 'services/mqtt/reload', {});
    await home.allAvailable(60_000);
    await quiet();
    expect(phone.notifications.filter(({ data }) => data?.tag === 'smbwarden_f_before')).toEqual([]);
    await announce({ finding_id: 'f_after' });
    await vi.waitFor(() => expect(tagged(phone, 'smbwarden_f_after')).toBeDefined(), SOON);
  });
});

test('host-seen.yaml tells a new host and one that is back', async () => {
  await automate({
    file: 'host-seen.yaml',
    input: { event_entity: EVENT, notify_action: phone.notifyAction },
  });
  await announce({ event_type: 'host_new', severity: null, finding_id: null });
  await announce({ event_type: 'host_returned', severity: null, finding_id: null });
  await announce({ event_type: 'host_lost', severity: null, finding_id: null });
  await vi.waitFor(() => expect(phone.notifications).toHaveLength(2), SOON);
  expect(phone.notifications.map(({ title, message }) => `${title}: ${message}`)).toEqual([
    'New host: `NAS`, 10.77.0.20',
    'Host is back: `NAS`, 10.77.0.20',
  ]);
});

test('agent-trouble.yaml tells that the agent is down, and that it is well again', async () => {
  await automate({
    file: 'agent-trouble.yaml',
    input: {
      connection_entity: 'binary_sensor.smbwarden_connection',
      problem_entity: 'binary_sensor.smbwarden_problem',
      status_entity: 'sensor.smbwarden_status',
      notify_action: phone.notifyAction,
      patience: { seconds: 6 },
    },
  });
  await home.daemon.stop();
  await vi.waitFor(() => expect(phone.notifications).toHaveLength(1), SOON);
  expect(phone.notifications[0]).toMatchObject({
    title: 'smbwarden is in trouble',
    message: expect.stringContaining('is down'),
  });
  await home.startDaemon();
  await vi.waitFor(() => expect(phone.notifications).toHaveLength(2), SOON);
  // One that is over soon is told neither as a trouble nor as its end.
  await sleep(500);
  await home.daemon.stop();
  await home.startDaemon();
  await home.allAvailable();
  await quiet();
  expect(phone.notifications).toHaveLength(2);
  expect(phone.notifications[1]).toMatchObject({ title: 'smbwarden is well again' });
});

test('daily-digest.yaml lists what is open, the worst first', async () => {
  const input = {
    findings_entity: 'sensor.smbwarden_open_findings',
    notify_action: phone.notifyAction,
    most: 3,
  };
  await automate({ file: 'daily-digest.yaml', input });
  await home.allAvailable();
  await home.homeAssistant.act('automation.trigger', 'automation.daily_digest_yaml', {
    skip_condition: false,
  });
  await vi.waitFor(() => expect(phone.notifications).toHaveLength(1), SOON);
  const [digest] = phone.notifications;
  expect(digest?.title).toMatch(/^\d+ open findings$/);
  const lines = digest?.message.split('\n') ?? [];
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^(critical|high): .+ on `NASLEGACY`$/);
  expect(lines[3]).toMatch(/^and \d+ more$/);
});

test('no automation failed meanwhile', () => {
  const failures = parseLog(home.homeAssistant.log()).filter(
    ({ level, logger }) =>
      /automation|blueprint|script|template/.test(logger) && !['DEBUG', 'INFO'].includes(level),
  );
  expect(failures).toEqual([]);
});

test('the dashboard shows entities that there are', async () => {
  const text = readFileSync(new URL('../../homeassistant/dashboard.yaml', import.meta.url), 'utf8');
  const used = new Set(text.match(/\b[a-z_]+\.smbwarden_[a-z0-9_]+/g));
  const there = new Set((await home.homeAssistant.states()).map(({ entity_id }) => entity_id));
  expect([...used].filter((id) => !there.has(id))).toEqual([]);
});
