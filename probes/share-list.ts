import type { Share } from '../domain/facts.ts';
import type { ProbeContext } from './probe.ts';
import { ConversationEnded, decoded, type Smb2Session } from './smb2-session.ts';
import { decodeBindResponse, encodeBind, pduLength, SRVSVC } from './wire/dcerpc-bind.ts';
import { decodeResponse, encodeRequest } from './wire/dcerpc-request.ts';
import {
  decodeSmb2CloseResponse,
  decodeSmb2CreateResponse,
  encodeSmb2CloseRequest,
  encodeSmb2CreateRequest,
  SMB2_SHARE_ACCESS,
} from './wire/smb2-create.ts';
import { decodeSmb2IoctlResponse, encodeSmb2PipeTransceiveRequest } from './wire/smb2-ioctl.ts';
import { decodeSmb2ReadResponse, encodeSmb2PipeReadRequest } from './wire/smb2-read.ts';
import {
  decodeSmb2TreeConnectResponse,
  decodeSmb2TreeDisconnectResponse,
  encodeSmb2TreeConnectRequest,
  encodeSmb2TreeDisconnectRequest,
} from './wire/smb2-tree-connect.ts';
import {
  decodeNetrShareEnumResponse,
  encodeNetrShareEnumRequest,
  NETR_SHARE_ENUM_OPNUM,
  SHARE_ENUM_RETURN,
  SHARE_KIND_MASK,
  SHARE_TYPE,
} from './wire/srvsvc.ts';

/*
 * Which shares does the server tell of?
 *
 * 1. Tree connect to IPC$, and the pipe srvsvc opened there.
 * 2. A bind to the interface srvsvc, then NetrShareEnum at level 1; answers that come in fragments are put together.
 * 3. Everything closed again.
 * Any refusal on the way is an answer: the list is not for everybody. [MS-SRVS] 3.1.4.8, [MS-RPCE] 2.2.1.
 */

/** What clients ask for on a named pipe, and all that Samba grants to an anonymous session. */
const PIPE_ACCESS = 0x0012019f;
const MOST_BYTES = 65_536;
const READ_BYTES = 4_280;
const MOST_READS = 2 * Math.ceil(MOST_BYTES / READ_BYTES);

interface Pipe {
  readonly session: Smb2Session;
  readonly treeId: number;
  readonly fileId: Uint8Array;
}

/** The shares in the server's order, nothing known yet of their access; null: the list is refused. @throws ConversationEnded */
export async function listShares(session: Smb2Session, context: ProbeContext): Promise<Share[] | null> {
  const path = `\\\\${context.address}\\IPC$`;
  const tree = await session.ask(
    (ids) => encodeSmb2TreeConnectRequest({ ...ids, path }),
    decodeSmb2TreeConnectResponse,
  );
  if (tree.kind === 'smb2-error') return null;
  const { treeId } = tree.header;
  const { FILE_SHARE_READ, FILE_SHARE_WRITE } = SMB2_SHARE_ACCESS;
  const wanted = {
    treeId,
    name: 'srvsvc',
    desiredAccess: PIPE_ACCESS,
    shareAccess: FILE_SHARE_READ | FILE_SHARE_WRITE,
    createOptions: 0,
  };
  const opened = await session.ask(
    (ids) => encodeSmb2CreateRequest({ ...ids, ...wanted }),
    decodeSmb2CreateResponse,
  );
  const shares =
    opened.kind === 'smb2-error'
      ? null
      : await enumerate({ session, treeId, fileId: opened.fileId }, context);
  await session.ask(
    (ids) => encodeSmb2TreeDisconnectRequest({ ...ids, treeId }),
    decodeSmb2TreeDisconnectResponse,
  );
  return shares;
}

