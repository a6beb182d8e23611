import type { Dialect } from '../domain/facts.ts';
import type { DialectRangeObservation } from '../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from './probe.ts';
import { openSmbChannel } from './smb-channel.ts';
import { offerOn, SMB2_DIALECTS } from './smb2-offer.ts';

/*
 * Which dialects of SMB 2 and 3 does the server speak?
 *
 * 1. The best one is known: it was selected when all five were offered.
 * 2. 2.0.2 offered alone; refused, then 2.1 alone, and so on: the answer is the lowest one. Servers have a minimum and a
 *    maximum, so what lies between is taken to be spoken.
 * 3. That is checked once: all in between offered. The answer must be the next one down; where it is not (a Samba
 *    without AES-128-CCM has 3.1.1 and 2.1, but not 3.0), every dialect in between is asked for by the same step.
 * Each offer goes over a connection of its own; there are at most four. It stops before SESSION_SETUP. [MS-SMB2] 3.3.5.4.
 */

export const smbDialectRange: Probe<DialectRangeObservation> = {
  name: 'smb-dialect-range',
  asks: 'Which dialects of SMB 2 and 3 do you speak?',
  level: 'L3',
  transport: 'tcp',
  port: 'smb',
  bytesAtMost: 4 * (72 + 110),
  run: enumerate,
};

async function enumerate(context: ProbeContext): Promise<Outcome<DialectRangeObservation>> {
  const { bestDialect } = context;
  if (bestDialect === null) return { kind: 'silent' };
  const below = SMB2_DIALECTS.slice(0, SMB2_DIALECTS.indexOf(bestDialect));
  const lowest = await lowestOf(context, below);
  if (lowest.kind === 'failed') return lowest.outcome;
  const between = lowest.dialect === null ? [] : below.slice(below.indexOf(lowest.dialect) + 1);
  const inBetween = await spokenOf(context, between);
  if (inBetween.kind === 'failed') return inBetween.outcome;
  const spoken = [bestDialect, lowest.dialect, ...inBetween.dialects];
  const dialects = SMB2_DIALECTS.filter((dialect) => spoken.includes(dialect));
  return { kind: 'answered', seen: { kind: 'dialect-range', dialects }, connection: null };
}

type Failed = { readonly kind: 'failed'; readonly outcome: Exclude<Outcome<never>, { kind: 'answered' }> };

/** The first of `dialects` that is selected when it is offered alone; null when none is. */
async function lowestOf(
  context: ProbeContext,
  dialects: readonly Dialect[],
): Promise<{ readonly kind: 'found'; readonly dialect: Dialect | null } | Failed> {
  for (const dialect of dialects) {
    const reply = await select(context, [dialect]);
    if (reply.kind === 'failed') return reply;
    if (reply.dialect !== null) return { kind: 'found', dialect };
  }
  return { kind: 'found', dialect: null };
}

/** Those of `dialects` that are spoken: all, when the highest is; else each is asked for. */
async function spokenOf(
  context: ProbeContext,
  dialects: readonly Dialect[],
): Promise<{ readonly kind: 'found'; readonly dialects: readonly Dialect[] } | Failed> {
  const spoken: Dialect[] = [];
  let left = dialects;
  while (left.length > 0) {
    const reply = await select(context, left);
    if (reply.kind === 'failed') return reply;
    if (reply.dialect === null) break;
    if (reply.dialect === dialects.at(-1)) return { kind: 'found', dialects };
    spoken.push(reply.dialect);
    left = left.slice(0, left.indexOf(reply.dialect));
  }
  return { kind: 'found', dialects: spoken };
}

/**
 * What is selected of an offer; null: none of it, said in words or by hanging up, as old servers do. A session on 139
 * that is refused or hung up on says nothing of dialects.
 */
async function select(
  context: ProbeContext,
  dialects: readonly Dialect[],
): Promise<{ readonly kind: 'found'; readonly dialect: Dialect | null } | Failed> {
  const opened = await openSmbChannel(context, context.smbPort);
  if (opened.kind !== 'open') return { kind: 'failed', outcome: opened };
  const reply = await offerOn(opened.channel, context, { dialects });
  if (reply.kind === 'selected') return { kind: 'found', dialect: reply.dialect };
  if (reply.kind === 'declined') return { kind: 'found', dialect: null };
  if (reply.kind === 'hung-up' && reply.received === 0) return { kind: 'found', dialect: null };
  return { kind: 'failed', outcome: reply };
}
