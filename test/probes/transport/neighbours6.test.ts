import { describe, expect, it } from 'vitest';
import {
  parseIpv6Interfaces,
  parseNeighbours6,
  readIpv6Interfaces,
  readNeighbours6,
} from '../../../probes/transport/neighbours6.ts';

/** `ip -6 -j neigh show` of iproute2 6.1, one entry of each kind. */
const TABLE = `[
  {"dst":"fe80::20","dev":"eth0","lladdr":"00:11:32:00:00:20","state":["REACHABLE"]},
  {"dst":"fe80::1","dev":"eth0","lladdr":"DC:A6:32:00:00:01","router":null,"state":["STALE"]},
  {"dst":"fd77::5","dev":"eth0","lladdr":"00:11:32:00:00:05","state":["DELAY"]},
  {"dst":"fd77::6","dev":"wlan0","lladdr":"00:11:32:00:00:06","state":["PROBE"]},
  {"dst":"fd77::7","dev":"eth0","lladdr":"00:11:32:00:00:07","state":["PERMANENT"]},
  {"dst":"fe80::bad","dev":"eth0","state":["FAILED"]},
  {"dst":"fe80::bae","dev":"eth0","state":["INCOMPLETE"]},
  {"dst":"fe80::baf","dev":"eth0","lladdr":"00:11:32:00:00:08","state":["FAILED"]},
  {"dst":"ff02::1","dev":"eth0","lladdr":"33:33:00:00:00:01","state":["NOARP"]},
  {"dst":"fe80::ib","dev":"ib0","lladdr":"80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01","state":["STALE"]}
]`;

describe('the neighbour table of IPv6', () => {
  it('holds whoever has a MAC, in lower case', () => {
    expect(parseNeighbours6(TABLE)).toEqual([
      { address: 'fe80::20', device: 'eth0', mac: '00:11:32:00:00:20' },
      { address: 'fe80::1', device: 'eth0', mac: 'dc:a6:32:00:00:01' },
      { address: 'fd77::5', device: 'eth0', mac: '00:11:32:00:00:05' },
      { address: 'fd77::6', device: 'wlan0', mac: '00:11:32:00:00:06' },
      { address: 'fd77::7', device: 'eth0', mac: '00:11:32:00:00:07' },
    ]);
  });

  it.each([
    '',
    '\n',
    '[]',
    '[{}]',
    '{}',
    '[{"dst":1,"dev":"eth0","lladdr":"00:11:32:00:00:20","state":["STALE"]}]',
  ])('may be empty, or what we do not know: %j', (text) => {
    expect(parseNeighbours6(text)).toEqual([]);
  });

  it('is no table when it is no JSON', () => {
    expect(() => parseNeighbours6('Object "neigh" is unknown')).toThrow(SyntaxError);
  });

  it('is told by the ip of this machine', async () => {
    expect(await readNeighbours6()).toEqual(expect.any(Array));
  });
});

describe('interfaces with IPv6', () => {
  it('are those with a link-local address that can be used, each once', () => {
    const text = [
      'fe8000000000000000fc00fffe000001 04 40 20 80     eth0',
      'fd000000000000000000000000000002 04 40 00 82     eth0',
      'fe8000000000000000fc00fffe000002 04 40 20 80     eth0',
      'fe80000000000000000000fffe000009 05 40 20 c0    wlan0',
      'fe80000000000000000000fffe00000a 06 40 20 88     eth1',
      'fd000000000000000000000000000003 07 40 00 80     eth2',
      '00000000000000000000000000000001 01 80 10 80       lo',
      'not a line',
      '',
    ].join('\n');
    expect(parseIpv6Interfaces(text)).toEqual(['eth0']);
  });

  it('are read without starting a process, and never include loopback', async () => {
    expect(await readIpv6Interfaces()).not.toContain('lo');
  });
});
