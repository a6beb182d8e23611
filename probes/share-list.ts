import type { Share } from '../domain/facts.ts';
import { ConversationEnded, decoded } from './conversation.ts';
import type { ProbeContext } from './probe.ts';
import type { OpenPipe, ShareSession } from './share-session.ts';
import { decodeBindResponse, encodeBind, pduLength, SRVSVC } from './wire/dcerpc-bind.ts';
import { decodeResponse, encodeRequest } from './wire/dcerpc-request.ts';
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

const MOST_BYTES = 65_536;
const READ_BYTES = 4_280;
const MOST_READS = 2 * Math.ceil(MOST_BYTES / READ_BYTES);

/** The shares in the server's order, nothing known yet of their access; null: the list is refused. @throws ConversationEnded */
export async function listShares(session: ShareSession, context: ProbeContext): Promise<Share[] | null> {
  const ipc = await session.connect(`\\\\${context.address}\\IPC$`);
  if (ipc.kind === 'refused') return null;
  const pipe = await ipc.openPipe('srvsvc');
  const shares = pipe.kind === 'refused' ? null : await enumerate(pipe, context);
  await ipc.disconnect();
  return shares;
}

async function enumerate(pipe: OpenPipe, context: ProbeContext): Promise<Share[] | null> {
  const [a = 0, b = 0, c = 0, d = 0] = context.random(4);
  const [bindId, callId] = [a * 256 + b, c * 256 + d];
  const bound = await callPipe(pipe, encodeBind({ callId: bindId, abstractSyntax: SRVSVC }));
  const isBound = bound !== null && isAccepted(bound, bindId);
  const stub = encodeNetrShareEnumRequest({ serverName: `\\\\${context.address}` });
  const answer = isBound
    ? await callPipe(pipe, encodeRequest({ callId, opnum: NETR_SHARE_ENUM_OPNUM, stub }))
    : null;
  await pipe.close();
  return answer === null ? null : sharesIn(answer, callId);
}

/** Writes one PDU and reads until the last fragment of the answer has come; null: refused. */
async function callPipe(pipe: OpenPipe, pdu: Uint8Array): Promise<Uint8Array | null> {
  const first = await pipe.transact(pdu);
  if (first === null) return null;
  let bytes = first;
  for (let reads = 0; !isWhole(bytes); reads += 1) {
    if (bytes.length > MOST_BYTES || reads === MOST_READS)
      throw new ConversationEnded({ kind: 'malformed', why: 'answer longer than 64 KiB, or in crumbs' });
    const more = await pipe.read(READ_BYTES);
    if (more === null || more.length === 0) return null;
    bytes = Uint8Array.from([...bytes, ...more]);
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
