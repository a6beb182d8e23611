import type { Ms17010Observation } from '../domain/observation.ts';
import { outcomeOf } from './conversation.ts';
import { askPatchState } from './patch-state.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { Smb1Session } from './smb1-session.ts';

/*
 * Does a server that speaks newer SMB as well answer over SMB 1 as one without the update of MS17-010? Put only where the
 * owner has asked for it. Where SMB 1 is all there is, smb1-anonymous.ts asks it in the session that it has anyway.
 *
 * 1. An SMB_COM_NEGOTIATE that offers "NT LM 0.12" alone, and one session setup with an empty name, on a connection of its
 *    own. Refused: the question cannot be put.
 * 2. Tree connect to IPC$, and one look into a pipe that nobody has opened (patch-state.ts tells what that says).
 * 3. Logoff, FIN.
 * It stops there: nothing is written and nothing is exploited, and the attempt to log on is the day's only one, which is not
 * this probe's to see to. [MS-CIFS] 2.2.4.33, 2.2.5.5, 3.2.4.2.
 */

export const ms17010: Probe<Ms17010Observation> = {
  name: 'ms17-010',
  asks: 'Do you answer over SMB 1 as a server without the update of MS17-010?',
  level: 'L4',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 72 + 51 + 142 + 140 + 300,
  run: (context) => outcomeOf(() => askAnonymously(context)),
};

async function askAnonymously(context: ProbeContext): Promise<Outcome<Ms17010Observation>> {
  const session = await Smb1Session.negotiate(context);
  const refused = await session.logOnAnonymously();
  if (refused !== null) return { kind: 'declined', status: refused.status };
  const outcome = await askPatchState(session, context);
  await session.logOff();
  return outcome;
}
