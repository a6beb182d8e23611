import type { Outcome, ProbeContext } from './probe.ts';
import { exchange, type SmbChannel } from './smb-channel.ts';
import { negotiateSmb2, SMB2_DIALECTS } from './smb2-offer.ts';
import { NT_STATUS } from './wire/nt-status.ts';
import { encodeAnonymousAuthenticateMessage } from './wire/ntlm-authenticate.ts';
import { decodeChallengeMessage, encodeNegotiateMessage } from './wire/ntlmssp.ts';
import { DecodeError } from './wire/reader.ts';
import { isInterim, type Smb2Error, type Smb2Header, type Smb2TreeRequest } from './wire/smb2-header.ts';
import {
  decodeSmb2SessionSetupResponse,
  encodeSmb2SessionSetupRequest,
  SMB2_SESSION_FLAG,
} from './wire/smb2-session-setup.ts';
import { decodeSmb2LogoffResponse, encodeSmb2LogoffRequest } from './wire/smb2-tree-connect.ts';
import { encodeAuthenticateToken, encodeNegTokenInit, findChallenge } from './wire/spnego.ts';

/** A conversation that ended before its time: how, as the outcome of the probe that led it. */
export class ConversationEnded extends Error {
  override readonly name = 'ConversationEnded';
  readonly outcome: Exclude<Outcome<never>, { kind: 'answered' }>;

  constructor(outcome: Exclude<Outcome<never>, { kind: 'answered' }>) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

/** What came of an attempt to open a session without name and password. */
export type AnonymousLogon =
  | { readonly kind: 'accepted'; readonly session: Smb2Session }
  | { readonly kind: 'refused'; readonly status: number }
  /** Accepted, but everything further would have to be encrypted, for which an anonymous session has no key. */
  | { readonly kind: 'encrypted' };

interface Response {
  readonly header: Smb2Header;
}

/** Said of the moment, not of the session: too busy, or a clash with another connection. */
const NOT_NOW: readonly number[] = [
  NT_STATUS.STATUS_INSUFFICIENT_RESOURCES,
  NT_STATUS.STATUS_REQUEST_NOT_ACCEPTED,
  NT_STATUS.STATUS_USER_SESSION_DELETED,
];

/** However long it takes a host to answer each question, a whole conversation ends after this. */
const WHOLE_CONVERSATION_MS = 12_000;

/**
 * An SMB 2/3 session without name and password, on a connection of its own; one request at a time. Unsigned: such a
 * session has no key. [MS-SMB2] 3.2.4.2, [MS-NLMP] 3.2.5.1.2.
 */
export class Smb2Session {
  readonly #channel: SmbChannel;
  readonly #deadline = performance.now() + WHOLE_CONVERSATION_MS;
  #messageId = 0n;
  #sessionId = 0n;

  private constructor(channel: SmbChannel) {
    this.#channel = channel;
  }

  /**
   * Negotiates below 3.1.1 where the server lets us, since 3.1.1 guards what is signed, and logs on once.
   * @throws ConversationEnded when the host does not answer, or not in SMB.
   */
  static async logOnAnonymously(context: ProbeContext): Promise<AnonymousLogon> {
    const session = new Smb2Session(await negotiate(context));
    const first = await session.#setUp(encodeNegTokenInit(encodeNegotiateMessage()));
    if (first.kind === 'smb2-error') return refusal(first.header.status);
    const token = findChallenge(first.securityBuffer);
    if (token === null) return { kind: 'refused', status: first.header.status };
    session.#sessionId = first.header.sessionId;
    const { flags } = decoded(() => decodeChallengeMessage(token));
    const authenticate = encodeAnonymousAuthenticateMessage({ challengeFlags: flags });
    const second = await session.#setUp(encodeAuthenticateToken(authenticate));
    if (second.header.status !== 0) return refusal(second.header.status);
    const encrypted =
      second.kind === 'smb2-session-setup-response' &&
      (second.sessionFlags & SMB2_SESSION_FLAG.SMB2_SESSION_FLAG_ENCRYPT_DATA) !== 0;
    return encrypted ? { kind: 'encrypted' } : { kind: 'accepted', session };
  }

  /**
   * Sends one request and resolves with its response or refusal. `encode` is given the ids that the header needs.
   * @throws ConversationEnded when none comes in time.
   */
  async ask<Answer extends Response>(
    encode: (ids: Pick<Smb2TreeRequest, 'messageId' | 'sessionId'>) => Uint8Array,
    decode: (message: Uint8Array) => Answer | Smb2Error,
  ): Promise<Answer | Smb2Error> {
    if (performance.now() > this.#deadline) throw new ConversationEnded({ kind: 'silent' });
    this.#messageId += 1n;
    const messageId = this.#messageId;
    const request = encode({ messageId, sessionId: this.#sessionId });
    const reply = await exchange(this.#channel, request, isInterim);
    if (reply.kind !== 'message') throw new ConversationEnded(reply);
    const answer = decoded(() => decode(reply.message));
    if (answer.header.messageId === messageId) return answer;
    throw new ConversationEnded({ kind: 'malformed', why: 'reply to another request' });
  }

  /** Ends the session in words. What the server answers, or that it does not, changes nothing. */
  async logOff(): Promise<void> {
    try {
      await this.ask(encodeSmb2LogoffRequest, decodeSmb2LogoffResponse);
    } catch (error) {
      if (!(error instanceof ConversationEnded)) throw error;
    }
  }

  #setUp(securityBuffer: Uint8Array) {
    return this.ask(
      (ids) => encodeSmb2SessionSetupRequest({ ...ids, securityBuffer }),
      decodeSmb2SessionSetupResponse,
    );
  }
}

/** @throws ConversationEnded for a status that refuses this moment, not this session. */
function refusal(status: number): AnonymousLogon {
  if (NOT_NOW.includes(status)) throw new ConversationEnded({ kind: 'declined', status });
  return { kind: 'refused', status };
}

async function negotiate(context: ProbeContext): Promise<SmbChannel> {
  const below = await negotiateSmb2(context, {
    dialects: SMB2_DIALECTS.filter((dialect) => dialect !== '3.1.1'),
  });
  if (below.kind === 'selected') return below.channel;
  if (below.kind !== 'declined' && below.kind !== 'hung-up') throw new ConversationEnded(below);
  const all = await negotiateSmb2(context, { dialects: SMB2_DIALECTS });
  if (all.kind === 'selected') return all.channel;
  throw new ConversationEnded(all);
}

/** Runs a decoder; bytes that are not what they should be end the conversation. */
export function decoded<Result>(decode: () => Result): Result {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw new ConversationEnded({ kind: 'malformed', why: error.message });
    throw error;
  }
}
