/**
 * SMB_COM_TRANSACTION on a named pipe, [MS-CIFS] 2.2.4.33, for the two subcommands that we send:
 * TRANS_TRANSACT_NMPIPE (2.2.5.6) writes one message to a pipe and reads the answer, TRANS_PEEK_NMPIPE (2.2.5.5)
 * would look at what waits there. Little endian; offsets are counted from the first byte of the SMB header
 * (smb1-header.ts), and behind it stand the blocks of smb1-body.ts.
 *
 *  Request:
 *      32     1  WordCount: 16
 *      33     2  TotalParameterCount
 *      35     2  TotalDataCount
 *      37     2  MaxParameterCount
 *      39     2  MaxDataCount
 *      41     1  MaxSetupCount
 *      42     1  Reserved1
 *      43     2  Flags
 *      45     4  Timeout
 *      49     2  Reserved2
 *      51     2  ParameterCount
 *      53     2  ParameterOffset
 *      55     2  DataCount
 *      57     2  DataOffset
 *      59     1  SetupCount: 2
 *      60     1  Reserved3
 *      61     4  Setup: subcommand 2, FID 2
 *      67     …  Name, padding, Data
 *
 *  Response:
 *      32     1  WordCount: 10
 *      33     2  TotalParameterCount
 *      35     2  TotalDataCount
 *      37     2  Reserved1
 *      39     2  ParameterCount
 *      41     2  ParameterOffset
 *      43     2  ParameterDisplacement
 *      45     2  DataCount
 *      47     2  DataOffset
 *      49     2  DataDisplacement
 *      51     1  SetupCount
 *      52     1  Reserved2
 *      55     …  padding, Parameters, Data
 */
import { NT_STATUS } from './nt-status.ts';
import { Reader } from './reader.ts';
import { encodeSmb1Message, readSmb1Body, readSmb1Text, writeSmb1Text } from './smb1-body.ts';
import {
  readSmb1RequestHeader,
  readSmb1ResponseHeader,
  SMB_COM,
  type Smb1Error,
  type Smb1Header,
  type Smb1TreeRequest,
  smb1RequestHeader,
} from './smb1-header.ts';
import { padding, Writer } from './writer.ts';

/** Setup[0], [MS-CIFS] 2.2.2.2. */
export const TRANS_SUBCOMMAND = { TRANS_PEEK_NMPIPE: 0x0023, TRANS_TRANSACT_NMPIPE: 0x0026 } as const;

const PIPE_NAME = '\\PIPE\\';
const SETUP_COUNT = 2;
/** Where the Bytes of a request begin, and those of a response. */
const REQUEST_BYTES_OFFSET = 67;
const RESPONSE_BYTES_OFFSET = 55;
/** Data stand at a multiple of this. */
const ALIGNMENT = 4;
/**
 * Of the peek: what nmap and Metasploit announce, which is more than a server could send. How a server refuses may
 * depend on it.
 */
const PEEK_MAX_COUNT = 0xffff;

export interface Smb1TransactionRequest {
  readonly kind: 'smb1-transaction-request';
  readonly header: Smb1Header;
  readonly maxParameterCount: number;
  /** The most bytes of data that the client will take. */
  readonly maxDataCount: number;
  /** `TRANS_SUBCOMMAND`. */
  readonly subcommand: number;
  readonly fid: number;
  readonly name: string;
  /** What is written to the pipe; may be empty. */
  readonly data: Uint8Array;
}

/** With STATUS_BUFFER_OVERFLOW, more of the pipe's message is to be read (smb1-read.ts). */
export interface Smb1TransactionResponse {
  readonly kind: 'smb1-transaction-response';
  readonly header: Smb1Header;
  /** More than the bytes of `data`: the rest comes in further responses. */
  readonly totalDataCount: number;
  /** What was read from the pipe; may be empty. */
  readonly data: Uint8Array;
}

export interface Smb1PipeTransact extends Smb1TreeRequest {
  /** From NT_CREATE_ANDX. */
  readonly fid: number;
  readonly data: Uint8Array;
  /** The most bytes to read. */
  readonly maxDataCount: number;
}

/** An unsigned TRANS_TRANSACT_NMPIPE. */
export function encodeSmb1PipeTransactRequest(request: Smb1PipeTransact): Uint8Array {
  const { fid, data, maxDataCount } = request;
  const subcommand = TRANS_SUBCOMMAND.TRANS_TRANSACT_NMPIPE;
  return encodeTransaction(request, { maxParameterCount: 0, maxDataCount, subcommand, fid, data });
}

/** An unsigned TRANS_PEEK_NMPIPE. */
export function encodeSmb1PipePeekRequest(request: Smb1TreeRequest & { readonly fid: number }): Uint8Array {
  return encodeTransaction(request, {
    maxParameterCount: PEEK_MAX_COUNT,
    maxDataCount: PEEK_MAX_COUNT,
    subcommand: TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE,
    fid: request.fid,
    data: new Uint8Array(),
  });
}

