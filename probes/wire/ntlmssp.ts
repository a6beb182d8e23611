/**
 * NTLM, [MS-NLMP] 2.2.1.1 (NEGOTIATE_MESSAGE, type 1) and 2.2.1.2 (CHALLENGE_MESSAGE, type 2): what a server
 * tells of itself before any credential. AUTHENTICATE_MESSAGE (type 3), the logon, is in ntlm-authenticate.ts.
 * Little endian; offsets are counted from the first byte of Signature, whatever carries the message.
 *
 *  NEGOTIATE_MESSAGE:
 *       0     8  Signature: 'NTLMSSP' 00
 *       8     4  MessageType: 1
 *      12     4  NegotiateFlags
 *      16     8  DomainNameFields: Len 2, MaxLen 2, BufferOffset 4
 *      24     8  WorkstationFields, the same
 *      32     8  Version, with NTLMSSP_NEGOTIATE_VERSION only
 *
 *  CHALLENGE_MESSAGE:
 *       0     8  Signature: 'NTLMSSP' 00
 *       8     4  MessageType: 2
 *      12     8  TargetNameFields: Len 2, MaxLen 2, BufferOffset 4
 *      20     4  NegotiateFlags
 *      24     8  ServerChallenge
 *      32     8  Reserved
 *      40     8  TargetInfoFields, as TargetNameFields
 *      48     8  Version, with NTLMSSP_NEGOTIATE_VERSION only (ksmbd has none)
 *       …     …  Payload, where the fields say: at 56 with Version, at 48 without
 *
 *  VERSION, 2.2.2.10:
 *       0     1  ProductMajorVersion
 *       1     1  ProductMinorVersion
 *       2     2  ProductBuild
 *       4     3  Reserved
 *       7     1  NTLMRevisionCurrent: 0F
 *
 *  AV_PAIR, 2.2.2.1, not aligned, one behind the other up to MsvAvEOL:
 *       0     2  AvId
 *       2     2  AvLen
 *       4     n  Value
 */
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export const NTLMSSP_SIGNATURE = [0x4e, 0x54, 0x4c, 0x4d, 0x53, 0x53, 0x50, 0x00] as const;

/** MessageType, 2.2.1: those that are known here. */
export const NTLMSSP_MESSAGE_TYPE = {
  NEGOTIATE: 0x00000001,
  CHALLENGE: 0x00000002,
  AUTHENTICATE: 0x00000003,
} as const;

/** NegotiateFlags, 2.2.2.5: those that are sent or read here. */
export const NTLMSSP_FLAG = {
  NTLMSSP_NEGOTIATE_UNICODE: 0x00000001,
  NTLMSSP_REQUEST_TARGET: 0x00000004,
  NTLMSSP_NEGOTIATE_NTLM: 0x00000200,
  NTLMSSP_NEGOTIATE_ANONYMOUS: 0x00000800,
  NTLMSSP_NEGOTIATE_ALWAYS_SIGN: 0x00008000,
  NTLMSSP_TARGET_TYPE_DOMAIN: 0x00010000,
  NTLMSSP_TARGET_TYPE_SERVER: 0x00020000,
  NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY: 0x00080000,
  NTLMSSP_NEGOTIATE_TARGET_INFO: 0x00800000,
  NTLMSSP_NEGOTIATE_VERSION: 0x02000000,
  NTLMSSP_NEGOTIATE_128: 0x20000000,
  NTLMSSP_NEGOTIATE_56: 0x80000000,
} as const;

/** AvId, 2.2.2.1: those that are read here. */
const AV_ID = {
  MsvAvEOL: 0x0000,
  MsvAvNbComputerName: 0x0001,
  MsvAvNbDomainName: 0x0002,
  MsvAvDnsComputerName: 0x0003,
  MsvAvDnsDomainName: 0x0004,
  MsvAvTimestamp: 0x0007,
} as const;

