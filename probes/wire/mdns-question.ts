import { Writer } from './writer.ts';

/**
 * A question to everybody who speaks mDNS: RFC 6762 5.4 and 6.7, RFC 1035 4.1. Big endian; the name is not compressed.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | id |
 * | 2 | 2 | flags, 0: a query |
 * | 4 | 2 | number of questions, 1 |
 * | 6 | 6 | number of answers, authorities and additional records, 0 |
 * | 12 | n | name: a length and so many bytes for each label, then 0 |
 * | 12 + n | 2 | type |
 * | 14 + n | 2 | class |
 */

const TYPE_PTR = 12;
const CLASS_IN = 1;
/** "QU": the answer is wanted by unicast, so that it troubles nobody else. */
const UNICAST_RESPONSE = 0x8000;

/** Who offers a service of this type, such as `_smb._tcp.local`? @throws RangeError for a label longer than 63 bytes. */
export function encodeMdnsQuestion(type: string, id: number): Uint8Array {
  const writer = new Writer().uint16be(id).uint16be(0).uint16be(1).zeros(6);
  for (const label of type.split('.')) {
    if (label.length > 63) throw new RangeError(`label "${label}" is longer than 63 bytes`);
    writer.uint8(label.length).latin1(label);
  }
  return writer
    .uint8(0)
    .uint16be(TYPE_PTR)
    .uint16be(CLASS_IN | UNICAST_RESPONSE)
    .finish();
}
