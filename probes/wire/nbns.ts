/**
 * NBNS node status, UDP 137, RFC 1002 §4.2.1.1 (header), §4.2.17 (NODE STATUS REQUEST) and §4.2.18 (NODE
 * STATUS RESPONSE): which names does this host hold, and what is its adapter's MAC? Big endian; offsets are
 * counted from the first byte of the datagram.
 *
 *  offset  size
 *       0     2  NAME_TRN_ID
 *       2     2  R, OPCODE, NM_FLAGS and RCODE
 *       4     2  QDCOUNT: 1 in the request; 0 in the response, though some hosts repeat the question
 *       6     2  ANCOUNT: 0 in the request, 1 in the response
 *       8     2  NSCOUNT
 *      10     2  ARCOUNT
 *      12    34  QUESTION_NAME or RR_NAME (netbios-name.ts), possibly a compression pointer
 *      +0     2  QUESTION_TYPE or RR_TYPE
 *      +2     2  QUESTION_CLASS or RR_CLASS; the request ends here, at 50
 *      +4     4  TTL
 *      +8     2  RDLENGTH
 *     +10     1  NUM_NAMES
 *     +11  18·n  NODE_NAME: 15 bytes and suffix, NAME_FLAGS 2
 *       …    46  STATISTICS, which begin with UNIT_ID 6
 */
import {
  NAME_LENGTH,
  type NetbiosName,
  readNetbiosName,
  trimPadding,
  WILDCARD,
  writeNetbiosName,
} from './netbios-name.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** The 16 bits after NAME_TRN_ID, §4.2.1.1. */
export const NM_FLAGS = {
  R: 0x8000,
  OPCODE: 0x7800,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  B: 0x0010,
  RCODE: 0x000f,
} as const;

/** §4.2.18, the parts that are read. */
export const NAME_FLAGS = {
  G: 0x8000,
  ONT: 0x6000,
  DRG: 0x1000,
  CNF: 0x0800,
  ACT: 0x0400,
  PRM: 0x0200,
} as const;

const RR_TYPE_NBSTAT = 0x0021;
const RR_CLASS_IN = 0x0001;
const NODE_NAME_LENGTH = 18;
const UNIT_ID_LENGTH = 6;
const STATISTICS_LENGTH = 46;

export interface NodeStatusRequest {
  readonly kind: 'node-status-request';
  readonly transactionId: number;
  readonly name: NetbiosName;
}

/** One name that a host holds. Text is a stranger's, one character a byte, padding removed. */
export interface NodeName extends NetbiosName {
  /** A name that many hosts hold together: a workgroup, say. */
  readonly group: boolean;
  /** All 16 bits of NAME_FLAGS. */
  readonly flags: number;
}

export interface NodeStatusResponse {
  readonly kind: 'node-status-response';
  readonly transactionId: number;
  /** The whole word after the transaction id (`NM_FLAGS`); with TC set the names are not all. */
  readonly flags: number;
  /** 0, or why there are no names: 1 format, 2 server, 3 name, 4 not implemented, 5 refused. */
  readonly rcode: number;
  /** The name that was asked for; null where a refusal does not repeat it. */
  readonly name: NetbiosName | null;
  /** In wire order, at most 255. */
  readonly names: readonly NodeName[];
  /**
   * Six bytes, copied; all zero on hosts that do not tell their MAC (Samba); null where the statistics are
   * missing.
   */
  readonly unitId: Uint8Array | null;
}

/** The question to put to one host: 50 bytes for UDP 137. `transactionId` is random, 16 bits. */
export function encodeNodeStatusRequest({
  transactionId,
  name = WILDCARD,
}: {
  readonly transactionId: number;
  readonly name?: NetbiosName;
}): Uint8Array {
  const writer = new Writer();
  writer.uint16be(transactionId).uint16be(0);
  writer.uint16be(1).uint16be(0).uint16be(0).uint16be(0);
  writeNetbiosName(writer, name);
  return writer.uint16be(RR_TYPE_NBSTAT).uint16be(RR_CLASS_IN).finish();
}

/**
 * A node status request, as a fake host reads it. `datagram` is one whole UDP payload.
 * @throws DecodeError for anything else, responses included.
 */
export function decodeNodeStatusRequest(datagram: Uint8Array): NodeStatusRequest {
  const reader = new Reader(datagram, 'NODE STATUS REQUEST');
  const transactionId = reader.uint16be('NAME_TRN_ID');
  const flags = reader.uint16be('flags');
  if ((flags & (NM_FLAGS.R | NM_FLAGS.OPCODE)) !== 0) throw reader.wrong('R 0 and OPCODE 0', flags);
  reader.expect(reader.uint16be('QDCOUNT'), 1);
  reader.expect(reader.uint16be('ANCOUNT'), 0);
  reader.expect(reader.uint16be('NSCOUNT'), 0);
  reader.expect(reader.uint16be('ARCOUNT'), 0);
  const name = readNetbiosName(reader);
  readTypeAndClass(reader, 'QUESTION');
  return { kind: 'node-status-request', transactionId, name };
}

