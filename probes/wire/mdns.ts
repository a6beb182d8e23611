/*
 * Multicast DNS announcements (RFC 6762, RFC 6763): which DNS-SD service types does the sender offer.
 *
 * A DNS message (RFC 1035 4.1) is decoded by dns-packet; this file looks at its header first, and reads what a responder
 * says of itself. Integers are big-endian, offsets are measured from the beginning of the datagram.
 *
 *   offset  size  field
 *   0       2     id, 0 and ignored on receipt (RFC 6762 18.1)
 *   2       2     flags: 0x8000 response, 0x7800 opcode and 0x000f rcode, both 0 or the message is ignored (18.3, 18.11)
 *   4       2     questions
 *   6       2     answers
 *   8       2     authority records
 *   10      2     additional records
 *   12      …     questions, then records
 *
 * Only responses count: a query lists records, too, but those it has heard from others (known answers, 7.1).
 */

import { type Answer, decode } from 'dns-packet';
import { DecodeError } from './reader.ts';

const STRUCTURE = 'MDNS RESPONSE';
const HEADER_SIZE = 12;
const RESPONSE = 0x8000;
const OPCODE_AND_RCODE = 0x780f;
/** RFC 6762 17: a message is at most this long, headers of IP and UDP included. */
const LONGEST_MESSAGE = 9_000;
/** Far above what responders send: names are read by following pointers, so that each record may cost many steps. */
const MOST_RECORDS = 256;

const TYPE = String.raw`(_[a-z0-9-]{1,32}\._(?:tcp|udp))\.local$`;
/** `_ipp._tcp.local`. */
const SERVICE_TYPE = new RegExp(`^${TYPE}`, 'i');
/** `Brother MFC-L2710DW series._ipp._tcp.local`; the instance may hold dots. */
const SERVICE_INSTANCE = new RegExp(String.raw`\.${TYPE}`, 'i');
const LIST_OF_TYPES = /^_services\._dns-sd\._udp\.local$/i;
const DEVICE_INFO = '_device-info._tcp';

/** What a responder says of itself. */
export interface MdnsResponse {
  /** Service types that it offers, lower case, each once, in wire order: `_ipp._tcp`. */
  readonly services: readonly string[];
}

/**
 * The service types in an mDNS response. Records that say goodbye (TTL 0) and services on port 0, which only reserve a
 * name (RFC 6763 8), do not count. `datagram` is one whole UDP payload; bytes after the last record are ignored.
 * @throws DecodeError for what is no response, longer than 9,000 bytes, or no DNS message.
 */
export function decodeMdnsResponse(datagram: Uint8Array): MdnsResponse {
  checkHeader(datagram);
  const records = recordsOf(datagram).filter((record) => !('ttl' in record) || record.ttl !== 0);
  const reserved = records.flatMap((record) =>
    isReserved(record) ? typeIn(record.name, SERVICE_INSTANCE) : [],
  );
  const services = records
    .flatMap(serviceTypeIn)
    .filter((type) => type === DEVICE_INFO || !reserved.includes(type));
  return { services: [...new Set(services)] };
}

function checkHeader(datagram: Uint8Array): void {
  const { length, buffer, byteOffset } = datagram;
  if (length < HEADER_SIZE || length > LONGEST_MESSAGE)
    throw malformed('length', 0, `${HEADER_SIZE} to ${LONGEST_MESSAGE} bytes`, `${length}`);
  const header = new DataView(buffer, byteOffset, HEADER_SIZE);
  const flags = header.getUint16(2);
  if ((flags & RESPONSE) === 0 || (flags & OPCODE_AND_RCODE) !== 0)
    throw malformed('flags', 2, 'a response without opcode and rcode', `0x${flags.toString(16)}`);
  const records = [4, 6, 8, 10].reduce((sum, offset) => sum + header.getUint16(offset), 0);
  if (records > MOST_RECORDS) throw malformed('counts', 4, `at most ${MOST_RECORDS} records`, `${records}`);
}

/** dns-packet throws errors of many kinds at what strangers send; to us they are one. */
function recordsOf(datagram: Uint8Array): Answer[] {
  try {
    const { answers = [], additionals = [] } = decode(Buffer.from(datagram));
    return [...answers, ...additionals];
  } catch (error) {
    throw malformed('records', HEADER_SIZE, 'records as in RFC 1035 4.1', String(error));
  }
}

function malformed(field: string, offset: number, wanted: string, present: string): DecodeError {
  return new DecodeError({ structure: STRUCTURE, field, offset, wanted, present });
}

function isReserved(record: Answer): boolean {
  return record.type === 'SRV' && record.data.port === 0;
}

function serviceTypeIn(record: Answer): string[] {
  switch (record.type) {
    case 'PTR':
      return typeIn(LIST_OF_TYPES.test(record.name) ? record.data : record.name, SERVICE_TYPE);
    case 'SRV':
      return typeIn(record.name, SERVICE_INSTANCE);
    case 'TXT':
      // Device information has no service behind it, and so as a rule neither PTR nor SRV.
      return typeIn(record.name, SERVICE_INSTANCE).filter((type) => type === DEVICE_INFO);
    default:
      return [];
  }
}

function typeIn(name: string, pattern: RegExp): string[] {
  const type = pattern.exec(name)?.[1];
  return type === undefined ? [] : [type.toLowerCase()];
}
