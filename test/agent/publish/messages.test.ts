import { describe, expect, test } from 'vitest';
import { hostDiscovery } from '../../../agent/publish/home-assistant.ts';
import { deviceHosts, Messages } from '../../../agent/publish/messages.ts';
import { HOME_ASSISTANT } from '../../../domain/decision.ts';
import type { HostRecord } from '../../../domain/host.ts';
import { AGENT_ID, sampleMqtt, samplePicture, TOPICS } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleFinding, sampleHost } from '../../support/samples.ts';

const AGENT = { id: AGENT_ID, version: '1.0.0' };
const CONFIG = sampleMqtt().homeAssistant;
const HOUR = 3600 * 1000;
const NOBODY = { devices: new Set<string>(), hidden: new Set<string>() };
const vendorOf = (mac: string) => (mac.startsWith('00:11:32') ? 'Synology Incorporated' : null);
const quiet = sampleHost({ id: 'h00aabb112233', mac: '00:aa:bb:11:22:33', facts: {}, findings: [] });
const phone = sampleHost({ id: 'u00aabb112233', mac: '02:aa:bb:11:22:33', facts: {}, findings: [] });

function idsOf(
  hosts: readonly HostRecord[],
  config: Partial<typeof CONFIG>,
  known: Partial<typeof NOBODY> = {},
) {
  const chosen = deviceHosts(samplePicture(hosts), { ...CONFIG, ...config }, { ...NOBODY, ...known });
  return chosen.map((host) => host.id);
}

describe('devices', () => {
  test('are the hosts that ever showed an exposure, all, or none', () => {
    const hosts = [sampleHost({ findings: [sampleFinding({ state: 'resolved' })] }), quiet];
    expect(idsOf(hosts, { hosts: 'exposed' })).toEqual(['h001132aabbcc']);
    expect(idsOf(hosts, { hosts: 'all' })).toEqual(['h001132aabbcc', 'h00aabb112233']);
    expect(idsOf(hosts, { hosts: 'none' })).toEqual([]);
  });

  test('become phones with a randomised MAC only after three sweeps', () => {
    expect(idsOf([phone], { hosts: 'all' })).toEqual([]);
    expect(idsOf([{ ...phone, lastSeenAt: SAMPLE_TIME + HOUR / 2 }], { hosts: 'all' })).toEqual([phone.id]);
    expect(idsOf([{ ...phone, facts: { 'smb.smb2': 'yes' } }], { hosts: 'all' })).toEqual([phone.id]);
  });

  test('are at most maxDevices: those that are already, then the worst', () => {
    const hosts = (['low', 'critical', 'high'] as const).map((severity, n) =>
      sampleHost({ id: `h00000000000${n}`, findings: [sampleFinding({ severity })] }),
    );
    expect(idsOf(hosts, { maxDevices: 2 })).toEqual(['h000000000001', 'h000000000002']);
    expect(idsOf(hosts, { maxDevices: 2 }, { devices: new Set(['h000000000000']) })).toEqual([
      'h000000000000',
      'h000000000001',
    ]);
  });

  test('leave out a host that is ignored for good, unless by the switch of its own device', () => {
    const ignoredBy = (decision: object) =>
      idsOf([sampleHost({ ignored: { at: SAMPLE_TIME, until: null, note: null, ...decision } })], {});
    expect(ignoredBy({})).toEqual([]);
    expect(ignoredBy({ until: SAMPLE_TIME + HOUR })).toEqual(['h001132aabbcc']);
    expect(ignoredBy({ by: HOME_ASSISTANT })).toEqual(['h001132aabbcc']);
  });

  test('leave out a host whose device the owner deleted', () => {
    expect(idsOf([sampleHost()], {}, { hidden: new Set(['h001132aabbcc']) })).toEqual([]);
  });
});

describe('messages', () => {
  function messagesOf() {
    const messages = new Messages(AGENT, TOPICS, CONFIG, vendorOf);
    return (host: HostRecord) => messages.of(samplePicture([host]), NOBODY);
  }

  test('go from devices to states to "online"', () => {
    const topics = messagesOf()(sampleHost()).map(({ topic }) => topic);
    expect(topics).toEqual([
      TOPICS.agentConfig,
      TOPICS.hostConfig('h001132aabbcc'),
      TOPICS.info,
      TOPICS.state,
      TOPICS.findings,
      TOPICS.hostAttributes('h001132aabbcc'),
      TOPICS.hostState('h001132aabbcc'),
      TOPICS.availability,
    ]);
  });

  test('name the manufacturer of a host that has a MAC, where it is known', () => {
    const deviceOf = (host: HostRecord) =>
      JSON.parse(
        messagesOf()(host).find(({ owner, kind }) => owner !== null && kind === 'discovery')!.payload,
      ).device;
    expect(deviceOf(sampleHost()).manufacturer).toBe('Synology Incorporated');
    expect(deviceOf(sampleHost({ mac: '3c:52:82:01:02:03' }))).not.toHaveProperty('manufacturer');
    expect(deviceOf(sampleHost({ mac: null }))).not.toHaveProperty('manufacturer');
  });

  test('tell last_seen with a real change, and alone once a day', () => {
    const of = messagesOf();
    const lastSeen = (host: HostRecord) =>
      JSON.parse(of(host).find(({ kind }) => kind === 'state')!.payload).last_seen;
    const first = lastSeen(sampleHost());
    expect(lastSeen(sampleHost({ lastSeenAt: SAMPLE_TIME + HOUR }))).toBe(first);
    expect(lastSeen(sampleHost({ lastSeenAt: SAMPLE_TIME + 2 * HOUR, present: false }))).toBe(
      '2026-11-22T00:41:05+00:00',
    );
    expect(lastSeen(sampleHost({ lastSeenAt: SAMPLE_TIME + 26 * HOUR, present: false }))).toBe(
      '2026-11-23T00:41:05+00:00',
    );
  });

  test('call a host without a name by the address of its first sight, also after a restart', () => {
    const nameless = (address: string) => sampleHost({ facts: { addresses: [address] } });
    const nameIn = (messages: ReturnType<Messages['of']>) =>
      JSON.parse(messages.find(({ owner, kind }) => owner !== null && kind === 'discovery')!.payload).device
        .name;
    const of = messagesOf();
    of(nameless('192.168.1.21'));
    expect(nameIn(of(nameless('192.168.1.99')))).toBe('192.168.1.21');

    const restarted = new Messages(AGENT, TOPICS, CONFIG, vendorOf);
    const earlier = { id: 'h001132aabbcc', mac: null, name: '192.168.1.21', manufacturer: null, model: null };
    restarted.learn(
      new Map([
        [TOPICS.hostConfig(earlier.id), hostDiscovery(earlier, AGENT, TOPICS, { connections: true })],
      ]),
    );
    expect(nameIn(restarted.of(samplePicture([nameless('192.168.1.99')]), NOBODY))).toBe('192.168.1.21');
  });
});