/**
 * A response as Samba's nmbd sends it: no question repeated, 46 bytes of statistics that hold the unit ID
 * only.
 */
export function encodeNodeStatusResponse(response: Omit<NodeStatusResponse, 'kind' | 'rcode'>): Uint8Array {
  const { transactionId, flags, name, names, unitId } = response;
  const writer = new Writer();
  writer.uint16be(transactionId).uint16be(flags);
  writer
    .uint16be(0)
    .uint16be(name === null ? 0 : 1)
    .uint16be(0)
    .uint16be(0);
  if (name === null) return writer.finish();
  writeNetbiosName(writer, name);
  writer.uint16be(RR_TYPE_NBSTAT).uint16be(RR_CLASS_IN).uint32be(0);
  const statistics = unitId === null ? 0 : STATISTICS_LENGTH;
  writer.uint16be(1 + NODE_NAME_LENGTH * names.length + statistics).uint8(names.length);
  for (const entry of names) {
    writer.latin1(entry.name.padEnd(NAME_LENGTH)).uint8(entry.suffix).uint16be(entry.flags);
  }
  if (unitId !== null) writer.fixed(unitId, UNIT_ID_LENGTH).zeros(STATISTICS_LENGTH - UNIT_ID_LENGTH);
  return writer.finish();
}

/**
 * Names and unit ID from a node status response, RFC 1002 §4.2.18. `datagram` is one whole UDP payload. The
 * RFC is bent for hosts that announce more than they send (Samba stops adding names at 576 bytes): NUM_NAMES
 * and RDLENGTH count only as far as the datagram reaches, and the statistics may be cut short or missing.
 * What follows the first resource record is not read.
 * @throws DecodeError when it is no response to a node status request, or ends before NUM_NAMES.
 */
export function decodeNodeStatusResponse(datagram: Uint8Array): NodeStatusResponse {
  const reader = new Reader(datagram, 'NODE STATUS RESPONSE');
  const transactionId = reader.uint16be('NAME_TRN_ID');
  const flags = reader.uint16be('flags');
  if ((flags & (NM_FLAGS.R | NM_FLAGS.OPCODE)) !== NM_FLAGS.R) throw reader.wrong('R 1 and OPCODE 0', flags);
  const rcode = flags & NM_FLAGS.RCODE;
  const questions = reader.uint16be('QDCOUNT');
  if (questions > 1) throw reader.wrong('0 or 1', questions);
  const answers = reader.uint16be('ANCOUNT');
  if (answers > 1 || (answers === 0 && rcode === 0)) throw reader.wrong('1', answers);
  reader.skip(4, 'NSCOUNT and ARCOUNT');
  const question = questions === 1 ? readQuestion(reader) : null;
  const head = { kind: 'node-status-response', transactionId, flags, rcode } as const;
  if (answers === 0) return { ...head, name: question, names: [], unitId: null };
  const name = readNetbiosName(reader);
  readTypeAndClass(reader, 'RR');
  reader.skip(4, 'TTL');
  return { ...head, name, ...readNodeStatus(reader) };
}

function readQuestion(reader: Reader): NetbiosName {
  const name = readNetbiosName(reader);
  readTypeAndClass(reader, 'QUESTION');
  return name;
}

function readTypeAndClass(reader: Reader, prefix: 'QUESTION' | 'RR'): void {
  reader.expect(reader.uint16be(`${prefix}_TYPE`), RR_TYPE_NBSTAT);
  reader.expect(reader.uint16be(`${prefix}_CLASS`), RR_CLASS_IN);
}

/**
 * RDATA. A name counts when it is there as a whole; statistics are looked for only behind all announced
 * names.
 */
function readNodeStatus(reader: Reader): Pick<NodeStatusResponse, 'names' | 'unitId'> {
  const length = reader.uint16be('RDLENGTH');
  const rdata = reader.window(reader.offset, Math.min(length, reader.remaining), 'RDATA');
  const announced = rdata.uint8('NUM_NAMES');
  const count = Math.min(announced, Math.floor(rdata.remaining / NODE_NAME_LENGTH));
  const names = Array.from({ length: count }, (_, i) => readNodeName(rdata, `name ${i + 1} of ${announced}`));
  const told = count === announced && rdata.remaining >= UNIT_ID_LENGTH;
  return { names, unitId: told ? rdata.bytes(UNIT_ID_LENGTH, 'UNIT_ID') : null };
}

function readNodeName(reader: Reader, field: string): NodeName {
  const name = trimPadding(reader.latin1(NAME_LENGTH, field));
  const suffix = reader.uint8(field);
  const flags = reader.uint16be(field);
  return { name, suffix, group: (flags & NAME_FLAGS.G) !== 0, flags };
}
