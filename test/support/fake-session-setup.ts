import type { SmbIdentity } from '../../domain/facts.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import {
  type ChallengeMessage,
  decodeNegotiateMessage,
  encodeChallengeMessage,
  NTLMSSP_FLAG,
} from '../../probes/wire/ntlmssp.ts';
import { SMB2_FLAGS, type Smb2Header } from '../../probes/wire/smb2-header.ts';
import { encodeSmb2Error } from '../../probes/wire/smb2-negotiate.ts';
import {
  decodeSmb2SessionSetupRequest,
  encodeSmb2SessionSetupResponse,
} from '../../probes/wire/smb2-session-setup.ts';
import { decodeNegTokenInit, encodeNegTokenResp, NEG_STATE, NTLMSSP_OID } from '../../probes/wire/spnego.ts';

/** What a SESSION_SETUP meets; a number is a status in place of a challenge. `ntlm-alone`: without SPNEGO around it. */
export type SessionSetupManner =
  | 'challenges'
  | 'ntlm-alone'
  | 'without-token'
  | 'for-another'
  | 'cut-token'
  | 'garbage'
  | 'silent'
  | 'hangs-up'
  | number;

export interface SessionSetupSetup {
  readonly sessionSetup: SessionSetupManner;
  /** What the challenge tells; null: not sent. */
  readonly identity: SmbIdentity;
}

/** Bytes of a challenge that are not enough for its fixed part. */
const CUT_TOKEN_BYTES = 40;
const GARBAGE = Uint8Array.from({ length: 96 }, (_, i) => 0x5a ^ i);
const SESSION_ID = 0x6a11n;

/**
 * The answer to a SESSION_SETUP: a challenge to the first of a connection, a refusal to the one that logs on; null: the server hangs up, empty: it stays silent.
 * @throws DecodeError unless the first carries an NTLM NEGOTIATE_MESSAGE within SPNEGO.
 */
export function sessionSetupReply(
  message: Uint8Array,
  { sessionSetup, identity }: SessionSetupSetup,
): Uint8Array | null {
  const request = decodeSmb2SessionSetupRequest(message);
  if (request.header.sessionId !== 0n) return encodeSmb2Error(refusalOf(request.header));
  const { mechToken } = decodeNegTokenInit(request.securityBuffer);
  decodeNegotiateMessage(mechToken ?? new Uint8Array());
  const challenge = encodeChallengeMessage(challengeOf(identity));
  const header = {
    ...request.header,
    status: NT_STATUS.STATUS_MORE_PROCESSING_REQUIRED,
    flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR,
    sessionId: SESSION_ID,
  };
  const answer = (securityBuffer: Uint8Array, messageId = header.messageId): Uint8Array =>
    encodeSmb2SessionSetupResponse({
      kind: 'smb2-session-setup-response',
      header: { ...header, messageId },
      sessionFlags: 0,
      securityBuffer,
    });
  switch (sessionSetup) {
    case 'challenges':
      return answer(enveloped(challenge));
    case 'ntlm-alone':
      return answer(challenge);
    case 'without-token':
      return answer(new Uint8Array());
    case 'for-another':
      return answer(enveloped(challenge), header.messageId + 7n);
    case 'cut-token':
      return answer(enveloped(challenge.subarray(0, CUT_TOKEN_BYTES)));
    case 'garbage':
      return GARBAGE;
    case 'silent':
      return new Uint8Array();
    case 'hangs-up':
      return null;
    default:
      return encodeSmb2Error({ ...header, status: sessionSetup });
  }
}

/** An NTLM challenge within SPNEGO. */
export function challengeToken({ identity }: Pick<SessionSetupSetup, 'identity'>): Uint8Array {
  return enveloped(encodeChallengeMessage(challengeOf(identity)));
}

/** Nobody ever logs on here, not even without a name. */
function refusalOf(header: Smb2Header): Smb2Header {
  return { ...header, status: NT_STATUS.STATUS_ACCESS_DENIED, flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR };
}

function enveloped(responseToken: Uint8Array): Uint8Array {
  return encodeNegTokenResp({
    kind: 'neg-token-resp',
    negState: NEG_STATE['accept-incomplete'],
    supportedMech: NTLMSSP_OID,
    responseToken,
  });
}

function challengeOf(identity: SmbIdentity): ChallengeMessage {
  const { NTLMSSP_NEGOTIATE_UNICODE, NTLMSSP_NEGOTIATE_TARGET_INFO, NTLMSSP_NEGOTIATE_VERSION } =
    NTLMSSP_FLAG;
  const [major = 0, minor = 0, build = 0] = (identity.version ?? '').split('.').map(Number);
  const told = identity.version === null ? 0 : NTLMSSP_NEGOTIATE_VERSION;
  return {
    kind: 'challenge',
    flags: NTLMSSP_NEGOTIATE_UNICODE | NTLMSSP_NEGOTIATE_TARGET_INFO | told,
    targetName: identity.domain,
    version: identity.version === null ? null : { major, minor, build },
    targetInfo: {
      nbComputerName: identity.computer,
      nbDomainName: identity.domain,
      dnsComputerName: identity.dnsComputer,
      dnsDomainName: identity.dnsDomain,
      timestamp: null,
    },
  };
}
