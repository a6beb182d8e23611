import type { Answer, Facts, Share } from './facts.ts';

/**
 * The shares that sessions without a password are told of, anonymous or under a name that does not exist, each with the most that one of them may do: in the server's order, those that
 * only a guest is told of at the end. null: the list is refused to both; undefined: nobody asked.
 */
export function sharesWithoutPassword(facts: Facts): readonly Share[] | null | undefined {
  const { 'smb.anonymous.shares': nobodys, 'smb.guest.shares': guests } = facts;
  if (!nobodys || !guests) return nobodys ?? guests ?? (nobodys === null ? null : guests);
  const both = nobodys.map((share) => {
    const again = guests.find(({ name }) => name === share.name);
    return again === undefined ? share : withMoreOf(share, again);
  });
  return [...both, ...guests.filter(({ name }) => !nobodys.some((share) => share.name === name))];
}

function withMoreOf(share: Share, again: Share): Share {
  const readable = moreOf(share.readable, again.readable);
  return { ...share, readable, writable: moreOf(share.writable, again.writable) };
}

function moreOf(one: Answer, other: Answer): Answer {
  return (
    (['yes', 'unknown', 'no'] as const).find((answer) => one === answer || other === answer) ?? 'unknown'
  );
}
