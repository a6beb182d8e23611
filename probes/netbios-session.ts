import type { SessionObservation } from '../domain/observation.ts';
import { type Outcome, type Probe, type ProbeContext, REPLY_TIMEOUT_MS } from './probe.ts';
import { CALLING_NAME } from './smb-channel.ts';
import type { Connection } from './transport/tcp.ts';
import {
  decodeSessionResponse,
  encodeSessionRequest,
  SESSION_ERROR,
  type SessionResponse,
  sessionFrameLength,
} from './wire/nbss.ts';
import { DecodeError } from './wire/reader.ts';

/*
 * Does a NetBIOS session service answer, and to which called name?
 *
 * 1. A session request for the first of the called names on the connection to TCP 139 that is open already.
 * 2. Refused for the name (0x80, 0x82): the next name, on a connection of its own, since servers hang up after a refusal.
 * 3. Accepted: the connection is handed on, so that SMB may be asked over it.
 * Any answer proves the service. A retarget is reported and never followed. RFC 1002 §4.3.
 */

const REQUEST_BYTES = 72;
const MOST_NAMES = 3;
const NEXT_NAME_MAY_HELP: readonly number[] = [
  SESSION_ERROR.NOT_LISTENING_ON_CALLED_NAME,
  SESSION_ERROR.CALLED_NAME_NOT_PRESENT,
];

export const netbiosSession: Probe<SessionObservation> = {
  name: 'netbios-session',
  asks: 'Do you accept a NetBIOS session?',
  level: 'L1',
  transport: 'tcp',
  port: 'session',
  bytesAtMost: MOST_NAMES * REQUEST_BYTES,
  run: askSession,
};

async function askSession(context: ProbeContext): Promise<Outcome<SessionObservation>> {
  let outcome: Outcome<SessionObservation> = { kind: 'silent' };
  let connection = context.connection;
  let answered: Outcome<SessionObservation> | null = null;
  for (const calledName of context.calledNames.slice(0, MOST_NAMES)) {
    connection ??= await reopen(context);
    if (connection === null) break;
    const asked = await ask(connection, calledName);
    outcome = asked.outcome;
    if (outcome.kind === 'answered') answered = outcome;
    if (!asked.nextNameMayHelp) break;
    connection = null;
  }
  return answered ?? outcome;
}

async function reopen({ line, ports }: ProbeContext): Promise<Connection | null> {
  const reached = await line.open(ports.session);
  return reached.kind === 'accepted' ? reached.connection : null;
}

async function ask(
  connection: Connection,
  calledName: string,
): Promise<{ readonly outcome: Outcome<SessionObservation>; readonly nextNameMayHelp: boolean }> {
  connection.write(encodeSessionRequest({ calledName, callingName: CALLING_NAME }));
  try {
    const read = await connection.readFrame(sessionFrameLength, REPLY_TIMEOUT_MS);
    if (read.kind !== 'frame') return { outcome: read, nextNameMayHelp: read.kind === 'hung-up' };
    const response = decodeSessionResponse(read.bytes);
    const seen = toObservation(response, calledName);
    if (seen === null)
      return {
        outcome: { kind: 'malformed', why: 'keep-alive instead of an answer' },
        nextNameMayHelp: false,
      };
    const open = response.kind === 'positive' ? connection : null;
    const nextNameMayHelp = response.kind === 'negative' && NEXT_NAME_MAY_HELP.includes(response.errorCode);
    return { outcome: { kind: 'answered', seen, connection: open }, nextNameMayHelp };
  } catch (error) {
    if (error instanceof DecodeError)
      return { outcome: { kind: 'malformed', why: error.message }, nextNameMayHelp: false };
    throw error;
  }
}

function toObservation(response: SessionResponse, calledName: string): SessionObservation | null {
  const answers = { positive: 'accepted', negative: 'refused', retarget: 'retargeted' } as const;
  if (response.kind === 'keep-alive') return null;
  return { kind: 'netbios-session', answer: answers[response.kind], calledName };
}
