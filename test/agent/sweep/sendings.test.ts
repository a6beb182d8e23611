import { describe, expect, it } from 'vitest';
import { Sendings } from '../../../agent/sweep/sendings.ts';
import { Meter } from '../../../probes/transport/meter.ts';

const [FIRST, SECOND] = ['192.168.1.1', '192.168.1.2'];

function metered(probe: string, port: number, bytes: number): Meter {
  const meter = new Meter(probe);
  meter.countConnection(port);
  meter.countBytes(port, bytes);
  return meter;
}

describe('the books on what was sent', () => {
  it('add up what goes to the same port of an address for the same probe, and keep all else apart', () => {
    const sendings = new Sendings();
    sendings.add(FIRST, [metered('smb', 445, 10), metered('ports', 445, 1)]);
    sendings.add(SECOND, [metered('smb', 445, 100)]);
    sendings.add(FIRST, [metered('smb', 445, 20), metered('smb', 139, 5)]);
    const entry = { transport: 'tcp', probe: 'smb', connections: 1, datagrams: 0 };
    expect(sendings.all()).toEqual([
      { ...entry, address: FIRST, port: 445, connections: 2, bytes: 30 },
      { ...entry, address: FIRST, port: 445, probe: 'ports', bytes: 1 },
      { ...entry, address: FIRST, port: 139, bytes: 5 },
      { ...entry, address: SECOND, port: 445, bytes: 100 },
    ]);
    expect(sendings.total()).toEqual({ connections: 5, datagrams: 0, bytes: 136 });
  });

  it('have one entry for all addresses at which nobody was met', () => {
    const sendings = new Sendings();
    for (const bytes of [1, 2, 3]) sendings.add(null, [metered('node-status', 137, bytes)]);
    expect(sendings.all()).toEqual([
      {
        address: null,
        transport: 'tcp',
        port: 137,
        probe: 'node-status',
        connections: 3,
        datagrams: 0,
        bytes: 6,
      },
    ]);
  });

  it('do not take a TCP port for the UDP port of the same number', () => {
    const sendings = new Sendings();
    const meter = metered('any', 137, 1);
    meter.countDatagram(137, 50);
    sendings.add(FIRST, [meter]);
    expect(sendings.all().map(({ transport, bytes }) => [transport, bytes])).toEqual([
      ['tcp', 1],
      ['udp', 50],
    ]);
  });
});
