/**
 * SMB2 CREATE, [MS-SMB2] 2.2.13 (request) and 2.2.14 (response): opens what exists on a share, a pipe or a
 * directory, and never creates anything; and CLOSE (2.2.15, 2.2.16). Little endian; offsets are counted from
 * the first byte of the SMB2 header (smb2-header.ts).
 *
 *  CREATE request:
 *      64     2  StructureSize: 57
 *      66     1  SecurityFlags
 *      67     1  RequestedOplockLevel
 *      68     4  ImpersonationLevel
 *      72     8  SmbCreateFlags
 *      80     8  Reserved
 *      88     4  DesiredAccess
 *      92     4  FileAttributes
 *      96     4  ShareAccess
 *     100     4  CreateDisposition
 *     104     4  CreateOptions
 *     108     2  NameOffset
 *     110     2  NameLength in bytes
 *     112     4  CreateContextsOffset
 *     116     4  CreateContextsLength
 *     120     n  Buffer: the name in UTF-16, no NUL; at least one byte even where the name is empty
 *
 *  CREATE response:
 *      64     2  StructureSize: 89
 *      66     1  OplockLevel
 *      67     1  Flags
 *      68     4  CreateAction
 *      72    48  CreationTime, LastAccessTime, LastWriteTime, ChangeTime, AllocationSize, EndofFile
 *     120     4  FileAttributes
 *     124     4  Reserved2
 *     128    16  FileId
 *     144     4  CreateContextsOffset
 *     148     4  CreateContextsLength
 *     152     n  Buffer
 *
 *  CLOSE request:
 *      64     2  StructureSize: 24
 *      66     2  Flags
 *      68     4  Reserved
 *      72    16  FileId
 *
 *  CLOSE response:
 *      64     2  StructureSize: 60
 *      66     2  Flags
 *      68     4  Reserved
 *      72    52  times, sizes and attributes, if the request asked for them
 */
import { Reader } from './reader.ts';
import {
  readSmb2RequestHeader,
  readSmb2ResponseHeader,
  readSmb2Text,
  SMB2_COMMAND,
  SMB2_FILE_ID_LENGTH,
  type Smb2Error,
  type Smb2Header,
  type Smb2TreeRequest,
  writeSmb2Header,
  writeSmb2RequestHeader,
} from './smb2-header.ts';
import { Writer } from './writer.ts';

/** DesiredAccess of files, pipes and printers, 2.2.13.1.1; MaximalAccess of TREE_CONNECT too. */
export const FILE_PIPE_PRINTER_ACCESS_MASK = {
  FILE_READ_DATA: 0x00000001,
  FILE_WRITE_DATA: 0x00000002,
  FILE_APPEND_DATA: 0x00000004,
  FILE_READ_EA: 0x00000008,
  FILE_WRITE_EA: 0x00000010,
  FILE_EXECUTE: 0x00000020,
  FILE_DELETE_CHILD: 0x00000040,
  FILE_READ_ATTRIBUTES: 0x00000080,
  FILE_WRITE_ATTRIBUTES: 0x00000100,
  DELETE: 0x00010000,
  READ_CONTROL: 0x00020000,
  WRITE_DAC: 0x00040000,
  WRITE_OWNER: 0x00080000,
  SYNCHRONIZE: 0x00100000,
} as const;

/** DesiredAccess of directories, 2.2.13.1.2: those bits that have names of their own there. */
export const DIRECTORY_ACCESS_MASK = {
  FILE_LIST_DIRECTORY: 0x00000001,
  FILE_ADD_FILE: 0x00000002,
  FILE_ADD_SUBDIRECTORY: 0x00000004,
  FILE_TRAVERSE: 0x00000020,
} as const;

/** ShareAccess, 2.2.13: what others may do while it is open. */
export const SMB2_SHARE_ACCESS = {
  FILE_SHARE_READ: 0x00000001,
  FILE_SHARE_WRITE: 0x00000002,
  FILE_SHARE_DELETE: 0x00000004,
} as const;

/** CreateDisposition, 2.2.13: the one that fails where there is nothing to open. */
export const SMB2_CREATE_DISPOSITION = { FILE_OPEN: 0x00000001 } as const;

/** CreateOptions, 2.2.13: those that tell a directory from a file. */
export const SMB2_CREATE_OPTION = {
  FILE_DIRECTORY_FILE: 0x00000001,
  FILE_NON_DIRECTORY_FILE: 0x00000040,
} as const;

