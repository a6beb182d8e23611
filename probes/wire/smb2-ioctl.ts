/**
 * SMB2 IOCTL, [MS-SMB2] 2.2.31 (request) and 2.2.32 (response), for the one control code that we send:
 * FSCTL_PIPE_TRANSCEIVE writes one message to a pipe and reads the answer. Little endian; offsets are counted
 * from the first byte of the SMB2 header (smb2-header.ts).
 *
 *  Request:
 *      64     2  StructureSize: 57
 *      66     2  Reserved
 *      68     4  CtlCode
 *      72    16  FileId
 *      88     4  InputOffset
 *      92     4  InputCount
 *      96     4  MaxInputResponse
 *     100     4  OutputOffset
 *     104     4  OutputCount
 *     108     4  MaxOutputResponse
 *     112     4  Flags
 *     116     4  Reserved2
 *     120     n  Buffer
 *
 *  Response:
 *      64     2  StructureSize: 49
 *      66     2  Reserved
 *      68     4  CtlCode
 *      72    16  FileId
 *      88     4  InputOffset
 *      92     4  InputCount
 *      96     4  OutputOffset
 *     100     4  OutputCount
 *     104     4  Flags
 *     108     4  Reserved2
 *     112     n  Buffer
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

/** CtlCode, 2.2.31: the one that we send. */
export const FSCTL_CODE = { FSCTL_PIPE_TRANSCEIVE: 0x0011c017 } as const;

/** Flags of a request, 2.2.31. */
export const SMB2_IOCTL_FLAG = { SMB2_0_IOCTL_IS_FSCTL: 0x00000001 } as const;

const REQUEST_STRUCTURE_SIZE = 57;
const RESPONSE_STRUCTURE_SIZE = 49;
/** Where the variable part begins. */
const REQUEST_BUFFER_OFFSET = 120;
const RESPONSE_BUFFER_OFFSET = 112;
/** What CreditCharge 0 and 1 pay for. */
const MAX_OUTPUT_RESPONSE = 65_536;

export interface Smb2IoctlRequest {
  readonly kind: 'smb2-ioctl-request';
  readonly header: Smb2Header;
  /** `FSCTL_CODE`. */
  readonly ctlCode: number;
  /** Sixteen bytes. */
  readonly fileId: Uint8Array;
  /** The most bytes of `output` that the client will take. */
  readonly maxOutputResponse: number;
  /** `SMB2_IOCTL_FLAG`. */
  readonly flags: number;
  /** What is written to the pipe. */
  readonly input: Uint8Array;
}

/** With STATUS_BUFFER_OVERFLOW, more of the pipe's message is to be read (smb2-read.ts). */
export interface Smb2IoctlResponse {
  readonly kind: 'smb2-ioctl-response';
  readonly header: Smb2Header;
  /** `FSCTL_CODE`. */
  readonly ctlCode: number;
  /** Sixteen bytes. */
  readonly fileId: Uint8Array;
  /** What was read from the pipe; may be empty. */
  readonly output: Uint8Array;
}

export interface Smb2PipeTransceive extends Smb2TreeRequest {
  /** Sixteen bytes, from CREATE. */
  readonly fileId: Uint8Array;
  readonly data: Uint8Array;
  /** The most bytes to read, 1 to 65,536; 65,536 by default. */
  readonly maxOutputResponse?: number;
}

/** An unsigned FSCTL_PIPE_TRANSCEIVE. */
export function encodeSmb2PipeTransceiveRequest(request: Smb2PipeTransceive): Uint8Array {
  const { fileId, data, maxOutputResponse = MAX_OUTPUT_RESPONSE } = request;
  const writer = new Writer();
  writeSmb2RequestHeader(writer, SMB2_COMMAND.SMB2_IOCTL, request);
  writer.uint16le(REQUEST_STRUCTURE_SIZE).uint16le(0).uint32le(FSCTL_CODE.FSCTL_PIPE_TRANSCEIVE);
  writer.fixed(fileId, SMB2_FILE_ID_LENGTH);
  writer.uint32le(REQUEST_BUFFER_OFFSET).uint32le(data.length).uint32le(0);
  writer.uint32le(0).uint32le(0).uint32le(maxOutputResponse);
  writer.uint32le(SMB2_IOCTL_FLAG.SMB2_0_IOCTL_IS_FSCTL).uint32le(0);
  return writer.bytes(data).finish();
}

