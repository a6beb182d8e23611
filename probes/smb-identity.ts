import type { IdentityObservation } from '../domain/observation.ts';
import { identityIn } from './ntlm-identity.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { exchange } from './smb-channel.ts';
import { negotiateSmb2, SMB2_DIALECTS, serverGuidOf } from './smb2-offer.ts';
import { encodeNegotiateMessage } from './wire/ntlmssp.ts';
import { DecodeError } from './wire/reader.ts';
import { decodeSmb2SessionSetupResponse, encodeSmb2SessionSetupRequest } from './wire/smb2-session-setup.ts';
import { encodeNegTokenInit, findChallenge } from './wire/spnego.ts';

/*
 * What does the server tell of itself before any credential: its names, and the version of its system?
 *
 * 1. A negotiate that offers all dialects, on a connection of its own.
 * 2. A session setup with an NTLM NEGOTIATE message that holds no name.
 * 3. The server answers with an NTLM CHALLENGE; names and version are in it. The connection ends with FIN. A server
 *    that refuses, or sends no challenge, tells nothing: that is its answer.
 * It stops there: the challenge is never answered, so nobody has tried to log on.
 * [MS-SMB2] 3.2.4.2.3, [MS-NLMP] 2.2.1.1, 2.2.1.2.
 */

export const smbIdentity: Probe<IdentityObservation> = {
  name: 'smb-identity',
  asks: 'What do you tell of yourself before anybody logs on?',
  level: 'L3',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 72 + 236 + 166,
  run: askIdentity,
};

async function askIdentity(context: ProbeContext): Promise<Outcome<IdentityObservation>> {
  const negotiated = await negotiateSmb2(context, { dialects: SMB2_DIALECTS });
  if (negotiated.kind !== 'selected') return negotiated;
  const securityBuffer = encodeNegTokenInit(encodeNegotiateMessage());
  const request = encodeSmb2SessionSetupRequest({ messageId: 1n, securityBuffer });
  const reply = await exchange(negotiated.channel, request);
  if (reply.kind !== 'message') return reply;
  try {
    const response = decodeSmb2SessionSetupResponse(reply.message);
    if (response.header.messageId !== 1n) return { kind: 'malformed', why: 'reply to another request' };
    const token = response.kind === 'smb2-error' ? null : findChallenge(response.securityBuffer);
    const identity = token === null ? null : identityIn(token);
    const serverGuid = serverGuidOf(negotiated.response);
    return { kind: 'answered', seen: { kind: 'identity', identity, serverGuid }, connection: null };
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}
