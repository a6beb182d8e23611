/**
 * DCE/RPC bind to one interface, over TCP or a named pipe, C706 §12.6.4 (bind, bind_ack, bind_nak) with
 * [MS-RPCE] 2.2.2, and the header of every PDU (dcerpc-request.ts has the calls). Little endian, as the data
 * representation in the header says; offsets are counted from the first byte of the PDU.
 *
 *  offset  size
 *       0     2  rpc_vers 5, rpc_vers_minor 0
 *       2     1  PTYPE
 *       3     1  pfc_flags
 *       4     4  packed_drep
 *       8     2  frag_length of the whole PDU
 *      10     2  auth_length
 *      12     4  call_id
 *
 *  bind:     16 max_xmit_frag 2, max_recv_frag 2, assoc_group_id 4; 24 n_context_elem 1, reserved 3; then for
 *            each: p_cont_id 2, n_transfer_syn 1, reserved 1, abstract_syntax 20, transfer_syntaxes 20·n
 *  bind_ack: 16 max_xmit_frag 2, max_recv_frag 2, assoc_group_id 4; 24 sec_addr: length 2, text with NUL; to
 *            the next multiple of 4; n_results 1, reserved 3; then for each: result 2, reason 2,
 *            transfer_syntax 20
 *  bind_nak: 16 provider_reject_reason 2; the supported versions behind it are not read
 *  fault:    16 alloc_hint 4, p_cont_id 2, cancel_count 1, reserved 1; 24 status 4
 */
import { guidBytes, guidText } from './dtyp.ts';
import { latin1Text, Reader } from './reader.ts';
import { padding, Writer } from './writer.ts';

/** PTYPE, C706 §12.6.1. */
export const PTYPE = {
  request: 0x00,
  response: 0x02,
  fault: 0x03,
  bind: 0x0b,
  bind_ack: 0x0c,
  bind_nak: 0x0d,
} as const;

/** pfc_flags, C706 §12.6.3.1: those that are sent or read here. */
export const PFC_FLAG = {
  PFC_FIRST_FRAG: 0x01,
  PFC_LAST_FRAG: 0x02,
  PFC_OBJECT_UUID: 0x80,
} as const;
/** One PDU that is the whole message. */
export const ONLY_FRAGMENT = PFC_FLAG.PFC_FIRST_FRAG | PFC_FLAG.PFC_LAST_FRAG;

/** result of a presentation context, C706 §12.6.3.1. */
export const CONTEXT_RESULT = {
  acceptance: 0x0000,
  user_rejection: 0x0001,
  provider_rejection: 0x0002,
} as const;

/** An interface or transfer syntax: GUID text and version, major in the lower 16 bits. */
export interface Syntax {
  readonly uuid: string;
  readonly version: number;
}

/** ept, C706 appendix O. */
export const ENDPOINT_MAPPER: Syntax = { uuid: 'E1AF8308-5D1F-11C9-91A4-08002B14A0FA', version: 0x0000_0003 };
/** The server service, over the pipe `srvsvc`, [MS-SRVS] 1.9. */
export const SRVSVC: Syntax = { uuid: '4B324FC8-1670-01D3-1278-5A47BF6EE188', version: 0x0000_0003 };
/** NDR, C706 §14. */
export const NDR: Syntax = { uuid: '8A885D04-1CEB-11C9-9FE8-08002B104860', version: 0x0000_0002 };

const HEADER_LENGTH = 16;
const RPC_VERSION = 5;
/** Little endian integers, ASCII, IEEE floating point. */
const DREP_LITTLE_ENDIAN = 0x10;
const MAX_FRAGMENT = 4280;
const GUID_LENGTH = 16;

export interface Bind {
  readonly kind: 'bind';
  readonly callId: number;
  readonly contexts: readonly {
    readonly abstractSyntax: Syntax;
    readonly transferSyntaxes: readonly Syntax[];
  }[];
}

export interface BindAck {
  readonly kind: 'bind-ack';
  readonly callId: number;
  readonly maxTransmitFragment: number;
  readonly maxReceiveFragment: number;
  readonly associationGroup: number;
  /** A stranger's text without its NUL; `135` on port 135. */
  readonly secondaryAddress: string;
  /** One for each context that was offered; `result` 0 is acceptance. */
  readonly results: readonly {
    readonly result: number;
    readonly reason: number;
    readonly transferSyntax: Syntax;
  }[];
}

