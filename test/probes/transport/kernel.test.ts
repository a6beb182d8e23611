import { describe, expect, it } from 'vitest';
import {
  entriesByIp,
  neighbourLister,
  parseNeighbours,
  parseSockets,
  readInterfaces,
  readListeningSockets,
  readNeighbourLimit,
  readNeighbours,
} from '../../../probes/transport/kernel.ts';
import { startFakeNbnsHost } from '../../support/fake-nbns-host.ts';
import { startFakeTcpServer } from '../../support/fake-tcp-server.ts';
import { untilTestEnds } from '../../support/loopback.ts';

/** Linux 6.1, /proc/net/arp. */
const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         08:96:D7:00:00:01     *        eth0
192.168.1.21     0x1         0x6         00:11:32:aa:bb:cc     *        eth0
192.168.1.77     0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.78     0x1         0x2         00:00:00:00:00:00     *        eth0
`;

/** Linux 6.1 on a little endian machine, /proc/net/tcp and tcp6, columns behind the state left out. */
const TCP = `  sl  local_address rem_address   st
   0: 0501A8C0:01BD 00000000:0000 0A
   1: 00000000:008B 00000000:0000 0A
   2: 0501A8C0:01BD 1501A8C0:C350 01
`;
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:01BD 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:0087 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000501A8C0:008B 00000000000000000000000000000000:0000 0A
   3: 000080FE00000000FF2302AAFE0000BB:01BD 00000000000000000000000000000000:0000 0A
`;
const UDP = `   sl  local_address rem_address   st
  10: 00000000:0089 00000000:0000 07
  11: 0501A8C0:D431 0101A8C0:0035 01
`;

describe('the neighbour table', () => {
  it('knows a MAC for complete entries only, permanent ones among them', () => {
    expect([...parseNeighbours(ARP)]).toEqual([
      ['192.168.1.1', { complete: true, mac: '08:96:d7:00:00:01', device: 'eth0' }],
      ['192.168.1.21', { complete: true, mac: '00:11:32:aa:bb:cc', device: 'eth0' }],
      ['192.168.1.77', { complete: false, mac: '00:00:00:00:00:00', device: 'eth0' }],
      ['192.168.1.78', { complete: false, mac: '00:00:00:00:00:00', device: 'eth0' }],
    ]);
  });

  it('is empty for a heading alone and for lines that are cut short', () => {
    expect(parseNeighbours('IP address\n192.168.1.1  0x1  0x2\n\n').size).toBe(0);
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
    const read = [...entriesByIp(Buffer.from(output))].map(([address, { complete, mac, device }]) => {
      return [address, device, complete ? mac : null];
    });
    expect(read).toEqual([
      ['192.168.1.1', 'eth0', '08:96:d7:00:00:01'],
      ['192.168.1.21', 'eth0', '00:11:32:aa:bb:cc'],
      ['192.168.1.22', 'eth0', '00:11:32:aa:bb:cd'],
      ['192.168.1.77', 'eth0', null],
      ['192.168.1.78', 'eth0', null],
      ['192.168.1.79', 'eth0', null],
    ]);
  });

  it('can be listed again and again', async () => {
    const list = neighbourLister();
    const [first, second] = [[...(await list())], [...(await list())]];
    expect(first.every(([address]) => /^\d+(\.\d+){3}$/.test(address))).toBe(true);
    expect(second.length).toBeGreaterThanOrEqual(0);
  });

  it('can be read on this machine, and its limit is a number', async () => {
    expect(await readNeighbours()).toBeInstanceOf(Map);
    expect(await readNeighbourLimit()).toBeGreaterThan(0);
  });
});

describe('listening sockets', () => {
  it('are those in state LISTEN, for TCP over IPv4', () => {
    expect(parseSockets(TCP, 'tcp')).toEqual([
      { transport: 'tcp', address: '192.168.1.5', port: 445 },
      { transport: 'tcp', address: '0.0.0.0', port: 139 },
    ]);
  });

  it('are written as text for IPv6, mapped IPv4 addresses as IPv4', () => {
    expect(parseSockets(TCP6, 'tcp').map(({ address, port }) => `${address} ${port}`)).toEqual([
      ':: 445',
      '0:0:0:0:0:0:0:1 135',
      '192.168.1.5 139',
      'fe80:0:0:0:aa02:23ff:bb00:fe 445',
    ]);
  });

  it('are those without a peer, for UDP', () => {
    expect(parseSockets(UDP, 'udp')).toEqual([{ transport: 'udp', address: '0.0.0.0', port: 137 }]);
  });

  it('of this machine are found, TCP and UDP', async () => {
    const tcp = await untilTestEnds(startFakeTcpServer(() => {}, { address: '127.0.33.1' }));
    const udp = await untilTestEnds(startFakeNbnsHost({ address: '127.0.33.1' }));
    const sockets = await readListeningSockets();
    expect(sockets).toContainEqual({ transport: 'tcp', address: '127.0.33.1', port: tcp.port });
    expect(sockets).toContainEqual({ transport: 'udp', address: '127.0.33.1', port: udp.port });
  });
});

describe('interfaces', () => {
  it('of this machine are listed with CIDR and MAC, loopback included', () => {
    expect(readInterfaces()).toContainEqual({
      interface: 'lo',
      address: '127.0.0.1',
      cidr: '127.0.0.1/8',
      mac: '00:00:00:00:00:00',
    });
  });
});