/**
 * REQUEST_TARGET because Samba tells names only to those who ask for them; VERSION because a server answers
 * with its own only then (3.2.5.1.1). Signing and sealing are left out: at most an anonymous logon follows,
 * which has no key.
 */
export const OUR_FLAGS = 0xa2088205;
/** What Samba's own clients send. "For debugging purposes only", 2.2.2.10, so that nothing depends on it. */
const OUR_VERSION: NtlmVersion = { major: 6, minor: 1, build: 0 };
const NTLMSSP_REVISION_W2K3 = 0x0f;
const CHALLENGE_LENGTH = 8;
/** The specification knows eleven; nothing sends the same twice. */
const MOST_AV_PAIRS = 64;

export interface NtlmVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

/** Names that a client may send along are not read. */
export interface NegotiateMessage {
  readonly kind: 'negotiate';
  /** `NTLMSSP_FLAG`. */
  readonly flags: number;
  /** null without NTLMSSP_NEGOTIATE_VERSION. */
  readonly version: NtlmVersion | null;
}

/** Names are a stranger's text as observed, possibly empty; null: not sent. */
export interface TargetInfo {
  readonly nbComputerName: string | null;
  readonly nbDomainName: string | null;
  readonly dnsComputerName: string | null;
  readonly dnsDomainName: string | null;
  /** FILETIME (`filetimeToMilliseconds` of dtyp.ts). */
  readonly timestamp: bigint | null;
}

export interface ChallengeMessage {
  readonly kind: 'challenge';
  /** `NTLMSSP_FLAG`. */
  readonly flags: number;
  /** The server or its domain, as NTLMSSP_TARGET_TYPE_* says; null: empty. */
  readonly targetName: string | null;
  /** null without NTLMSSP_NEGOTIATE_VERSION. Samba says 6.1 build 0. */
  readonly version: NtlmVersion | null;
  /** All null without NTLMSSP_NEGOTIATE_TARGET_INFO. */
  readonly targetInfo: TargetInfo;
}

/** Does a message of this type begin here? The rest may still be malformed. */
export function beginsNtlmMessage(bytes: Uint8Array, messageType: number): boolean {
  return [...NTLMSSP_SIGNATURE, messageType, 0, 0, 0].every((byte, i) => bytes[i] === byte);
}

/** Forty bytes that ask for a challenge, and name nobody. */
export function encodeNegotiateMessage(): Uint8Array {
  const writer = startMessage(NTLMSSP_MESSAGE_TYPE.NEGOTIATE).uint32le(OUR_FLAGS);
  writer.zeros(16);
  writeVersion(writer, OUR_VERSION);
  return writer.finish();
}

/**
 * A NEGOTIATE_MESSAGE, as a fake server reads it.
 * @throws DecodeError for anything else.
 */
export function decodeNegotiateMessage(bytes: Uint8Array): NegotiateMessage {
  const reader = readerOf(bytes, 'NTLM NEGOTIATE_MESSAGE', NTLMSSP_MESSAGE_TYPE.NEGOTIATE);
  const flags = reader.uint32le('NegotiateFlags');
  reader.skip(8, 'DomainNameFields');
  reader.skip(8, 'WorkstationFields');
  return { kind: 'negotiate', flags, version: readVersion(reader, flags) };
}

/**
 * A challenge as a fake server sends it: ServerChallenge is zero, since nobody ever logs on. What the flags
 * leave out is not written.
 */
export function encodeChallengeMessage(challenge: ChallengeMessage): Uint8Array {
  const { flags, targetName, version } = challenge;
  const name = encodeText(targetName ?? '', isUnicode(flags));
  const info = has(flags, 'NTLMSSP_NEGOTIATE_TARGET_INFO')
    ? encodeTargetInfo(challenge.targetInfo)
    : new Uint8Array();
  const payloadOffset = has(flags, 'NTLMSSP_NEGOTIATE_VERSION') ? 56 : 48;
  const writer = startMessage(NTLMSSP_MESSAGE_TYPE.CHALLENGE);
  writeFields(writer, name.length, payloadOffset);
  writer.uint32le(flags).zeros(CHALLENGE_LENGTH).zeros(8);
  writeFields(writer, info.length, payloadOffset + name.length);
  if (payloadOffset === 56) writeVersion(writer, version ?? { major: 0, minor: 0, build: 0 });
  return writer.bytes(name).bytes(info).finish();
}

