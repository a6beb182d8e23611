import type { Standing, Verdict } from './assess.ts';
import { type Answer, type Facts, mergeFacts, type Share } from './facts.ts';
import { visible } from './text.ts';

/** Judgements on what sessions without a password are given. Each answer is the server's own, so one look is enough. */

/** A list of shares that was told; a session that is accepted and told nothing is no exposure by itself. */
export function judgeNullSession(facts: Facts): Verdict {
  const shares = facts['smb.anonymous.shares'];
  if (shares === undefined) return { answer: 'unknown' };
  if (shares === null) return { answer: 'no', evidence: [refusal(facts)] };
  if (shares.length === 0) return { answer: 'no', evidence: ['An anonymous session was told no share'] };
  const evidence = [`An anonymous session was told ${shares.length} shares: ${names(shares)}`];
  return { answer: 'yes', evidence, unambiguous: true };
}

/** Disk shares whose root could be opened for reading. */
export function judgeReadableShare(seen: Facts, _now: number, standing?: Standing): Verdict {
  return judgeShares(seen, standing, { fact: 'readable', words: 'The root could be opened for reading' });
}

/** Disk shares whose settings permit writing. Nothing was written. */
export function judgeWritableShare(seen: Facts, _now: number, standing?: Standing): Verdict {
  const words = 'Writing is permitted by the settings of the share,';
  return judgeShares(seen, standing, { fact: 'writable', words });
}

/** Which half of what is known of a share is judged, and how that is said. */
interface Question {
  readonly fact: 'readable' | 'writable';
  readonly words: string;
}

/** One of the sessions that need no password. */
interface Session {
  readonly session: 'smb.anonymous.session' | 'smb.guest.session';
  readonly shares: 'smb.anonymous.shares' | 'smb.guest.shares';
  readonly access: string;
  readonly refused: string;
}

const NOBODY: Session = {
  session: 'smb.anonymous.session',
  shares: 'smb.anonymous.shares',
  access: 'without a password',
  refused: 'A session without name and password is refused',
};
const GUEST: Session = {
  session: 'smb.guest.session',
  shares: 'smb.guest.shares',
  access: 'by a guest, under a name that does not exist',
  refused: 'A user who does not exist is refused',
};

/**
 * The two sessions take turns, so that a sweep sees one of them at most. A yes is one of its own; a no needs both, for what
 * the other was given last time still holds. The guest test is opt-in: that it never ran leaves nothing open.
 */
function judgeShares(seen: Facts, standing: Standing | undefined, question: Question): Verdict {
  const facts = mergeFacts(standing?.known ?? {}, seen);
  const asked = facts[GUEST.shares] === undefined ? [NOBODY] : [NOBODY, GUEST];
  const isNew = ({ shares }: Session): boolean => seen[shares] !== undefined;
  const verdicts = asked.map((session) => ({ session, verdict: judgeSession(session, facts, question) }));
  const having = (answer: 'yes' | 'no') => verdicts.filter(({ verdict }) => verdict.answer === answer);
  const evidence = (answer: 'yes' | 'no'): string[] =>
    having(answer).flatMap(({ verdict }) => (verdict.answer === 'unknown' ? [] : verdict.evidence));
  if (having('yes').some(({ session }) => isNew(session)))
    return { answer: 'yes', evidence: evidence('yes'), unambiguous: true };
  const isNo = having('no').length === verdicts.length && asked.some(isNew);
  return isNo ? { answer: 'no', evidence: evidence('no') } : { answer: 'unknown' };
}

function judgeSession(session: Session, facts: Facts, { fact, words }: Question): Verdict {
  const shares = facts[session.shares];
  if (shares === undefined) return { answer: 'unknown' };
  if (shares === null) {
    const isRefused = facts[session.session] === 'no';
    return isRefused ? { answer: 'no', evidence: [session.refused] } : { answer: 'unknown' };
  }
  // Administrative shares, `print$` among them, are never opened; left in, they would keep every answer unknown.
  const disks = shares.filter((share) => share.type === 'disk' && !share.name.endsWith('$'));
  const having = (answer: Answer): Share[] => disks.filter((share) => share[fact] === answer);
  if (having('yes').length > 0) {
    const evidence = [`${words} ${session.access}: ${names(having('yes'))}`];
    return { answer: 'yes', evidence, unambiguous: true };
  }
  if (having('unknown').length > 0) return { answer: 'unknown' };
  return { answer: 'no', evidence: [`No disk share of ${disks.length} is ${fact} ${session.access}`] };
}

function refusal(facts: Facts): string {
  return facts['smb.anonymous.session'] === 'no'
    ? 'A session without name and password is refused'
    : 'An anonymous session is accepted, but the list of shares is refused';
}

const MOST_NAMES = 10;

function names(shares: readonly Share[]): string {
  const told = shares.slice(0, MOST_NAMES).map((share) => `"${visible(share.name)}"`);
  return [...told, ...(shares.length > MOST_NAMES ? ['…'] : [])].join(', ');
}
