/**
 * SMB2 READ, [MS-SMB2] 2.2.19 (request) and 2.2.20 (response): fetches from a pipe what an IOCTL left there.
 * Little endian; offsets are counted from the first byte of the SMB2 header (smb2-header.ts).
 *
 *  Request:
 *      64     2  StructureSize: 49
 *      66     1  Padding: where the client would like the data in the response
 *      67     1  Flags
 *      68     4  Length
 *      72     8  Offset within a file; of no meaning for a pipe
 *      80    16  FileId
 *      96     4  MinimumCount
 *     100     4  Channel
 *     104     4  RemainingBytes
 *     108     2  ReadChannelInfoOffset
 *     110     2  ReadChannelInfoLength
 *     112     1  Buffer: one byte even where it is empty
 *
 *  Response:
 *      64     2  StructureSize: 17
 *      66     1  DataOffset: one byte here, unlike other offsets
 *      67     1  Reserved
 *      68     4  DataLength
 *      72     4  DataRemaining
 *      76     4  Reserved2
 *      80     n  Buffer
 */
import { NT_STATUS } from './nt-status.ts';
import { Reader } from './reader.ts';
import {
  readSmb2Buffer,
  readSmb2RequestHeader,
  readSmb2ResponseHeader,
  SMB2_COMMAND,
  SMB2_FILE_ID_LENGTH,
  type Smb2Error,
  type Smb2Header,
  type Smb2TreeRequest,
  writeSmb2Header,
  writeSmb2RequestHeader,
} from './smb2-header.ts';
import { Writer } from './writer.ts';

const REQUEST_STRUCTURE_SIZE = 49;
const RESPONSE_STRUCTURE_SIZE = 17;
/** Where the variable part begins. */
const RESPONSE_BUFFER_OFFSET = 80;

export interface Smb2ReadRequest {
  readonly kind: 'smb2-read-request';
  readonly header: Smb2Header;
  /** The most bytes that the client will take. */
  readonly length: number;
  readonly offset: bigint;
  /** Sixteen bytes. */
  readonly fileId: Uint8Array;
  readonly minimumCount: number;
}

/**
 * With STATUS_BUFFER_OVERFLOW, more of the pipe's message is to be read. STATUS_SUCCESS does not say that
 * this was all of it: Samba 4.17 sent it with 352 bytes of a DCE/RPC response still in the pipe.
 */
export interface Smb2ReadResponse {
  readonly kind: 'smb2-read-response';
  readonly header: Smb2Header;
  readonly data: Uint8Array;
}

export interface Smb2PipeRead extends Smb2TreeRequest {
  /** Sixteen bytes, from CREATE. */
  readonly fileId: Uint8Array;
  /** The most bytes to read, 1 to 65,536. */
  readonly length: number;
}

/** An unsigned READ of a pipe. */
export function encodeSmb2PipeReadRequest(request: Smb2PipeRead): Uint8Array {
  const { fileId, length } = request;
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_READ, request);
  writer.uint16le(REQUEST_STRUCTURE_SIZE).uint8(RESPONSE_BUFFER_OFFSET).uint8(0);
  writer.uint32le(length).uint64le(0n).fixed(fileId, SMB2_FILE_ID_LENGTH);
  writer.uint32le(0).uint32le(0).uint32le(0);
  return writer.uint16le(0).uint16le(0).zeros(1).finish();
}

/**
 * A READ, as a fake server reads it. `message` begins with the SMB2 header. The channel information is not
 * read.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2ReadRequest(message: Uint8Array): Smb2ReadRequest {
  const reader = new Reader(message, 'SMB2 READ Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_READ);
  reader.expect(reader.uint16le('StructureSize'), REQUEST_STRUCTURE_SIZE);
  reader.skip(2, 'Padding and Flags');
  const length = reader.uint32le('Length');
  const offset = reader.uint64le('Offset');
  const fileId = reader.bytes(SMB2_FILE_ID_LENGTH, 'FileId');
  const minimumCount = reader.uint32le('MinimumCount');
  reader.skip(12, 'Channel, RemainingBytes and ReadChannelInfo');
  reader.skip(1, 'Buffer');
  return { kind: 'smb2-read-request', header, length, offset, fileId, minimumCount };
}

/** A response as a fake server sends it. A refusal is `encodeSmb2Error` of smb2-negotiate.ts. */
export function encodeSmb2ReadResponse(response: Smb2ReadResponse): Uint8Array {
  const { header, data } = response;
  const writer = new Writer();
  writeSmb2Header(writer, header);
  writer.uint16le(RESPONSE_STRUCTURE_SIZE).uint8(RESPONSE_BUFFER_OFFSET).uint8(0);
  writer.uint32le(data.length).uint32le(0).uint32le(0);
  return writer.bytes(data).finish();
}

/**
 * The answer to a READ. `message` begins with the SMB2 header. STATUS_BUFFER_OVERFLOW is an answer like
 * STATUS_SUCCESS; of any other status only the header is read. Bytes behind the data are not read.
 * @throws DecodeError for another protocol or command, and when the data leads out of the message.
 */
export function decodeSmb2ReadResponse(message: Uint8Array): Smb2ReadResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 READ Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_READ);
  const { STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW } = NT_STATUS;
  if (header.status !== STATUS_SUCCESS && header.status !== STATUS_BUFFER_OVERFLOW) {
    return { kind: 'smb2-error', header };
  }
  reader.expect(reader.uint16le('StructureSize'), RESPONSE_STRUCTURE_SIZE);
  const dataOffset = reader.uint8('DataOffset');
  reader.skip(1, 'Reserved');
  const dataLength = reader.uint32le('DataLength');
  reader.skip(8, 'DataRemaining and Reserved2');
  const data = readSmb2Buffer(reader, dataOffset, dataLength, 'Buffer');
  return { kind: 'smb2-read-response', header, data };
}
