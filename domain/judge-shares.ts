import type { Verdict } from './assess.ts';
import type { Answer, Facts, Share } from './facts.ts';
import { visible } from './text.ts';

/** Judgements on what a session without name or password is given. Each answer is the server's own, so one look is enough. */

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
export function judgeReadableShare(facts: Facts): Verdict {
  return judgeShares(facts, 'readable', 'The root could be opened for reading without a password');
}

/** Disk shares whose settings permit writing. Nothing was written. */
export function judgeWritableShare(facts: Facts): Verdict {
  return judgeShares(
    facts,
    'writable',
    'Writing is permitted by the settings of the share, without a password',
  );
}

function judgeShares(facts: Facts, fact: 'readable' | 'writable', words: string): Verdict {
  const shares = facts['smb.anonymous.shares'];
  if (shares === undefined) return { answer: 'unknown' };
  if (shares === null) {
    return facts['smb.anonymous.session'] === 'no'
      ? { answer: 'no', evidence: [refusal(facts)] }
      : { answer: 'unknown' };
  }
  // Administrative shares, `print$` among them, are never opened; left in, they would keep every answer unknown.
  const disks = shares.filter((share) => share.type === 'disk' && !share.name.endsWith('$'));
  const having = (answer: Answer): Share[] => disks.filter((share) => share[fact] === answer);
  if (having('yes').length > 0) {
    return { answer: 'yes', evidence: [`${words}: ${names(having('yes'))}`], unambiguous: true };
  }
  if (having('unknown').length > 0) return { answer: 'unknown' };
  return { answer: 'no', evidence: [`No disk share of ${disks.length} is ${fact} without a password`] };
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
