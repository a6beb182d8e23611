import type { Ms17010Observation } from '../domain/observation.ts';
import { outcomeOf } from './conversation.ts';
import type { Outcome, ProbeContext } from './probe.ts';
import type { Smb1Session } from './smb1-session.ts';
import { NT_STATUS } from './wire/nt-status.ts';

/*
 * Does the server answer as one without the update of MS17-010 (March 2017)? In an anonymous session of SMB 1:
 *
 * 1. Tree connect to IPC$.
 * 2. One TRANSACTION, TRANS_PEEK_NMPIPE, on the pipe with number 0, which nobody has opened. Every server refuses; how it
 *    does so tells the two apart:
 *      STATUS_INSUFF_SERVER_RESOURCES  Windows without the update
 *      STATUS_INVALID_HANDLE           Windows with it
 *      STATUS_ACCESS_DENIED            Windows 10 with it
 *    This is how nmap (smb-vuln-ms17-010) and Metasploit (smb_ms17_010) tell them apart. Samba 4.17, which never had the
 *    defect, answers STATUS_INVALID_HANDLE, and that is as good a no.
 * 3. Tree disconnect.
 * Anything else is no answer: no IPC$, another status, silence, a reset. Intrusion prevention is known to reset the
 * connection at this question, which is why it is the last of its session.
 * It stops there: what is asked for is a status. Nothing is written to a pipe and nothing is exploited.
 * [MS-CIFS] 2.2.4.33, 2.2.5.5.
 */

/** Pipes are numbered by the server, and we have opened none. */
const NO_PIPE = 0;
const { STATUS_INSUFF_SERVER_RESOURCES, STATUS_INVALID_HANDLE, STATUS_ACCESS_DENIED } = NT_STATUS;

/** What the server's refusal says. Never throws for what the host does. */
export function askPatchState(
  session: Smb1Session,
  { address }: ProbeContext,
): Promise<Outcome<Ms17010Observation>> {
  return outcomeOf(async () => {
    const ipc = await session.connect(`\\\\${address}\\IPC$`);
    if (ipc.kind === 'refused') return { kind: 'declined', status: ipc.status };
    const status = await ipc.peek(NO_PIPE);
    await ipc.disconnect();
    const unpatched = unpatchedBy(status);
    if (unpatched === null) return { kind: 'declined', status };
    return { kind: 'answered', seen: { kind: 'ms17-010', unpatched }, connection: null };
  });
}

function unpatchedBy(status: number): 'yes' | 'no' | null {
  if (status === STATUS_INSUFF_SERVER_RESOURCES) return 'yes';
  return status === STATUS_INVALID_HANDLE || status === STATUS_ACCESS_DENIED ? 'no' : null;
}
