import {
  ConversationEnded,
  decoded,
  LOGON_TIMEOUT_MS,
  logonRefused,
  type Refused,
  WHOLE_CONVERSATION_MS,
} from './conversation.ts';
import { type ProbeContext, REPLY_TIMEOUT_MS } from './probe.ts';
import type { ShareSession } from './share-session.ts';
import { exchange, openSmbChannel, type SmbChannel } from './smb-channel.ts';
import { connectSmb1Share, type Smb1Share } from './smb1-share.ts';
import { NT_STATUS } from './wire/nt-status.ts';
import { encodeAnonymousAuthenticateMessage } from './wire/ntlm-authenticate.ts';
import { decodeChallengeMessage, encodeNegotiateMessage } from './wire/ntlmssp.ts';
import { SMB_FLAGS2, type Smb1Error, type Smb1Header, type Smb1SessionRequest } from './wire/smb1-header.ts';
import {
  decodeSmb1NegotiateResponse,
  encodeSmb1NegotiateRequest,
  SMB1_CAPABILITIES,
  type Smb1Selected,
} from './wire/smb1-negotiate.ts';
import {
  decodeSmb1LogoffResponse,
  decodeSmb1SessionSetupResponse,
  encodeSmb1AnonymousSessionSetupRequest,
  encodeSmb1LogoffRequest,
  encodeSmb1SessionSetupRequest,
} from './wire/smb1-session-setup.ts';
import { encodeAuthenticateToken, encodeNegTokenInit, findChallenge } from './wire/spnego.ts';

/** What a server without them speaks, Windows 98 for one, has no pipes to ask for shares. */
const NEEDED = SMB1_CAPABILITIES.CAP_UNICODE | SMB1_CAPABILITIES.CAP_NT_SMBS;
const { SMB_FLAGS2_EXTENDED_SECURITY, ...CLASSIC_FLAGS2 } = SMB_FLAGS2;
const WITHOUT_EXTENDED_SECURITY = Object.values(CLASSIC_FLAGS2).reduce((all, flag) => all | flag, 0);
const WITH_EXTENDED_SECURITY = WITHOUT_EXTENDED_SECURITY | SMB_FLAGS2_EXTENDED_SECURITY;
/** 0xFFFF is for messages that nobody asked for, [MS-CIFS] 2.2.3.1. */
const MIDS = 0xffff;

/**
 * An SMB 1 connection of its own, and at most one session on it, without name and password; one request at a time.
 * Unsigned: such a session has no key. [MS-CIFS] 3.2.4.2, [MS-SMB] 3.2.4.2.4.
 */
export class Smb1Session implements ShareSession {
  /** The answer to the negotiate. */
  readonly selected: Smb1Selected;
  readonly #channel: SmbChannel;
  readonly #deadline = performance.now() + WHOLE_CONVERSATION_MS;
  readonly #pidLow: number;
  #mid: number;
  #uid = 0;

  private constructor(channel: SmbChannel, selected: Smb1Selected) {
    this.#channel = channel;
    this.selected = selected;
    this.#pidLow = selected.header.pidLow;
    this.#mid = selected.header.mid;
  }

  /** Offers "NT LM 0.12" alone. @throws ConversationEnded unless it is selected. */
  static async negotiate(context: ProbeContext): Promise<Smb1Session> {
    const opened = await openSmbChannel(context, context.smbPort);
    if (opened.kind !== 'open') throw new ConversationEnded(opened);
    const [mid0 = 0, mid1 = 0, pid0 = 0, pid1 = 0] = context.random(4);
    const [mid, pidLow] = [(mid0 * 256 + mid1) % MIDS, pid0 * 256 + pid1];
    const reply = await exchange(opened.channel, encodeSmb1NegotiateRequest({ mid, pidLow }), {
      withinMs: context.replyPatience.waitMs(),
    });
    if (reply.kind !== 'message') throw new ConversationEnded(reply);
    const response = decoded(() => decodeSmb1NegotiateResponse(reply.message));
    if (response.header.mid !== mid)
      throw new ConversationEnded({ kind: 'malformed', why: 'reply to another request' });
    if (response.kind === 'selected' && (response.capabilities & NEEDED) === NEEDED)
      return new Smb1Session(opened.channel, { ...response, header: { ...response.header, pidLow } });
    // An error, no dialect in common, or too old a server: none of them gives a status of its own but the first.
    const status = response.header.status || NT_STATUS.STATUS_NOT_SUPPORTED;
    throw new ConversationEnded({ kind: 'declined', status });
  }

