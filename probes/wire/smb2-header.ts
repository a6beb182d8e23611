/**
 * SMB2 packet header, [MS-SMB2] 2.2.1. Little endian. All offsets within an SMB2 message are counted from the
 * first byte of this header, not from the four bytes of nbss.ts before it.
 *
 *  offset  size
 *       0     4  ProtocolId: FE 'SMB'
 *       4     2  StructureSize: 64
 *       6     2  CreditCharge
 *       8     4  Status; in requests ChannelSequence and Reserved
 *      12     2  Command
 *      14     2  CreditRequest or CreditResponse
 *      16     4  Flags
 *      20     4  NextCommand
 *      24     8  MessageId
 *      32     8  AsyncId if SMB2_FLAGS_ASYNC_COMMAND is set; else Reserved 4, TreeId 4
 *      40     8  SessionId
 *      48    16  Signature
 */
import { NT_STATUS } from './nt-status.ts';
import { DecodeError, Reader } from './reader.ts';
import { expectProtocol, SMB2_PROTOCOL_ID } from './smb-message.ts';
import type { Writer } from './writer.ts';

/** Command, 2.2.1.2: those that we send. */
export const SMB2_COMMAND = {
  SMB2_NEGOTIATE: 0x0000,
  SMB2_SESSION_SETUP: 0x0001,
  SMB2_LOGOFF: 0x0002,
  SMB2_TREE_CONNECT: 0x0003,
  SMB2_TREE_DISCONNECT: 0x0004,
  SMB2_CREATE: 0x0005,
  SMB2_CLOSE: 0x0006,
  SMB2_READ: 0x0008,
  SMB2_IOCTL: 0x000b,
} as const;

/** Flags, 2.2.1.2. */
export const SMB2_FLAGS = {
  SMB2_FLAGS_SERVER_TO_REDIR: 0x00000001,
  SMB2_FLAGS_ASYNC_COMMAND: 0x00000002,
  SMB2_FLAGS_RELATED_OPERATIONS: 0x00000004,
  SMB2_FLAGS_SIGNED: 0x00000008,
} as const;

export const SMB2_HEADER_LENGTH = 64;
/** SMB2_FILEID, 2.2.14.1. */
export const SMB2_FILE_ID_LENGTH = 16;
const SIGNATURE_LENGTH = 16;
/** What clients put into Reserved; SMB 1 called it the process id. */
const CUSTOMARY_RESERVED = 0x0000feff;
const REQUESTED_CREDITS = 31;

export interface Smb2Header {
  readonly creditCharge: number;
  /** NTSTATUS (nt-status.ts) in a response, 0 in our requests. */
  readonly status: number;
  readonly command: number;
  /** Credits asked for in a request, granted in a response. */
  readonly credits: number;
  readonly flags: number;
  readonly nextCommand: number;
  readonly messageId: bigint;
  /** With SMB2_FLAGS_ASYNC_COMMAND, `reserved` and `treeId` are the two halves of AsyncId. */
  readonly reserved: number;
  readonly treeId: number;
  readonly sessionId: bigint;
  /** Sixteen bytes, zero when the message is not signed. */
  readonly signature: Uint8Array;
}

/** A request that was refused with `header.status`. */
export interface Smb2Error {
  readonly kind: 'smb2-error';
  readonly header: Smb2Header;
}

/** What a request within a session says in its header. */
export interface Smb2SessionRequest {
  /** One more than that of the message before on this connection. */
  readonly messageId: bigint;
  /** From the first SESSION_SETUP response. */
  readonly sessionId: bigint;
  /** 0 by default, as 2.0.2 demands and later dialects accept up to 65,536 bytes either way. */
  readonly creditCharge?: number;
  /** Credits asked for; 31 by default. */
  readonly credits?: number;
}

/** What a request about a share says in its header. */
export interface Smb2TreeRequest extends Smb2SessionRequest {
  /** From the header of the TREE_CONNECT response. */
  readonly treeId: number;
}

/** The header of an unsigned request. `fields` are those that differ from a connection's first NEGOTIATE. */
export function smb2RequestHeader(fields: Partial<Smb2Header>): Smb2Header {
  return {
    creditCharge: 0,
    status: 0,
    command: SMB2_COMMAND.SMB2_NEGOTIATE,
    credits: REQUESTED_CREDITS,
    flags: 0,
    nextCommand: 0,
    messageId: 0n,
    reserved: CUSTOMARY_RESERVED,
    treeId: 0,
    sessionId: 0n,
    signature: new Uint8Array(SIGNATURE_LENGTH),
    ...fields,
  };
}

