import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { discoveredName, withTombstones } from '../../../agent/publish/discovered.ts';
import { agentDiscovery, hostDiscovery } from '../../../agent/publish/home-assistant.ts';
import { AGENT_ID, TOPICS } from '../../support/publisher-parts.ts';

const AGENT = { id: AGENT_ID, version: '1.0.0' };
const NAS = {
  id: 'h001132aabbcc',
  mac: '00:11:32:aa:bb:cc',
  name: 'NASLEGACY',
  manufacturer: 'Synology Incorporated',
  model: 'Samba',
};

function discovery(host: Partial<typeof NAS>, connections = true) {
  return JSON.parse(hostDiscovery({ ...NAS, ...host }, AGENT, TOPICS, { connections }));
}

describe('discovery', () => {
  test('makes the agent a device', async () => {
    await expect(pretty(agentDiscovery(AGENT, TOPICS))).toMatchFileSnapshot(
      '../../golden/home-assistant/agent-discovery.json',
    );
  });

  test('makes a host a device', async () => {
    const payload = hostDiscovery(NAS, AGENT, TOPICS, { connections: true });
    await expect(pretty(payload)).toMatchFileSnapshot('../../golden/home-assistant/host-discovery.json');
  });

  test('has no entity that docs/mqtt.md does not list', () => {
    const page = readFileSync(new URL('../../../docs/mqtt.md', import.meta.url), 'utf8');
    const [agent = '', host = ''] = page.split('## Device of the agent')[1]!.split('## Device of a host');
    const undocumented = (components: object, section: string) =>
      Object.keys(components).filter((key) => !section.includes(`\`${key}\``));
    expect(undocumented(JSON.parse(agentDiscovery(AGENT, TOPICS)).components, agent)).toEqual([]);
    expect(undocumented(discovery({}).components, host)).toEqual([]);
  });

  test('links a host by its MAC only where the MAC is its own and the owner wants it', () => {
    expect(discovery({}).device.connections).toEqual([['mac', '00:11:32:aa:bb:cc']]);
    expect(discovery({}, false).device).not.toHaveProperty('connections');
    expect(discovery({ mac: '02:11:32:aa:bb:cc' }).device).not.toHaveProperty('connections');
  });

  test('leaves out what is not known of the device', () => {
    const { device } = JSON.parse(
      hostDiscovery({ ...NAS, manufacturer: null, model: null }, AGENT, TOPICS, { connections: true }),
    );
    expect(Object.keys(device)).toEqual(['identifiers', 'connections', 'name', 'via_device']);
  });

  test('makes a hostile name harmless, and keeps it out of every id and template', () => {
    const hostile = '{{ 7*7 }}<b>`x`\u202e+/#\u0000';
    const { device, components } = discovery({ name: hostile, manufacturer: hostile });
    expect(device.name).toBe('7*7 bx+/#');
    expect(device.manufacturer).toBe('7*7 bx+/#');
    expect(components.exposure.default_entity_id).toBe('binary_sensor.smbwarden_7_7_bx_exposure');
    expect(components.exposure.value_template).toBe('{{ value_json.exposure }}');
  });

  test('falls back to the id of the host where its name has no letter of ASCII', () => {
    expect(discovery({ name: 'サーバー' }).components.smb1.default_entity_id).toBe(
      'binary_sensor.smbwarden_h001132aabbcc_smb1',
    );
  });

  test('cuts a name of 300 characters', () => {
    expect(discovery({ name: 'N'.repeat(300) }).device.name).toHaveLength(64);
  });
});

describe('payloads found in the broker', () => {
  const wanted = agentDiscovery(AGENT, TOPICS);

  test('leave tombstones for the components that are no longer wanted', () => {
    const before = JSON.parse(wanted);
    before.components.of_old = { platform: 'button', unique_id: 'x' };
    const { components } = JSON.parse(withTombstones(JSON.stringify(before), wanted) ?? '');
    expect(components.of_old).toEqual({ platform: 'button' });
    expect(components.exposure).toEqual(JSON.parse(wanted).components.exposure);
  });

  test.each(['', 'null', '[]', '{"components":7}', '{"components":{"a b":{"platform":"sensor"}}}', wanted])(
    'leave none where nothing of ours was taken away: %.40s',
    (found) => {
      expect(withTombstones(found, wanted)).toBeNull();
    },
  );

  test('tell the name of a device, or nothing', () => {
    expect(discoveredName(wanted)).toBe('smbwarden');
    expect(discoveredName('{"device":{"name":7}}')).toBeNull();
    expect(discoveredName('not JSON')).toBeNull();
  });
});

function pretty(json: string): string {
  return `${JSON.stringify(JSON.parse(json), null, 2)}\n`;
}
