import { describe, expect, it } from 'vitest';
import {
  parseSockets,
  readInterfaces,
  readListeningSockets,
  readNeighbourLimit,
} from '../../../probes/transport/kernel.ts';
import { startFakeNbnsHost } from '../../support/fake-nbns-host.ts';
import { startFakeTcpServer } from '../../support/fake-tcp-server.ts';
import { untilTestEnds } from '../../support/loopback.ts';

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

it('the limit of the neighbour table is a number', async () => {
  expect(await readNeighbourLimit()).toBeGreaterThan(0);
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
