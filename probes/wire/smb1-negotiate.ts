/**
 * SMB_COM_NEGOTIATE, [MS-CIFS] 2.2.4.52, with extended security as [MS-SMB] 2.2.4.5.2 adds it: does the
 * server still select NT LM 0.12? Little endian; offsets are counted from the first byte of the SMB header
 * (smb1-header.ts).
 *
 *  offset  size
 *      32     1  WordCount: 0 in the request; 17 for NT LM 0.12, 13 for LAN Manager, 1 for a refusal
 *
 *  Request:
 *      33     2  ByteCount
 *      35     …  for each dialect: BufferFormat 0x02, name, NUL
 *
 *  Response, NT LM 0.12:
 *      33     2  DialectIndex; 0xFFFF: none of them
 *      35     1  SecurityMode
 *      36     2  MaxMpxCount
 *      38     2  MaxNumberVcs
 *      40     4  MaxBufferSize
 *      44     4  MaxRawSize
 *      48     4  SessionKey
 *      52     4  Capabilities
 *      56     8  SystemTime
 *      64     2  ServerTimeZone, signed minutes, west of UTC positive
 *      66     1  ChallengeLength
 *      67     2  ByteCount
 *      69     …  with CAP_EXTENDED_SECURITY: ServerGUID 16, SecurityBlob;
 *                else Challenge, DomainName, ServerName
 */
import { Reader } from './reader.ts';
import {
  readSmb1RequestHeader,
  readSmb1ResponseHeader,
  SMB_COM,
  SMB_FLAGS2,
  type Smb1Header,
  smb1RequestHeader,
  writeSmb1Header,
} from './smb1-header.ts';
import { Writer } from './writer.ts';

/**
 * SecurityMode, [MS-CIFS] 2.2.4.52.2. Without the first bit it is shares that have passwords; without the
 * second, passwords are sent in clear.
 */
export const NEGOTIATE_SECURITY_MODE = {
  NEGOTIATE_USER_SECURITY: 0x01,
  NEGOTIATE_ENCRYPT_PASSWORDS: 0x02,
  NEGOTIATE_SECURITY_SIGNATURES_ENABLED: 0x04,
  NEGOTIATE_SECURITY_SIGNATURES_REQUIRED: 0x08,
} as const;

/** Capabilities, [MS-CIFS] 2.2.4.52.2 and [MS-SMB] 2.2.4.5.2.1: those that we name. */
export const SMB1_CAPABILITIES = {
  CAP_UNICODE: 0x00000004,
  CAP_NT_SMBS: 0x00000010,
  CAP_STATUS32: 0x00000040,
  CAP_DFS: 0x00001000,
  CAP_UNIX: 0x00800000,
  CAP_EXTENDED_SECURITY: 0x80000000,
} as const;

/**
 * The one dialect that is offered: with any SMB 2 name beside it a server would choose SMB 2 and prove
 * nothing.
 */
export const NT_LM_0_12 = 'NT LM 0.12';

const NO_DIALECT = 0xffff;
const DIALECT_FORMAT = 0x02;
const SERVER_GUID_LENGTH = 16;
const NT_LM_WORDS = 17;
const LANMAN_WORDS = 13;
const SHORT_WORDS = 1;

export interface Smb1NegotiateRequest {
  readonly kind: 'smb1-negotiate-request';
  readonly header: Smb1Header;
  readonly dialects: readonly string[];
}

/** NT LM 0.12 was selected. Fields behind `capabilities` are null where the server left them out. */
export interface Smb1Selected {
  readonly kind: 'selected';
  readonly header: Smb1Header;
  readonly dialectIndex: number;
  readonly securityMode: number;
  readonly maxMpxCount: number;
  readonly maxNumberVcs: number;
  readonly maxBufferSize: number;
  readonly maxRawSize: number;
  readonly sessionKey: number;
  readonly capabilities: number;
  /** FILETIME (`filetimeToMilliseconds` of dtyp.ts). */
  readonly systemTime: bigint | null;
  /** Minutes west of UTC. */
  readonly serverTimeZone: number | null;
  /** Sixteen bytes; with CAP_EXTENDED_SECURITY only. */
  readonly serverGuid: Uint8Array | null;
  /** The SPNEGO token; with CAP_EXTENDED_SECURITY only. */
  readonly securityBlob: Uint8Array | null;
  /** Without CAP_EXTENDED_SECURITY only. */
  readonly challenge: Uint8Array | null;
  /** Without CAP_EXTENDED_SECURITY only. A stranger's text. */
  readonly domainName: string | null;
  /** As `domainName`; older Samba leaves it off, 4.17 sends it. */
  readonly serverName: string | null;
}

