import type { AnonymousObservation, Ms17010Observation } from '../domain/observation.ts';
import { outcomeOf } from './conversation.ts';
import { askPatchState } from './patch-state.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { BYTES_OF_A_SESSION, sharesGiven } from './share-access.ts';
import { Smb1Session } from './smb1-session.ts';

/*
 * What does the server give over SMB 1 to somebody without name and password?
 *
 * 1. An SMB_COM_NEGOTIATE that offers "NT LM 0.12" alone, and one session setup with an empty name, on a connection of its
 *    own: through NTLM where the server offers extended security, else in the form of [MS-CIFS], with an empty password.
 *    Refused: that is the answer.
 * 2. The list of shares, and one open of the root of each disk share for reading (share-access.ts).
 * 3. Where the owner has asked for it, how the server refuses a look into a pipe (patch-state.ts).
 * 4. Logoff, FIN.
 * It stops there: nothing is written, VcNumber is never 0, on which some servers drop their other connections, and the
 * attempt is made once a day at most, which is not this probe's to see to. [MS-CIFS] 3.2.4.2, [MS-SRVS] 3.1.4.8.
 */

export const smb1Anonymous: Probe<AnonymousObservation> = {
  name: 'smb1-anonymous',
  asks: 'What do you give over SMB 1 to a session without name and password?',
  level: 'L4',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: BYTES_OF_A_SESSION,
  run: (context) => outcomeOf(async () => answered((await askAnonymously(context, null)).anonymous)),
};

/** The same session with that question in it, so that nobody has to log on twice. */
export const smb1AnonymousAndPatchState: Probe<readonly (AnonymousObservation | Ms17010Observation)[]> = {
  ...smb1Anonymous,
  name: 'smb1-anonymous-and-ms17-010',
  asks: 'The same, and do you answer as a server without the update of MS17-010?',
  run: (context) =>
    outcomeOf(async () => {
      const { anonymous, further } = await askAnonymously(context, askPatchState);
      return answered(further?.kind === 'answered' ? [anonymous, further.seen] : [anonymous]);
    }),
};

interface Given {
  readonly anonymous: AnonymousObservation;
  /** null: not asked. */
  readonly further: Outcome<Ms17010Observation> | null;
}

async function askAnonymously(context: ProbeContext, ask: typeof askPatchState | null): Promise<Given> {
  const session = await Smb1Session.negotiate(context);
  if ((await session.logOnAnonymously()) !== null)
    return { anonymous: { kind: 'anonymous', session: 'no', shares: null }, further: null };
  const shares = await sharesGiven(session, context);
  const further = ask === null ? null : await ask(session, context);
  await session.logOff();
  return { anonymous: { kind: 'anonymous', session: 'yes', shares }, further };
}

function answered<Seen>(seen: Seen): Outcome<Seen> {
  return { kind: 'answered', seen, connection: null };
}