/**
 * A CHALLENGE_MESSAGE. Unknown AV pairs are skipped, of two with the same id the first counts, and bytes that
 * no field names are not read.
 * @throws DecodeError for another message, and when a length or offset leads out of it or into its fixed
 * part, a text has half a character, the timestamp is not eight bytes, or MsvAvEOL is missing.
 */
export function decodeChallengeMessage(bytes: Uint8Array): ChallengeMessage {
  const reader = readerOf(bytes, 'NTLM CHALLENGE_MESSAGE', NTLMSSP_MESSAGE_TYPE.CHALLENGE);
  const nameFields = readFields(reader, 'TargetName');
  const flags = reader.uint32le('NegotiateFlags');
  reader.skip(CHALLENGE_LENGTH, 'ServerChallenge');
  reader.skip(8, 'Reserved');
  const infoFields = readFields(reader, 'TargetInfo');
  const version = hasVersion(reader, [nameFields, infoFields]) ? readVersion(reader, flags) : null;
  const name = readText(payload(reader, nameFields), nameFields.field, isUnicode(flags));
  const hasInfo = has(flags, 'NTLMSSP_NEGOTIATE_TARGET_INFO') && infoFields.length > 0;
  const values = hasInfo ? readAvPairs(payload(reader, infoFields)) : new Map<number, Reader>();
  return {
    kind: 'challenge',
    flags,
    targetName: name === '' ? null : name,
    version,
    targetInfo: targetInfoOf(values),
  };
}

/** Some servers set NTLMSSP_NEGOTIATE_VERSION and leave the field out: their payload begins where it would be. */
function hasVersion(reader: Reader, fields: readonly PayloadFields[]): boolean {
  return !fields.some(({ length, offset }) => length > 0 && offset === reader.offset);
}

/** TargetNameFields and the like: where in the payload a value stands. */
export interface PayloadFields {
  readonly field: string;
  readonly length: number;
  readonly offset: number;
}

export function readFields(reader: Reader, field: string): PayloadFields {
  const length = reader.uint16le(`${field}Len`);
  reader.skip(2, `${field}MaxLen`);
  return { field, length, offset: reader.uint32le(`${field}BufferOffset`) };
}

export function writeFields(writer: Writer, length: number, offset: number): void {
  writer.uint16le(length).uint16le(length).uint32le(offset);
}

/** An empty value may name any offset; others lie behind the fixed part. */
export function payload(reader: Reader, { field, length, offset }: PayloadFields): Reader {
  return length === 0
    ? reader.window(reader.offset, 0, field)
    : reader.from(offset, field).window(offset, length, field);
}

/** Signature and MessageType. */
export function startMessage(messageType: number): Writer {
  return new Writer().bytes(NTLMSSP_SIGNATURE).uint32le(messageType);
}

/**
 * A reader behind Signature and MessageType.
 * @throws DecodeError when these are not there.
 */
export function readerOf(bytes: Uint8Array, structure: string, messageType: number): Reader {
  const reader = new Reader(bytes, structure);
  for (const byte of NTLMSSP_SIGNATURE) reader.expect(reader.uint8('Signature'), byte);
  reader.expect(reader.uint32le('MessageType'), messageType);
  return reader;
}

