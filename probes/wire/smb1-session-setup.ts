/**
 * SMB_COM_SESSION_SETUP_ANDX, [MS-CIFS] 2.2.4.53, and with extended security [MS-SMB] 2.2.4.6: opens a session;
 * and what ends it, SMB_COM_LOGOFF_ANDX, [MS-CIFS] 2.2.4.54. Little endian; offsets are counted from the first
 * byte of the SMB header (smb1-header.ts), and behind it stand the blocks of smb1-body.ts.
 *
 *  Request:
 *      32     1  WordCount: 12 with extended security, else 13
 *      33     4  AndX
 *      37     2  MaxBufferSize
 *      39     2  MaxMpxCount
 *      41     2  VcNumber
 *      43     4  SessionKey
 *   with extended security:
 *      47     2  SecurityBlobLength
 *      49     4  Reserved
 *      53     4  Capabilities
 *      59     …  SecurityBlob, NativeOS, NativeLanMan
 *   without:
 *      47     2  OEMPasswordLen
 *      49     2  UnicodePasswordLen
 *      51     4  Reserved
 *      55     4  Capabilities
 *      61     …  OEMPassword, UnicodePassword, AccountName, PrimaryDomain, NativeOS, NativeLanMan
 *
 *  Response:
 *      32     1  WordCount: 4 with extended security, else 3
 *      33     4  AndX
 *      37     2  Action
 *      39     2  SecurityBlobLength, with extended security only
 *       …     …  SecurityBlob, NativeOS, NativeLanMan; without extended security PrimaryDomain, too
 *
 *  LOGOFF_ANDX, request and response:
 *      32     1  WordCount: 2
 *      33     4  AndX
 */
import { NT_STATUS } from './nt-status.ts';
import { Reader } from './reader.ts';
import {
  andXWords,
  encodeSmb1Message,
  readSmb1Body,
  readSmb1Text,
  skipAndX,
  writeSmb1Text,
} from './smb1-body.ts';
import {
  readSmb1RequestHeader,
  readSmb1ResponseHeader,
  SMB_COM,
  type Smb1Error,
  type Smb1Header,
  type Smb1SessionRequest,
  smb1RequestHeader,
} from './smb1-header.ts';
import { SMB1_CAPABILITIES } from './smb1-negotiate.ts';
import { Writer } from './writer.ts';

/** Action of a response, [MS-CIFS] 2.2.4.53.2: the server took us for a guest. */
export const SMB_SETUP_GUEST = 0x0001;

const EXTENDED_WORDS = 12;
const CLASSIC_WORDS = 13;
const EXTENDED_RESPONSE_WORDS = 4;
/** More than the server will ever need for our questions. */
const MAX_BUFFER_SIZE = 0xffff;
const MAX_MPX_COUNT = 2;
/** Never 0: on that some servers drop whatever else comes from the same address, [MS-CIFS] 2.2.4.53.1. */
const VC_NUMBER = 1;
const { CAP_UNICODE, CAP_NT_SMBS, CAP_STATUS32, CAP_EXTENDED_SECURITY } = SMB1_CAPABILITIES;
const CLASSIC_CAPABILITIES = CAP_UNICODE | CAP_NT_SMBS | CAP_STATUS32;
const EXTENDED_CAPABILITIES = (CLASSIC_CAPABILITIES | CAP_EXTENDED_SECURITY) >>> 0;
/** How nobody answers a challenge: one byte of OEM password, none of Unicode, [MS-CIFS] 3.2.4.2.4. */
const NO_PASSWORD = Uint8Array.of(0);

interface Start {
  readonly header: Smb1Header;
  readonly maxBufferSize: number;
  readonly maxMpxCount: number;
  readonly vcNumber: number;
  /** As in the answer to NEGOTIATE. */
  readonly sessionKey: number;
  /** `SMB1_CAPABILITIES` of the client. */
  readonly capabilities: number;
}

/** With extended security. Names of the client's system are not kept. */
export interface Smb1SessionSetupRequest extends Start {
  readonly kind: 'smb1-session-setup-request';
  /** The SPNEGO token. */
  readonly securityBlob: Uint8Array;
}