/** `status` 5 is access denied, 0x1C010002 an operation that the interface does not have, C706 appendix E. */
export interface Fault {
  readonly kind: 'fault';
  readonly callId: number;
  readonly status: number;
}

/** What a bind was answered with. */
export type BindResponse =
  | BindAck
  | { readonly kind: 'bind-nak'; readonly callId: number; readonly rejectReason: number }
  | Fault;

/**
 * How many bytes the first PDU of a stream takes; null while fewer than 16 bytes are there. For a transport
 * that cuts the stream. The length has 16 bits, so 65,535 is the most.
 * @throws DecodeError when the stream does not begin with a little endian DCE/RPC 5.0 header.
 */
export function pduLength(bytes: Uint8Array): number | null {
  if (bytes.length < HEADER_LENGTH) return null;
  return readHeader(new Reader(bytes, 'RPC PDU'), Object.values(PTYPE)).length;
}

/** A bind to one interface, NDR only: 72 bytes. `callId` is random, 32 bits. */
export function encodeBind({
  callId,
  abstractSyntax = ENDPOINT_MAPPER,
}: {
  readonly callId: number;
  readonly abstractSyntax?: Syntax;
}): Uint8Array {
  const body = new Writer().uint16le(MAX_FRAGMENT).uint16le(MAX_FRAGMENT).uint32le(0);
  body.uint8(1).zeros(3);
  body.uint16le(0).uint8(1).uint8(0);
  writeSyntax(body, abstractSyntax);
  writeSyntax(body, NDR);
  return encodePdu(PTYPE.bind, callId, body.finish());
}

/**
 * A bind, as a fake server reads it. `pdu` is one whole PDU.
 * @throws DecodeError for any other PDU.
 */
export function decodeBind(pdu: Uint8Array): Bind {
  const { callId, body } = readPdu(pdu, 'bind', [PTYPE.bind]);
  body.skip(8, 'max_xmit_frag, max_recv_frag and assoc_group_id');
  const count = body.uint8('n_context_elem');
  body.skip(3, 'reserved');
  const contexts = Array.from({ length: count }, () => {
    body.skip(2, 'p_cont_id');
    const syntaxes = body.uint8('n_transfer_syn');
    body.skip(1, 'reserved');
    const abstractSyntax = readSyntax(body, 'abstract_syntax');
    const transferSyntaxes = Array.from({ length: syntaxes }, () => readSyntax(body, 'transfer_syntax'));
    return { abstractSyntax, transferSyntaxes };
  });
  return { kind: 'bind', callId, contexts };
}

/** A response as a fake server sends it. */
export function encodeBindResponse(response: BindResponse): Uint8Array {
  const { callId } = response;
  switch (response.kind) {
    case 'bind-ack':
      return encodePdu(PTYPE.bind_ack, callId, encodeBindAckBody(response));
    case 'bind-nak':
      return encodePdu(
        PTYPE.bind_nak,
        callId,
        new Writer().uint16le(response.rejectReason).uint8(0).finish(),
      );
    case 'fault':
      return encodeFault(response);
  }
}

/**
 * The answer to a bind. `pdu` is one whole PDU; an authentication trailer is not read.
 * @throws DecodeError for any other PDU, and when it is not as long as frag_length says.
 */
export function decodeBindResponse(pdu: Uint8Array): BindResponse {
  const { ptype, callId, body } = readPdu(pdu, 'bind response', [
    PTYPE.bind_ack,
    PTYPE.bind_nak,
    PTYPE.fault,
  ]);
  switch (ptype) {
    case PTYPE.bind_ack:
      return readBindAck(body, callId);
    case PTYPE.bind_nak:
      return { kind: 'bind-nak', callId, rejectReason: body.uint16le('provider_reject_reason') };
    default:
      return readFault(body, callId);
  }
}

function readBindAck(body: Reader, callId: number): BindAck {
  const maxTransmitFragment = body.uint16le('max_xmit_frag');
  const maxReceiveFragment = body.uint16le('max_recv_frag');
  const associationGroup = body.uint32le('assoc_group_id');
  const secondaryAddress = latin1Text(body.bytes(body.uint16le('sec_addr length'), 'sec_addr')).replace(
    /\0$/,
    '',
  );
  body.skip(padding(body.offset, 4), 'padding');
  const count = body.uint8('n_results');
  body.skip(3, 'reserved');
  const results = Array.from({ length: count }, () => ({
    result: body.uint16le('result'),
    reason: body.uint16le('reason'),
    transferSyntax: readSyntax(body, 'transfer_syntax'),
  }));
  return {
    kind: 'bind-ack',
    callId,
    maxTransmitFragment,
    maxReceiveFragment,
    associationGroup,
    secondaryAddress,
    results,
  };
}

