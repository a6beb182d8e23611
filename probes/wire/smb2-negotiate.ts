/**
 * SMB2 NEGOTIATE, [MS-SMB2] 2.2.3 (request) and 2.2.4 (response): which dialects, whether signing is
 * required, who is there. Little endian; offsets are counted from the first byte of the SMB2 header
 * (smb2-header.ts).
 *
 *  Request:
 *      64     2  StructureSize: 36
 *      66     2  DialectCount
 *      68     2  SecurityMode
 *      70     2  Reserved
 *      72     4  Capabilities
 *      76    16  ClientGuid
 *      92     8  ClientStartTime; with 3.1.1: NegotiateContextOffset 4, NegotiateContextCount 2, Reserved2 2
 *     100   2·n  Dialects
 *       …     …  NegotiateContextList (smb2-negotiate-contexts.ts), with 3.1.1 only
 *
 *  Response:
 *      64     2  StructureSize: 65
 *      66     2  SecurityMode
 *      68     2  DialectRevision
 *      70     2  NegotiateContextCount, with 3.1.1 only
 *      72    16  ServerGuid
 *      88     4  Capabilities
 *      92     4  MaxTransactSize
 *      96     4  MaxReadSize
 *     100     4  MaxWriteSize
 *     104     8  SystemTime
 *     112     8  ServerStartTime
 *     120     2  SecurityBufferOffset
 *     122     2  SecurityBufferLength
 *     124     4  NegotiateContextOffset, with 3.1.1 only
 *     128     n  Buffer, then NegotiateContextList
 */
import { Reader } from './reader.ts';
import {
  readSmb2RequestHeader,
  readSmb2ResponseHeader,
  SMB2_COMMAND,
  type Smb2Header,
  smb2RequestHeader,
  writeSmb2Header,
} from './smb2-header.ts';
import {
  CIPHER,
  COMPRESSION_ALGORITHM,
  COMPRESSION_FLAG,
  contextListOffset,
  encodeContexts,
  HASH_ALGORITHM,
  type NegotiateContexts,
  readContexts,
  SIGNING_ALGORITHM,
  writeContexts,
} from './smb2-negotiate-contexts.ts';
import { Writer } from './writer.ts';

/** Dialects and DialectRevision, 2.2.3 and 2.2.4. */
export const SMB2_DIALECT = {
  SMB_2_0_2: 0x0202,
  SMB_2_1: 0x0210,
  SMB_3_0: 0x0300,
  SMB_3_0_2: 0x0302,
  SMB_3_1_1: 0x0311,
} as const;

/** SecurityMode, 2.2.3 and 2.2.4. */
export const SMB2_SECURITY_MODE = {
  SMB2_NEGOTIATE_SIGNING_ENABLED: 0x0001,
  SMB2_NEGOTIATE_SIGNING_REQUIRED: 0x0002,
} as const;

/** Capabilities, 2.2.3 and 2.2.4. */
export const SMB2_CAPABILITIES = {
  SMB2_GLOBAL_CAP_DFS: 0x00000001,
  SMB2_GLOBAL_CAP_LEASING: 0x00000002,
  SMB2_GLOBAL_CAP_LARGE_MTU: 0x00000004,
  SMB2_GLOBAL_CAP_MULTI_CHANNEL: 0x00000008,
  SMB2_GLOBAL_CAP_PERSISTENT_HANDLES: 0x00000010,
  SMB2_GLOBAL_CAP_DIRECTORY_LEASING: 0x00000020,
  SMB2_GLOBAL_CAP_ENCRYPTION: 0x00000040,
} as const;

const REQUEST_STRUCTURE_SIZE = 36;
const RESPONSE_STRUCTURE_SIZE = 65;
/** Where the variable part begins. */
const REQUEST_DIALECTS_OFFSET = 100;
const RESPONSE_BUFFER_OFFSET = 128;
const GUID_LENGTH = 16;
/**
 * Samba tells of encryption and of ciphers only to clients that claim it, so 3.x is offered with all
 * capabilities.
 */
const ALL_CAPABILITIES = 0x0000007f;

export interface Smb2NegotiateRequest {
  readonly kind: 'smb2-negotiate-request';
  readonly header: Smb2Header;
  readonly securityMode: number;
  readonly capabilities: number;
  readonly clientGuid: Uint8Array;
  readonly dialects: readonly number[];
  /** null unless 3.1.1 is offered. */
  readonly contexts: NegotiateContexts | null;
}

export interface Smb2NegotiateResponse {
  readonly kind: 'smb2-negotiate-response';
  readonly header: Smb2Header;
  readonly securityMode: number;
  readonly dialectRevision: number;
  /** Sixteen bytes as sent (`guidText` of dtyp.ts). */
  readonly serverGuid: Uint8Array;
  readonly capabilities: number;
  readonly maxTransactSize: number;
  readonly maxReadSize: number;
  readonly maxWriteSize: number;
  /** FILETIMEs (`filetimeToMilliseconds` of dtyp.ts); 0n: not told. */
  readonly systemTime: bigint;
  readonly serverStartTime: bigint;
  /** The SPNEGO token; may be empty. */
  readonly securityBuffer: Uint8Array;
  /** null unless 3.1.1 was chosen. */
  readonly contexts: NegotiateContexts | null;
}

