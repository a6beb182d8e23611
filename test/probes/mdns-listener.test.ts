import { encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { listenToMdns } from '../../probes/mdns-listener.ts';
import type { EarOptions } from '../../probes/transport/multicast.ts';
import { readFixture } from '../support/hex-file.ts';

const PRINTER = '192.168.1.30';
const ANNOUNCEMENT = readFixture('mdns-response-avahi-printer').bytes;

/** A listener whose datagrams come from the test. */
function listening() {
  const troubles: string[] = [];
  const joined: string[][] = [];
  let ear: EarOptions | null = null;
  let now = 0;
  const listener = listenToMdns({
    onTrouble: (what, code) => troubles.push(`${what}: ${code}`),
    clock: () => now,
    open: (options) => {
      ear = options;
      return { listenOn: (addresses) => joined.push([...addresses]), close: async () => {} };
    },
  });
  return {
    ...listener,
    joined,
    hear: (datagram: Uint8Array, address = PRINTER, port = 5353) =>
      ear?.onDatagram(datagram, { address, port }),
    isOpen: () => ear !== null,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const announcing = (...types: readonly string[]): Uint8Array =>
  encode({
    type: 'response',
    answers: types.map((type) => ({ type: 'PTR', name: `${type}.local`, ttl: 120, data: `x.${type}.local` })),
  });

describe('a listener to mDNS', () => {
  it('opens nothing until it is told where to listen', () => {
    const listener = listening();
    listener.listenOn([]);
    expect(listener.isOpen()).toBe(false);
    listener.listenOn(['192.168.1.5']);
    listener.listenOn(['192.168.1.5', '10.0.0.5']);
    expect(listener.joined).toEqual([['192.168.1.5'], ['192.168.1.5', '10.0.0.5']]);
  });

  it('keeps by address which telling services were announced, and no others', () => {
    const listener = listening();
    listener.listenOn(['192.168.1.5']);
    listener.hear(ANNOUNCEMENT);
    listener.hear(announcing('_http._tcp', '_spotify-connect._tcp'), '192.168.1.31');
    expect(listener.servicesOf(PRINTER)).toEqual(['_ipp._tcp', '_pdl-datastream._tcp', '_printer._tcp']);
    expect(listener.servicesOf('192.168.1.31')).toEqual([]);
    expect(listener.servicesOf('192.168.1.32')).toEqual([]);
  });

  it('adds what is announced later, and keeps what says goodbye', () => {
    const listener = listening();
    listener.listenOn(['192.168.1.5']);
    listener.hear(announcing('_ipp._tcp'));
    listener.hear(announcing('_smb._tcp'));
    listener.hear(readFixture('mdns-response-avahi-goodbye').bytes);
    expect(listener.servicesOf(PRINTER)).toEqual(['_ipp._tcp', '_smb._tcp']);
  });

  it('believes nothing that was not sent from port 5353, and understands nothing of garbage', () => {
    const listener = listening();
    listener.listenOn(['192.168.1.5']);
    listener.hear(ANNOUNCEMENT, PRINTER, 40_000);
    listener.hear(Uint8Array.of(1, 2, 3));
    listener.hear(new Uint8Array(9_001).fill(0xff));
    for (let length = 0; length < ANNOUNCEMENT.length; length += 1)
      listener.hear(ANNOUNCEMENT.subarray(0, length));
    expect(listener.servicesOf(PRINTER)).toEqual([]);
  });

  it('reads at most fifty datagrams a second', () => {
    const listener = listening();
    listener.listenOn(['192.168.1.5']);
    for (let n = 0; n < 50; n += 1) listener.hear(Uint8Array.of(0));
    listener.hear(ANNOUNCEMENT);
    expect(listener.servicesOf(PRINTER)).toEqual([]);
    listener.pass(1_000);
    listener.hear(ANNOUNCEMENT);
    expect(listener.servicesOf(PRINTER)).toHaveLength(3);
  });

  it('knows at most 4,096 hosts: the first come stay', () => {
    const listener = listening();
    listener.listenOn(['192.168.1.5']);
    const announcement = announcing('_ipp._tcp');
    const addresses = Array.from({ length: 4_097 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    for (const address of addresses) {
      listener.pass(100);
      listener.hear(announcement, address);
    }
    listener.hear(announcing('_smb._tcp'), '10.0.0.0');
    expect(addresses.filter((address) => listener.servicesOf(address).length > 0)).toHaveLength(4_096);
    expect(listener.servicesOf('10.0.0.0')).toEqual(['_ipp._tcp', '_smb._tcp']);
    expect(listener.servicesOf('10.0.16.0')).toEqual([]);
  });
});
