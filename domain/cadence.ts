import { type Facts, factNames, isServiceKey, sameFact } from './facts.ts';

/** Single questions of levels L3 and L4 (`anonymous`), each of which is put rarely and remembered. */
export const DEEP_QUESTIONS = ['smb1', 'dialects', 'identity', 'ciphers', 'anonymous'] as const;
export type DeepQuestion = (typeof DEEP_QUESTIONS)[number];

/** When each question was last answered, milliseconds UTC; missing: never. */
export type AskedAt = { readonly [Question in DeepQuestion]?: number };

/** How long an answer holds, milliseconds; null: the question is never put. */
export type Cadence = Readonly<Record<DeepQuestion, number | null>>;

/** The questions whose answers no longer hold at `now`. */
export function dueQuestions(askedAt: AskedAt, cadence: Cadence, now: number): DeepQuestion[] {
  return DEEP_QUESTIONS.filter((question) => {
    const every = cadence[question];
    const last = askedAt[question];
    return every !== null && (last === undefined || now - last >= every);
  });
}

const DAY_MS = 86_400_000;
/** One attempt to log on a day and host, whatever has changed meanwhile; the owner's own wish may spend five. */
const LOGON_PAUSE_MS = DAY_MS;
const WISHED_LOGON_PAUSE_MS = DAY_MS / 5;

/**
 * The questions for one host in one sweep: those due by time, or all of them with `deepenAll`; and those that become
 * due when the host shows itself changed. `wished`: the owner asked for this look.
 */
export function questionsFor(
  askedAt: AskedAt,
  cadence: Cadence,
  { now, deepenAll, wished }: { readonly now: number; readonly deepenAll: boolean; readonly wished: boolean },
): { readonly due: readonly DeepQuestion[]; readonly dueOnChange: readonly DeepQuestion[] } {
  const pause = wished ? WISHED_LOGON_PAUSE_MS : LOGON_PAUSE_MS;
  const mayLogOn = askedAt.anonymous === undefined || now - askedAt.anonymous >= pause;
  const allowed = dueQuestions({}, cadence, now).filter((question) => question !== 'anonymous' || mayLogOn);
  const byTime = dueQuestions(askedAt, cadence, now).filter((question) => allowed.includes(question));
  return { due: deepenAll ? allowed : byTime, dueOnChange: allowed };
}

/** What makes every answer doubtful: a port that opened or closed, a restart, another server, another negotiate. */
const TELLING = [
  'smb.dialect',
  'smb.signing.smb2',
  'smb.encryption.supported',
  'smb.bootTime',
  'smb.serverGuid',
];

/**
 * Does what a sweep has seen so far differ from what is known in a way that makes the deep questions due now? A port of
 * which nothing can be said does not differ: one lost datagram is no change.
 */
export function hasChanged(known: Facts, seen: Facts): boolean {
  return factNames(seen)
    .filter((name) => (isServiceKey(name) ? seen[name] !== 'unknown' : TELLING.includes(name)))
    .some((name) => known[name] !== undefined && !sameFact(known[name], seen[name]));
}
