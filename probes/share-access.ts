import type { Answer, Share } from '../domain/facts.ts';
import type { ProbeContext } from './probe.ts';
import { listShares } from './share-list.ts';
import type { ShareSession } from './share-session.ts';
import { NT_STATUS } from './wire/nt-status.ts';

/*
 * Which shares is a session told of, and what may it do with each?
 *
 * 1. The list, through NetrShareEnum on the pipe srvsvc (share-list.ts).
 * 2. A share that cannot exist: the server must say that there is none. One that says anything else masks its answers,
 *    and what it says of its shares proves nothing.
 * 3. Each disk share that is not administrative: tree connect, whose answer tells what its settings permit; then
 *    its root is opened once for reading and closed again.
 * It stops there: no file name is read, nothing is written, no print share is touched. Over SMB 2/3 and SMB 1 alike.
 * [MS-SRVS] 3.1.4.8.
 */

/** More are listed, but not opened. */
const MOST_OPENED = 32;
/** Logon, list and logoff; and for each share four requests, of which one holds its name of up to 256 characters. */
const BYTES_AROUND = 6_500;
const BYTES_PER_SHARE = 950;
/** What a whole session sends at most, from the negotiate to the logoff. */
export const BYTES_OF_A_SESSION = BYTES_AROUND + MOST_OPENED * BYTES_PER_SHARE;
const { STATUS_ACCESS_DENIED, STATUS_BAD_NETWORK_NAME, STATUS_OBJECT_PATH_NOT_FOUND } = NT_STATUS;
/** "There is no such share": the first is the specification's, the second impacket's. */
const NO_SUCH_SHARE: readonly number[] = [STATUS_BAD_NETWORK_NAME, STATUS_OBJECT_PATH_NOT_FOUND];

/** What the session is given, in the server's order; null: the list is refused. It is logged off. @throws ConversationEnded */
export async function sharesGiven(session: ShareSession, context: ProbeContext): Promise<Share[] | null> {
  const listed = await listShares(session, context);
  return listed === null ? null : openEach(session, listed, context);
}

async function openEach(
  session: ShareSession,
  shares: readonly Share[],
  context: ProbeContext,
): Promise<Share[]> {
  const isHonest = await namesMissingShares(session, context);
  const opened: Share[] = [];
  let left = MOST_OPENED;
  for (const share of shares) {
    const isAdministrative = share.name.endsWith('$');
    if (!isHonest || share.type !== 'disk' || isAdministrative || left === 0) {
      opened.push(share);
      continue;
    }
    left -= 1;
    opened.push({ ...share, ...(await accessTo(session, share.name, context)) });
  }
  return opened;
}

async function namesMissingShares(session: ShareSession, context: ProbeContext): Promise<boolean> {
  const random = [...context.random(6)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const answer = await connectTo(session, random, context);
  return answer.kind === 'refused' && NO_SUCH_SHARE.includes(answer.status);
}

async function accessTo(
  session: ShareSession,
  name: string,
  context: ProbeContext,
): Promise<{ readonly readable: Answer; readonly writable: Answer }> {
  const share = await connectTo(session, name, context);
  if (share.kind === 'refused') {
    const denied = share.status === STATUS_ACCESS_DENIED;
    return denied ? { readable: 'no', writable: 'no' } : { readable: 'unknown', writable: 'unknown' };
  }
  const readable = share.isPlainDisk ? answerTo(await share.openRoot()) : 'unknown';
  await share.disconnect();
  return { readable, writable: share.isPlainDisk ? share.mayWrite : 'unknown' };
}

function connectTo(session: ShareSession, share: string, { address }: ProbeContext) {
  return session.connect(`\\\\${address}\\${share}`);
}

function answerTo(status: number): Answer {
  if (status === 0) return 'yes';
  return status === STATUS_ACCESS_DENIED ? 'no' : 'unknown';
}
