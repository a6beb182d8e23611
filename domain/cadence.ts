import { type Facts, factNames, isServiceKey, sameFact } from './facts.ts';

/** Attempts to log on, level L4: as nobody; and, opt-in, as a user who cannot exist, and as nobody for the check of MS17-010. */
const LOGONS = ['anonymous', 'guest', 'ms17010'] as const;
/** Single questions of levels L3 and L4, each of which is put rarely and remembered. */
export const DEEP_QUESTIONS = ['smb1', 'dialects', 'identity', 'ciphers', ...LOGONS] as const;
export type DeepQuestion = (typeof DEEP_QUESTIONS)[number];

/** True for questions that are attempts to log on: of those one visit puts one at most. */
export function isLogon(question: DeepQuestion): boolean {
  return LOGONS.some((logon) => logon === question);
}

/**
 * When each question was last put, answered or not, milliseconds UTC; missing: never. `look`: when a host that the owner
 * lets sleep was last looked at.
 */
export type AskedAt = { readonly [Question in DeepQuestion | 'look']?: number };

/** How long it takes until a question is put again, milliseconds; null: it is never put. */
export type Cadence = Readonly<Record<DeepQuestion, number | null>>;

/** How far apart two moments are, milliseconds. A stamp ahead of a clock that was set back ages like one behind it. */
function apart(a: number, b: number): number {
  return Math.abs(a - b);
}

/** The questions that were not put for so long that they are due at `now`. */
export function dueQuestions(askedAt: AskedAt, cadence: Cadence, now: number): DeepQuestion[] {
  return DEEP_QUESTIONS.filter((question) => {
    const every = cadence[question];
    const last = askedAt[question];
    return every !== null && (last === undefined || apart(now, last) >= every);
  });
}

const DAY_MS = 86_400_000;
/** One attempt to log on a day and host, whatever has changed meanwhile; the owner's own wish may spend five. */
const LOGON_PAUSE_MS = DAY_MS;
const WISHED_LOGON_PAUSE_MS = DAY_MS / 5;

/**
 * The questions for one host in one sweep: those due by time, or all of them with `deepenAll`; and those that become
 * due when the host shows itself changed. `wished`: the owner asked for this look, in which the guest test has no part, and
 * the check of MS17-010 only where its day has passed.
 * The attempts to log on share the day's limit and take turns: the one whose turn it is stands before the other.
 */
export function questionsFor(
  askedAt: AskedAt,
  cadence: Cadence,
  { now, deepenAll, wished }: { readonly now: number; readonly deepenAll: boolean; readonly wished: boolean },
): { readonly due: readonly DeepQuestion[]; readonly dueOnChange: readonly DeepQuestion[] } {
  const pause = wished ? WISHED_LOGON_PAUSE_MS : LOGON_PAUSE_MS;
  const lastOf = (logon: DeepQuestion): number => askedAt[logon] ?? Number.NEGATIVE_INFINITY;
  const mayLogOn = LOGONS.every((logon) => apart(now, lastOf(logon)) >= pause);
  const inTurn = LOGONS.toSorted((a, b) => (lastOf(a) < lastOf(b) ? -1 : lastOf(a) > lastOf(b) ? 1 : 0));
  const [switchedOn, byTime] = [dueQuestions({}, cadence, now), dueQuestions(askedAt, cadence, now)];
  const logons = wished
    ? inTurn.filter((logon) => logon === 'anonymous' || (logon === 'ms17010' && byTime.includes(logon)))
    : inTurn;
  const order = [...DEEP_QUESTIONS.filter((question) => !isLogon(question)), ...(mayLogOn ? logons : [])];
  const allowed = order.filter((question) => switchedOn.includes(question));
  return {
    due: deepenAll ? allowed : allowed.filter((question) => byTime.includes(question)),
    dueOnChange: allowed,
  };
}

/** What makes every answer doubtful: a port that opened or closed, a restart, another server, another negotiate. */
const TELLING = [
  'smb.dialect',
  'smb.signing.smb2',
  'smb.encryption.supported',
  'smb.bootTime',
  'smb.serverGuid',
  'smb.conversation.445',
  'smb.conversation.139',
];

/** A conversation that ended so may go on as usual the next time. */
const ONE_TIMEOUT: readonly unknown[] = ['silent', 'malformed'];

/**
 * Does what a sweep has seen so far differ from what is known in a way that makes the deep questions due now? A port of
 * which nothing can be said does not differ: one lost datagram is no change. Nor is the new GUID of a server that makes
 * one up for each connection.
 */
export function hasChanged(known: Facts, seen: Facts): boolean {
  const guidLasts = known['smb.serverGuid.lasting'] !== 'no';
  return factNames(seen)
    .filter((name) => (isServiceKey(name) ? seen[name] !== 'unknown' : TELLING.includes(name)))
    .filter((name) => name !== 'smb.serverGuid' || guidLasts)
    .filter((name) => !ONE_TIMEOUT.includes(seen[name]))
    .some((name) => known[name] !== undefined && !sameFact(known[name], seen[name]));
}
