/**
 * SMB 1 header, [MS-CIFS] 2.2.3.1. Little endian. All offsets within an SMB 1 message are counted from the
 * first byte of this header, not from the four bytes of nbss.ts before it.
 *
 *  offset  size
 *       0     4  Protocol: FF 'SMB'
 *       4     1  Command
 *       5     4  Status
 *       9     1  Flags
 *      10     2  Flags2
 *      12     2  PIDHigh
 *      14     8  SecurityFeatures
 *      22     2  Reserved
 *      24     2  TID
 *      26     2  PIDLow
 *      28     2  UID
 *      30     2  MID
 */
import type { Reader } from './reader.ts';
import { expectProtocol, SMB1_PROTOCOL } from './smb-message.ts';
import type { Writer } from './writer.ts';

/** Command, [MS-CIFS] 2.2.2.1: those that we send. */
export const SMB_COM = {
  SMB_COM_CLOSE: 0x04,
  SMB_COM_TRANSACTION: 0x25,
  SMB_COM_READ_ANDX: 0x2e,
  SMB_COM_TREE_DISCONNECT: 0x71,
  SMB_COM_NEGOTIATE: 0x72,
  SMB_COM_SESSION_SETUP_ANDX: 0x73,
  SMB_COM_LOGOFF_ANDX: 0x74,
  SMB_COM_TREE_CONNECT_ANDX: 0x75,
  SMB_COM_NT_CREATE_ANDX: 0xa2,
} as const;

/** Flags, [MS-CIFS] 2.2.3.1. */
export const SMB_FLAGS = {
  SMB_FLAGS_CASE_INSENSITIVE: 0x08,
  SMB_FLAGS_CANONICALIZED_PATHS: 0x10,
  SMB_FLAGS_REPLY: 0x80,
} as const;

/** Flags2, [MS-CIFS] 2.2.3.1 and [MS-SMB] 2.2.3.1. */
export const SMB_FLAGS2 = {
  SMB_FLAGS2_LONG_NAMES: 0x0001,
  SMB_FLAGS2_EAS: 0x0002,
  SMB_FLAGS2_IS_LONG_NAME: 0x0040,
  SMB_FLAGS2_EXTENDED_SECURITY: 0x0800,
  SMB_FLAGS2_NT_STATUS: 0x4000,
  SMB_FLAGS2_UNICODE: 0x8000,
} as const;

const REQUEST_FLAGS = SMB_FLAGS.SMB_FLAGS_CASE_INSENSITIVE | SMB_FLAGS.SMB_FLAGS_CANONICALIZED_PATHS;
/** All of the above. */
const REQUEST_FLAGS2 = 0xc843;
const NO_TREE = 0xffff;
const SECURITY_FEATURES_LENGTH = 8;

/** Of the header, what we use. */
export interface Smb1Header {
  /** NTSTATUS (nt-status.ts). */
  readonly status: number;
  readonly flags: number;
  readonly flags2: number;
  /** The share; 0xFFFF: none. */
  readonly tid: number;
  readonly pidLow: number;
  /** The session; 0: none. */
  readonly uid: number;
  readonly mid: number;
}

/** A request that was refused with `header.status`. */
export interface Smb1Error {
  readonly kind: 'smb1-error';
  readonly header: Smb1Header;
}

/** What the header of a request says; a response repeats both. */
export interface Smb1Request {
  /** Random, 16 bits. */
  readonly pidLow: number;
  /** 16 bits, another one for each request. */
  readonly mid: number;
}

/** What the header of a request within a session says. */
export interface Smb1SessionRequest extends Smb1Request {
  /** From the header of the first SESSION_SETUP_ANDX response; 0 in the request for that. */
  readonly uid: number;
  /** `SMB_FLAGS2`; all of them by default. */
  readonly flags2?: number;
}

/** What the header of a request about a share says. */
export interface Smb1TreeRequest extends Smb1SessionRequest {
  /** From the header of the TREE_CONNECT_ANDX response. */
  readonly tid: number;
}

/** The header of a request that belongs to no session and no share, unless `uid` and `tid` name them. */
export function smb1RequestHeader(request: Smb1Request & Partial<Smb1TreeRequest>): Smb1Header {
  const { pidLow, mid, uid = 0, tid = NO_TREE, flags2 = REQUEST_FLAGS2 } = request;
  return { status: 0, flags: REQUEST_FLAGS, flags2, tid, pidLow, uid, mid };
}

/**
 * The header of a request for `command`.
 * @throws DecodeError when it is of another protocol or command, or of a response.
 */
export function readSmb1RequestHeader(reader: Reader, command: number): Smb1Header {
  return readHeader(reader, { command, reply: 0 });
}

/**
 * The header of a response to `command`, whatever its status. Whether it answers our request (mid) is for the
 * probe to say.
 * @throws DecodeError when it is of another protocol or command, or of a request, an echo of ours, say.
 */
export function readSmb1ResponseHeader(reader: Reader, command: number): Smb1Header {
  return readHeader(reader, { command, reply: SMB_FLAGS.SMB_FLAGS_REPLY });
}

function readHeader(
  reader: Reader,
  wanted: { readonly command: number; readonly reply: number },
): Smb1Header {
  expectProtocol(reader, SMB1_PROTOCOL);
  reader.expect(reader.uint8('Command'), wanted.command);
  const status = reader.uint32le('Status');
  const flags = reader.uint8('Flags');
  reader.expect(flags & SMB_FLAGS.SMB_FLAGS_REPLY, wanted.reply);
  const flags2 = reader.uint16le('Flags2');
  reader.skip(2, 'PIDHigh');
  reader.skip(SECURITY_FEATURES_LENGTH, 'SecurityFeatures');
  reader.skip(2, 'Reserved');
  return {
    status,
    flags,
    flags2,
    tid: reader.uint16le('TID'),
    pidLow: reader.uint16le('PIDLow'),
    uid: reader.uint16le('UID'),
    mid: reader.uint16le('MID'),
  };
}

/** Writes 32 bytes, of `command`. */
export function writeSmb1Header(writer: Writer, command: number, header: Smb1Header): void {
  const { status, flags, flags2, tid, pidLow, uid, mid } = header;
  writer.bytes(SMB1_PROTOCOL).uint8(command).uint32le(status).uint8(flags).uint16le(flags2);
  writer.uint16le(0).zeros(SECURITY_FEATURES_LENGTH).uint16le(0);
  writer.uint16le(tid).uint16le(pidLow).uint16le(uid).uint16le(mid);
}
