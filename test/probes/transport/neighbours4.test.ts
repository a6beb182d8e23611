import { describe, expect, it } from 'vitest';
import {
  entriesByIp,
  neighbourLister,
  parseNeighbours,
  readNeighbours,
} from '../../../probes/transport/neighbours4.ts';

/** Linux 6.1, /proc/net/arp. */
const HEADING = 'IP address       HW type     Flags       HW address            Mask     Device\n';
const ARP = `${HEADING}192.168.1.1      0x1         0x2         08:96:D7:00:00:01     *        eth0
192.168.100.201  0x1         0x6         00:11:32:aa:bb:cc     *        eth0
192.168.1.77     0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.78     0x1         0x2         00:00:00:00:00:00     *        enp0s31f6
192.168.1.79     0x1         0xc         00:00:00:00:00:00     *        eth0
10.1.2.3         0x20        0x2         80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01     *        ib0
`;

describe('the neighbour table', () => {
  it('knows a MAC for complete entries only, permanent ones among them', () => {
    const none = { complete: false, mac: '00:00:00:00:00:00' };
    expect([...parseNeighbours(ARP)]).toEqual([
      ['192.168.1.1', { complete: true, mac: '08:96:d7:00:00:01' }],
      ['192.168.100.201', { complete: true, mac: '00:11:32:aa:bb:cc' }],
      ['192.168.1.77', none],
      ['192.168.1.78', none],
      ['192.168.1.79', none],
      ['10.1.2.3', { complete: true, mac: '80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01' }],
    ]);
  });

  it('is empty for a heading alone and for lines that are cut short', () => {
    expect(parseNeighbours(HEADING).size).toBe(0);
    expect(parseNeighbours(`${HEADING}192.168.1.1  0x1  0x2\n\n`).size).toBe(0);
    expect(parseNeighbours(ARP.slice(0, -1)).has('10.1.2.3')).toBe(false);
  });

  it('is not taken for empty when it is none', () => {
    expect(() => parseNeighbours('')).toThrow(
      '/proc/self/net/arp: no heading with "Flags" and "HW address" in it',
    );
  });

  it('reads the same from what ip prints, where a failed entry may still show the MAC it had', () => {
    // iproute2 6.1.
    const output = `192.168.1.1 dev eth0 lladdr 08:96:D7:00:00:01 REACHABLE 
192.168.1.21 dev eth0 lladdr 00:11:32:aa:bb:cc PERMANENT 
192.168.1.22 dev eth0 lladdr 00:11:32:aa:bb:cd extern_learn STALE 
192.168.1.77 dev eth0 INCOMPLETE 
192.168.1.78 dev eth0 lladdr 00:11:32:aa:bb:ce FAILED 
192.168.1.79 dev eth0 FAILED 
`;
    const read = [...entriesByIp(Buffer.from(output))].map(([address, { complete, mac }]) => {
      return [address, complete ? mac : null];
    });
    expect(read).toEqual([
      ['192.168.1.1', '08:96:d7:00:00:01'],
      ['192.168.1.21', '00:11:32:aa:bb:cc'],
      ['192.168.1.22', '00:11:32:aa:bb:cd'],
      ['192.168.1.77', null],
      ['192.168.1.78', null],
      ['192.168.1.79', null],
    ]);
  });

  it('can be listed again and again', async () => {
    const list = neighbourLister();
    const [first, second] = [[...(await list())], [...(await list())]];
    expect(first.every(([address]) => /^\d+(\.\d+){3}$/.test(address))).toBe(true);
    expect(second.length).toBeGreaterThanOrEqual(0);
  });

  it('can be read on this machine', async () => {
    expect(await readNeighbours()).toBeInstanceOf(Map);
  });
});
