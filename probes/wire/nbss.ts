/**
 * NetBIOS session service, TCP 139, RFC 1002 §4.3, and the direct TCP transport on 445, [MS-SMB2] 2.1: how a
 * stream is cut into frames, and the exchange that opens a session on 139. Big endian; offsets are counted
 * from the first byte of the frame, which is this header.
 *
 *  offset  size
 *       0     1  TYPE; 0x00 on 445
 *       1     1  FLAGS: bit 0 extends LENGTH, the others are zero; on 445 the upper byte of a 24-bit length
 *       2     2  LENGTH of what follows these four bytes
 *
 *  SESSION REQUEST, TYPE 0x81: CALLED_NAME 34, CALLING_NAME 34 (netbios-name.ts)
 *  NEGATIVE SESSION RESPONSE, TYPE 0x83: ERROR_CODE 1
 *  RETARGET SESSION RESPONSE, TYPE 0x84: RETARGET_IP_ADDRESS 4, PORT 2
 */
import { type NetbiosName, readNetbiosName, SUFFIX, writeNetbiosName } from './netbios-name.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** TYPE, §4.3.1. */
export const SESSION_PACKET = {
  SESSION_MESSAGE: 0x00,
  SESSION_REQUEST: 0x81,
  POSITIVE_SESSION_RESPONSE: 0x82,
  NEGATIVE_SESSION_RESPONSE: 0x83,
  RETARGET_SESSION_RESPONSE: 0x84,
  SESSION_KEEP_ALIVE: 0x85,
} as const;

/** ERROR_CODE of a negative session response, §4.3.4. */
export const SESSION_ERROR = {
  NOT_LISTENING_ON_CALLED_NAME: 0x80,
  NOT_LISTENING_FOR_CALLING_NAME: 0x81,
  CALLED_NAME_NOT_PRESENT: 0x82,
  CALLED_NAME_PRESENT_BUT_INSUFFICIENT_RESOURCES: 0x83,
  UNSPECIFIED_ERROR: 0x8f,
} as const;

/** The called name that stands for whichever file server is there, suffix 0x20. */
export const ANY_SMB_SERVER = '*SMBSERVER';

const RESPONSE_TYPES = [
  SESSION_PACKET.POSITIVE_SESSION_RESPONSE,
  SESSION_PACKET.NEGATIVE_SESSION_RESPONSE,
  SESSION_PACKET.RETARGET_SESSION_RESPONSE,
  SESSION_PACKET.SESSION_KEEP_ALIVE,
] as const;
const HEADER_LENGTH = 4;
/** What a peer may send in one frame before it has logged anybody on, header not counted. */
export const LONGEST_MESSAGE = 0x1_0000;

export interface SessionRequest {
  readonly kind: 'session-request';
  readonly called: NetbiosName;
  readonly calling: NetbiosName;
}

export type SessionResponse =
  | { readonly kind: 'positive' }
  | { readonly kind: 'negative'; readonly errorCode: number }
  /** Reported only, never followed. `address` is dotted decimal. */
  | { readonly kind: 'retarget'; readonly address: string; readonly port: number }
  /** May come at any time and means nothing: wait for the next frame. */
  | { readonly kind: 'keep-alive' };

/**
 * How many bytes the first frame of a stream from port 139 takes, its header included; null while fewer than
 * four bytes are there. For a transport that cuts the stream, so most of the frame may still be missing.
 * @throws DecodeError for an unknown TYPE, and for a message of more than 64 KiB, which is never waited for.
 */
export function sessionFrameLength(bytes: Uint8Array): number | null {
  return frameLength(bytes, Object.values(SESSION_PACKET));
}

/** The same for a stream from port 445, where session messages are all there is. */
export function directTcpFrameLength(bytes: Uint8Array): number | null {
  return frameLength(bytes, [SESSION_PACKET.SESSION_MESSAGE]);
}

/** On 139 this also refuses FLAGS above bit 0: as 24 bits they come to more than is accepted. */
function frameLength(bytes: Uint8Array, types: readonly number[]): number | null {
  if (bytes.length === 0) return null;
  const reader = new Reader(bytes, 'SESSION PACKET');
  readType(reader, types);
  return bytes.length < HEADER_LENGTH ? null : HEADER_LENGTH + readLength(reader);
}

function readType(reader: Reader, types: readonly number[]): number {
  const type = reader.uint8('TYPE');
  if (!types.includes(type))
    throw reader.wrong(`one of ${types.map((t) => `0x${t.toString(16)}`).join(', ')}`, type);
  return type;
}

