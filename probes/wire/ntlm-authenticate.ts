/**
 * NTLM AUTHENTICATE_MESSAGE, [MS-NLMP] 2.2.1.3: the logon that answers a challenge (ntlmssp.ts). Only the
 * anonymous one is sent, which names nobody and proves nothing. Little endian; offsets are counted from the
 * first byte of Signature, whatever carries the message.
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
 */
import {
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

/** Where the payload begins in a message without Version and MIC. */
const PAYLOAD_OFFSET = 64;
/** LmChallengeResponse of an anonymous logon, 3.1.5.1.2 with 3.3.1: Z(1). */
const ANONYMOUS_LM_RESPONSE = Uint8Array.of(0);

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