/** Without extended security. Names of the client's system are not kept. */
export interface Smb1ClassicSessionSetupRequest extends Start {
  readonly kind: 'smb1-classic-session-setup-request';
  readonly oemPassword: Uint8Array;
  readonly unicodePassword: Uint8Array;
  readonly accountName: string;
  readonly primaryDomain: string;
}

/** `header.status` tells whether the session, `header.uid`, stands or the server awaits another token. */
export interface Smb1SessionSetupResponse {
  readonly kind: 'smb1-session-setup-response';
  readonly header: Smb1Header;
  /** `SMB_SETUP_GUEST`, or 0. */
  readonly action: number;
  /** The SPNEGO token; null without extended security. */
  readonly securityBlob: Uint8Array | null;
}

export interface Smb1LogoffRequest {
  readonly kind: 'smb1-logoff-request';
  readonly header: Smb1Header;
}

export interface Smb1LogoffResponse {
  readonly kind: 'smb1-logoff-response';
  readonly header: Smb1Header;
}

export interface Smb1SessionSetup extends Smb1SessionRequest {
  /** As in the answer to NEGOTIATE. */
  readonly sessionKey: number;
  /** At most 65,535 bytes, with the texts behind it. */
  readonly securityBlob: Uint8Array;
}

/** An unsigned SESSION_SETUP_ANDX that carries a security token. @throws RangeError when it does not fit. */
export function encodeSmb1SessionSetupRequest(request: Smb1SessionSetup): Uint8Array {
  const { sessionKey, securityBlob } = request;
  const header = smb1RequestHeader(request);
  const words = startWords(sessionKey).uint16le(securityBlob.length).uint32le(0);
  words.uint32le(EXTENDED_CAPABILITIES);
  const bytes = new Writer().bytes(securityBlob);
  for (const name of ['', '']) writeSmb1Text(bytes, header.flags2, name);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_SESSION_SETUP_ANDX }, words, bytes);
}

/** An unsigned SESSION_SETUP_ANDX without extended security, and without a name or password. */
export function encodeSmb1AnonymousSessionSetupRequest(
  request: Omit<Smb1SessionSetup, 'securityBlob'>,
): Uint8Array {
  const header = smb1RequestHeader(request);
  const words = startWords(request.sessionKey).uint16le(NO_PASSWORD.length).uint16le(0).uint32le(0);
  words.uint32le(CLASSIC_CAPABILITIES);
  const bytes = new Writer().bytes(NO_PASSWORD);
  for (const name of ['', '', '', '']) writeSmb1Text(bytes, header.flags2, name);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_SESSION_SETUP_ANDX }, words, bytes);
}

function startWords(sessionKey: number): Writer {
  return andXWords()
    .uint16le(MAX_BUFFER_SIZE)
    .uint16le(MAX_MPX_COUNT)
    .uint16le(VC_NUMBER)
    .uint32le(sessionKey);
}

/**
 * A SESSION_SETUP_ANDX of either form, as a fake server reads it. `message` begins with the SMB header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1SessionSetupRequest(
  message: Uint8Array,
): Smb1SessionSetupRequest | Smb1ClassicSessionSetupRequest {
  const reader = new Reader(message, 'SMB_COM_SESSION_SETUP_ANDX Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_SESSION_SETUP_ANDX);
  const { wordCount, words, bytes } = readSmb1Body(reader);
  if (wordCount !== EXTENDED_WORDS && wordCount !== CLASSIC_WORDS)
    throw reader.wrong(`${EXTENDED_WORDS} or ${CLASSIC_WORDS} words`, `${wordCount}`);
  skipAndX(words);
  const start = {
    header,
    maxBufferSize: words.uint16le('MaxBufferSize'),
    maxMpxCount: words.uint16le('MaxMpxCount'),
    vcNumber: words.uint16le('VcNumber'),
    sessionKey: words.uint32le('SessionKey'),
  };
  if (wordCount === EXTENDED_WORDS) {
    const securityBlob = bytes.bytes(words.uint16le('SecurityBlobLength'), 'SecurityBlob');
    words.skip(4, 'Reserved');
    const capabilities = words.uint32le('Capabilities');
    return { kind: 'smb1-session-setup-request', ...start, capabilities, securityBlob };
  }
  const oemPassword = bytes.bytes(words.uint16le('OEMPasswordLen'), 'OEMPassword');
  const unicodePassword = bytes.bytes(words.uint16le('UnicodePasswordLen'), 'UnicodePassword');
  words.skip(4, 'Reserved');
  const capabilities = words.uint32le('Capabilities');
  const accountName = readSmb1Text(bytes, header.flags2, 'AccountName');
  const primaryDomain = readSmb1Text(bytes, header.flags2, 'PrimaryDomain');
  const logon = { oemPassword, unicodePassword, accountName, primaryDomain };
  return { kind: 'smb1-classic-session-setup-request', ...start, capabilities, ...logon };
}

/** A response as a fake server sends it, without names. A refusal is `encodeSmb1Error` of smb1-body.ts. */
export function encodeSmb1SessionSetupResponse(response: Smb1SessionSetupResponse): Uint8Array {
  const { header, action, securityBlob } = response;
  const words = andXWords().uint16le(action);
  if (securityBlob !== null) words.uint16le(securityBlob.length);
  const bytes = new Writer().bytes(securityBlob ?? []);
  for (const name of ['', '']) writeSmb1Text(bytes, header.flags2, name);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_SESSION_SETUP_ANDX }, words, bytes);
}