  /** Does the server take security tokens? Otherwise it challenged in its answer to the negotiate. */
  get hasExtendedSecurity(): boolean {
    return (this.selected.capabilities & SMB1_CAPABILITIES.CAP_EXTENDED_SECURITY) !== 0;
  }

  /** The NTLM CHALLENGE_MESSAGE that answers a NEGOTIATE_MESSAGE without a name. @throws ConversationEnded */
  async challenge(): Promise<{ readonly kind: 'challenge'; readonly token: Uint8Array } | Refused> {
    const first = await this.#setUp(encodeNegTokenInit(encodeNegotiateMessage()));
    const token = first.kind === 'smb1-error' ? null : findChallenge(first.securityBlob ?? new Uint8Array());
    if (token === null) return logonRefused(first.header.status);
    this.#uid = first.header.uid;
    return { kind: 'challenge', token };
  }

  /** One attempt. Null: the session stands. @throws ConversationEnded when the host does not answer, or not in SMB 1. */
  async logOnAnonymously(): Promise<Refused | null> {
    const last = this.hasExtendedSecurity ? await this.#answerChallenge() : await this.#setUpClassic();
    if (last.kind === 'refused') return last;
    if (last.header.status !== 0) return logonRefused(last.header.status);
    this.#uid = last.header.uid;
    return null;
  }

  connect(path: string): Promise<Smb1Share | Refused> {
    return connectSmb1Share((encode, decode) => this.#ask(encode, decode), path);
  }

  /** Ends the session in words. What the server answers, or that it does not, changes nothing. */
  async logOff(): Promise<void> {
    try {
      await this.#ask(encodeSmb1LogoffRequest, decodeSmb1LogoffResponse);
    } catch (error) {
      if (!(error instanceof ConversationEnded)) throw error;
    }
  }

  async #answerChallenge() {
    const challenged = await this.challenge();
    if (challenged.kind === 'refused') return challenged;
    const { flags } = decoded(() => decodeChallengeMessage(challenged.token));
    const authenticate = encodeAnonymousAuthenticateMessage({ challengeFlags: flags });
    return this.#setUp(encodeAuthenticateToken(authenticate), LOGON_TIMEOUT_MS);
  }

  #setUp(securityBlob: Uint8Array, withinMs?: number) {
    const { sessionKey } = this.selected;
    return this.#ask(
      (ids) => encodeSmb1SessionSetupRequest({ ...ids, sessionKey, securityBlob }),
      decodeSmb1SessionSetupResponse,
      withinMs,
    );
  }

  #setUpClassic() {
    const { sessionKey } = this.selected;
    return this.#ask(
      (ids) => encodeSmb1AnonymousSessionSetupRequest({ ...ids, sessionKey }),
      decodeSmb1SessionSetupResponse,
      LOGON_TIMEOUT_MS,
    );
  }

  async #ask<Response extends { readonly header: Smb1Header }>(
    encode: (ids: Smb1SessionRequest) => Uint8Array,
    decode: (message: Uint8Array) => Response | Smb1Error,
    withinMs: number = REPLY_TIMEOUT_MS,
  ): Promise<Response | Smb1Error> {
    if (performance.now() > this.#deadline) throw new ConversationEnded({ kind: 'silent' });
    this.#mid = (this.#mid + 1) % MIDS;
    const mid = this.#mid;
    const flags2 = this.hasExtendedSecurity ? WITH_EXTENDED_SECURITY : WITHOUT_EXTENDED_SECURITY;
    const request = encode({ pidLow: this.#pidLow, mid, uid: this.#uid, flags2 });
    const reply = await exchange(this.#channel, request, { withinMs });
    if (reply.kind !== 'message') throw new ConversationEnded(reply);
    const answer = decoded(() => decode(reply.message));
    if (answer.header.mid === mid) return answer;
    throw new ConversationEnded({ kind: 'malformed', why: 'reply to another request' });
  }
}
