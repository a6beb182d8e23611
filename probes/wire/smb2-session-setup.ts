/**
 * SMB2 SESSION_SETUP, [MS-SMB2] 2.2.5 (request) and 2.2.6 (response): carries the security tokens (spnego.ts)
 * to and fro until a session stands. Little endian; offsets are counted from the first byte of the SMB2
 * header (smb2-header.ts).
 *
 *  Request:
 *      64     2  StructureSize: 25
 *      66     1  Flags
 *      67     1  SecurityMode
 *      68     4  Capabilities
 *      72     4  Channel
 *      76     2  SecurityBufferOffset
 *      78     2  SecurityBufferLength
 *      80     8  PreviousSessionId
 *      88     n  Buffer
 *
 *  Response:
 *      64     2  StructureSize: 9
 *      66     2  SessionFlags
 *      68     2  SecurityBufferOffset
 *      70     2  SecurityBufferLength
 *      72     n  Buffer
 */
import { NT_STATUS } from './nt-status.ts';
import { Reader } from './reader.ts';
import {
  readSmb2RequestHeader,
  readSmb2ResponseHeader,
  SMB2_COMMAND,
  type Smb2Header,
  smb2RequestHeader,
  writeSmb2Header,
} from './smb2-header.ts';
import { SMB2_SECURITY_MODE } from './smb2-negotiate.ts';
import { Writer } from './writer.ts';

/** SessionFlags, 2.2.6. */
export const SMB2_SESSION_FLAG = {
  SMB2_SESSION_FLAG_IS_GUEST: 0x0001,
  SMB2_SESSION_FLAG_IS_NULL: 0x0002,
  SMB2_SESSION_FLAG_ENCRYPT_DATA: 0x0004,
} as const;

const REQUEST_STRUCTURE_SIZE = 25;
const RESPONSE_STRUCTURE_SIZE = 9;
/** Where the variable part begins. */
const REQUEST_BUFFER_OFFSET = 88;
const RESPONSE_BUFFER_OFFSET = 72;

export interface Smb2SessionSetupRequest {
  readonly kind: 'smb2-session-setup-request';
  readonly header: Smb2Header;
  readonly flags: number;
  /** `SMB2_SECURITY_MODE`; one byte here, two in NEGOTIATE. */
  readonly securityMode: number;
  readonly capabilities: number;
  readonly channel: number;
  readonly previousSessionId: bigint;
  /** The SPNEGO token; may be empty. */
  readonly securityBuffer: Uint8Array;
}

/** `header.status` tells whether the session stands (STATUS_SUCCESS) or the server awaits another token. */
export interface Smb2SessionSetupResponse {
  readonly kind: 'smb2-session-setup-response';
  readonly header: Smb2Header;
  /** `SMB2_SESSION_FLAG`; final only with STATUS_SUCCESS. */
  readonly sessionFlags: number;
  /** The SPNEGO token; may be empty. */
  readonly securityBuffer: Uint8Array;
}

/** A SESSION_SETUP that was refused with `header.status`. */
export interface Smb2SessionSetupError {
  readonly kind: 'smb2-error';
  readonly header: Smb2Header;
}

export interface Smb2SessionSetupToken {
  /** One more than that of the message before on this connection. */
  readonly messageId: bigint;
  /** 0n by default; for the second message of a session, what the first response said. */
  readonly sessionId?: bigint;
  /** At most 65,535 bytes. */
  readonly securityBuffer: Uint8Array;
  /** 0 by default, as 2.0.2 demands and later dialects accept for messages this small. */
  readonly creditCharge?: number;
}

/**
 * An unsigned SESSION_SETUP of a new session. Flags never bind to another session, and
 * PreviousSessionId is always 0, since any other value ends somebody's session.
 * @throws RangeError when the token does not fit.
 */