export function readVersion(reader: Reader, flags: number): NtlmVersion | null {
  if (!has(flags, 'NTLMSSP_NEGOTIATE_VERSION')) return null;
  const major = reader.uint8('ProductMajorVersion');
  const minor = reader.uint8('ProductMinorVersion');
  const build = reader.uint16le('ProductBuild');
  reader.skip(3, 'Reserved');
  reader.skip(1, 'NTLMRevisionCurrent');
  return { major, minor, build };
}

function writeVersion(writer: Writer, { major, minor, build }: NtlmVersion): void {
  writer.uint8(major).uint8(minor).uint16le(build).zeros(3).uint8(NTLMSSP_REVISION_W2K3);
}

/** Values by AvId. */
function readAvPairs(reader: Reader): ReadonlyMap<number, Reader> {
  const values = new Map<number, Reader>();
  for (let count = 0; count < MOST_AV_PAIRS; count += 1) {
    const id = reader.uint16le('AvId');
    const length = reader.uint16le('AvLen');
    if (id === AV_ID.MsvAvEOL) return values;
    const value = reader.window(reader.offset, length, 'Value');
    reader.skip(length, 'Value');
    if (!values.has(id)) values.set(id, value);
  }
  throw reader.wrong(`MsvAvEOL within ${MOST_AV_PAIRS} pairs`, 'none');
}

function targetInfoOf(values: ReadonlyMap<number, Reader>): TargetInfo {
  const text = (id: number): string | null => {
    const value = values.get(id);
    return value === undefined ? null : readText(value, 'Value', true);
  };
  return {
    nbComputerName: text(AV_ID.MsvAvNbComputerName),
    nbDomainName: text(AV_ID.MsvAvNbDomainName),
    dnsComputerName: text(AV_ID.MsvAvDnsComputerName),
    dnsDomainName: text(AV_ID.MsvAvDnsDomainName),
    timestamp: readTimestamp(values.get(AV_ID.MsvAvTimestamp)),
  };
}

function readTimestamp(value: Reader | undefined): bigint | null {
  if (value === undefined) return null;
  const timestamp = value.uint64le('MsvAvTimestamp');
  if (value.remaining > 0) throw value.wrong('8 bytes', `${8 + value.remaining} bytes`);
  return timestamp;
}

/** In the order in which Windows and Samba send them. */
function encodeTargetInfo(info: TargetInfo): Uint8Array {
  const writer = new Writer();
  writeName(writer, AV_ID.MsvAvNbDomainName, info.nbDomainName);
  writeName(writer, AV_ID.MsvAvNbComputerName, info.nbComputerName);
  writeName(writer, AV_ID.MsvAvDnsDomainName, info.dnsDomainName);
  writeName(writer, AV_ID.MsvAvDnsComputerName, info.dnsComputerName);
  if (info.timestamp !== null) {
    writer.uint16le(AV_ID.MsvAvTimestamp).uint16le(8).uint64le(info.timestamp);
  }
  return writer.uint16le(AV_ID.MsvAvEOL).uint16le(0).finish();
}

function writeName(writer: Writer, id: number, name: string | null): void {
  if (name === null) return;
  writer
    .uint16le(id)
    .uint16le(2 * name.length)
    .utf16le(name);
}

/** All of `reader`: UTF-16 with NTLMSSP_NEGOTIATE_UNICODE, else one character a byte, whatever the code page. */
export function readText(reader: Reader, field: string, unicode: boolean): string {
  if (!unicode) return reader.latin1(reader.remaining, field);
  let text = '';
  while (reader.remaining > 0) text += String.fromCharCode(reader.uint16le(field));
  return text;
}

function encodeText(text: string, unicode: boolean): Uint8Array {
  return (unicode ? new Writer().utf16le(text) : new Writer().latin1(text)).finish();
}

export function isUnicode(flags: number): boolean {
  return has(flags, 'NTLMSSP_NEGOTIATE_UNICODE');
}

function has(flags: number, flag: keyof typeof NTLMSSP_FLAG): boolean {
  return (flags & NTLMSSP_FLAG[flag]) !== 0;
}