/** A NEGOTIATE that was answered with another status than STATUS_SUCCESS, `header.status`. */
export interface Smb2NegotiateError {
  readonly kind: 'smb2-error';
  readonly header: Smb2Header;
}

/** What to ask for. Random bytes are the caller's, fresh for each connection. */
export interface Smb2NegotiateOffer {
  /** `SMB2_DIALECT`, ascending, at least one. */
  readonly dialects: readonly number[];
  /** Sixteen bytes; sent as zeros where 2.0.2 alone is offered, which knows no client GUID. */
  readonly clientGuid: Uint8Array;
  /** Random, 32 bytes by custom; used with 3.1.1 only. */
  readonly salt: Uint8Array;
  /** 0n by default: the first message of a connection. */
  readonly messageId?: bigint;
  /** Lists for 3.1.1, each all that is known by default, in the order of preference. Never empty. */
  readonly ciphers?: readonly number[];
  readonly compressionAlgorithms?: readonly number[];
  readonly signingAlgorithms?: readonly number[];
}

/**
 * An unsigned NEGOTIATE that asks without requiring signing. With 3.1.1 among the dialects it carries the
 * four contexts of smb2-negotiate-contexts.ts.
 * @throws RangeError without dialects, or when the GUID is not sixteen bytes.
 */
export function encodeSmb2NegotiateRequest(offer: Smb2NegotiateOffer): Uint8Array {
  const { dialects, messageId = 0n } = offer;
  if (dialects.length === 0) throw new RangeError('no dialects');
  const offers3 = dialects.some((dialect) => dialect >= SMB2_DIALECT.SMB_3_0);
  const offersOnly202 = dialects.every((dialect) => dialect === SMB2_DIALECT.SMB_2_0_2);
  const contexts = dialects.includes(SMB2_DIALECT.SMB_3_1_1) ? encodeContexts(contextsOf(offer)) : null;
  const writer = new Writer();
  writeSmb2Header(writer, smb2RequestHeader({ messageId }));
  writer.uint16le(REQUEST_STRUCTURE_SIZE).uint16le(dialects.length);
  writer.uint16le(SMB2_SECURITY_MODE.SMB2_NEGOTIATE_SIGNING_ENABLED).uint16le(0);
  writer.uint32le(offers3 ? ALL_CAPABILITIES : 0);
  writer.fixed(offersOnly202 ? new Uint8Array(GUID_LENGTH) : offer.clientGuid, GUID_LENGTH);
  writer.uint32le(contexts === null ? 0 : contextListOffset(REQUEST_DIALECTS_OFFSET + 2 * dialects.length));
  writer.uint16le(contexts?.length ?? 0).uint16le(0);
  for (const dialect of dialects) writer.uint16le(dialect);
  writeContexts(writer, contexts ?? []);
  return writer.finish();
}

function contextsOf(offer: Smb2NegotiateOffer): NegotiateContexts {
  const {
    ciphers = [CIPHER.AES_128_GCM, CIPHER.AES_128_CCM, CIPHER.AES_256_GCM, CIPHER.AES_256_CCM],
    compressionAlgorithms = Object.values(COMPRESSION_ALGORITHM).filter(
      (id) => id !== COMPRESSION_ALGORITHM.NONE,
    ),
    signingAlgorithms = [
      SIGNING_ALGORITHM.AES_GMAC,
      SIGNING_ALGORITHM.AES_CMAC,
      SIGNING_ALGORITHM.HMAC_SHA256,
    ],
  } = offer;
  const flags = COMPRESSION_FLAG.SMB2_COMPRESSION_CAPABILITIES_FLAG_CHAINED;
  return {
    preauthIntegrity: { hashAlgorithms: [HASH_ALGORITHM.SHA_512], salt: offer.salt },
    ciphers,
    compression: { flags, algorithms: compressionAlgorithms },
    signingAlgorithms,
    others: [],
  };
}

