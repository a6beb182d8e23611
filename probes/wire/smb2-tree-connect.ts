/**
 * SMB2 TREE_CONNECT, [MS-SMB2] 2.2.9 (request) and 2.2.10 (response): opens one share of a session; and what
 * ends it, TREE_DISCONNECT (2.2.11, 2.2.12) and LOGOFF (2.2.7, 2.2.8). Little endian; offsets are counted
 * from the first byte of the SMB2 header (smb2-header.ts).
 *
 *  TREE_CONNECT request:
 *      64     2  StructureSize: 9
 *      66     2  Flags
 *      68     2  PathOffset
 *      70     2  PathLength in bytes
 *      72     n  PathName: UTF-16, no NUL
 *
 *  TREE_CONNECT response:
 *      64     2  StructureSize: 16
 *      66     1  ShareType
 *      67     1  Reserved
 *      68     4  ShareFlags
 *      72     4  Capabilities
 *      76     4  MaximalAccess
 *
 *  TREE_DISCONNECT and LOGOFF, requests and responses:
 *      64     2  StructureSize: 4
 *      66     2  Reserved
 */
import { Reader } from './reader.ts';
import {
  readSmb2RequestHeader,
  readSmb2ResponseHeader,
  readSmb2Text,
  SMB2_COMMAND,
  type Smb2Error,
  type Smb2Header,
  type Smb2SessionRequest,
  type Smb2TreeRequest,
  writeSmb2Header,
  writeSmb2RequestHeader,
} from './smb2-header.ts';
import { Writer } from './writer.ts';

/** ShareType, 2.2.10. */
export const SMB2_SHARE_TYPE = {
  SMB2_SHARE_TYPE_DISK: 0x01,
  SMB2_SHARE_TYPE_PIPE: 0x02,
  SMB2_SHARE_TYPE_PRINT: 0x03,
} as const;

/** ShareFlags, 2.2.10. Caching is two bits, a number and not flags. */
export const SMB2_SHAREFLAG = {
  SMB2_SHAREFLAG_MANUAL_CACHING: 0x00000000,
  SMB2_SHAREFLAG_AUTO_CACHING: 0x00000010,
  SMB2_SHAREFLAG_VDO_CACHING: 0x00000020,
  SMB2_SHAREFLAG_NO_CACHING: 0x00000030,
  SMB2_SHAREFLAG_DFS: 0x00000001,
  SMB2_SHAREFLAG_DFS_ROOT: 0x00000002,
  SMB2_SHAREFLAG_RESTRICT_EXCLUSIVE_OPENS: 0x00000100,
  SMB2_SHAREFLAG_FORCE_SHARED_DELETE: 0x00000200,
  SMB2_SHAREFLAG_ALLOW_NAMESPACE_CACHING: 0x00000400,
  SMB2_SHAREFLAG_ACCESS_BASED_DIRECTORY_ENUM: 0x00000800,
  SMB2_SHAREFLAG_FORCE_LEVELII_OPLOCK: 0x00001000,
  SMB2_SHAREFLAG_ENABLE_HASH_V1: 0x00002000,
  SMB2_SHAREFLAG_ENABLE_HASH_V2: 0x00004000,
  SMB2_SHAREFLAG_ENCRYPT_DATA: 0x00008000,
  SMB2_SHAREFLAG_IDENTITY_REMOTING: 0x00040000,
  SMB2_SHAREFLAG_COMPRESS_DATA: 0x00100000,
  SMB2_SHAREFLAG_ISOLATED_TRANSPORT: 0x00200000,
} as const;

const REQUEST_STRUCTURE_SIZE = 9;
const RESPONSE_STRUCTURE_SIZE = 16;
/** Of TREE_DISCONNECT and LOGOFF, either way. */
const EMPTY_STRUCTURE_SIZE = 4;
/** Where the variable part begins. */
const REQUEST_BUFFER_OFFSET = 72;

export interface Smb2TreeConnectRequest {
  readonly kind: 'smb2-tree-connect-request';
  readonly header: Smb2Header;
  readonly flags: number;
  readonly path: string;
}

/** The share is open; `header.treeId` stands for it from now on. */
export interface Smb2TreeConnectResponse {
  readonly kind: 'smb2-tree-connect-response';
  readonly header: Smb2Header;
  /** `SMB2_SHARE_TYPE`. */
  readonly shareType: number;
  /** `SMB2_SHAREFLAG`. */
  readonly shareFlags: number;
  readonly capabilities: number;
  /**
   * What this session may do at most, in the bits of `FILE_PIPE_PRINTER_ACCESS_MASK` (smb2-create.ts). Samba
   * 4.17 computes it from the share's settings alone; permissions of the file system may still deny.
   */
  readonly maximalAccess: number;
}

export interface Smb2TreeDisconnectRequest {
  readonly kind: 'smb2-tree-disconnect-request';
  readonly header: Smb2Header;
}

export interface Smb2TreeDisconnectResponse {
  readonly kind: 'smb2-tree-disconnect-response';
  readonly header: Smb2Header;
}

export interface Smb2LogoffRequest {
  readonly kind: 'smb2-logoff-request';
  readonly header: Smb2Header;
}

export interface Smb2LogoffResponse {
  readonly kind: 'smb2-logoff-response';
  readonly header: Smb2Header;
}

export interface Smb2TreeConnect extends Smb2SessionRequest {
  /** `\\host\share`, at most 32,767 UTF-16 units. */
  readonly path: string;
}