function encodeTransaction(
  request: Smb1TreeRequest,
  asked: Omit<Smb1TransactionRequest, 'kind' | 'header' | 'name'>,
): Uint8Array {
  const { maxParameterCount, maxDataCount, subcommand, fid, data } = asked;
  const header = smb1RequestHeader(request);
  const bytes = new Writer();
  writeSmb1Text(bytes, header.flags2, PIPE_NAME);
  bytes.zeros(padding(REQUEST_BYTES_OFFSET + bytes.length, ALIGNMENT));
  const dataOffset = REQUEST_BYTES_OFFSET + bytes.length;
  const words = new Writer().uint16le(0).uint16le(data.length);
  words.uint16le(maxParameterCount).uint16le(maxDataCount).uint8(0).uint8(0);
  words.uint16le(0).uint32le(0).uint16le(0);
  words.uint16le(0).uint16le(dataOffset).uint16le(data.length).uint16le(dataOffset);
  words.uint8(SETUP_COUNT).uint8(0).uint16le(subcommand).uint16le(fid);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_TRANSACTION }, words, bytes.bytes(data));
}

/**
 * A TRANSACTION on a pipe, as a fake server reads it. `message` begins with the SMB header. Parameters are not kept.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1TransactionRequest(message: Uint8Array): Smb1TransactionRequest {
  const reader = new Reader(message, 'SMB_COM_TRANSACTION Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_TRANSACTION);
  const { words, bytes } = readSmb1Body(reader);
  words.skip(4, 'TotalParameterCount and TotalDataCount');
  const maxParameterCount = words.uint16le('MaxParameterCount');
  const maxDataCount = words.uint16le('MaxDataCount');
  words.skip(14, 'MaxSetupCount to ParameterOffset');
  const dataCount = words.uint16le('DataCount');
  const dataOffset = words.uint16le('DataOffset');
  words.expect(words.uint8('SetupCount'), SETUP_COUNT);
  words.skip(1, 'Reserved3');
  const subcommand = words.uint16le('Setup');
  const fid = words.uint16le('Setup');
  const name = readSmb1Text(bytes, header.flags2, 'Name');
  const data = readData(bytes, dataOffset, dataCount);
  const limits = { maxParameterCount, maxDataCount };
  return { kind: 'smb1-transaction-request', header, ...limits, subcommand, fid, name, data };
}

/** A response as a fake server sends it. A refusal is `encodeSmb1Error` of smb1-body.ts. */
export function encodeSmb1TransactionResponse(response: Smb1TransactionResponse): Uint8Array {
  const { header, totalDataCount, data } = response;
  const bytes = new Writer().zeros(padding(RESPONSE_BYTES_OFFSET, ALIGNMENT));
  const dataOffset = RESPONSE_BYTES_OFFSET + bytes.length;
  const words = new Writer().uint16le(0).uint16le(totalDataCount).uint16le(0);
  words.uint16le(0).uint16le(dataOffset).uint16le(0);
  words.uint16le(data.length).uint16le(dataOffset).uint16le(0).uint8(0).uint8(0);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_TRANSACTION }, words, bytes.bytes(data));
}

/**
 * The answer to a TRANSACTION, or the first part of it. `message` begins with the SMB header.
 * STATUS_BUFFER_OVERFLOW is an answer like STATUS_SUCCESS; of any other status only the header is read. Setup and
 * Parameters are not read.
 * @throws DecodeError for another protocol or command, when the data lead out of the message, and for a part that is not
 * the first.
 */
export function decodeSmb1TransactionResponse(message: Uint8Array): Smb1TransactionResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_TRANSACTION Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_TRANSACTION);
  const { STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW } = NT_STATUS;
  if (header.status !== STATUS_SUCCESS && header.status !== STATUS_BUFFER_OVERFLOW) {
    return { kind: 'smb1-error', header };
  }
  const { words, bytes } = readSmb1Body(reader);
  words.skip(2, 'TotalParameterCount');
  const totalDataCount = words.uint16le('TotalDataCount');
  words.skip(8, 'Reserved1 to ParameterDisplacement');
  const dataCount = words.uint16le('DataCount');
  const dataOffset = words.uint16le('DataOffset');
  words.expect(words.uint16le('DataDisplacement'), 0);
  const data = readData(bytes, dataOffset, dataCount);
  return { kind: 'smb1-transaction-response', header, totalDataCount, data };
}

/** Empty data may name any offset. */
function readData(bytes: Reader, offset: number, count: number): Uint8Array {
  return count === 0 ? new Uint8Array() : bytes.from(offset, 'Data').bytes(count, 'Data');
}
