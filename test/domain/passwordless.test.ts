import { describe, expect, it } from 'vitest';
import type { Answer, Share } from '../../domain/facts.ts';
import { sharesWithoutPassword } from '../../domain/passwordless.ts';

function share(name: string, readable: Answer, writable: Answer = 'no'): Share {
  return { name, type: 'disk', comment: '', readable, writable };
}

/** What both sessions were told, put together. */
function together(nobodys?: readonly Share[] | null, guests?: readonly Share[] | null) {
  return sharesWithoutPassword({
    ...(nobodys === undefined ? {} : { 'smb.anonymous.shares': nobodys }),
    ...(guests === undefined ? {} : { 'smb.guest.shares': guests }),
  });
}

describe('the shares that are told without a password', () => {
  it('are those of the one session that was told any', () => {
    const shares = [share('media', 'yes')];
    expect(together(shares)).toEqual(shares);
    expect(together(shares, null)).toEqual(shares);
    expect(together(undefined, shares)).toEqual(shares);
    expect(together(null, shares)).toEqual(shares);
  });

  it('are refused where both sessions are, or the only one', () => {
    expect(together(null, null)).toBeNull();
    expect(together(null)).toBeNull();
    expect(together(undefined, null)).toBeNull();
  });

  it('are not known before anybody asked', () => {
    expect(together()).toBeUndefined();
  });

  it('are each named once, with the most that either session may do', () => {
    const nobodys = [share('a', 'no', 'unknown'), share('b', 'yes', 'no'), share('c', 'no')];
    const guests = [share('d', 'yes'), share('b', 'no', 'yes'), share('a', 'unknown', 'no')];
    expect(together(nobodys, guests)).toEqual([
      share('a', 'unknown', 'unknown'),
      share('b', 'yes', 'yes'),
      share('c', 'no'),
      share('d', 'yes'),
    ]);
  });
});