/**
 * The answer to a SESSION_SETUP_ANDX of either form. `message` begins with the SMB header.
 * STATUS_MORE_PROCESSING_REQUIRED is an answer like STATUS_SUCCESS; of any other status only the header is
 * read. The names of the server's system are not read.
 * @throws DecodeError for another protocol or command, and when a count leads out of the message.
 */
export function decodeSmb1SessionSetupResponse(message: Uint8Array): Smb1SessionSetupResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_SESSION_SETUP_ANDX Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_SESSION_SETUP_ANDX);
  const { STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED } = NT_STATUS;
  if (header.status !== STATUS_SUCCESS && header.status !== STATUS_MORE_PROCESSING_REQUIRED) {
    return { kind: 'smb1-error', header };
  }
  const { wordCount, words, bytes } = readSmb1Body(reader);
  skipAndX(words);
  const action = words.uint16le('Action');
  const securityBlob =
    wordCount >= EXTENDED_RESPONSE_WORDS
      ? bytes.bytes(words.uint16le('SecurityBlobLength'), 'SecurityBlob')
      : null;
  return { kind: 'smb1-session-setup-response', header, action, securityBlob };
}

/** An unsigned LOGOFF_ANDX: ends our own session. */
export function encodeSmb1LogoffRequest(request: Smb1SessionRequest): Uint8Array {
  const header = smb1RequestHeader(request);
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_LOGOFF_ANDX }, andXWords());
}

/**
 * A LOGOFF_ANDX, as a fake server reads it. `message` begins with the SMB header.
 * @throws DecodeError for anything else.
 */
export function decodeSmb1LogoffRequest(message: Uint8Array): Smb1LogoffRequest {
  const reader = new Reader(message, 'SMB_COM_LOGOFF_ANDX Request');
  const header = readSmb1RequestHeader(reader, SMB_COM.SMB_COM_LOGOFF_ANDX);
  skipAndX(readSmb1Body(reader).words);
  return { kind: 'smb1-logoff-request', header };
}

/** A response as a fake server sends it. */
export function encodeSmb1LogoffResponse({ header }: Smb1LogoffResponse): Uint8Array {
  return encodeSmb1Message({ header, command: SMB_COM.SMB_COM_LOGOFF_ANDX }, andXWords());
}

/**
 * The answer to a LOGOFF_ANDX. `message` begins with the SMB header. Of a refusal only the header is read.
 * @throws DecodeError for another protocol or command, and when the message is too short.
 */
export function decodeSmb1LogoffResponse(message: Uint8Array): Smb1LogoffResponse | Smb1Error {
  const reader = new Reader(message, 'SMB_COM_LOGOFF_ANDX Response');
  const header = readSmb1ResponseHeader(reader, SMB_COM.SMB_COM_LOGOFF_ANDX);
  if (header.status !== 0) return { kind: 'smb1-error', header };
  skipAndX(readSmb1Body(reader).words);
  return { kind: 'smb1-logoff-response', header };
}
