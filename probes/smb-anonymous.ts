import type { Answer, Share } from '../domain/facts.ts';
import type { AnonymousObservation, EncryptionRequiredObservation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { listShares } from './share-list.ts';
import { ConversationEnded, Smb2Session } from './smb2-session.ts';
import { NT_STATUS } from './wire/nt-status.ts';
import {
  DIRECTORY_ACCESS_MASK,
  decodeSmb2CloseResponse,
  decodeSmb2CreateResponse,
  encodeSmb2CloseRequest,
  encodeSmb2CreateRequest,
  FILE_PIPE_PRINTER_ACCESS_MASK,
  SMB2_CREATE_OPTION,
  SMB2_SHARE_ACCESS,
} from './wire/smb2-create.ts';
import type { Smb2TreeRequest } from './wire/smb2-header.ts';
import {
  decodeSmb2TreeConnectResponse,
  decodeSmb2TreeDisconnectResponse,
  encodeSmb2TreeConnectRequest,
  encodeSmb2TreeDisconnectRequest,
  SMB2_SHARE_TYPE,
  SMB2_SHAREFLAG,
} from './wire/smb2-tree-connect.ts';

/*
 * What does the server give to somebody without name and password?
 *
 * 1. One session setup with an empty name, on a connection of its own. Refused: that is the answer. Accepted on the
 *    condition that everything is encrypted: for that there is no key, and what it would be given stays unknown.
 * 2. The list of shares, through NetrShareEnum on the pipe srvsvc (share-list.ts).
 * 3. A share that cannot exist: the server must say that there is none. One that says anything else masks its answers,
 *    and what it says of its shares proves nothing.
 * 4. Each disk share that is not administrative: tree connect, whose MaximalAccess tells what its settings permit; then
 *    its root is opened once for reading and closed again.
 * 5. Logoff, FIN.
 * It stops there: no file name is read, nothing is written, no print share is touched, and the attempt is made once a
 * day at most, which is not this probe's to see to. [MS-SMB2] 2.2.9 to 2.2.16, [MS-SRVS] 3.1.4.8.
 */

/** More are listed, but not opened. */
const MOST_OPENED = 32;
/** Logon, list and logoff; and for each share four requests, of which one holds its name of up to 256 characters. */
const BYTES_AROUND = 6_500;
const BYTES_PER_SHARE = 950;
const { STATUS_ACCESS_DENIED, STATUS_BAD_NETWORK_NAME, STATUS_OBJECT_PATH_NOT_FOUND } = NT_STATUS;
/** "There is no such share": the first is the specification's, the second impacket's. */
const NO_SUCH_SHARE: readonly number[] = [STATUS_BAD_NETWORK_NAME, STATUS_OBJECT_PATH_NOT_FOUND];

type Seen = AnonymousObservation | EncryptionRequiredObservation;

export const smbAnonymous: Probe<Seen> = {
  name: 'smb-anonymous',
  asks: 'What do you give to a session without name and password?',
  level: 'L4',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: BYTES_AROUND + MOST_OPENED * BYTES_PER_SHARE,
  run: askAnonymously,
};

async function askAnonymously(context: ProbeContext): Promise<Outcome<Seen>> {
  try {
    const logon = await Smb2Session.logOnAnonymously(context);
    if (logon.kind === 'refused') return answered('no', null);
    if (logon.kind === 'encrypted') {
      return { kind: 'answered', seen: { kind: 'encryption-required' }, connection: null };
    }
    const { session } = logon;
    const listed = await listShares(session, context);
    const shares = listed === null ? null : await openEach(session, listed, context);
    await session.logOff();
    return answered('yes', shares);
  } catch (error) {
    if (error instanceof ConversationEnded) return error.outcome;
    throw error;
  }
}

function answered(session: 'yes' | 'no', shares: readonly Share[] | null): Outcome<Seen> {
  return { kind: 'answered', seen: { kind: 'anonymous', session, shares }, connection: null };
}

async function openEach(
  session: Smb2Session,
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

async function namesMissingShares(session: Smb2Session, context: ProbeContext): Promise<boolean> {
  const random = [...context.random(6)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const answer = await connectTo(session, random, context);
  return answer.kind === 'smb2-error' && NO_SUCH_SHARE.includes(answer.header.status);
}

async function accessTo(
  session: Smb2Session,
  name: string,
  context: ProbeContext,
): Promise<{ readonly readable: Answer; readonly writable: Answer }> {
  const connected = await connectTo(session, name, context);
  if (connected.kind === 'smb2-error') {
    const denied = connected.header.status === STATUS_ACCESS_DENIED;
    return denied ? { readable: 'no', writable: 'no' } : { readable: 'unknown', writable: 'unknown' };
  }
  const { header, maximalAccess, shareFlags, shareType } = connected;
  const { treeId } = header;
  const encrypted = (shareFlags & SMB2_SHAREFLAG.SMB2_SHAREFLAG_ENCRYPT_DATA) !== 0;
  const isDisk = shareType === SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_DISK;
  const isJudged = isDisk && !encrypted;
  const readable = isJudged ? await canOpenRoot(session, treeId) : 'unknown';
  await session.ask(
    (ids) => encodeSmb2TreeDisconnectRequest({ ...ids, treeId }),
    decodeSmb2TreeDisconnectResponse,
  );
  const mayWrite = (maximalAccess & FILE_PIPE_PRINTER_ACCESS_MASK.FILE_WRITE_DATA) !== 0;
  return { readable, writable: !isJudged ? 'unknown' : mayWrite ? 'yes' : 'no' };
}

function connectTo(session: Smb2Session, share: string, { address }: ProbeContext) {
  const path = `\\\\${address}\\${share}`;
  return session.ask((ids) => encodeSmb2TreeConnectRequest({ ...ids, path }), decodeSmb2TreeConnectResponse);
}

async function canOpenRoot(session: Smb2Session, treeId: number): Promise<Answer> {
  const { FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE } = SMB2_SHARE_ACCESS;
  const root = {
    treeId,
    name: '',
    desiredAccess:
      DIRECTORY_ACCESS_MASK.FILE_LIST_DIRECTORY | FILE_PIPE_PRINTER_ACCESS_MASK.FILE_READ_ATTRIBUTES,
    shareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
    createOptions: SMB2_CREATE_OPTION.FILE_DIRECTORY_FILE,
  };
  const opened = await session.ask(
    (ids) => encodeSmb2CreateRequest({ ...ids, ...root }),
    decodeSmb2CreateResponse,
  );
  if (opened.kind === 'smb2-error') return opened.header.status === STATUS_ACCESS_DENIED ? 'no' : 'unknown';
  const { fileId } = opened;
  const close: Omit<Smb2TreeRequest, 'messageId' | 'sessionId'> & { fileId: Uint8Array } = { treeId, fileId };
  await session.ask((ids) => encodeSmb2CloseRequest({ ...ids, ...close }), decodeSmb2CloseResponse);
  return 'yes';
}
