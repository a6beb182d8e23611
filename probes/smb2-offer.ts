import type { Dialect } from '../domain/facts.ts';
import type { Outcome, ProbeContext } from './probe.ts';
import { exchange, openSmbChannel, type SmbChannel } from './smb-channel.ts';
import { guidText } from './wire/dtyp.ts';
import { DecodeError } from './wire/reader.ts';
import {
  decodeSmb2NegotiateResponse,
  encodeSmb2NegotiateRequest,
  SMB2_DIALECT,
  type Smb2NegotiateResponse,
} from './wire/smb2-negotiate.ts';
import { CIPHER } from './wire/smb2-negotiate-contexts.ts';

const REVISIONS: ReadonlyMap<Dialect, number> = new Map([
  ['2.0.2', SMB2_DIALECT.SMB_2_0_2],
  ['2.1', SMB2_DIALECT.SMB_2_1],
  ['3.0', SMB2_DIALECT.SMB_3_0],
  ['3.0.2', SMB2_DIALECT.SMB_3_0_2],
  ['3.1.1', SMB2_DIALECT.SMB_3_1_1],
]);

/** Dialects of SMB 2 and 3, oldest first. */
export const SMB2_DIALECTS: readonly Dialect[] = [...REVISIONS.keys()];

export interface Smb2Offer {
  /** Oldest first. */
  readonly dialects: readonly Dialect[];
  /** For 3.1.1; all that are known by default. */
  readonly ciphers?: readonly number[];
}

/** What came of an offer. `selected`: the connection is left open behind the answer. */
export type Smb2Reply =
  | {
      readonly kind: 'selected';
      readonly dialect: Dialect;
      readonly response: Smb2NegotiateResponse;
      readonly channel: SmbChannel;
    }
  | Exclude<Outcome<never>, { kind: 'answered' }>;

/** Ciphers by their names in [MS-SMB2] 2.2.3.1.2. */
export const CIPHER_NAMES: ReadonlyMap<number, string> = new Map([
  [CIPHER.AES_128_CCM, 'AES-128-CCM'],
  [CIPHER.AES_128_GCM, 'AES-128-GCM'],
  [CIPHER.AES_256_CCM, 'AES-256-CCM'],
  [CIPHER.AES_256_GCM, 'AES-256-GCM'],
]);

/** The cipher that was selected at 3.1.1; 0: none. */
export function selectedCipher({ contexts }: Pick<Smb2NegotiateResponse, 'contexts'>): number {
  return contexts?.ciphers?.[0] ?? 0;
}

/** The GUID that the server calls itself by, upper case with dashes; null: it tells none. */
export function serverGuidOf({ serverGuid }: Pick<Smb2NegotiateResponse, 'serverGuid'>): string | null {
  return serverGuid.every((byte) => byte === 0) ? null : guidText(serverGuid);
}

/**
 * One SMB2 NEGOTIATE on a fresh connection, with a client GUID and salt of its own. A dialect that was not offered, or an
 * answer to another message, is malformed.
 */
export async function negotiateSmb2(context: ProbeContext, offer: Smb2Offer): Promise<Smb2Reply> {
  const opened = await openSmbChannel(context, context.smbPort);
  return opened.kind === 'open' ? offerOn(opened.channel, context, offer) : opened;
}

/** The same on a channel that is open already and on which nothing was negotiated yet. */
export async function offerOn(
  channel: SmbChannel,
  context: ProbeContext,
  offer: Smb2Offer,
): Promise<Smb2Reply> {
  const request = encodeSmb2NegotiateRequest({
    dialects: offer.dialects.map((dialect) => REVISIONS.get(dialect) ?? SMB2_DIALECT.SMB_2_0_2),
    clientGuid: context.random(16),
    salt: context.random(32),
    ...(offer.ciphers === undefined ? {} : { ciphers: offer.ciphers }),
  });
  const askedAt = performance.now();
  const reply = await exchange(channel, request, { withinMs: context.replyPatience.waitMs() });
  if (reply.kind !== 'message') return reply;
  context.replyPatience.learn(performance.now() - askedAt);
  try {
    const response = decodeSmb2NegotiateResponse(reply.message);
    if (response.header.messageId !== 0n) return { kind: 'malformed', why: 'reply to another request' };
    if (response.kind === 'smb2-error') return { kind: 'declined', status: response.header.status };
    const dialect = offer.dialects.find((each) => REVISIONS.get(each) === response.dialectRevision);
    if (dialect !== undefined) return { kind: 'selected', dialect, response, channel };
    return { kind: 'malformed', why: `dialect 0x${response.dialectRevision.toString(16)} was not offered` };
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}