/** CreateAction, 2.2.14: the one that answers FILE_OPEN. */
export const SMB2_CREATE_ACTION = { FILE_OPENED: 0x00000001 } as const;

/** ImpersonationLevel, 2.2.13: Impersonation, what every client asks for. */
const IMPERSONATION = 0x00000002;

const REQUEST_STRUCTURE_SIZE = 57;
const RESPONSE_STRUCTURE_SIZE = 89;
const CLOSE_REQUEST_STRUCTURE_SIZE = 24;
const CLOSE_RESPONSE_STRUCTURE_SIZE = 60;
/** Where the variable part begins. */
const REQUEST_BUFFER_OFFSET = 120;
/** Four times and two sizes. */
const TIMES_AND_SIZES_LENGTH = 48;
const CLOSE_ATTRIBUTES_LENGTH = 52;

export interface Smb2CreateRequest {
  readonly kind: 'smb2-create-request';
  readonly header: Smb2Header;
  readonly requestedOplockLevel: number;
  readonly impersonationLevel: number;
  /** `FILE_PIPE_PRINTER_ACCESS_MASK` or `DIRECTORY_ACCESS_MASK`. */
  readonly desiredAccess: number;
  readonly fileAttributes: number;
  /** `SMB2_SHARE_ACCESS`. */
  readonly shareAccess: number;
  /** `SMB2_CREATE_DISPOSITION`. */
  readonly createDisposition: number;
  /** `SMB2_CREATE_OPTION`. */
  readonly createOptions: number;
  /** Relative to the share; empty for its root. */
  readonly name: string;
}

/** It is open; `fileId` stands for it until CLOSE. */
export interface Smb2CreateResponse {
  readonly kind: 'smb2-create-response';
  readonly header: Smb2Header;
  readonly oplockLevel: number;
  /** `SMB2_CREATE_ACTION`. */
  readonly createAction: number;
  readonly fileAttributes: number;
  /** Sixteen bytes. */
  readonly fileId: Uint8Array;
}

export interface Smb2CloseRequest {
  readonly kind: 'smb2-close-request';
  readonly header: Smb2Header;
  readonly flags: number;
  /** Sixteen bytes. */
  readonly fileId: Uint8Array;
}

export interface Smb2CloseResponse {
  readonly kind: 'smb2-close-response';
  readonly header: Smb2Header;
}

export interface Smb2Create extends Smb2TreeRequest {
  /** Relative to the share, without a leading backslash; empty for its root. At most 32,767 UTF-16 units. */
  readonly name: string;
  readonly desiredAccess: number;
  readonly shareAccess: number;
  readonly createOptions: number;
}

export interface Smb2Close extends Smb2TreeRequest {
  /** Sixteen bytes, from CREATE. */
  readonly fileId: Uint8Array;
}

/**
 * An unsigned CREATE that opens what exists (FILE_OPEN) without an oplock and without create contexts.
 * @throws RangeError when the name does not fit.
 */
export function encodeSmb2CreateRequest(request: Smb2Create): Uint8Array {
  const { name, desiredAccess, shareAccess, createOptions } = request;
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_CREATE, request);
  writer.uint16le(REQUEST_STRUCTURE_SIZE).uint8(0).uint8(0).uint32le(IMPERSONATION);
  writer.uint64le(0n).uint64le(0n);
  writer.uint32le(desiredAccess).uint32le(0).uint32le(shareAccess);
  writer.uint32le(SMB2_CREATE_DISPOSITION.FILE_OPEN).uint32le(createOptions);
  writer.uint16le(REQUEST_BUFFER_OFFSET).uint16le(2 * name.length);
  writer.uint32le(0).uint32le(0);
  return (name === '' ? writer.zeros(1) : writer.utf16le(name)).finish();
}

