import type { SigningPolicy } from '../domain/facts.ts';
import type { Smb1Observation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { exchange, openSmbChannel } from './smb-channel.ts';
import { filetimeToMilliseconds } from './wire/dtyp.ts';
import { DecodeError } from './wire/reader.ts';
import { smbProtocol } from './wire/smb-message.ts';
import {
  decodeSmb1NegotiateResponse,
  encodeSmb1NegotiateRequest,
  NEGOTIATE_SECURITY_MODE,
  type Smb1Selected,
} from './wire/smb1-negotiate.ts';

/*
 * Is SMB 1 still accepted?
 *
 * 1. A fresh connection to TCP 445, or a fresh NetBIOS session on 139 where 445 is closed.
 * 2. One SMB_COM_NEGOTIATE that offers "NT LM 0.12" and nothing else: with a newer dialect beside it the server would
 *    pick that, and SMB 1 would stay unproven.
 * 3. Selected: SMB 1 is on, beyond doubt. Refused with DialectIndex 0xFFFF, or hung up without a byte (the ordinary no
 *    of Windows): SMB 1 is off, provided that SMB 2/3 answers within the same minute; that control is not this probe's.
 * It stops there: nobody logs on. Silence says nothing. [MS-CIFS] 2.2.4.52, [MS-SMB] 2.2.4.5, [MS-SMB2] 3.3.5.3.
 */

export const smb1: Probe<Smb1Observation> = {
  name: 'smb1',
  asks: 'Do you still accept SMB 1?',
  level: 'L3',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 72 + 51,
  run: negotiate,
};

async function negotiate(context: ProbeContext): Promise<Outcome<Smb1Observation>> {
  const port = context.smbPort;
  const opened = await openSmbChannel(context, port);
  if (opened.kind !== 'open') return opened;
  const [mid0 = 0, mid1 = 0, pid0 = 0, pid1 = 0] = context.random(4);
  const [mid, pidLow] = [mid0 * 256 + mid1, pid0 * 256 + pid1];
  const reply = await exchange(opened.channel, encodeSmb1NegotiateRequest({ mid, pidLow }), {
    withinMs: context.replyPatience.waitMs(),
  });
  if (reply.kind === 'hung-up' && reply.received === 0) return answered(port, 'closed');
  if (reply.kind !== 'message') return reply;
  if (smbProtocol(reply.message) === 'smb2') return answered(port, 'smb2-instead');
  try {
    const response = decodeSmb1NegotiateResponse(reply.message);
    if (response.header.mid !== mid) return { kind: 'malformed', why: 'reply to another request' };
    if (response.kind === 'refused') return answered(port, 'refused');
    return answered(port, 'selected', response.kind === 'selected' ? response : null);
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'malformed', why: error.message };
    throw error;
  }
}

function answered(
  port: 445 | 139,
  answer: Smb1Observation['answer'],
  selected: Smb1Selected | null = null,
): Outcome<Smb1Observation> {
  const seen: Smb1Observation = {
    kind: 'smb1',
    port,
    answer,
    signing: answer === 'selected' ? signingOf(selected?.securityMode ?? 0) : null,
    systemTime: selected?.systemTime == null ? null : filetimeToMilliseconds(selected.systemTime),
  };
  return { kind: 'answered', seen, connection: null };
}

function signingOf(securityMode: number): SigningPolicy {
  if ((securityMode & NEGOTIATE_SECURITY_MODE.NEGOTIATE_SECURITY_SIGNATURES_REQUIRED) !== 0)
    return 'required';
  if ((securityMode & NEGOTIATE_SECURITY_MODE.NEGOTIATE_SECURITY_SIGNATURES_ENABLED) !== 0) return 'enabled';
  return 'disabled';
}