/**
 * A NEGOTIATE, as a fake server reads it. `message` begins with the SMB2 header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb2NegotiateRequest(message: Uint8Array): Smb2NegotiateRequest {
  const reader = new Reader(message, 'SMB2 NEGOTIATE Request');
  const header = readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_NEGOTIATE);
  reader.expect(reader.uint16le('StructureSize'), REQUEST_STRUCTURE_SIZE);
  const dialectCount = reader.uint16le('DialectCount');
  if (dialectCount === 0) throw reader.wrong('at least 1', dialectCount);
  const securityMode = reader.uint16le('SecurityMode');
  reader.skip(2, 'Reserved');
  const capabilities = reader.uint32le('Capabilities');
  const clientGuid = reader.bytes(GUID_LENGTH, 'ClientGuid');
  const contextOffset = reader.uint32le('NegotiateContextOffset');
  const contextCount = reader.uint16le('NegotiateContextCount');
  reader.skip(2, 'Reserved2');
  const dialects: number[] = [];
  for (let i = 0; i < dialectCount; i += 1) dialects.push(reader.uint16le('Dialects'));
  const with311 = dialects.includes(SMB2_DIALECT.SMB_3_1_1);
  const contexts = with311 ? readContextList(reader, contextOffset, contextCount) : null;
  return {
    kind: 'smb2-negotiate-request',
    header,
    securityMode,
    capabilities,
    clientGuid,
    dialects,
    contexts,
  };
}

/** A response as a fake server sends it; the contexts are counted and placed here. */
export function encodeSmb2NegotiateResponse(response: Smb2NegotiateResponse): Uint8Array {
  const { securityBuffer } = response;
  const contexts = response.contexts === null ? null : encodeContexts(response.contexts);
  const writer = new Writer();
  writeSmb2Header(writer, response.header);
  writer.uint16le(RESPONSE_STRUCTURE_SIZE).uint16le(response.securityMode).uint16le(response.dialectRevision);
  writer.uint16le(contexts?.length ?? 0).fixed(response.serverGuid, GUID_LENGTH);
  writer.uint32le(response.capabilities).uint32le(response.maxTransactSize);
  writer.uint32le(response.maxReadSize).uint32le(response.maxWriteSize);
  writer.uint64le(response.systemTime).uint64le(response.serverStartTime);
  writer.uint16le(RESPONSE_BUFFER_OFFSET).uint16le(securityBuffer.length);
  writer.uint32le(contexts === null ? 0 : contextListOffset(RESPONSE_BUFFER_OFFSET + securityBuffer.length));
  writer.bytes(securityBuffer);
  writeContexts(writer, contexts ?? []);
  return writer.finish();
}

/** A refusal as a fake server sends it: `header.status` and an empty ERROR Response, 2.2.2. */
export function encodeSmb2Error(header: Smb2Header): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, header);
  return writer.uint16le(9).zeros(7).finish();
}

/**
 * The answer to a NEGOTIATE. `message` begins with the SMB2 header. Of a refusal only the header is read,
 * since servers disagree about the body. Bytes behind the buffer and the contexts are not read.
 * @throws DecodeError for another protocol or command, and when a length, count or offset leads out of the
 * message.
 */
export function decodeSmb2NegotiateResponse(message: Uint8Array): Smb2NegotiateResponse | Smb2NegotiateError {
  const reader = new Reader(message, 'SMB2 NEGOTIATE Response');
  const header = readSmb2ResponseHeader(reader, SMB2_COMMAND.SMB2_NEGOTIATE);
  if (header.status !== 0) return { kind: 'smb2-error', header };
  reader.expect(reader.uint16le('StructureSize'), RESPONSE_STRUCTURE_SIZE);
  const securityMode = reader.uint16le('SecurityMode');
  const dialectRevision = reader.uint16le('DialectRevision');
  const contextCount = reader.uint16le('NegotiateContextCount');
  const fixed = {
    serverGuid: reader.bytes(GUID_LENGTH, 'ServerGuid'),
    capabilities: reader.uint32le('Capabilities'),
    maxTransactSize: reader.uint32le('MaxTransactSize'),
    maxReadSize: reader.uint32le('MaxReadSize'),
    maxWriteSize: reader.uint32le('MaxWriteSize'),
    systemTime: reader.uint64le('SystemTime'),
    serverStartTime: reader.uint64le('ServerStartTime'),
  };
  const bufferOffset = reader.uint16le('SecurityBufferOffset');
  const bufferLength = reader.uint16le('SecurityBufferLength');
  const contextOffset = reader.uint32le('NegotiateContextOffset');
  const securityBuffer = readSecurityBuffer(reader, bufferOffset, bufferLength);
  const with311 = dialectRevision === SMB2_DIALECT.SMB_3_1_1;
  const contexts = with311 ? readContextList(reader, contextOffset, contextCount) : null;
  return {
    kind: 'smb2-negotiate-response',
    header,
    securityMode,
    dialectRevision,
    ...fixed,
    securityBuffer,
    contexts,
  };
}

/** An empty buffer may name any offset. */
function readSecurityBuffer(reader: Reader, offset: number, length: number): Uint8Array {
  if (length === 0) return new Uint8Array();
  return reader.from(offset, 'SecurityBuffer').bytes(length, 'SecurityBuffer');
}

/** No contexts may name any offset. */
function readContextList(reader: Reader, offset: number, count: number): NegotiateContexts {
  return readContexts(count === 0 ? reader : reader.from(offset, 'NegotiateContextList'), count);
}
