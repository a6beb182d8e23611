import { expect, it } from 'vitest';
import { parseConfig } from '../../agent/config.ts';
import { openIpv6 } from '../../agent/wiring-ipv6.ts';
import { coverageOf } from '../support/open-asker.ts';
import { recordingLog } from '../support/publisher-parts.ts';

it.each([
  ['no interface leads to what is covered', 'ipv6: true', coverageOf({ loopback: ['127.0.0.1'] })],
  ['only an address behind a router is covered', 'ipv6: true', coverageOf({ routed: ['10.99.0.1'] })],
  ['it is switched off', 'ipv6: false', coverageOf({ loopback: ['127.0.0.1'] })],
])('asks nobody over IPv6, and reads no table, where %s', async (_, yaml, coverage) => {
  const { ipv6, close } = await openIpv6(parseConfig(yaml, 'x'), coverage, recordingLog());
  expect(ipv6).toBeNull();
  await close();
});
