/**
 * SMB_COM_NT_CREATE_ANDX, [MS-CIFS] 2.2.4.64: opens what exists on a share, a pipe or a directory, and never creates
 * anything; and SMB_COM_CLOSE, 2.2.4.5. Access masks, share access and options are those of SMB 2 (smb2-create.ts).
 * Little endian; offsets are counted from the first byte of the SMB header (smb1-header.ts), and behind it stand
 * the blocks of smb1-body.ts.
 *
 *  NT_CREATE_ANDX request:
 *      32     1  WordCount: 24
 *      33     4  AndX
 *      37     1  Reserved
 *      38     2  NameLength in bytes, without the NUL
 *      40     4  Flags
 *      44     4  RootDirectoryFID
 *      48     4  DesiredAccess
 *      52     8  AllocationSize
 *      60     4  ExtFileAttributes
 *      64     4  ShareAccess
 *      68     4  CreateDisposition
 *      72     4  CreateOptions
 *      76     4  ImpersonationLevel
 *      80     1  SecurityFlags
 *      83     …  FileName
 *
 *  NT_CREATE_ANDX response:
 *      32     1  WordCount: 34
 *      33     4  AndX
 *      37     1  OpLockLevel
 *      38     2  FID
 *      40     4  CreateDisposition: what was done
 *      44    57  times, attributes, sizes, ResourceType, NMPipeStatus, Directory
 *
 *  CLOSE request:
 *      32     1  WordCount: 3
 *      33     2  FID
 *      35     4  LastTimeModified: FFFFFFFF, to be left as it is
 *
 *  CLOSE response:
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
  SMB_FLAGS2,
  type Smb1Error,
  type Smb1Header,
  type Smb1TreeRequest,
  smb1RequestHeader,
} from './smb1-header.ts';
import { SMB2_CREATE_DISPOSITION } from './smb2-create.ts';
import { Writer } from './writer.ts';

/** ImpersonationLevel, 2.2.4.64.1: Impersonation, what every client asks for. */
const SEC_IMPERSONATE = 0x00000002;
const UNCHANGED_TIME = 0xffff_ffff;
/** Times, attributes, sizes, ResourceType, NMPipeStatus and Directory. */
const RESPONSE_REST_LENGTH = 57;

export interface Smb1CreateRequest {
  readonly kind: 'smb1-create-request';
  readonly header: Smb1Header;
  /** An oplock would be asked for here. */
  readonly flags: number;
  /** `FILE_PIPE_PRINTER_ACCESS_MASK` or `DIRECTORY_ACCESS_MASK` of smb2-create.ts. */
  readonly desiredAccess: number;
  /** `SMB2_SHARE_ACCESS`. */
  readonly shareAccess: number;
  /** `SMB2_CREATE_DISPOSITION`. */
  readonly createDisposition: number;
  /** `SMB2_CREATE_OPTION`. */
  readonly createOptions: number;
  readonly impersonationLevel: number;
  /** From the root of the share, which is `\`. */
  readonly name: string;
}

/** It is open; `fid` stands for it until CLOSE. */
export interface Smb1CreateResponse {
  readonly kind: 'smb1-create-response';
  readonly header: Smb1Header;
  readonly opLockLevel: number;
  readonly fid: number;
  /** `SMB2_CREATE_ACTION`. */
  readonly createDisposition: number;
}

export interface Smb1CloseRequest {
  readonly kind: 'smb1-close-request';
  readonly header: Smb1Header;
  readonly fid: number;
  readonly lastTimeModified: number;
}

export interface Smb1CloseResponse {
  readonly kind: 'smb1-close-response';
  readonly header: Smb1Header;
}

export interface Smb1Create extends Smb1TreeRequest {
  /** With the backslash before it; `\` for the root of the share. */
  readonly name: string;
  readonly desiredAccess: number;
  readonly shareAccess: number;
  readonly createOptions: number;
}

export interface Smb1Close extends Smb1TreeRequest {
  /** From NT_CREATE_ANDX. */
  readonly fid: number;
}

