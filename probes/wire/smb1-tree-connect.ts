/**
 * SMB_COM_TREE_CONNECT_ANDX, [MS-CIFS] 2.2.4.55 with the extended response of [MS-SMB] 2.2.4.7: opens one share of a
 * session; and what gives it back, SMB_COM_TREE_DISCONNECT, [MS-CIFS] 2.2.4.51. Little endian; offsets are counted
 * from the first byte of the SMB header (smb1-header.ts), and behind it stand the blocks of smb1-body.ts.
 *
 *  TREE_CONNECT_ANDX request:
 *      32     1  WordCount: 4
 *      33     4  AndX
 *      37     2  Flags
 *      39     2  PasswordLength
 *      43     …  Password, Path, Service (one byte a character, whatever Flags2 says)
 *
 *  TREE_CONNECT_ANDX response:
 *      32     1  WordCount: 7; 3 without the rights, 2 before NT LM 0.12
 *      33     4  AndX
 *      37     2  OptionalSupport
 *      39     4  MaximalShareAccessRights
 *      43     4  GuestMaximalShareAccessRights
 *      49     …  Service, NativeFileSystem
 *
 *  TREE_DISCONNECT, request and response:
 *      32     1  WordCount: 0
 */
import { Reader } from './reader.ts';
import {
  andXWords,
  encodeSmb1Message,
  readSmb1Body,
  readSmb1Text,
  skipAndX,
  writeSmb1Text,
} from './smb1-body.ts';
import {
  readSmb1RequestHeader,
  readSmb1ResponseHeader,
  SMB_COM,
  type Smb1Error,
  type Smb1Header,
  type Smb1SessionRequest,
  type Smb1TreeRequest,
  smb1RequestHeader,
} from './smb1-header.ts';
import { Writer } from './writer.ts';

/** Flags of a request, [MS-SMB] 2.2.4.7.1: tell the rights, too. */
export const TREE_CONNECT_ANDX_EXTENDED_RESPONSE = 0x0008;

/** Service, [MS-CIFS] 2.2.4.55.1. */
export const SMB1_SERVICE = {
  DISK: 'A:',
  PRINTER: 'LPT1:',
  PIPE: 'IPC',
  DEVICE: 'COMM',
  /** Of requests only. */
  ANY: '?????',
} as const;

const RESPONSE_WORDS = 3;
const EXTENDED_RESPONSE_WORDS = 7;
/** Shares have no passwords where users have: one byte of it, zero. */
const NO_PASSWORD = Uint8Array.of(0);

export interface Smb1TreeConnectRequest {
  readonly kind: 'smb1-tree-connect-request';
  readonly header: Smb1Header;
  /** `TREE_CONNECT_ANDX_EXTENDED_RESPONSE`, and bits that we do not send. */
  readonly flags: number;
  readonly password: Uint8Array;
  readonly path: string;
  /** `SMB1_SERVICE`. */
  readonly service: string;
}

/** The share is open; `header.tid` stands for it from now on. */
export interface Smb1TreeConnectResponse {
  readonly kind: 'smb1-tree-connect-response';
  readonly header: Smb1Header;
  /** `SMB1_SERVICE`; a stranger's text otherwise. */
  readonly service: string;
  /**
   * What this session may do at most, in the bits of `FILE_PIPE_PRINTER_ACCESS_MASK` (smb2-create.ts); null: the
   * server does not tell. Samba 4.17 computes it as it does for SMB 2.
   */
  readonly maximalShareAccessRights: number | null;
}

export interface Smb1TreeDisconnectRequest {
  readonly kind: 'smb1-tree-disconnect-request';
  readonly header: Smb1Header;
}

export interface Smb1TreeDisconnectResponse {
  readonly kind: 'smb1-tree-disconnect-response';
  readonly header: Smb1Header;
}

export interface Smb1TreeConnect extends Smb1SessionRequest {
  /** `\\host\share`. */
  readonly path: string;
}

