/**
 * NTLM AUTHENTICATE_MESSAGE, [MS-NLMP] 2.2.1.3: the logon that answers a challenge (ntlmssp.ts). Two are sent:
 * the anonymous one, which names nobody and proves nothing; and, for the guest test alone, one under a name
 * that nobody has. Little endian; offsets are counted from the first byte of Signature, whatever carries the
 * message.
 *
 *       0     8  Signature: 'NTLMSSP' 00
 *       8     4  MessageType: 3
 *      12     8  LmChallengeResponseFields: Len 2, MaxLen 2, BufferOffset 4
 *      20     8  NtChallengeResponseFields, the same
 *      28     8  DomainNameFields
 *      36     8  UserNameFields
 *      44     8  WorkstationFields
 *      52     8  EncryptedRandomSessionKeyFields
 *      60     4  NegotiateFlags
 *      64     8  Version, with NTLMSSP_NEGOTIATE_VERSION only
 *      72    16  MIC, with a flag in the target info only: not read
 *       …     …  Payload, where the fields say
 *
 *  NTLMv2_RESPONSE, 2.2.2.8, as NtChallengeResponse; all but the proof is NTLMv2_CLIENT_CHALLENGE, 2.2.2.7:
 *       0    16  Response, the proof (ntlm-response.ts)
 *      16     1  RespType: 1
 *      17     1  HiRespType: 1
 *      18     2  Reserved1
 *      20     4  Reserved2
 *      24     8  TimeStamp
 *      32     8  ChallengeFromClient
 *      40     4  Reserved3
 *      44     n  AvPairs, up to MsvAvEOL, and four zeros behind it (3.3.2)
 */
