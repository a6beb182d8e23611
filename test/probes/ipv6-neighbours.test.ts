import { expect, it } from 'vitest';
import { callOut, ipv6Calls } from '../../probes/ipv6-neighbours.ts';
import type { Call } from '../../probes/transport/multicast6.ts';
import { newMeter, random } from '../support/loopback.ts';

it('puts two questions, to the groups of mDNS and of WS-Discovery on the link', () => {
  expect(ipv6Calls(random).map(({ group, port }) => [group, port])).toEqual([
    ['ff02::fb', 5353],
    ['ff02::c', 3702],
  ]);
});

it('puts each once on each interface, with ids that differ', () => {
  const said: (Call & { readonly device: string })[] = [];
  const caller = {
    call: (call: Call, device: string) => void said.push({ ...call, device }),
    close: async () => {},
  };
  callOut(caller, ['eth0', 'wlan0'], { meter: newMeter(), random });
  expect(said.map(({ device, port }) => `${device} ${port}`)).toEqual([
    ...['eth0 5353', 'eth0 3702', 'wlan0 5353', 'wlan0 3702'],
  ]);
  expect(new Set(said.map(({ datagram }) => Buffer.from(datagram).toString('hex'))).size).toBe(4);
});
