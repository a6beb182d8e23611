import type { Dialect } from '../domain/facts.ts';
import type { DialectRangeObservation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { openSmbChannel } from './smb-channel.ts';
import { offerOn, SMB2_DIALECTS } from './smb2-offer.ts';
import { NT_STATUS } from './wire/nt-status.ts';

/*
 * Which dialects of SMB 2 and 3 does the server speak?
 *
 * 1. The best one is known: it was selected when all five were offered.
 * 2. All below it offered: the answer is the next one that is spoken, or that there is none.
 * 3. Where that is the very next one down, the oldest of the rest offered alone. Servers have a minimum and a maximum, so
 *    when the oldest is spoken, what lies between is taken to be spoken; else 2 is done again with what lies between.
 * A server that finds fault with an offer has selected a dialect that it then cannot speak, as a Samba without AES-128-CCM
 * selects 3.0.2 (Samba 4.17): the newest is left out, and the rest is offered again.
 * Each offer goes over a connection of its own; there are at most six, one or two as a rule. It stops before
 * SESSION_SETUP. [MS-SMB2] 3.3.5.4.
 */

export const smbDialectRange: Probe<DialectRangeObservation> = {
  name: 'smb-dialect-range',
  asks: 'Which dialects of SMB 2 and 3 do you speak?',
  level: 'L3',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 6 * (72 + 110),
  run: enumerate,
};

async function enumerate(context: ProbeContext): Promise<Outcome<DialectRangeObservation>> {
  const { bestDialect } = context;
  if (bestDialect === null) return { kind: 'silent' };
  const spoken: Dialect[] = [bestDialect];
  let left: readonly Dialect[] = SMB2_DIALECTS.slice(0, SMB2_DIALECTS.indexOf(bestDialect));
  while (left.length > 0) {
    const next = await select(context, left);
    if (next.kind === 'failed') return next.outcome;
    if (next.kind === 'none') break;
    const isNextDown = next.kind === 'selected' && next.dialect === left.at(-1);
    if (next.kind === 'selected') spoken.push(next.dialect);
    left = next.kind === 'selected' ? left.slice(0, left.indexOf(next.dialect)) : left.slice(0, -1);
    if (!isNextDown || left.length === 0) continue;
    const oldest = await select(context, left.slice(0, 1));
    if (oldest.kind === 'failed') return oldest.outcome;
    if (oldest.kind === 'selected') spoken.push(...left);
    left = oldest.kind === 'selected' ? [] : left.slice(1);
  }
  const dialects = SMB2_DIALECTS.filter((dialect) => spoken.includes(dialect));
  return { kind: 'answered', seen: { kind: 'dialect-range', dialects }, connection: null };
}

type Selection =
  | { readonly kind: 'selected'; readonly dialect: Dialect }
  /** None of the offer is spoken: said in words, or by hanging up, as old servers do. */
  | { readonly kind: 'none' }
  /** Something of the offer was selected, and then found fault with. */
  | { readonly kind: 'at-fault' }
  | { readonly kind: 'failed'; readonly outcome: Exclude<Outcome<never>, { kind: 'answered' }> };

/** What is selected of an offer. A session on 139 that is refused or hung up on says nothing of dialects. */
async function select(context: ProbeContext, dialects: readonly Dialect[]): Promise<Selection> {
  const opened = await openSmbChannel(context, context.smbPort);
  if (opened.kind !== 'open') return { kind: 'failed', outcome: opened };
  const reply = await offerOn(opened.channel, context, { dialects });
  if (reply.kind === 'selected') return { kind: 'selected', dialect: reply.dialect };
  if (reply.kind === 'declined')
    return { kind: reply.status === NT_STATUS.STATUS_INVALID_PARAMETER ? 'at-fault' : 'none' };
  if (reply.kind === 'hung-up' && reply.received === 0) return { kind: 'none' };
  return { kind: 'failed', outcome: reply };
}