/** An unsigned NT_CREATE_ANDX that opens what exists (FILE_OPEN) without an oplock. */
export function encodeSmb1CreateRequest(request: Smb1Create): Uint8Array {
  const { name, desiredAccess, shareAccess, createOptions } = request;
  const header = smb1RequestHeader(request);
  const width = (header.flags2 & SMB_FLAGS2.SMB_FLAGS2_UNICODE) === 0 ? 1 : 2;
  const words = andXWords()
    .uint8(0)
    .uint16le(width * name.length)
    .uint32le(0)
    .uint32le(0);
  words.uint32le(desiredAccess).uint64le(0n).uint32le(0).uint32le(shareAccess);
  words.uint32le(SMB2_CREATE_DISPOSITION.FILE_OPEN).uint32le(createOptions);
  words.uint32le(SEC_IMPERSONATE).uint8(0);
  const bytes = new Writer();
  writeSmb1Text(bytes, header.flags2, name);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_NT_CREATE_ANDX }, words, bytes);
}

/**
 * An NT_CREATE_ANDX, as a fake server reads it. `message` begins with the SMB header. NameLength is not read:
 * clients differ on whether it counts the NUL.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1CreateRequest(message: Uint8Array): Smb1CreateRequest {
  const reader = new Reader(message, 'SMB_COM_NT_CREATE_ANDX Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_NT_CREATE_ANDX);
  const { words, bytes } = readSmb1Body(reader);
  skipAndX(words);
  words.skip(3, 'Reserved and NameLength');
  const flags = words.uint32le('Flags');
  words.skip(4, 'RootDirectoryFID');
  const desiredAccess = words.uint32le('DesiredAccess');
  words.skip(12, 'AllocationSize and ExtFileAttributes');
  const fixed = {
    shareAccess: words.uint32le('ShareAccess'),
    createDisposition: words.uint32le('CreateDisposition'),
    createOptions: words.uint32le('CreateOptions'),
    impersonationLevel: words.uint32le('ImpersonationLevel'),
  };
  words.skip(1, 'SecurityFlags');
  const name = readSmb1Text(bytes, header.flags2, 'FileName');
  return { kind: 'smb1-create-request', header, flags, desiredAccess, ...fixed, name };
}

/** A response as a fake server sends it, with all that is not kept zero. A refusal is `encodeSmb1Error`. */
export function encodeSmb1CreateResponse(response: Smb1CreateResponse): Uint8Array {
  const { header, opLockLevel, fid, createDisposition } = response;
  const words = andXWords().uint8(opLockLevel).uint16le(fid).uint32le(createDisposition);
  words.zeros(RESPONSE_REST_LENGTH);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_NT_CREATE_ANDX }, words);
}

/**
 * The answer to an NT_CREATE_ANDX. `message` begins with the SMB header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb1CreateResponse(message: Uint8Array): Smb1CreateResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_NT_CREATE_ANDX Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_NT_CREATE_ANDX);
  if (header.status !== 0) return { kind: 'smb1-error', header };
  const { words } = readSmb1Body(reader);
  skipAndX(words);
  const opLockLevel = words.uint8('OpLockLevel');
  const fid = words.uint16le('FID');
  const createDisposition = words.uint32le('CreateDisposition');
  return { kind: 'smb1-create-response', header, opLockLevel, fid, createDisposition };
}

/** An unsigned CLOSE that changes no time. */
export function encodeSmb1CloseRequest(request: Smb1Close): Uint8Array {
  const header = smb1RequestHeader(request);
  const words = new Writer().uint16le(request.fid).uint32le(UNCHANGED_TIME);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_CLOSE }, words);
}

/**
 * A CLOSE, as a fake server reads it. `message` begins with the SMB header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1CloseRequest(message: Uint8Array): Smb1CloseRequest {
  const reader = new Reader(message, 'SMB_COM_CLOSE Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_CLOSE);
  const { words } = readSmb1Body(reader);
  const fid = words.uint16le('FID');
  return { kind: 'smb1-close-request', header, fid, lastTimeModified: words.uint32le('LastTimeModified') };
}

/** A response as a fake server sends it. */
export function encodeSmb1CloseResponse({ header }: Smb1CloseResponse): Uint8Array {
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_CLOSE });
}

/**
 * The answer to a CLOSE. `message` begins with the SMB header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb1CloseResponse(message: Uint8Array): Smb1CloseResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_CLOSE Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_CLOSE);
  if (header.status !== 0) return { kind: 'smb1-error', header };
  readSmb1Body(reader);
  return { kind: 'smb1-close-response', header };
}
