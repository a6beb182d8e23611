import { expect, it } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import type { Check } from '../../../agent/doctor/check.ts';
import type { DoctorWorld } from '../../../agent/doctor/doctor-world.ts';
import { ipv6Check } from '../../../agent/doctor/ipv6.ts';
import { doctorWorld } from '../../support/doctor-world.ts';

const EVERYWHERE = { devices: ['eth0', 'wlan0'], callable: ['eth0', 'wlan0'], trouble: null };
const verdicts = (checks: readonly Check[]) => checks.map(({ name, verdict }) => `${verdict} ${name}`);
const look = (parts: Partial<DoctorWorld>, { yaml = '', hostsOverIpv6 = 3 } = {}) => {
  const world = doctorWorld(parts);
  const config = parseConfig(yaml, 'x');
  const recorded = world.recorded(config);
  return ipv6Check(world, config, recorded === null ? null : { ...recorded, hostsOverIpv6 });
};
const told = async (...asked: Parameters<typeof look>) => (await look(...asked)).map(({ what }) => what);

it('IPv6 is switched off, or there is none towards the subnets: both are as they may be', async () => {
  const none = { ipv6: async () => ({ devices: [], callable: [], trouble: null }) };
  const off = { ipv6: () => expect.fail('looked at though it is switched off') };
  expect(await told(off, { yaml: 'ipv6: false' })).toEqual(['switched off in the configuration']);
  expect(await told(none)).toEqual([
    'no interface towards the subnets has a link-local address: nobody is asked',
  ]);
  expect(verdicts([...(await look(off, { yaml: 'ipv6: false' })), ...(await look(none))])).toEqual([
    'ok ipv6',
    'ok ipv6',
  ]);
});

it('IPv6 is told with the interfaces, and how many known hosts have answered there', async () => {
  const ipv6 = async () => EVERYWHERE;
  expect(await told({ ipv6 })).toEqual(['asked on eth0, wlan0; 3 known hosts have answered there']);
  expect(await told({ ipv6 }, { hostsOverIpv6: 1 })).toEqual([
    'asked on eth0, wlan0; 1 known host has answered there',
  ]);
  expect(await told({ ipv6 }, { hostsOverIpv6: 0 })).toEqual([
    'asked on eth0, wlan0; no known host has answered there',
  ]);
  expect(await told({ ipv6, recorded: () => null })).toEqual(['asked on eth0, wlan0']);
});

it('IPv6 of a network on which somebody is left alone is told to reach those who have talked to us', async () => {
  const ipv6 = async () => ({ ...EVERYWHERE, callable: ['eth0'] });
  expect(await told({ ipv6 })).toEqual([
    'asked on eth0, wlan0; on wlan0 only those who have talked to us; 3 known hosts have answered there',
  ]);
});

it('IPv6 cannot be told where the neighbours cannot be read', async () => {
  const ipv6 = async () => ({ ...EVERYWHERE, trouble: 'spawn ip ENOENT' });
  const checks = await look({ ipv6 });
  expect(verdicts(checks)).toEqual(['unknown ipv6']);
  expect(checks.flatMap(({ commands }) => commands)).toEqual([
    'apt-get install iproute2',
    'ip -6 -j neigh show',
  ]);
});

it('IPv6 is nothing to tell of where no subnet is attached', async () => {
  const coverage = { onLink: [], routed: ['10.9.0.1'], loopback: [], own: [] };
  const routed = { targets: ['10.9.0.1'], coverage, attached: [], skipped: [] };
  expect(await look({ network: () => ({ kind: 'known', ...routed }) })).toEqual([]);
  expect(await look({ network: () => ({ kind: 'failed', message: 'not a private range' }) })).toEqual([]);
});