async function enumerate(pipe: Pipe, context: ProbeContext): Promise<Share[] | null> {
  const [a = 0, b = 0, c = 0, d = 0] = context.random(4);
  const [bindId, callId] = [a * 256 + b, c * 256 + d];
  const bound = await callPipe(pipe, encodeBind({ callId: bindId, abstractSyntax: SRVSVC }));
  const isBound = bound !== null && isAccepted(bound, bindId);
  const stub = encodeNetrShareEnumRequest({ serverName: `\\\\${context.address}` });
  const answer = isBound
    ? await callPipe(pipe, encodeRequest({ callId, opnum: NETR_SHARE_ENUM_OPNUM, stub }))
    : null;
  const { session, treeId, fileId } = pipe;
  await session.ask((ids) => encodeSmb2CloseRequest({ ...ids, treeId, fileId }), decodeSmb2CloseResponse);
  return answer === null ? null : sharesIn(answer, callId);
}

/** Writes one PDU and reads until the last fragment of the answer has come; null: refused. */
async function callPipe({ session, treeId, fileId }: Pipe, data: Uint8Array): Promise<Uint8Array | null> {
  const first = await session.ask(
    (ids) => encodeSmb2PipeTransceiveRequest({ ...ids, treeId, fileId, data }),
    decodeSmb2IoctlResponse,
  );
  if (first.kind === 'smb2-error') return null;
  let bytes = first.output;
  for (let reads = 0; !isWhole(bytes); reads += 1) {
    if (bytes.length > MOST_BYTES || reads === MOST_READS)
      throw new ConversationEnded({ kind: 'malformed', why: 'answer longer than 64 KiB, or in crumbs' });
    const length = READ_BYTES;
    const more = await session.ask(
      (ids) => encodeSmb2PipeReadRequest({ ...ids, treeId, fileId, length }),
      decodeSmb2ReadResponse,
    );
    if (more.kind === 'smb2-error' || more.data.length === 0) return null;
    bytes = Uint8Array.from([...bytes, ...more.data]);
  }
  return bytes;
}

/** PFC_LAST_FRAG of the last PDU, [C706] 12.6.3.1, and no byte missing. */
function isWhole(bytes: Uint8Array): boolean {
  const pdus = pdusIn(bytes);
  const last = pdus.at(-1);
  const length = pdus.reduce((sum, pdu) => sum + pdu.length, 0);
  return last !== undefined && length === bytes.length && ((last[3] ?? 0) & 0x02) !== 0;
}

function pdusIn(bytes: Uint8Array): Uint8Array[] {
  const pdus: Uint8Array[] = [];
  for (let rest = bytes; ; ) {
    const length = decoded(() => pduLength(rest));
    if (length === null || length > rest.length) return pdus;
    pdus.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
}

function isAccepted(pdu: Uint8Array, callId: number): boolean {
  const response = decoded(() => decodeBindResponse(pdu));
  return response.kind === 'bind-ack' && response.callId === callId && response.results[0]?.result === 0;
}

function sharesIn(bytes: Uint8Array, callId: number): Share[] | null {
  const stubs: Uint8Array[] = [];
  for (const pdu of pdusIn(bytes)) {
    const response = decoded(() => decodeResponse(pdu));
    if (response.kind === 'fault') return null;
    if (response.callId !== callId)
      throw new ConversationEnded({ kind: 'malformed', why: 'reply to another call' });
    stubs.push(response.stub);
  }
  const stub = Uint8Array.from(stubs.flatMap((each) => [...each]));
  const { returnCode, shares } = decoded(() => decodeNetrShareEnumResponse(stub));
  const { NERR_Success, ERROR_MORE_DATA } = SHARE_ENUM_RETURN;
  return returnCode === NERR_Success || returnCode === ERROR_MORE_DATA ? shares.map(toShare) : null;
}

function toShare({ name, type, comment }: { name: string; type: number; comment: string }): Share {
  const kinds: ReadonlyMap<number, Share['type']> = new Map([
    [SHARE_TYPE.STYPE_DISKTREE, 'disk'],
    [SHARE_TYPE.STYPE_PRINTQ, 'print'],
    [SHARE_TYPE.STYPE_DEVICE, 'device'],
    [SHARE_TYPE.STYPE_IPC, 'ipc'],
  ]);
  const kind = kinds.get(type & SHARE_KIND_MASK) ?? 'device';
  return { name, type: kind, comment, readable: 'unknown', writable: 'unknown' };
}
