import { expect, it } from 'vitest';
import { encodeDeviceProbe } from '../../../probes/wire/ws-discovery.ts';

const BYTES = Uint8Array.from({ length: 16 }, (_, i) => 255 - i);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

it('asks for devices, in the words that wsdd 0.7.0 compares', () => {
  const probe = text(encodeDeviceProbe(BYTES));
  expect(probe).toContain('<wsd:Types>wsdp:Device</wsd:Types>');
  expect(probe).toContain('xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof"');
  expect(probe).toContain('<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>');
});

it('is balanced XML in one datagram', () => {
  const probe = encodeDeviceProbe(BYTES);
  const open: string[] = [];
  for (const [, closes, name = '', empty] of text(probe).matchAll(/<(\/?)([a-z]+:[A-Za-z]+)[^>]*?(\/?)>/g)) {
    if (closes === '/') expect(open.pop()).toBe(name);
    else if (empty === '') open.push(name);
  }
  expect(open).toEqual([]);
  expect(probe.length).toBeLessThan(1_280);
});

it('has an id of its own, a UUID of version 4', () => {
  const idOf = (random: Uint8Array) => /urn:uuid:([0-9a-f-]+)</.exec(text(encodeDeviceProbe(random)))?.[1];
  expect(idOf(BYTES)).toBe('fffefdfc-fbfa-49f8-b7f6-f5f4f3f2f1f0');
  expect(idOf(new Uint8Array(16))).toBe('00000000-0000-4000-8000-000000000000');
  expect(() => encodeDeviceProbe(new Uint8Array(15))).toThrow(RangeError);
});