/**
 * A CREATE, as a fake server reads it. `message` begins with the SMB2 header. Create contexts are not read.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2CreateRequest(message: Uint8Array): Smb2CreateRequest {
  const reader = new Reader(message, 'SMB2 CREATE Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_CREATE);
  reader.expect(reader.uint16le('StructureSize'), REQUEST_STRUCTURE_SIZE);
  reader.skip(1, 'SecurityFlags');
  const requestedOplockLevel = reader.uint8('RequestedOplockLevel');
  const impersonationLevel = reader.uint32le('ImpersonationLevel');
  reader.skip(16, 'SmbCreateFlags and Reserved');
  const fixed = {
    desiredAccess: reader.uint32le('DesiredAccess'),
    fileAttributes: reader.uint32le('FileAttributes'),
    shareAccess: reader.uint32le('ShareAccess'),
    createDisposition: reader.uint32le('CreateDisposition'),
    createOptions: reader.uint32le('CreateOptions'),
  };
  const nameOffset = reader.uint16le('NameOffset');
  const nameLength = reader.uint16le('NameLength');
  reader.skip(8, 'CreateContextsOffset and CreateContextsLength');
  if (reader.remaining === 0) reader.skip(1, 'Buffer');
  const name = readSmb2Text(reader, nameOffset, nameLength, 'Name');
  return { kind: 'smb2-create-request', header, requestedOplockLevel, impersonationLevel, ...fixed, name };
}

/** A response as a fake server sends it, with times and sizes zero. A refusal is `encodeSmb2Error`. */
export function encodeSmb2CreateResponse(response: Smb2CreateResponse): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, response.header);
  writer.uint16le(RESPONSE_STRUCTURE_SIZE).uint8(response.oplockLevel).uint8(0);
  writer.uint32le(response.createAction).zeros(TIMES_AND_SIZES_LENGTH);
  writer.uint32le(response.fileAttributes).uint32le(0);
  return writer.fixed(response.fileId, SMB2_FILE_ID_LENGTH).uint32le(0).uint32le(0).finish();
}

/**
 * The answer to a CREATE. `message` begins with the SMB2 header. Of a refusal only the header is read. Times,
 * sizes and create contexts are not read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb2CreateResponse(message: Uint8Array): Smb2CreateResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 CREATE Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_CREATE);
  if (header.status !== 0) return { kind: 'smb2-error', header };
  reader.expect(reader.uint16le('StructureSize'), RESPONSE_STRUCTURE_SIZE);
  const oplockLevel = reader.uint8('OplockLevel');
  reader.skip(1, 'Flags');
  const createAction = reader.uint32le('CreateAction');
  reader.skip(TIMES_AND_SIZES_LENGTH, 'times and sizes');
  const fileAttributes = reader.uint32le('FileAttributes');
  reader.skip(4, 'Reserved2');
  const fileId = reader.bytes(SMB2_FILE_ID_LENGTH, 'FileId');
  reader.skip(8, 'CreateContextsOffset and CreateContextsLength');
  return { kind: 'smb2-create-response', header, oplockLevel, createAction, fileAttributes, fileId };
}

/** An unsigned CLOSE that does not ask for the attributes. */
export function encodeSmb2CloseRequest(request: Smb2Close): Uint8Array {
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_CLOSE, request);
  writer.uint16le(CLOSE_REQUEST_STRUCTURE_SIZE).uint16le(0).uint32le(0);
  return writer.fixed(request.fileId, SMB2_FILE_ID_LENGTH).finish();
}

/**
 * A CLOSE, as a fake server reads it. `message` begins with the SMB2 header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2CloseRequest(message: Uint8Array): Smb2CloseRequest {
  const reader = new Reader(message, 'SMB2 CLOSE Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_CLOSE);
  reader.expect(reader.uint16le('StructureSize'), CLOSE_REQUEST_STRUCTURE_SIZE);
  const flags = reader.uint16le('Flags');
  reader.skip(4, 'Reserved');
  const fileId = reader.bytes(SMB2_FILE_ID_LENGTH, 'FileId');
  return { kind: 'smb2-close-request', header, flags, fileId };
}

/** A response without attributes, as a fake server sends it. */
export function encodeSmb2CloseResponse(response: Smb2CloseResponse): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, response.header);
  return writer.uint16le(CLOSE_RESPONSE_STRUCTURE_SIZE).zeros(6).zeros(CLOSE_ATTRIBUTES_LENGTH).finish();
}

/**
 * The answer to a CLOSE. `message` begins with the SMB2 header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb2CloseResponse(message: Uint8Array): Smb2CloseResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 CLOSE Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_CLOSE);
  if (header.status !== 0) return { kind: 'smb2-error', header };
  reader.expect(reader.uint16le('StructureSize'), CLOSE_RESPONSE_STRUCTURE_SIZE);
  reader.skip(6 + CLOSE_ATTRIBUTES_LENGTH, 'Flags, Reserved and attributes');
  return { kind: 'smb2-close-response', header };
}