/** Writes 64 bytes. */
export function writeSmb2Header(writer: Writer, header: Smb2Header): void {
  writer.bytes(SMB2_PROTOCOL_ID).uint16le(SMB2_HEADER_LENGTH).uint16le(header.creditCharge);
  writer.uint32le(header.status).uint16le(header.command).uint16le(header.credits);
  writer.uint32le(header.flags).uint32le(header.nextCommand).uint64le(header.messageId);
  writer.uint32le(header.reserved).uint32le(header.treeId).uint64le(header.sessionId);
  writer.fixed(header.signature, SIGNATURE_LENGTH);
}

/** Writes the header of an unsigned request for `command` within a session. */
export function writeSmb2RequestHeader(
  writer: Writer,
  command: number,
  request: Smb2SessionRequest & { readonly treeId?: number },
): void {
  const { messageId, sessionId, treeId = 0, creditCharge = 0, credits = REQUESTED_CREDITS } = request;
  writeSmb2Header(
    writer,
    smb2RequestHeader({ command, messageId, sessionId, treeId, creditCharge, credits }),
  );
}

/**
 * The header of a request for `command`.
 * @throws DecodeError when it is of another protocol or command, or of a response.
 */
export function readSmb2RequestHeader(reader: Reader, command: number): Smb2Header {
  return readHeader(reader, { command, redirected: 0 });
}

/**
 * The header of a response to `command`, whatever its status. Whether it answers our request (messageId) is
 * for the probe to say.
 * @throws DecodeError when it is of another protocol or command, or of a request.
 */
export function readSmb2ResponseHeader(reader: Reader, command: number): Smb2Header {
  return readHeader(reader, { command, redirected: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR });
}

/**
 * Whether `message` only says that the answer to its MessageId will come later ([MS-SMB2] 3.3.4.4): a
 * response of any command with STATUS_PENDING and SMB2_FLAGS_ASYNC_COMMAND. Such a message is to be skipped
 * before decoding, since to the decoders it is a refusal. The answer itself may keep the flag and the
 * AsyncId, and so have no TreeId (Samba 4.17). False for what is no SMB2 response.
 */
export function isInterim(message: Uint8Array): boolean {
  try {
    const { status, flags } = readHeader(new Reader(message, 'SMB2 header'), {
      command: null,
      redirected: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR,
    });
    return status === NT_STATUS.STATUS_PENDING && (flags & SMB2_FLAGS.SMB2_FLAGS_ASYNC_COMMAND) !== 0;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/**
 * A copy of the `length` bytes of a variable part, which begin `offset` bytes from the start of the header.
 * An empty one may name any offset.
 * @throws DecodeError when they begin before the reader's cursor, or end outside the message.
 */
export function readSmb2Buffer(reader: Reader, offset: number, length: number, field: string): Uint8Array {
  if (length === 0) return new Uint8Array();
  return reader.from(offset, field).bytes(length, field);
}

/**
 * The `length` bytes of a variable part as UTF-16 text; see `readSmb2Buffer`.
 * @throws DecodeError when they lie as they may not, or are half a character too long.
 */
export function readSmb2Text(reader: Reader, offset: number, length: number, field: string): string {
  if (length === 0) return '';
  const text = reader.from(offset, field).window(offset, length, field);
  let characters = '';
  while (text.remaining > 0) characters += String.fromCharCode(text.uint16le(field));
  return characters;
}

function readHeader(
  reader: Reader,
  wanted: { readonly command: number | null; readonly redirected: number },
): Smb2Header {
  expectProtocol(reader, SMB2_PROTOCOL_ID);
  reader.expect(reader.uint16le('StructureSize'), SMB2_HEADER_LENGTH);
  const creditCharge = reader.uint16le('CreditCharge');
  const status = reader.uint32le('Status');
  const command = reader.uint16le('Command');
  if (wanted.command !== null) reader.expect(command, wanted.command);
  const credits = reader.uint16le('Credits');
  const flags = reader.uint32le('Flags');
  reader.expect(flags & SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR, wanted.redirected);
  return {
    creditCharge,
    status,
    command,
    credits,
    flags,
    nextCommand: reader.uint32le('NextCommand'),
    messageId: reader.uint64le('MessageId'),
    reserved: reader.uint32le('Reserved'),
    treeId: reader.uint32le('TreeId'),
    sessionId: reader.uint64le('SessionId'),
    signature: reader.bytes(SIGNATURE_LENGTH, 'Signature'),
  };
}
