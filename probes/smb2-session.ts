import type { IdentityObservation } from '../domain/observation.ts';
import {
  ConversationEnded,
  decoded,
  LOGON_TIMEOUT_MS,
  logonRefused,
  type Refused,
  WHOLE_CONVERSATION_MS,
} from './conversation.ts';
import { identityIn } from './ntlm-identity.ts';
import { type ProbeContext, REPLY_TIMEOUT_MS } from './probe.ts';
import type { ShareSession } from './share-session.ts';
import { exchange, type SmbChannel } from './smb-channel.ts';
import { negotiateSmb2, SMB2_DIALECTS, type Smb2Reply, serverGuidOf } from './smb2-offer.ts';
import { connectSmb2Share, type Smb2Share } from './smb2-share.ts';
import { encodeAnonymousAuthenticateMessage } from './wire/ntlm-authenticate.ts';
import { decodeChallengeMessage, encodeNegotiateMessage } from './wire/ntlmssp.ts';
import { isInterim, type Smb2Error, type Smb2Header, type Smb2TreeRequest } from './wire/smb2-header.ts';
import {
  decodeSmb2SessionSetupResponse,
  encodeSmb2SessionSetupRequest,
  SMB2_SESSION_FLAG,
} from './wire/smb2-session-setup.ts';
import { decodeSmb2LogoffResponse, encodeSmb2LogoffRequest } from './wire/smb2-tree-connect.ts';
import { encodeAuthenticateToken, encodeNegTokenInit, findChallenge } from './wire/spnego.ts';

/** What came of an attempt to open a session without a password. */
export type Logon = Answer & {
  /** What the server told of itself before it decided. */
  readonly told: IdentityObservation;
};

type Answer =
  /** `sessionFlags`: `SMB2_SESSION_FLAG`, as whom the server sees us. */
  | { readonly kind: 'accepted'; readonly session: Smb2Session; readonly sessionFlags: number }
  | Refused
  /** Accepted, but everything further would have to be encrypted, for which such a session has no key. */
  | { readonly kind: 'encrypted' };

/** The AUTHENTICATE_MESSAGE that answers a CHALLENGE_MESSAGE. @throws DecodeError when it is none. */
export type Authenticate = (challenge: Uint8Array) => Uint8Array;

interface Response {
  readonly header: Smb2Header;
}

/**
 * An SMB 2/3 session without a password, on a connection of its own; one request at a time. Unsigned: an anonymous session
 * and that of a guest have no key. [MS-SMB2] 3.2.4.2, [MS-NLMP] 3.2.5.1.2.
 */
export class Smb2Session implements ShareSession {
  readonly #channel: SmbChannel;
  readonly #deadline = performance.now() + WHOLE_CONVERSATION_MS;
  #messageId = 0n;
  #sessionId = 0n;

  private constructor(channel: SmbChannel) {
    this.#channel = channel;
  }

  /**
   * Negotiates below 3.1.1 where the server lets us, since 3.1.1 guards what is signed, and logs on once: as nobody, or
   * as whom `authenticate` says.
   * @throws ConversationEnded when the host does not answer, or not in SMB.
   */
  static async logOn(context: ProbeContext, authenticate: Authenticate = asNobody): Promise<Logon> {
    const { channel, response } = await negotiate(context);
    const session = new Smb2Session(channel);
    const first = await session.#setUp(encodeNegTokenInit(encodeNegotiateMessage()));
    const token = first.kind === 'smb2-error' ? null : findChallenge(first.securityBuffer);
    const identity = token === null ? null : decoded(() => identityIn(token));
    const told = { kind: 'identity', identity, serverGuid: serverGuidOf(response) } as const;
    if (first.kind === 'smb2-error') return { ...logonRefused(first.header.status), told };
    if (token === null) return { kind: 'refused', status: first.header.status, told };
    session.#sessionId = first.header.sessionId;
    const answer = decoded(() => authenticate(token));
    const second = await session.#setUp(encodeAuthenticateToken(answer), LOGON_TIMEOUT_MS);
    if (second.kind === 'smb2-error' || second.header.status !== 0)
      return { ...logonRefused(second.header.status), told };
    const { sessionFlags } = second;
    const encrypted = (sessionFlags & SMB2_SESSION_FLAG.SMB2_SESSION_FLAG_ENCRYPT_DATA) !== 0;
    return encrypted ? { kind: 'encrypted', told } : { kind: 'accepted', session, sessionFlags, told };
  }

  /**
   * Sends one request and resolves with its response or refusal. `encode` is given the ids that the header needs.
   * @throws ConversationEnded when none comes in time.
   */
  async ask<Reply extends Response>(
    encode: (ids: Pick<Smb2TreeRequest, 'messageId' | 'sessionId'>) => Uint8Array,
    decode: (message: Uint8Array) => Reply | Smb2Error,
    withinMs: number = REPLY_TIMEOUT_MS,
  ): Promise<Reply | Smb2Error> {
    if (performance.now() > this.#deadline) throw new ConversationEnded({ kind: 'silent' });
    this.#messageId += 1n;
    const messageId = this.#messageId;
    const request = encode({ messageId, sessionId: this.#sessionId });
    const reply = await exchange(this.#channel, request, { isInterim, withinMs });
    if (reply.kind !== 'message') throw new ConversationEnded(reply);
    const answer = decoded(() => decode(reply.message));
    if (answer.header.messageId === messageId) return answer;
    throw new ConversationEnded({ kind: 'malformed', why: 'reply to another request' });
  }

  connect(path: string): Promise<Smb2Share | Refused> {
    return connectSmb2Share((encode, decode, withinMs) => this.ask(encode, decode, withinMs), path);
  }

  /** Ends the session in words. What the server answers, or that it does not, changes nothing. */
  async logOff(): Promise<void> {
    try {
      await this.ask(encodeSmb2LogoffRequest, decodeSmb2LogoffResponse);
    } catch (error) {
      if (!(error instanceof ConversationEnded)) throw error;
    }
  }

  #setUp(securityBuffer: Uint8Array, withinMs?: number) {
    return this.ask(
      (ids) => encodeSmb2SessionSetupRequest({ ...ids, securityBuffer }),
      decodeSmb2SessionSetupResponse,
      withinMs,
    );
  }
}

function asNobody(challenge: Uint8Array): Uint8Array {
  return encodeAnonymousAuthenticateMessage({ challengeFlags: decodeChallengeMessage(challenge).flags });
}

type Negotiated = Extract<Smb2Reply, { readonly kind: 'selected' }>;

async function negotiate(context: ProbeContext): Promise<Negotiated> {
  if (context.dialects?.join() === '3.1.1') return negotiateAll(context);
  const below = await negotiateSmb2(context, {
    dialects: SMB2_DIALECTS.filter((dialect) => dialect !== '3.1.1'),
  });
  if (below.kind === 'selected') return below;
  if (below.kind !== 'declined' && below.kind !== 'hung-up') throw new ConversationEnded(below);
  return negotiateAll(context);
}

async function negotiateAll(context: ProbeContext): Promise<Negotiated> {
  const all = await negotiateSmb2(context, { dialects: SMB2_DIALECTS });
  if (all.kind === 'selected') return all;
  throw new ConversationEnded(all);
}