export function encodeSmb2SessionSetupRequest(token: Smb2SessionSetupToken): Uint8Array {
  const { messageId, sessionId = 0n, securityBuffer, creditCharge = 0 } = token;
  const command = SMB2_COMMAND.SMB2_SESSION_SETUP;
  const writer = new Writer();
  writeSmb2Header(writer, smb2RequestHeader({ command, messageId, sessionId, creditCharge }));
  writer.uint16le(REQUEST_STRUCTURE_SIZE).uint8(0);
  writer.uint8(SMB2_SECURITY_MODE.SMB2_NEGOTIATE_SIGNING_ENABLED);
  writer.uint32le(0).uint32le(0);
  writer.uint16le(REQUEST_BUFFER_OFFSET).uint16le(securityBuffer.length);
  return writer.uint64le(0n).bytes(securityBuffer).finish();
}

/**
 * A SESSION_SETUP, as a fake server reads it. `message` begins with the SMB2 header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2SessionSetupRequest(message: Uint8Array): Smb2SessionSetupRequest {
  const reader = new Reader(message, 'SMB2 SESSION_SETUP Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_SESSION_SETUP);
  reader.expect(reader.uint16le('StructureSize'), REQUEST_STRUCTURE_SIZE);
  const flags = reader.uint8('Flags');
  const securityMode = reader.uint8('SecurityMode');
  const capabilities = reader.uint32le('Capabilities');
  const channel = reader.uint32le('Channel');
  const bufferOffset = reader.uint16le('SecurityBufferOffset');
  const bufferLength = reader.uint16le('SecurityBufferLength');
  const previousSessionId = reader.uint64le('PreviousSessionId');
  const securityBuffer = readSecurityBuffer(reader, bufferOffset, bufferLength);
  return {
    kind: 'smb2-session-setup-request',
    header,
    flags,
    securityMode,
    capabilities,
    channel,
    previousSessionId,
    securityBuffer,
  };
}

/** A response as a fake server sends it. A refusal is `encodeSmb2Error` of smb2-negotiate.ts. */
export function encodeSmb2SessionSetupResponse(response: Smb2SessionSetupResponse): Uint8Array {
  const { header, sessionFlags, securityBuffer } = response;
  const writer = new Writer();
  writeSmb2Header(writer, header);
  writer.uint16le(RESPONSE_STRUCTURE_SIZE).uint16le(sessionFlags);
  writer.uint16le(RESPONSE_BUFFER_OFFSET).uint16le(securityBuffer.length);
  return writer.bytes(securityBuffer).finish();
}

/**
 * The answer to a SESSION_SETUP. `message` begins with the SMB2 header. STATUS_MORE_PROCESSING_REQUIRED is an
 * answer like STATUS_SUCCESS; of any other status only the header is read. Bytes behind the buffer are not
 * read.
 * @throws DecodeError for another protocol or command, and when the buffer leads out of the message.
 */
export function decodeSmb2SessionSetupResponse(
  message: Uint8Array,
): Smb2SessionSetupResponse | Smb2SessionSetupError {
  const reader = new Reader(message, 'SMB2 SESSION_SETUP Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_SESSION_SETUP);
  const { STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED } = NT_STATUS;
  if (header.status !== STATUS_SUCCESS && header.status !== STATUS_MORE_PROCESSING_REQUIRED) {
    return { kind: 'smb2-error', header };
  }
  reader.expect(reader.uint16le('StructureSize'), RESPONSE_STRUCTURE_SIZE);
  const sessionFlags = reader.uint16le('SessionFlags');
  const bufferOffset = reader.uint16le('SecurityBufferOffset');
  const bufferLength = reader.uint16le('SecurityBufferLength');
  const securityBuffer = readSecurityBuffer(reader, bufferOffset, bufferLength);
  return { kind: 'smb2-session-setup-response', header, sessionFlags, securityBuffer };
}

/** An empty buffer may name any offset. */
function readSecurityBuffer(reader: Reader, offset: number, length: number): Uint8Array {
  if (length === 0) return new Uint8Array();
  return reader.from(offset, 'SecurityBuffer').bytes(length, 'SecurityBuffer');
}
