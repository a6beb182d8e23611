import type { SmbIdentity } from '../domain/facts.ts';
import type { IdentityObservation } from '../domain/observation.ts';
import { decoded, outcomeOf } from './conversation.ts';
import { identityIn } from './ntlm-identity.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { Smb1Session } from './smb1-session.ts';
import { guidText } from './wire/dtyp.ts';
import type { Smb1Selected } from './wire/smb1-negotiate.ts';

/*
 * What does a server that speaks SMB 1 and nothing newer tell of itself before any credential?
 *
 * 1. An SMB_COM_NEGOTIATE that offers "NT LM 0.12" alone, on a connection of its own.
 * 2. With extended security: a session setup with an NTLM NEGOTIATE message that holds no name. Names and version are in
 *    the NTLM CHALLENGE that answers. A server that refuses, or sends none, tells nothing: that is its answer.
 *    Without: the answer to the negotiate holds the names of domain and server, and nothing further is sent.
 * 3. FIN.
 * It stops there: no challenge is ever answered, so nobody has tried to log on.
 * [MS-CIFS] 2.2.4.52.2, [MS-SMB] 2.2.4.6, [MS-NLMP] 2.2.1.1, 2.2.1.2.
 */

export const smb1Identity: Probe<IdentityObservation> = {
  name: 'smb1-identity',
  asks: 'What do you tell of yourself over SMB 1 before anybody logs on?',
  level: 'L3',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 72 + 51 + 150,
  run: askIdentity,
};

function askIdentity(context: ProbeContext): Promise<Outcome<IdentityObservation>> {
  return outcomeOf(async () => {
    const session = await Smb1Session.negotiate(context);
    const { selected } = session;
    const identity = session.hasExtendedSecurity ? await challenged(session) : namesIn(selected);
    const serverGuid = serverGuidOf(selected);
    return { kind: 'answered', seen: { kind: 'identity', identity, serverGuid }, connection: null };
  });
}

async function challenged(session: Smb1Session): Promise<SmbIdentity | null> {
  const answer = await session.challenge();
  return answer.kind === 'refused' ? null : decoded(() => identityIn(answer.token));
}

function namesIn({ serverName, domainName }: Smb1Selected): SmbIdentity | null {
  const [computer, domain] = [serverName || null, domainName || null];
  if (computer === null && domain === null) return null;
  return { computer, domain, dnsComputer: null, dnsDomain: null, version: null };
}

function serverGuidOf({ serverGuid }: Smb1Selected): string | null {
  return serverGuid === null || serverGuid.every((byte) => byte === 0) ? null : guidText(serverGuid);
}
