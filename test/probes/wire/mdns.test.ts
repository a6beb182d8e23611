import { type Answer, encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { decodeMdnsResponse } from '../../../probes/wire/mdns.ts';
import { DecodeError } from '../../../probes/wire/reader.ts';
import { readFixture } from '../../support/hex-file.ts';

const PRINTER = readFixture('mdns-response-avahi-printer').bytes;

interface Records {
  readonly answers?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

/** What a response with these records tells; each lives for two minutes. */
function servicesIn({ answers = [], additionals = [] }: Records): readonly string[] {
  const living = (records: readonly Answer[]) => records.map((record) => ({ ttl: 120, ...record }) as Answer);
  const message = { type: 'response', answers: living(answers), additionals: living(additionals) } as const;
  return decodeMdnsResponse(encode(message)).services;
}

describe('an mDNS response', () => {
  it('tells the types of the services that it lists, wherever a record stands', () => {
    const services = servicesIn({
      answers: [{ type: 'PTR', name: '_IPP._tcp.local', data: 'Office._ipp._tcp.local' }],
      additionals: [
        { type: 'SRV', name: 'NAS 2.0._smb._tcp.local', data: { port: 445, target: 'nas.local' } },
        { type: 'TXT', name: 'nas._device-info._tcp.local', data: 'model=MacSamba' },
        { type: 'TXT', name: 'nas._smb._tcp.local', data: 'x=1' },
        { type: 'A', name: 'nas.local', data: '192.168.1.21' },
      ],
    });
    expect(services).toEqual(['_ipp._tcp', '_smb._tcp', '_device-info._tcp']);
  });

  it('tells the types of the answer to the question for all types', () => {
    const name = '_services._dns-sd._udp.local';
    expect(servicesIn({ answers: [{ type: 'PTR', name, data: '_pdl-datastream._tcp.local' }] })).toEqual([
      '_pdl-datastream._tcp',
    ]);
  });

  it('does not take a name that is only reserved, on port 0, for a service', () => {
    const name = 'Office._printer._tcp.local';
    const pointer = { type: 'PTR', name: '_printer._tcp.local', data: name } as const;
    const reserved = { type: 'SRV', name, data: { port: 0, target: 'pc.local' } } as const;
    expect(servicesIn({ answers: [pointer, reserved] })).toEqual([]);
    expect(servicesIn({ answers: [pointer] })).toEqual(['_printer._tcp']);
  });

  it.each([
    '_ipp._tcp.example.com',
    'ipp._tcp.local',
    '_ipp._tcp.local.local',
    '_universal._sub._ipp._tcp.local',
    `_${'x'.repeat(40)}._tcp.local`,
    '_i\x1bpp._tcp.local',
  ])('does not take %j for a service type', (name) => {
    expect(servicesIn({ answers: [{ type: 'PTR', name, data: 'x.local' }] })).toEqual([]);
  });
});

describe('what is no mDNS response', () => {
  const withBytes = (...patches: readonly (readonly [offset: number, value: number])[]) => {
    const bytes = Uint8Array.from(PRINTER);
    for (const [offset, value] of patches) bytes[offset] = value;
    return bytes;
  };

  it.each([
    ['a question', withBytes([2, 0]), 'flags'],
    ['another opcode', withBytes([2, 0x8c]), 'flags'],
    ['an error code', withBytes([3, 0x83]), 'flags'],
    ['more records than the bytes hold', withBytes([7, 0x13]), 'records'],
    ['more records than anybody sends', withBytes([10, 0x01]), 'counts'],
    ['too short for a header', PRINTER.subarray(0, 11), 'length'],
    ['longer than a message may be', Uint8Array.of(...PRINTER, ...new Uint8Array(9_000)), 'length'],
    ['a name that points forward', withBytes([12, 0xc0], [13, 0xff]), 'records'],
    ['a name that points at itself', withBytes([12, 0xc0], [13, 12]), 'records'],
  ])('is refused: %s', (_, bytes, field) => {
    expect(() => decodeMdnsResponse(bytes)).toThrow(DecodeError);
    expect(() => decodeMdnsResponse(bytes)).toThrow(`MDNS RESPONSE: ${field} `);
  });

  it('costs little, also where every name is a chain of pointers through the whole message', () => {
    const chain = Uint8Array.from({ length: 8_000 }, (_, i) =>
      i % 2 === 0 ? 0xc0 | ((i + 10) >> 8) : (i + 9) & 0xff,
    );
    const record = [0xc0 | (8_010 >> 8), 8_010 & 0xff, 0, 12, 0, 1, 0, 0, 0, 9, 0, 0];
    const records = Array.from({ length: 70 }, () => record).flat();
    const header = [0, 0, 0x84, 0, 0, 0, 0, 70, 0, 0, 0, 0];
    const begun = performance.now();
    expect(() => decodeMdnsResponse(Uint8Array.of(...header, ...chain, ...records))).toThrow(DecodeError);
    expect(performance.now() - begun).toBeLessThan(100);
  });
});
