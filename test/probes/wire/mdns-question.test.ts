import { decode } from 'dns-packet';
import { expect, it } from 'vitest';
import { encodeMdnsQuestion } from '../../../probes/wire/mdns-question.ts';

it('is laid out as RFC 1035 4.1 and RFC 6762 5.4 have it', () => {
  const bytes = Buffer.from(encodeMdnsQuestion('_smb._tcp.local', 0x1234)).toString('hex');
  const fields = [
    '1234', // id
    '0000', // flags: a query
    '0001', // one question
    '000000000000', // no records
    '045f736d62', // _smb
    '045f746370', // _tcp
    '056c6f63616c', // local
    '00', // root
    '000c', // PTR
    '8001', // IN, by unicast please
  ];
  expect(bytes).toBe(fields.join(''));
});

it('is understood by a decoder that is not ours', () => {
  const packet = decode(Buffer.from(encodeMdnsQuestion('_smb._tcp.local', 7)));
  expect(packet).toMatchObject({ id: 7, type: 'query', answers: [], authorities: [], additionals: [] });
  expect(packet.questions).toEqual([expect.objectContaining({ name: '_smb._tcp.local', type: 'PTR' })]);
});

it('has no room for labels longer than 63 bytes', () => {
  expect(() => encodeMdnsQuestion(`${'a'.repeat(64)}.local`, 0)).toThrow(RangeError);
  expect(encodeMdnsQuestion(`${'a'.repeat(63)}.local`, 0)).toHaveLength(12 + 64 + 6 + 1 + 4);
});