function readLength(reader: Reader): number {
  const length = (reader.uint8('LENGTH') << 16) | reader.uint16be('LENGTH');
  if (length > LONGEST_MESSAGE) throw reader.wrong(`at most ${LONGEST_MESSAGE} bytes`, length);
  return length;
}

/** `message` with the four bytes before it that 139 and 445 both want. At most 64 KiB. */
export function wrapMessage(message: Uint8Array): Uint8Array {
  return encodeFrame(SESSION_PACKET.SESSION_MESSAGE, message);
}

/**
 * A copy of the message in one whole frame.
 * @throws DecodeError when the frame is of another TYPE, or not as long as its header says.
 */
export function unwrapMessage(frame: Uint8Array): Uint8Array {
  const { body } = readFrame(frame, 'SESSION MESSAGE', [SESSION_PACKET.SESSION_MESSAGE]);
  return body.bytes(body.remaining, 'USER_DATA');
}

/**
 * The request that opens a session on 139: 72 bytes. Names are written in upper case.
 * @throws RangeError for names of more than 15 bytes.
 */
export function encodeSessionRequest({
  calledName,
  calledSuffix = SUFFIX.FILE_SERVER,
  callingName,
}: {
  readonly calledName: string;
  readonly calledSuffix?: number;
  readonly callingName: string;
}): Uint8Array {
  const writer = new Writer();
  writeNetbiosName(writer, { name: calledName, suffix: calledSuffix });
  writeNetbiosName(writer, { name: callingName, suffix: SUFFIX.WORKSTATION });
  return encodeFrame(SESSION_PACKET.SESSION_REQUEST, writer.finish());
}

/**
 * A session request, as a fake server reads it.
 * @throws DecodeError for any other frame.
 */
export function decodeSessionRequest(frame: Uint8Array): SessionRequest {
  const { body } = readFrame(frame, 'SESSION REQUEST', [SESSION_PACKET.SESSION_REQUEST]);
  return { kind: 'session-request', called: readNetbiosName(body), calling: readNetbiosName(body) };
}

export function encodeSessionResponse(response: SessionResponse): Uint8Array {
  const none = new Uint8Array();
  switch (response.kind) {
    case 'positive':
      return encodeFrame(SESSION_PACKET.POSITIVE_SESSION_RESPONSE, none);
    case 'negative':
      return encodeFrame(SESSION_PACKET.NEGATIVE_SESSION_RESPONSE, Uint8Array.of(response.errorCode));
    case 'retarget': {
      const body = new Writer().fixed(Uint8Array.from(response.address.split('.').map(Number)), 4);
      return encodeFrame(SESSION_PACKET.RETARGET_SESSION_RESPONSE, body.uint16be(response.port).finish());
    }
    case 'keep-alive':
      return encodeFrame(SESSION_PACKET.SESSION_KEEP_ALIVE, none);
  }
}

/**
 * What came back on a session request. `frame` is one whole frame. Bytes behind the fields of a response are
 * not read.
 * @throws DecodeError for session messages and requests, and for frames that are not as long as their header
 * says.
 */
export function decodeSessionResponse(frame: Uint8Array): SessionResponse {
  const { type, body } = readFrame(frame, 'SESSION RESPONSE', RESPONSE_TYPES);
  switch (type) {
    case SESSION_PACKET.POSITIVE_SESSION_RESPONSE:
      return { kind: 'positive' };
    case SESSION_PACKET.NEGATIVE_SESSION_RESPONSE:
      return { kind: 'negative', errorCode: body.uint8('ERROR_CODE') };
    case SESSION_PACKET.RETARGET_SESSION_RESPONSE: {
      const address = body.bytes(4, 'RETARGET_IP_ADDRESS').join('.');
      return { kind: 'retarget', address, port: body.uint16be('PORT') };
    }
    default:
      return { kind: 'keep-alive' };
  }
}

function encodeFrame(type: number, body: Uint8Array): Uint8Array {
  if (body.length > LONGEST_MESSAGE) throw new RangeError(`message of ${body.length} bytes, at most 64 KiB`);
  const writer = new Writer().uint8(type).uint8(body.length >>> 16);
  return writer
    .uint16be(body.length & 0xffff)
    .bytes(body)
    .finish();
}

function readFrame(
  frame: Uint8Array,
  structure: string,
  types: readonly number[],
): { readonly type: number; readonly body: Reader } {
  const reader = new Reader(frame, structure);
  const type = readType(reader, types);
  const length = readLength(reader);
  if (length < reader.remaining) throw reader.wrong(`${reader.remaining} bytes`, length);
  return { type, body: reader.window(reader.offset, length, 'frame') };
}