function encodeBindAckBody(ack: BindAck): Uint8Array {
  const body = new Writer().uint16le(ack.maxTransmitFragment).uint16le(ack.maxReceiveFragment);
  body.uint32le(ack.associationGroup);
  body
    .uint16le(ack.secondaryAddress.length + 1)
    .latin1(ack.secondaryAddress)
    .uint8(0);
  body.align(4).uint8(ack.results.length).zeros(3);
  for (const { result, reason, transferSyntax } of ack.results) {
    body.uint16le(result).uint16le(reason);
    writeSyntax(body, transferSyntax);
  }
  return body.finish();
}

/** A fault as a fake server sends it. */
export function encodeFault({ callId, status }: Omit<Fault, 'kind'>): Uint8Array {
  return encodePdu(PTYPE.fault, callId, new Writer().zeros(8).uint32le(status).zeros(4).finish());
}

export function readFault(body: Reader, callId: number): Fault {
  body.skip(8, 'alloc_hint, p_cont_id and cancel_count');
  return { kind: 'fault', callId, status: body.uint32le('status') };
}

/** One PDU without an authentication trailer. The body's alignment is the PDU's: the header is 16 bytes long. */
export function encodePdu(
  ptype: number,
  callId: number,
  body: Uint8Array,
  flags: number = ONLY_FRAGMENT,
): Uint8Array {
  const writer = new Writer().uint8(RPC_VERSION).uint8(0).uint8(ptype).uint8(flags);
  writer
    .uint8(DREP_LITTLE_ENDIAN)
    .zeros(3)
    .uint16le(HEADER_LENGTH + body.length)
    .uint16le(0);
  return writer.uint32le(callId).bytes(body).finish();
}

/** The fields of a PDU's header that anybody reads here. */
export interface PduHeader {
  readonly ptype: number;
  /** `PFC_FLAG`. */
  readonly flags: number;
  /** frag_length, of the whole PDU, in bytes. */
  readonly length: number;
  /** auth_length, in bytes. */
  readonly authLength: number;
  readonly callId: number;
}

/**
 * The header of one whole PDU, and a reader of what is behind it.
 * @throws DecodeError for a type that is not among `ptypes`, and when it is not as long as frag_length says.
 */
export function readPdu(
  pdu: Uint8Array,
  structure: string,
  ptypes: readonly number[],
): PduHeader & { readonly body: Reader } {
  const reader = new Reader(pdu, structure);
  const header = readHeader(reader, ptypes);
  const { length } = header;
  if (length < pdu.length) throw reader.wrong(`frag_length ${pdu.length}`, length);
  return { ...header, body: reader.window(HEADER_LENGTH, length - HEADER_LENGTH, 'PDU body') };
}

function readHeader(reader: Reader, ptypes: readonly number[]): PduHeader {
  reader.expect(reader.uint8('rpc_vers'), RPC_VERSION);
  reader.skip(1, 'rpc_vers_minor');
  const ptype = reader.uint8('PTYPE');
  if (!ptypes.includes(ptype)) throw reader.wrong(`one of ${ptypes.join(', ')}`, ptype);
  const flags = reader.uint8('pfc_flags');
  reader.expect(reader.uint8('packed_drep'), DREP_LITTLE_ENDIAN);
  reader.skip(3, 'packed_drep');
  const length = reader.uint16le('frag_length');
  if (length < HEADER_LENGTH) throw reader.wrong(`at least ${HEADER_LENGTH}`, length);
  const authLength = reader.uint16le('auth_length');
  return { ptype, flags, length, authLength, callId: reader.uint32le('call_id') };
}

function readSyntax(reader: Reader, field: string): Syntax {
  return { uuid: guidText(reader.bytes(GUID_LENGTH, field)), version: reader.uint32le(field) };
}

function writeSyntax(writer: Writer, { uuid, version }: Syntax): void {
  writer.bytes(guidBytes(uuid)).uint32le(version);
}
