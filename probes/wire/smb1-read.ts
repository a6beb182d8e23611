/**
 * SMB_COM_READ_ANDX, [MS-CIFS] 2.2.4.42: reads what is left of a message in a pipe; files are never read. Little endian;
 * offsets are counted from the first byte of the SMB header (smb1-header.ts), and behind it stand the blocks of
 * smb1-body.ts.
 *
 *  Request:
 *      32     1  WordCount: 10, or 12 with the upper half of Offset behind the rest
 *      33     4  AndX
 *      37     2  FID
 *      39     4  Offset
 *      43     2  MaxCountOfBytesToReturn
 *      45     2  MinCountOfBytesToReturn
 *      47     4  Timeout
 *      51     2  Remaining
 *
 *  Response:
 *      32     1  WordCount: 12
 *      33     4  AndX
 *      37     2  Available
 *      39     2  DataCompactionMode
 *      41     2  Reserved1
 *      43     2  DataLength
 *      45     2  DataOffset
 *      47    10  DataLengthHigh and Reserved2
 *      59     …  padding, Data
 */
import { NT_STATUS } from './nt-status.ts';
import { Reader } from './reader.ts';
import { andXWords, encodeSmb1Message, readSmb1Body, skipAndX } from './smb1-body.ts';
import {
  readSmb1RequestHeader,
  readSmb1ResponseHeader,
  SMB_COM,
  type Smb1Error,
  type Smb1Header,
  type Smb1TreeRequest,
  smb1RequestHeader,
} from './smb1-header.ts';
import { Writer } from './writer.ts';

const RESPONSE_BYTES_OFFSET = 59;

export interface Smb1ReadRequest {
  readonly kind: 'smb1-read-request';
  readonly header: Smb1Header;
  readonly fid: number;
  readonly maxCount: number;
}

/** With STATUS_BUFFER_OVERFLOW, still more is to be read. */
export interface Smb1ReadResponse {
  readonly kind: 'smb1-read-response';
  readonly header: Smb1Header;
  readonly data: Uint8Array;
}

export interface Smb1PipeRead extends Smb1TreeRequest {
  /** From NT_CREATE_ANDX. */
  readonly fid: number;
  /** The most bytes to read. */
  readonly maxCount: number;
}

/** An unsigned READ_ANDX of a pipe, in which there are no offsets. */
export function encodeSmb1PipeReadRequest(request: Smb1PipeRead): Uint8Array {
  const header = smb1RequestHeader(request);
  const words = andXWords().uint16le(request.fid).uint32le(0).uint16le(request.maxCount).uint16le(0);
  words.uint32le(0).uint16le(0);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_READ_ANDX }, words);
}

/**
 * A READ_ANDX, as a fake server reads it. `message` begins with the SMB header. Offset and limits in time are not kept.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1ReadRequest(message: Uint8Array): Smb1ReadRequest {
  const reader = new Reader(message, 'SMB_COM_READ_ANDX Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_READ_ANDX);
  const { words } = readSmb1Body(reader);
  skipAndX(words);
  const fid = words.uint16le('FID');
  words.skip(4, 'Offset');
  const maxCount = words.uint16le('MaxCountOfBytesToReturn');
  words.skip(8, 'MinCountOfBytesToReturn, Timeout and Remaining');
  return { kind: 'smb1-read-request', header, fid, maxCount };
}

/** A response as a fake server sends it. A refusal is `encodeSmb1Error` of smb1-body.ts. */
export function encodeSmb1ReadResponse({ header, data }: Smb1ReadResponse): Uint8Array {
  const words = andXWords()
    .zeros(6)
    .uint16le(data.length)
    .uint16le(RESPONSE_BYTES_OFFSET + 1)
    .zeros(10);
  const bytes = new Writer().zeros(1).bytes(data);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_READ_ANDX }, words, bytes);
}

/**
 * The answer to a READ_ANDX. `message` begins with the SMB header. STATUS_BUFFER_OVERFLOW is an answer like
 * STATUS_SUCCESS; of any other status only the header is read. DataLengthHigh is not read: we never ask for so much.
 * @throws DecodeError for another protocol or command, and when the data lead out of the message.
 */
export function decodeSmb1ReadResponse(message: Uint8Array): Smb1ReadResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_READ_ANDX Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_READ_ANDX);
  const { STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW } = NT_STATUS;
  if (header.status !== STATUS_SUCCESS && header.status !== STATUS_BUFFER_OVERFLOW) {
    return { kind: 'smb1-error', header };
  }
  const { words, bytes } = readSmb1Body(reader);
  skipAndX(words);
  words.skip(6, 'Available to Reserved1');
  const dataLength = words.uint16le('DataLength');
  const dataOffset = words.uint16le('DataOffset');
  const data = dataLength === 0 ? new Uint8Array() : bytes.from(dataOffset, 'Data').bytes(dataLength, 'Data');
  return { kind: 'smb1-read-response', header, data };
}
