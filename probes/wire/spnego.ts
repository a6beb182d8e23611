/**
 * SPNEGO, RFC 4178 4.2 and [MS-SPNG]: the envelope of the NTLM messages (ntlmssp.ts) in SMB's security
 * buffers. ASN.1 in DER (X.690): tag 1, length 1 to 3 big endian, contents. Elements stand in one another:
 *
 *  NegTokenInit, the first token of a client:
 *      60  InitialContextToken, RFC 2743 3.1
 *        06  thisMech: 1.3.6.1.5.5.2, SPNEGO
 *        A0  NegTokenInit
 *          30  SEQUENCE
 *            A0  mechTypes: 30, with one 06 for each mechanism
 *            A1  reqFlags
 *            A2  mechToken: 04
 *            A3  mechListMIC
 *
 *  NegTokenResp, every later token:
 *      A1  NegTokenResp
 *        30  SEQUENCE
 *          A0  negState: 0A
 *          A1  supportedMech: 06
 *          A2  responseToken: 04
 *          A3  mechListMIC: 04
 */
import { beginsNtlmMessage, NTLMSSP_MESSAGE_TYPE } from './ntlmssp.ts';
import { DecodeError, Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** NegState, RFC 4178 4.2.2. */
export const NEG_STATE = {
  'accept-completed': 0,
  'accept-incomplete': 1,
  reject: 2,
  'request-mic': 3,
} as const;

/** Object identifiers as they stand in DER, without tag and length. */
const SPNEGO_OID = Uint8Array.of(0x2b, 0x06, 0x01, 0x05, 0x05, 0x02);
/** 1.3.6.1.4.1.311.2.2.10, [MS-SPNG] 1.9. */
export const NTLMSSP_OID = Uint8Array.of(0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a);

const TAG = {
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  ENUMERATED: 0x0a,
  SEQUENCE: 0x30,
  INITIAL_CONTEXT_TOKEN: 0x60,
  CONTEXT_0: 0xa0,
  CONTEXT_1: 0xa1,
  CONTEXT_2: 0xa2,
} as const;
/** The first length byte of lengths that do not fit into seven bits. */
const LENGTH_IN_1_BYTE = 0x81;
const LENGTH_IN_2_BYTES = 0x82;

export interface NegTokenInit {
  readonly kind: 'neg-token-init';
  /** Object identifiers in DER, in the client's order of preference. */
  readonly mechTypes: readonly Uint8Array[];
  /** null: only asks. */
  readonly mechToken: Uint8Array | null;
}

export interface NegTokenResp {
  readonly kind: 'neg-token-resp';
  /** `NEG_STATE`; null: not sent. */
  readonly negState: number | null;
  /** Object identifier in DER; null: not sent. */
  readonly supportedMech: Uint8Array | null;
  readonly responseToken: Uint8Array | null;
}

/** A first token that offers NTLM alone, with its NEGOTIATE_MESSAGE. */
export function encodeNegTokenInit(mechToken: Uint8Array): Uint8Array {
  const mechTypes = element(TAG.SEQUENCE, element(TAG.OBJECT_IDENTIFIER, NTLMSSP_OID));
  const sequence = element(
    TAG.SEQUENCE,
    element(TAG.CONTEXT_0, mechTypes),
    element(TAG.CONTEXT_2, element(TAG.OCTET_STRING, mechToken)),
  );
  return element(
    TAG.INITIAL_CONTEXT_TOKEN,
    element(TAG.OBJECT_IDENTIFIER, SPNEGO_OID),
    element(TAG.CONTEXT_0, sequence),
  );
}

/**
 * A client's first token, as a fake server reads it.
 * @throws DecodeError for anything else.
 */
export function decodeNegTokenInit(token: Uint8Array): NegTokenInit {
  const reader = new Reader(token, 'SPNEGO NegTokenInit');
  const context = enter(reader, TAG.INITIAL_CONTEXT_TOKEN, 'InitialContextToken');
  for (const byte of [TAG.OBJECT_IDENTIFIER, SPNEGO_OID.length, ...SPNEGO_OID]) {
    context.expect(context.uint8('thisMech'), byte);
  }
  const fields = readFields(enter(context, TAG.CONTEXT_0, 'NegTokenInit'));
  const offered = fields.get(TAG.CONTEXT_0);
  const mechTypes: Uint8Array[] = [];
  const list = offered && enter(offered, TAG.SEQUENCE, 'mechTypes');
  while (list !== undefined && list.remaining > 0) {
    mechTypes.push(contents(enter(list, TAG.OBJECT_IDENTIFIER, 'MechType')));
  }
  const mechToken = octets(fields.get(TAG.CONTEXT_2), TAG.OCTET_STRING, 'mechToken');
  return { kind: 'neg-token-init', mechTypes, mechToken };
}

/** A client's second token, with its AUTHENTICATE_MESSAGE and nothing else. */
export function encodeAuthenticateToken(responseToken: Uint8Array): Uint8Array {
  return encodeNegTokenResp({ kind: 'neg-token-resp', negState: null, supportedMech: null, responseToken });
}

/** A later token: a server's as a fake sends it. */
export function encodeNegTokenResp(response: NegTokenResp): Uint8Array {
  const { negState, supportedMech, responseToken } = response;
  const fields: Uint8Array[] = [];
  if (negState !== null) {
    fields.push(element(TAG.CONTEXT_0, element(TAG.ENUMERATED, Uint8Array.of(negState))));
  }
  if (supportedMech !== null) {
    fields.push(element(TAG.CONTEXT_1, element(TAG.OBJECT_IDENTIFIER, supportedMech)));
  }
  if (responseToken !== null) {
    fields.push(element(TAG.CONTEXT_2, element(TAG.OCTET_STRING, responseToken)));
  }
  return element(TAG.CONTEXT_1, element(TAG.SEQUENCE, ...fields));
}

/**
 * A later token, a server's or a client's. mechListMIC and unknown fields are skipped, bytes behind the token are not read.
 * @throws DecodeError when a tag is not the one that belongs there, or a length leads out of what is around.
 */
export function decodeNegTokenResp(token: Uint8Array): NegTokenResp {
  const reader = new Reader(token, 'SPNEGO NegTokenResp');
  const fields = readFields(enter(reader, TAG.CONTEXT_1, 'NegTokenResp'));
  const state = fields.get(TAG.CONTEXT_0);
  const negState = state === undefined ? null : enter(state, TAG.ENUMERATED, 'negState').uint8('negState');
  const supportedMech = octets(fields.get(TAG.CONTEXT_1), TAG.OBJECT_IDENTIFIER, 'supportedMech');
  const responseToken = octets(fields.get(TAG.CONTEXT_2), TAG.OCTET_STRING, 'responseToken');
  return { kind: 'neg-token-resp', negState, supportedMech, responseToken };
}

/**
 * The bytes from the NTLM CHALLENGE_MESSAGE on in a server's security buffer, a copy; null: there is none.
 * Where the buffer is no NegTokenResp with a challenge in it, the message is searched for by its signature and
 * type: some servers answer with bare NTLM, and some write DER of their own. Nothing is believed for being
 * found, since `decodeChallengeMessage` checks it all.
 */
export function findChallenge(securityBuffer: Uint8Array): Uint8Array | null {
  const token = responseTokenOf(securityBuffer);
  if (token !== null && isChallenge(token)) return token;
  for (let start = 0; start < securityBuffer.length; start += 1) {
    if (isChallenge(securityBuffer.subarray(start, start + 12))) return securityBuffer.slice(start);
  }
  return null;
}

function responseTokenOf(securityBuffer: Uint8Array): Uint8Array | null {
  try {
    return decodeNegTokenResp(securityBuffer).responseToken;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function isChallenge(bytes: Uint8Array): boolean {
  return beginsNtlmMessage(bytes, NTLMSSP_MESSAGE_TYPE.CHALLENGE);
}

/** The fields of the one SEQUENCE in `reader`, by tag; of two with the same tag the first counts. */
function readFields(reader: Reader): ReadonlyMap<number, Reader> {
  const sequence = enter(reader, TAG.SEQUENCE, 'SEQUENCE');
  const fields = new Map<number, Reader>();
  while (sequence.remaining > 0) {
    const tag = sequence.uint8('field');
    const field = enterContents(sequence, 'field');
    if (!fields.has(tag)) fields.set(tag, field);
  }
  return fields;
}

function octets(field: Reader | undefined, tag: number, name: string): Uint8Array | null {
  return field === undefined ? null : contents(enter(field, tag, name));
}

function contents(reader: Reader): Uint8Array {
  return reader.bytes(reader.remaining, 'contents');
}

/** A reader of the contents of the next element, which must have this tag; `reader` moves behind it. */
function enter(reader: Reader, tag: number, field: string): Reader {
  reader.expect(reader.uint8(field), tag);
  return enterContents(reader, field);
}

function enterContents(reader: Reader, field: string): Reader {
  const length = readLength(reader, `${field} length`);
  const inner = reader.window(reader.offset, length, field);
  reader.skip(length, field);
  return inner;
}

/** X.690 8.1.3, up to 65,535: a security buffer is no longer. */
function readLength(reader: Reader, field: string): number {
  const first = reader.uint8(field);
  if (first < 0x80) return first;
  if (first === LENGTH_IN_1_BYTE) return reader.uint8(field);
  if (first === LENGTH_IN_2_BYTES) return reader.uint16be(field);
  throw reader.wrong('a length of at most 2 bytes', first);
}

/** One element with these elements or bytes in it. */
function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const writer = new Writer().uint8(tag);
  if (length < 0x80) writer.uint8(length);
  else if (length <= 0xff) writer.uint8(LENGTH_IN_1_BYTE).uint8(length);
  else writer.uint8(LENGTH_IN_2_BYTES).uint16be(length);
  for (const part of parts) writer.bytes(part);
  return writer.finish();
}