/**
 * An unsigned TREE_CONNECT without extensions.
 * @throws RangeError when the path does not fit.
 */
export function encodeSmb2TreeConnectRequest(request: Smb2TreeConnect): Uint8Array {
  const { path } = request;
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_TREE_CONNECT, request);
  writer.uint16le(REQUEST_STRUCTURE_SIZE).uint16le(0);
  writer.uint16le(REQUEST_BUFFER_OFFSET).uint16le(2 * path.length);
  return writer.utf16le(path).finish();
}

/**
 * A TREE_CONNECT, as a fake server reads it. `message` begins with the SMB2 header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2TreeConnectRequest(message: Uint8Array): Smb2TreeConnectRequest {
  const reader = new Reader(message, 'SMB2 TREE_CONNECT Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_TREE_CONNECT);
  reader.expect(reader.uint16le('StructureSize'), REQUEST_STRUCTURE_SIZE);
  const flags = reader.uint16le('Flags');
  const pathOffset = reader.uint16le('PathOffset');
  const pathLength = reader.uint16le('PathLength');
  const path = readSmb2Text(reader, pathOffset, pathLength, 'PathName');
  return { kind: 'smb2-tree-connect-request', header, flags, path };
}

/** A response as a fake server sends it. A refusal is `encodeSmb2Error` of smb2-negotiate.ts. */
export function encodeSmb2TreeConnectResponse(response: Smb2TreeConnectResponse): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, response.header);
  writer.uint16le(RESPONSE_STRUCTURE_SIZE).uint8(response.shareType).uint8(0);
  writer.uint32le(response.shareFlags).uint32le(response.capabilities).uint32le(response.maximalAccess);
  return writer.finish();
}

/**
 * The answer to a TREE_CONNECT. `message` begins with the SMB2 header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb2TreeConnectResponse(message: Uint8Array): Smb2TreeConnectResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 TREE_CONNECT Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_TREE_CONNECT);
  if (header.status !== 0) return { kind: 'smb2-error', header };
  reader.expect(reader.uint16le('StructureSize'), RESPONSE_STRUCTURE_SIZE);
  const shareType = reader.uint8('ShareType');
  reader.skip(1, 'Reserved');
  const shareFlags = reader.uint32le('ShareFlags');
  const capabilities = reader.uint32le('Capabilities');
  const maximalAccess = reader.uint32le('MaximalAccess');
  return { kind: 'smb2-tree-connect-response', header, shareType, shareFlags, capabilities, maximalAccess };
}

/** An unsigned TREE_DISCONNECT: gives the share back. */
export function encodeSmb2TreeDisconnectRequest(request: Smb2TreeRequest): Uint8Array {
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_TREE_DISCONNECT, request);
  return writeEmptyBody(writer).finish();
}

/**
 * A TREE_DISCONNECT, as a fake server reads it. `message` begins with the SMB2 header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2TreeDisconnectRequest(message: Uint8Array): Smb2TreeDisconnectRequest {
  const reader = new Reader(message, 'SMB2 TREE_DISCONNECT Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_TREE_DISCONNECT);
  readEmptyBody(reader);
  return { kind: 'smb2-tree-disconnect-request', header };
}

/** A response as a fake server sends it. */
export function encodeSmb2TreeDisconnectResponse(response: Smb2TreeDisconnectResponse): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, response.header);
  return writeEmptyBody(writer).finish();
}

/**
 * The answer to a TREE_DISCONNECT. `message` begins with the SMB2 header. Of a refusal only the header is
 * read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb2TreeDisconnectResponse(
  message: Uint8Array,
): Smb2TreeDisconnectResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 TREE_DISCONNECT Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_TREE_DISCONNECT);
  if (header.status !== 0) return { kind: 'smb2-error', header };
  readEmptyBody(reader);
  return { kind: 'smb2-tree-disconnect-response', header };
}

/** An unsigned LOGOFF: ends our own session. */
export function encodeSmb2LogoffRequest(request: Smb2SessionRequest): Uint8Array {
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_LOGOFF, request);
  return writeEmptyBody(writer).finish();
}

/**
 * A LOGOFF, as a fake server reads it. `message` begins with the SMB2 header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2LogoffRequest(message: Uint8Array): Smb2LogoffRequest {
  const reader = new Reader(message, 'SMB2 LOGOFF Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_LOGOFF);
  readEmptyBody(reader);
  return { kind: 'smb2-logoff-request', header };
}

/** A response as a fake server sends it. */
export function encodeSmb2LogoffResponse(response: Smb2LogoffResponse): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, response.header);
  return writeEmptyBody(writer).finish();
}

/**
 * The answer to a LOGOFF. `message` begins with the SMB2 header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb2LogoffResponse(message: Uint8Array): Smb2LogoffResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 LOGOFF Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_LOGOFF);
  if (header.status !== 0) return { kind: 'smb2-error', header };
  readEmptyBody(reader);
  return { kind: 'smb2-logoff-response', header };
}

function writeEmptyBody(writer: Writer): Writer {
  return writer.uint16le(EMPTY_STRUCTURE_SIZE).uint16le(0);
}

function readEmptyBody(reader: Reader): void {
  reader.expect(reader.uint16le('StructureSize'), EMPTY_STRUCTURE_SIZE);
  reader.skip(2, 'Reserved');
}