/**
 * `selected-older`: a dialect from before NT LM 0.12, which does not follow from our offer but is SMB 1 all the
 * same.
 * `refused`: no dialect in common (DialectIndex 0xFFFF), or an error status, in which case the index may be
 * missing.
 */
export type Smb1NegotiateResponse =
  | Smb1Selected
  | { readonly kind: 'selected-older'; readonly header: Smb1Header; readonly dialectIndex: number }
  | { readonly kind: 'refused'; readonly header: Smb1Header; readonly dialectIndex: number | null };

/** A NEGOTIATE that offers NT LM 0.12 alone: 47 bytes. `pidLow` and `mid` are random, 16 bits each. */
export function encodeSmb1NegotiateRequest({
  pidLow,
  mid,
}: {
  readonly pidLow: number;
  readonly mid: number;
}): Uint8Array {
  const writer = new Writer();
  writeSmb1Header(writer, SMB_COM.SMB_COM_NEGOTIATE, smb1RequestHeader({ pidLow, mid }));
  const dialects = new Writer().uint8(DIALECT_FORMAT).latin1(NT_LM_0_12).uint8(0).finish();
  return writer.uint8(0).uint16le(dialects.length).bytes(dialects).finish();
}

/**
 * A NEGOTIATE, as a fake server reads it. `message` begins with the SMB header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1NegotiateRequest(message: Uint8Array): Smb1NegotiateRequest {
  const reader = new Reader(message, 'SMB_COM_NEGOTIATE Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_NEGOTIATE);
  reader.expect(reader.uint8('WordCount'), 0);
  const body = readData(reader);
  const dialects: string[] = [];
  while (body.remaining > 0) {
    body.expect(body.uint8('BufferFormat'), DIALECT_FORMAT);
    dialects.push(readDialect(body));
  }
  return { kind: 'smb1-negotiate-request', header, dialects };
}

/** A response as a fake server sends it; null fields are sent as zeros or left out. */
export function encodeSmb1NegotiateResponse(response: Smb1NegotiateResponse): Uint8Array {
  const writer = new Writer();
  writeSmb1Header(writer, SMB_COM.SMB_COM_NEGOTIATE, response.header);
  switch (response.kind) {
    case 'selected':
      writeSelected(writer, response);
      break;
    case 'selected-older':
      writer
        .uint8(LANMAN_WORDS)
        .uint16le(response.dialectIndex)
        .zeros(2 * LANMAN_WORDS - 2)
        .uint16le(0);
      break;
    case 'refused':
      if (response.dialectIndex === null) writer.uint8(0).uint16le(0);
      else writer.uint8(SHORT_WORDS).uint16le(response.dialectIndex).uint16le(0);
  }
  return writer.finish();
}

/**
 * The answer to our NEGOTIATE. `message` begins with the SMB header. [MS-CIFS] is bent for embedded servers
 * that cut the parameters short: everything behind Capabilities may be missing. Bytes behind the data are not
 * read.
 * @throws DecodeError for another protocol or command, for a request (an echo of ours, say), and when a count
 * leads out of the message.
 */
