/**
 * DCE/RPC calls on a bound interface, C706 §12.6.4 (request, response, fault) with [MS-RPCE] 2.2.2. What the
 * stub holds is the interface's (srvsvc.ts). Little endian; offsets are counted from the first byte of the
 * PDU, whose first 16 bytes dcerpc-bind.ts describes.
 *
 *  request:  16 alloc_hint 4, p_cont_id 2, opnum 2; with PFC_OBJECT_UUID only: object 16; then the stub
 *  response: 16 alloc_hint 4, p_cont_id 2, cancel_count 1, reserved 1; 24 stub
 *  fault:    as in dcerpc-bind.ts
 */
import {
  encodeFault,
  encodePdu,
  type Fault,
  ONLY_FRAGMENT,
  PFC_FLAG,
  PTYPE,
  readFault,
  readPdu,
} from './dcerpc-bind.ts';
import { Writer } from './writer.ts';

const UUID_LENGTH = 16;

export interface RpcRequest {
  readonly kind: 'request';
  readonly callId: number;
  readonly opnum: number;
  /** The arguments in NDR, a copy. */
  readonly stub: Uint8Array;
}

/** One fragment of what a call returns. */
export interface RpcResponseFragment {
  readonly kind: 'response';
  readonly callId: number;
  /** `PFC_FLAG`. */
  readonly flags: number;
  /** PFC_LAST_FRAG of `flags`: the stubs up to this one, in the order of arrival, are the whole. */
  readonly lastFragment: boolean;
  /** This fragment's part of the results in NDR, a copy. */
  readonly stub: Uint8Array;
}

/** What a request was answered with. */
export type RpcResponse = RpcResponseFragment | Fault;

/** A call on the one context that `encodeBind` offers, in one fragment. `callId` is random, 32 bits. */
export function encodeRequest({ callId, opnum, stub }: Omit<RpcRequest, 'kind'>): Uint8Array {
  const body = new Writer().uint32le(stub.length).uint16le(0).uint16le(opnum).bytes(stub);
  return encodePdu(PTYPE.request, callId, body.finish());
}

/**
 * A call, as a fake server reads it. `pdu` is one whole PDU and the whole call.
 * @throws DecodeError for any other PDU, and for one with an authentication trailer.
 */
export function decodeRequest(pdu: Uint8Array): RpcRequest {
  const { callId, flags, authLength, body } = readPdu(pdu, 'RPC request', [PTYPE.request]);
  body.skip(6, 'alloc_hint and p_cont_id');
  const opnum = body.uint16le('opnum');
  if ((flags & ONLY_FRAGMENT) !== ONLY_FRAGMENT) throw body.wrong('one fragment', 'a part');
  if (authLength > 0) throw body.wrong('no authentication trailer', `${authLength} bytes`);
  if ((flags & PFC_FLAG.PFC_OBJECT_UUID) !== 0) body.skip(UUID_LENGTH, 'object');
  return { kind: 'request', callId, opnum, stub: body.bytes(body.remaining, 'stub') };
}

/** A response as a fake server sends it: one fragment, with these flags. */
export function encodeResponse(response: Omit<RpcResponseFragment, 'lastFragment'> | Fault): Uint8Array {
  if (response.kind === 'fault') return encodeFault(response);
  const { callId, flags, stub } = response;
  const body = new Writer().uint32le(stub.length).zeros(4).bytes(stub);
  return encodePdu(PTYPE.response, callId, body.finish(), flags);
}

/**
 * The answer to a request, or one fragment of it. `pdu` is one whole PDU.
 * @throws DecodeError for any other PDU, when it is not as long as frag_length says, and for a response with an
 * authentication trailer, since nobody agreed on one.
 */
export function decodeResponse(pdu: Uint8Array): RpcResponse {
  const { ptype, callId, flags, authLength, body } = readPdu(pdu, 'RPC response', [
    PTYPE.response,
    PTYPE.fault,
  ]);
  if (ptype === PTYPE.fault) return readFault(body, callId);
  body.skip(8, 'alloc_hint, p_cont_id and cancel_count');
  if (authLength > 0) throw body.wrong('no authentication trailer', `${authLength} bytes`);
  const lastFragment = (flags & PFC_FLAG.PFC_LAST_FRAG) !== 0;
  return { kind: 'response', callId, flags, lastFragment, stub: body.bytes(body.remaining, 'stub') };
}