/** An unsigned TREE_CONNECT_ANDX to whatever the share is, that asks for the rights. */
export function encodeSmb1TreeConnectRequest(request: Smb1TreeConnect): Uint8Array {
  const header = smb1RequestHeader(request);
  const words = andXWords().uint16le(TREE_CONNECT_ANDX_EXTENDED_RESPONSE).uint16le(NO_PASSWORD.length);
  const bytes = new Writer().bytes(NO_PASSWORD);
  writeSmb1Text(bytes, header.flags2, request.path);
  bytes.latin1(`${SMB1_SERVICE.ANY}\0`);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_TREE_CONNECT_ANDX }, words, bytes);
}

/**
 * A TREE_CONNECT_ANDX, as a fake server reads it. `message` begins with the SMB header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1TreeConnectRequest(message: Uint8Array): Smb1TreeConnectRequest {
  const reader = new Reader(message, 'SMB_COM_TREE_CONNECT_ANDX Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_TREE_CONNECT_ANDX);
  const { words, bytes } = readSmb1Body(reader);
  skipAndX(words);
  const flags = words.uint16le('Flags');
  const password = bytes.bytes(words.uint16le('PasswordLength'), 'Password');
  const path = readSmb1Text(bytes, header.flags2, 'Path');
  const service = readService(bytes);
  return { kind: 'smb1-tree-connect-request', header, flags, password, path, service };
}

/** A response as a fake server sends it. A refusal is `encodeSmb1Error` of smb1-body.ts. */
export function encodeSmb1TreeConnectResponse(response: Smb1TreeConnectResponse): Uint8Array {
  const { header, service, maximalShareAccessRights } = response;
  const words = andXWords().uint16le(0);
  if (maximalShareAccessRights !== null) words.uint32le(maximalShareAccessRights).uint32le(0);
  const bytes = new Writer().latin1(`${service}\0`);
  writeSmb1Text(bytes, header.flags2, '');
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_TREE_CONNECT_ANDX }, words, bytes);
}

/**
 * The answer to a TREE_CONNECT_ANDX. `message` begins with the SMB header. Of a refusal only the header is read.
 * NativeFileSystem is not read.
 * @throws DecodeError for another protocol or command, and when a count leads out of the message or Service has
 * no end.
 */
export function decodeSmb1TreeConnectResponse(message: Uint8Array): Smb1TreeConnectResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_TREE_CONNECT_ANDX Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_TREE_CONNECT_ANDX);
  if (header.status !== 0) return { kind: 'smb1-error', header };
  const { wordCount, words, bytes } = readSmb1Body(reader);
  skipAndX(words);
  if (wordCount >= RESPONSE_WORDS) words.skip(2, 'OptionalSupport');
  const maximalShareAccessRights =
    wordCount >= EXTENDED_RESPONSE_WORDS ? words.uint32le('MaximalShareAccessRights') : null;
  const service = readService(bytes);
  return { kind: 'smb1-tree-connect-response', header, service, maximalShareAccessRights };
}

/** An unsigned TREE_DISCONNECT: gives the share back. */
export function encodeSmb1TreeDisconnectRequest(request: Smb1TreeRequest): Uint8Array {
  const header = smb1RequestHeader(request);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_TREE_DISCONNECT });
}

/**
 * A TREE_DISCONNECT, as a fake server reads it. `message` begins with the SMB header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1TreeDisconnectRequest(message: Uint8Array): Smb1TreeDisconnectRequest {
  const reader = new Reader(message, 'SMB_COM_TREE_DISCONNECT Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_TREE_DISCONNECT);
  readSmb1Body(reader);
  return { kind: 'smb1-tree-disconnect-request', header };
}

/** A response as a fake server sends it. */
export function encodeSmb1TreeDisconnectResponse({ header }: Smb1TreeDisconnectResponse): Uint8Array {
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_TREE_DISCONNECT });
}

/**
 * The answer to a TREE_DISCONNECT. `message` begins with the SMB header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb1TreeDisconnectResponse(
  message: Uint8Array,
): Smb1TreeDisconnectResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_TREE_DISCONNECT Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_TREE_DISCONNECT);
  if (header.status !== 0) return { kind: 'smb1-error', header };
  readSmb1Body(reader);
  return { kind: 'smb1-tree-disconnect-response', header };
}

function readService(bytes: Reader): string {
  return readSmb1Text(bytes, 0, 'Service');
}