export function decodeSmb1NegotiateResponse(message: Uint8Array): Smb1NegotiateResponse {
  const reader = new Reader(message, 'SMB_COM_NEGOTIATE Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_NEGOTIATE);
  const wordCount = reader.uint8('WordCount');
  if (wordCount === 0 && header.status !== 0) return { kind: 'refused', header, dialectIndex: null };
  const dialectIndex = reader.uint16le('DialectIndex');
  if (header.status !== 0 || dialectIndex === NO_DIALECT) return { kind: 'refused', header, dialectIndex };
  if (wordCount === SHORT_WORDS || wordCount === LANMAN_WORDS) {
    return { kind: 'selected-older', header, dialectIndex };
  }
  return readSelected(reader, { header, wordCount, dialectIndex });
}

function readSelected(
  reader: Reader,
  start: { readonly header: Smb1Header; readonly wordCount: number; readonly dialectIndex: number },
): Smb1Selected {
  const { header, wordCount, dialectIndex } = start;
  const end = reader.offset - 2 + 2 * wordCount;
  const mandatory = {
    securityMode: reader.uint8('SecurityMode'),
    maxMpxCount: reader.uint16le('MaxMpxCount'),
    maxNumberVcs: reader.uint16le('MaxNumberVcs'),
    maxBufferSize: reader.uint32le('MaxBufferSize'),
    maxRawSize: reader.uint32le('MaxRawSize'),
    sessionKey: reader.uint32le('SessionKey'),
    capabilities: reader.uint32le('Capabilities'),
  };
  if (reader.offset > end) throw reader.wrong('17 words of parameters', `${wordCount}`);
  const length = Math.min(end - reader.offset, reader.remaining);
  const rest = reader.window(reader.offset, length, 'Words');
  reader.skip(length, 'Words');
  const systemTime = rest.remaining >= 8 ? rest.uint64le('SystemTime') : null;
  const serverTimeZone = rest.remaining >= 2 ? rest.int16le('ServerTimeZone') : null;
  const challengeLength = rest.remaining >= 1 ? rest.uint8('ChallengeLength') : 0;
  return {
    kind: 'selected',
    header,
    dialectIndex,
    ...mandatory,
    systemTime,
    serverTimeZone,
    ...readIdentity(reader, { header, capabilities: mandatory.capabilities, challengeLength }),
  };
}

type Identity = Pick<Smb1Selected, 'serverGuid' | 'securityBlob' | 'challenge' | 'domainName' | 'serverName'>;

/**
 * The data behind the parameters, in one of its two forms; nothing where the message ends before ByteCount.
 */
function readIdentity(
  reader: Reader,
  of: { readonly header: Smb1Header; readonly capabilities: number; readonly challengeLength: number },
): Identity {
  const none = { serverGuid: null, securityBlob: null, challenge: null, domainName: null, serverName: null };
  if (reader.remaining < 2) return none;
  const body = readData(reader);
  if ((of.capabilities & SMB1_CAPABILITIES.CAP_EXTENDED_SECURITY) !== 0) {
    if (body.remaining < SERVER_GUID_LENGTH) return none;
    const serverGuid = body.bytes(SERVER_GUID_LENGTH, 'ServerGUID');
    return { ...none, serverGuid, securityBlob: body.bytes(body.remaining, 'SecurityBlob') };
  }
  const challenge = body.bytes(of.challengeLength, 'Challenge');
  const unicode = (of.header.flags2 & SMB_FLAGS2.SMB_FLAGS2_UNICODE) !== 0;
  const domainName = body.remaining > 0 ? readText(body, unicode) : null;
  const serverName = body.remaining > 0 ? readText(body, unicode) : null;
  return { ...none, challenge, domainName, serverName };
}

function readData(reader: Reader): Reader {
  const byteCount = reader.uint16le('ByteCount');
  return reader.window(reader.offset, byteCount, 'Bytes');
}

/**
 * Text up to its NUL or, for servers that leave the NUL off, to the end of the data. Unicode is not aligned
 * here.
 */
function readText(reader: Reader, unicode: boolean): string {
  const width = unicode ? 2 : 1;
  let text = '';
  while (reader.remaining >= width) {
    const code = unicode ? reader.uint16le('name') : reader.uint8('name');
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}

/** Here the NUL must be there. */
function readDialect(reader: Reader): string {
  let text = '';
  for (;;) {
    const code = reader.uint8('DialectName');
    if (code === 0) return text;
    text += String.fromCharCode(code);
  }
}

function writeSelected(writer: Writer, selected: Smb1Selected): void {
  const body = encodeIdentity(selected);
  writer.uint8(NT_LM_WORDS).uint16le(selected.dialectIndex).uint8(selected.securityMode);
  writer.uint16le(selected.maxMpxCount).uint16le(selected.maxNumberVcs);
  writer.uint32le(selected.maxBufferSize).uint32le(selected.maxRawSize);
  writer.uint32le(selected.sessionKey).uint32le(selected.capabilities);
  writer.uint64le(selected.systemTime ?? 0n).int16le(selected.serverTimeZone ?? 0);
  writer
    .uint8(selected.challenge?.length ?? 0)
    .uint16le(body.length)
    .bytes(body);
}

function encodeIdentity(selected: Smb1Selected): Uint8Array {
  const { serverGuid, securityBlob, challenge, domainName, serverName, header } = selected;
  const writer = new Writer();
  if (serverGuid !== null) {
    return writer
      .fixed(serverGuid, SERVER_GUID_LENGTH)
      .bytes(securityBlob ?? [])
      .finish();
  }
  writer.bytes(challenge ?? []);
  for (const name of [domainName, serverName]) {
    if (name === null) continue;
    if ((header.flags2 & SMB_FLAGS2.SMB_FLAGS2_UNICODE) !== 0) writer.utf16le(`${name}\0`);
    else writer.latin1(`${name}\0`);
  }
  return writer.finish();
}