import {
  decodeChallengeMessage,
  isUnicode,
  NTLMSSP_FLAG,
  NTLMSSP_MESSAGE_TYPE,
  OUR_FLAGS,
  type PayloadFields,
  payload,
  readerOf,
  readFields,
  readText,
  readVersion,
  startMessage,
  writeFields,
} from './ntlmssp.ts';
import type { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Where the payload begins in a message without Version and MIC. */
const PAYLOAD_OFFSET = 64;
/** LmChallengeResponse of an anonymous logon, 3.1.5.1.2 with 3.3.1: Z(1). */
const ANONYMOUS_LM_RESPONSE = Uint8Array.of(0);
/** LmChallengeResponse beside an NTLMv2_RESPONSE, 3.1.5.1.2: Z(24). */
const NO_LM_RESPONSE = new Uint8Array(24);
const CHALLENGE_LENGTH = 8;
const NTLMV2_RESP_TYPE = 0x01;
/** Five names of at most 255 characters, and a time, fit well: what is sent back is the server's to choose. */
const MOST_TARGET_INFO_BYTES = 2_800;

export interface AuthenticateMessage {
  readonly kind: 'authenticate';
  /** `NTLMSSP_FLAG`. */
  readonly flags: number;
  readonly lmChallengeResponse: Uint8Array;
  readonly ntChallengeResponse: Uint8Array;
  readonly domainName: string;
  readonly userName: string;
  readonly workstation: string;
}

/** What of a challenge goes into the proof that answers it. */
export interface ChallengeToAnswer {
  /** `NTLMSSP_FLAG`. */
  readonly flags: number;
  /** Eight bytes. */
  readonly serverChallenge: Uint8Array;
  /** AV pairs as they were sent, with MsvAvEOL; empty: none were sent. */
  readonly targetInfo: Uint8Array;
  /** FILETIME; null: not told. */
  readonly timestamp: bigint | null;
}

/** Everything of an NTLMv2_RESPONSE but the proof. */
export interface Ntlmv2ClientChallenge {
  /** FILETIME. */
  readonly timestamp: bigint;
  /** Eight random bytes. */
  readonly challengeFromClient: Uint8Array;
  /** As the server sent them. */
  readonly targetInfo: Uint8Array;
}

/** A logon with an NTLMv2_RESPONSE. */
export interface UserLogon {
  /** `NTLMSSP_FLAG` of the server's challenge. */
  readonly challengeFlags: number;
  /** Latin 1. */
  readonly userName: string;
  readonly ntChallengeResponse: Uint8Array;
}

/**
 * Sixty-five bytes that log nobody on. `challengeFlags` are those of the server's challenge (`NTLMSSP_FLAG`):
 * what both sides know is agreed. Without a version, whatever was agreed, and without a session key.
 */
export function encodeAnonymousAuthenticateMessage({
  challengeFlags,
}: {
  readonly challengeFlags: number;
}): Uint8Array {
  const { NTLMSSP_NEGOTIATE_ANONYMOUS, NTLMSSP_NEGOTIATE_VERSION } = NTLMSSP_FLAG;
  const agreed = challengeFlags & OUR_FLAGS & ~NTLMSSP_NEGOTIATE_VERSION;
  const writer = startMessage(NTLMSSP_MESSAGE_TYPE.AUTHENTICATE);
  writeFields(writer, ANONYMOUS_LM_RESPONSE.length, PAYLOAD_OFFSET);
  for (let empty = 0; empty < 5; empty += 1) writeFields(writer, 0, PAYLOAD_OFFSET);
  writer.uint32le((agreed | NTLMSSP_NEGOTIATE_ANONYMOUS) >>> 0);
  return writer.bytes(ANONYMOUS_LM_RESPONSE).finish();
}

/**
 * Logs a user of no domain on, from a workstation without a name. What both sides know is agreed, as above;
 * without a version, a session key or a MIC, none of which a server asks for that is not to sign.
 */
export function encodeUserAuthenticateMessage(logon: UserLogon): Uint8Array {
  const { challengeFlags, userName, ntChallengeResponse } = logon;
  const agreed = challengeFlags & OUR_FLAGS & ~NTLMSSP_FLAG.NTLMSSP_NEGOTIATE_VERSION;
  const name = new Writer();
  if (isUnicode(agreed)) name.utf16le(userName);
  else name.latin1(userName);
  const ntOffset = PAYLOAD_OFFSET + NO_LM_RESPONSE.length;
  const nameOffset = ntOffset + ntChallengeResponse.length;
  const writer = startMessage(NTLMSSP_MESSAGE_TYPE.AUTHENTICATE);
  writeFields(writer, NO_LM_RESPONSE.length, PAYLOAD_OFFSET);
  writeFields(writer, ntChallengeResponse.length, ntOffset);
  writeFields(writer, 0, nameOffset);
  writeFields(writer, name.length, nameOffset);
  for (let empty = 0; empty < 2; empty += 1) writeFields(writer, 0, nameOffset);
  writer.uint32le(agreed >>> 0);
  return writer.bytes(NO_LM_RESPONSE).bytes(ntChallengeResponse).bytes(name.finish()).finish();
}

/** What the proof covers beside the server's challenge, [MS-NLMP] 2.2.2.7 and 3.3.2 (`temp`). */
export function encodeNtlmv2ClientChallenge(challenge: Ntlmv2ClientChallenge): Uint8Array {
  const { timestamp, challengeFromClient, targetInfo } = challenge;
  const writer = new Writer().uint8(NTLMV2_RESP_TYPE).uint8(NTLMV2_RESP_TYPE).zeros(6);
  writer.uint64le(timestamp).fixed(challengeFromClient, CHALLENGE_LENGTH);
  return writer.zeros(4).bytes(targetInfo).zeros(4).finish();
}

/**
 * The parts of a CHALLENGE_MESSAGE (ntlmssp.ts) that an answer is computed from.
 * @throws DecodeError as `decodeChallengeMessage` does, and for more AV pairs than can be honest.
 */
export function decodeChallengeToAnswer(bytes: Uint8Array): ChallengeToAnswer {
  const { timestamp } = decodeChallengeMessage(bytes).targetInfo;
  const reader = readerOf(bytes, 'NTLM CHALLENGE_MESSAGE', NTLMSSP_MESSAGE_TYPE.CHALLENGE);
  readFields(reader, 'TargetName');
  const flags = reader.uint32le('NegotiateFlags');
  const serverChallenge = reader.bytes(CHALLENGE_LENGTH, 'ServerChallenge');
  reader.skip(8, 'Reserved');
  const infoFields = readFields(reader, 'TargetInfo');
  if (infoFields.length > MOST_TARGET_INFO_BYTES) {
    throw reader.wrong(`TargetInfo of at most ${MOST_TARGET_INFO_BYTES} bytes`, `${infoFields.length} bytes`);
  }
  const isTold = (flags & NTLMSSP_FLAG.NTLMSSP_NEGOTIATE_TARGET_INFO) !== 0;
  const targetInfo = isTold ? octets(reader, infoFields) : new Uint8Array();
  return { flags, serverChallenge, targetInfo, timestamp };
}

/**
 * An AUTHENTICATE_MESSAGE, as a fake server reads it. Version, MIC and session key are not kept, and bytes that
 * no field names are not read.
 * @throws DecodeError for another message, and when a length or offset leads out of it or into its fixed part,
 * or a text has half a character.
 */
export function decodeAuthenticateMessage(bytes: Uint8Array): AuthenticateMessage {
  const reader = readerOf(bytes, 'NTLM AUTHENTICATE_MESSAGE', NTLMSSP_MESSAGE_TYPE.AUTHENTICATE);
  const lmFields = readFields(reader, 'LmChallengeResponse');
  const ntFields = readFields(reader, 'NtChallengeResponse');
  const domainFields = readFields(reader, 'DomainName');
  const userFields = readFields(reader, 'UserName');
  const workstationFields = readFields(reader, 'Workstation');
  const keyFields = readFields(reader, 'EncryptedRandomSessionKey');
  const flags = reader.uint32le('NegotiateFlags');
  readVersion(reader, flags);
  payload(reader, keyFields);
  const text = (fields: PayloadFields): string =>
    readText(payload(reader, fields), fields.field, isUnicode(flags));
  return {
    kind: 'authenticate',
    flags,
    lmChallengeResponse: octets(reader, lmFields),
    ntChallengeResponse: octets(reader, ntFields),
    domainName: text(domainFields),
    userName: text(userFields),
    workstation: text(workstationFields),
  };
}

/** Does it log nobody on? [MS-NLMP] 3.2.5.1.2. */
export function isAnonymous(message: AuthenticateMessage): boolean {
  const { lmChallengeResponse: lm, ntChallengeResponse: nt, userName } = message;
  return userName === '' && nt.length === 0 && (lm.length === 0 || (lm.length === 1 && lm[0] === 0));
}

function octets(reader: Reader, fields: PayloadFields): Uint8Array {
  return payload(reader, fields).bytes(fields.length, fields.field);
}
