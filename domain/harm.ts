import { DEEP_QUESTIONS, type DeepQuestion } from './cadence.ts';
import type { Change, HostUpdate } from './change.ts';
import { type Facts, type ServiceState, servicesOf } from './facts.ts';
import type { Quarantined } from './history.ts';
import { type HostId, type HostRecord, hostName } from './host.ts';
import type { SeenHost } from './identity.ts';
import { visible } from './text.ts';

/** Signs that a deep question did harm, and what they lead to (docs/probing.md). */

/** A TCP port that was open in a visit and did not answer the next connection after a question. */
export interface PortLoss {
  readonly port: number;
  /** What was put last, as one exchange: one question as a rule. */
  readonly questions: readonly DeepQuestion[];
}

/**
 * How a lost port looks a few seconds later: `back`; `refused`, which is the host's own word; or `silent`, which may be the
 * fault of our own link. `again`: the facts of that look alone, empty where nobody answered.
 */
export function lossSeenAgain({ port }: PortLoss, again: Facts): 'back' | 'refused' | 'silent' {
  const state: ServiceState = again[`tcp/${port}`] ?? 'unknown';
  if (state === 'open') return 'back';
  return state === 'closed' ? 'refused' : 'silent';
}

/** Did anything of the host answer a connection: its own word that it, and our link to it, are there. */
export function answersByTcp(facts: Facts): boolean {
  return servicesOf(facts).some(
    ({ transport, state }) => transport === 'tcp' && ['open', 'closed', 'rejected'].includes(state),
  );
}

/** What is to be quarantined after losses that a second look has confirmed, at `at` (milliseconds UTC). */
export function quarantineAfterLoss(
  { id, losses = [] }: Pick<SeenHost, 'id' | 'losses'>,
  at: number,
): Quarantined[] {
  return losses.flatMap(({ port, questions }) =>
    questions.map((probe) => ({
      hostId: id,
      probe,
      since: at,
      reason: `TCP ${port} stopped answering within seconds of the ${inWords(questions)}`,
    })),
  );
}

/** A restart within so long of a question counts as its doing. */
const RESTART_WITHIN_MS = 60_000;
/** Servers that compute their boot time anew for each answer are off by a second or two. */
const LATER_BOOT_MS = 10_000;

/**
 * What is to be quarantined because the host restarted within a minute of it: a boot time that is later than the known one
 * and lies that close behind questions of an earlier sweep. The server's own clock tells how long ago that was, so it
 * may be wrong. `at`: when this sweep began, milliseconds UTC, as the times in `askedAt` are of theirs.
 */
export function quarantineAfterRestart(
  before: HostRecord | null,
  { facts, systemTime }: Pick<SeenHost, 'facts' | 'systemTime'>,
  at: number,
): Quarantined[] {
  const [was, is] = [bootTime(before?.facts), bootTime(facts)];
  if (before === null || was === null || is === null || systemTime === null) return [];
  if (is - was < LATER_BOOT_MS) return [];
  const restartedAt = at - (systemTime - is);
  const { askedAt } = before;
  const questions = DEEP_QUESTIONS.filter((question) => {
    const afterMs = restartedAt - (askedAt[question] ?? Number.NEGATIVE_INFINITY);
    return afterMs >= -LATER_BOOT_MS && afterMs <= RESTART_WITHIN_MS;
  });
  return questions.map((probe) => ({
    hostId: before.id,
    probe,
    since: at,
    reason: `the host restarted within a minute of the ${inWords(questions)}`,
  }));
}

/** Of these, what is not held back already. */
export function newlyQuarantined(
  found: readonly Quarantined[],
  before: readonly Quarantined[],
): Quarantined[] {
  const keys = new Set(before.map(keyOf));
  return found.filter((each) => {
    const isNew = !keys.has(keyOf(each));
    keys.add(keyOf(each));
    return isNew;
  });
}

/** The updates, with one change for each host and reason that something of it is held back from now on. */
export function withQuarantine(
  updates: readonly HostUpdate[],
  quarantined: readonly Quarantined[],
): HostUpdate[] {
  const ofHost = Map.groupBy(quarantined, ({ hostId }) => hostId);
  return updates.map((update) => {
    const byReason = Map.groupBy(ofHost.get(update.host.id) ?? [], ({ reason }) => reason);
    const changes = [...byReason].map(([reason, held]) => changeOf(update.host, held, reason));
    return changes.length === 0 ? update : { ...update, changes: [...update.changes, ...changes] };
  });
}

/**
 * Those of the questions that may be put to the host. The check of MS17-010 begins with the session without a password,
 * so whoever is spared that one is spared the check.
 */
export function withoutQuarantined(
  questions: readonly DeepQuestion[],
  hostId: HostId,
  quarantine: readonly Quarantined[],
): DeepQuestion[] {
  const held = new Set(quarantine.filter((each) => each.hostId === hostId).map(({ probe }) => probe));
  return questions.filter(
    (question) => !held.has(question) && !(question === 'ms17010' && held.has('anonymous')),
  );
}

function changeOf(host: HostRecord, held: readonly Quarantined[], reason: string): Change {
  const probes = held.map(({ probe }) => `"${probe}"`).join(', ');
  const are = held.length === 1 ? 'is' : 'are';
  return {
    at: held[0]?.since ?? host.lastSeenAt,
    type: 'probe_quarantined',
    hostId: host.id,
    findingId: null,
    summary: `${visible(hostName(host))}: ${probes} ${are} held back from now on: ${reason}`,
    fact: null,
  };
}

function bootTime(facts: Facts | undefined): number | null {
  const told = facts?.['smb.bootTime'];
  return told == null ? null : Date.parse(told);
}

function keyOf({ hostId, probe }: Quarantined): string {
  return `${hostId} ${probe}`;
}

/** `question "smb1"`, `questions "anonymous" and "ms17010"`. */
function inWords(questions: readonly DeepQuestion[]): string {
  const quoted = questions.map((question) => `"${question}"`);
  if (quoted.length === 1) return `question ${quoted[0]}`;
  return `questions ${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}