/**
 * An IOCTL, as a fake server reads it. `message` begins with the SMB2 header. OutputOffset and OutputCount
 * are not read: no output belongs to a request.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2IoctlRequest(message: Uint8Array): Smb2IoctlRequest {
  const reader = new Reader(message, 'SMB2 IOCTL Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_IOCTL);
  reader.expect(reader.uint16le('StructureSize'), REQUEST_STRUCTURE_SIZE);
  reader.skip(2, 'Reserved');
  const ctlCode = reader.uint32le('CtlCode');
  const fileId = reader.bytes(SMB2_FILE_ID_LENGTH, 'FileId');
  const inputOffset = reader.uint32le('InputOffset');
  const inputCount = reader.uint32le('InputCount');
  reader.skip(12, 'MaxInputResponse, OutputOffset and OutputCount');
  const maxOutputResponse = reader.uint32le('MaxOutputResponse');
  const flags = reader.uint32le('Flags');
  reader.skip(4, 'Reserved2');
  const input = readSmb2Buffer(reader, inputOffset, inputCount, 'Buffer');
  return { kind: 'smb2-ioctl-request', header, ctlCode, fileId, maxOutputResponse, flags, input };
}

/** A response as a fake server sends it. A refusal is `encodeSmb2Error` of smb2-negotiate.ts. */
export function encodeSmb2IoctlResponse(response: Smb2IoctlResponse): Uint8Array {
  const { header, ctlCode, fileId, output } = response;
  const writer = new Writer();
  writeSmb2Header(writer, header);
  writer.uint16le(RESPONSE_STRUCTURE_SIZE).uint16le(0).uint32le(ctlCode);
  writer.fixed(fileId, SMB2_FILE_ID_LENGTH).uint32le(RESPONSE_BUFFER_OFFSET).uint32le(0);
  writer.uint32le(RESPONSE_BUFFER_OFFSET).uint32le(output.length).uint32le(0).uint32le(0);
  return writer.bytes(output).finish();
}

/**
 * The answer to an IOCTL. `message` begins with the SMB2 header. STATUS_BUFFER_OVERFLOW is an answer like
 * STATUS_SUCCESS; of any other status only the header is read. Bytes behind the output are not read.
 * @throws DecodeError for another protocol or command, and when the output leads out of the message.
 */
export function decodeSmb2IoctlResponse(message: Uint8Array): Smb2IoctlResponse | Smb2Error {
  const reader = new Reader(message, 'SMB2 IOCTL Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_IOCTL);
  const { STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW } = NT_STATUS;
  if (header.status !== STATUS_SUCCESS && header.status !== STATUS_BUFFER_OVERFLOW) {
    return { kind: 'smb2-error', header };
  }
  reader.expect(reader.uint16le('StructureSize'), RESPONSE_STRUCTURE_SIZE);
  reader.skip(2, 'Reserved');
  const ctlCode = reader.uint32le('CtlCode');
  const fileId = reader.bytes(SMB2_FILE_ID_LENGTH, 'FileId');
  reader.skip(8, 'InputOffset and InputCount');
  const outputOffset = reader.uint32le('OutputOffset');
  const outputCount = reader.uint32le('OutputCount');
  reader.skip(8, 'Flags and Reserved2');
  const output = readSmb2Buffer(reader, outputOffset, outputCount, 'Buffer');
  return { kind: 'smb2-ioctl-response', header, ctlCode, fileId, output };
}
