import type {
  AnonymousObservation,
  EncryptionRequiredObservation,
  IdentityObservation,
} from '../domain/observation.ts';
import { SAMBA_VERSION } from '../domain/os.ts';
import { outcomeOf } from './conversation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { BYTES_OF_A_SESSION, sharesGiven } from './share-access.ts';
import { Smb2Session } from './smb2-session.ts';
import { NT_STATUS } from './wire/nt-status.ts';

/*
 * What does the server give to somebody without name and password? And, where that is due as well, what does it tell of
 * itself? The challenge that it sends before it decides holds that (smb-identity.ts), and saves it a connection.
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
  run: (context) => outcomeOf(async () => answered((await askAnonymously(context)).seen)),
};

/** The same session, and what is told at its beginning, so that nobody has to connect twice. */
export const smbAnonymousAndIdentity: Probe<readonly (Seen | IdentityObservation)[]> = {
  ...smbAnonymous,
  name: 'smb-anonymous-and-identity',
  asks: 'The same, and what do you tell of yourself before?',
  run: (context) =>
    outcomeOf(async () => {
      const { seen, told } = await askAnonymously(context);
      return answered([told, seen]);
    }),
};

interface Given {
  readonly seen: Seen;
  readonly told: IdentityObservation;
}

async function askAnonymously(context: ProbeContext): Promise<Given> {
  const logon = await Smb2Session.logOn(context);
  const { told } = logon;
  if (logon.kind === 'refused') {
    const demands = demandsEncryption(logon.status, told, context);
    return { seen: { ...NO_SESSION, ...(demands ? { demandsEncryption: true } : {}) }, told };
  }
  if (logon.kind === 'encrypted') return { seen: { kind: 'encryption-required' }, told };
  const shares = await sharesGiven(logon.session, context);
  await logon.session.logOff();
  return { seen: { kind: 'anonymous', session: 'yes', shares }, told };
}

const NO_SESSION: AnonymousObservation = { kind: 'anonymous', session: 'no', shares: null };

function demandsEncryption(
  status: number,
  { identity }: IdentityObservation,
  { bestCipher }: ProbeContext,
): boolean {
  const isSamba = identity?.version === SAMBA_VERSION;
  return status === NT_STATUS.STATUS_ACCESS_DENIED && isSamba && bestCipher !== null;
}

function answered<Answer>(seen: Answer): Outcome<Answer> {
  return { kind: 'answered', seen, connection: null };
}
