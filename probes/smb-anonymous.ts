import type { AnonymousObservation, EncryptionRequiredObservation } from '../domain/observation.ts';
import { SAMBA_VERSION } from '../domain/os.ts';
import { outcomeOf } from './conversation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { BYTES_OF_A_SESSION, sharesGiven } from './share-access.ts';
import { Smb2Session } from './smb2-session.ts';
import { NT_STATUS } from './wire/nt-status.ts';

/*
 * What does the server give to somebody without name and password?
 *
 * 1. One session setup with an empty name, on a connection of its own. Refused: that is the answer. Accepted on the
 *    condition that everything is encrypted: for that there is no key, and what it would be given stays unknown. Samba
 *    that demands encryption refuses the session with STATUS_ACCESS_DENIED, and nothing else makes it do so (Samba 4.17:
 *    with "restrict anonymous = 2" it accepts the session and refuses IPC$).
 * 2. The list of shares, and one open of the root of each disk share for reading (share-access.ts).
 * 3. Logoff, FIN.
 * It stops there: nothing is written, and the attempt is made once a day at most, which is not this probe's to see to.
 * [MS-SMB2] 3.2.4.2, [MS-SRVS] 3.1.4.8.
 */

type Seen = AnonymousObservation | EncryptionRequiredObservation;

export const smbAnonymous: Probe<Seen> = {
  name: 'smb-anonymous',
  asks: 'What do you give to a session without name and password?',
  level: 'L4',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: BYTES_OF_A_SESSION,
  run: (context) => outcomeOf(() => askAnonymously(context)),
};

async function askAnonymously(context: ProbeContext): Promise<Outcome<Seen>> {
  const logon = await Smb2Session.logOn(context);
  if (logon.kind === 'refused') {
    const demands = demandsEncryption(logon, context);
    return answered({ ...NO_SESSION, ...(demands ? { demandsEncryption: true } : {}) });
  }
  if (logon.kind === 'encrypted') return answered({ kind: 'encryption-required' });
  const shares = await sharesGiven(logon.session, context);
  await logon.session.logOff();
  return answered({ kind: 'anonymous', session: 'yes', shares });
}

const NO_SESSION: AnonymousObservation = { kind: 'anonymous', session: 'no', shares: null };

function demandsEncryption(
  { status, version }: { readonly status: number; readonly version: string | null },
  { bestCipher }: ProbeContext,
): boolean {
  return status === NT_STATUS.STATUS_ACCESS_DENIED && version === SAMBA_VERSION && bestCipher !== null;
}

function answered(seen: Seen): Outcome<Seen> {
  return { kind: 'answered', seen, connection: null };
}
