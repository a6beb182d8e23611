import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../domain/assess.ts';
import { NO_EXPECTATION } from '../../domain/expectation.ts';
import { type Answer, type Facts, mergeFacts, type Share } from '../../domain/facts.ts';
import { judgeNullSession, judgeReadableShare, judgeWritableShare } from '../../domain/judge-shares.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

/** Each session was told one share, named for it; `null`: it was refused. */
function nobody(access: Answer | null): Facts {
  return {
    'smb.anonymous.session': access === null ? 'no' : 'yes',
    'smb.anonymous.shares': access === null ? null : [share('media', access)],
  };
}

function guest(access: Answer | null): Facts {
  return {
    'smb.guest.session': access === null ? 'no' : 'yes',
    'smb.guest.shares': access === null ? null : [share('public', access)],
  };
}

function share(name: string, access: Answer): Share {
  return { name, type: 'disk', comment: '', readable: access, writable: access };
}

/** Both rules, in a sweep that saw `seen` of a host of which `known` was known. */
function judged(seen: Facts, known: Facts = {}): Verdict {
  const standing = { known: mergeFacts(known, seen), expected: NO_EXPECTATION };
  const verdicts = [judgeReadableShare, judgeWritableShare].map((rule) => rule(seen, SAMPLE_TIME, standing));
  expect(new Set(verdicts.map(({ answer }) => answer)).size).toBe(1);
  return verdicts[0]!;
}

describe('shares that are given away', () => {
  it('are named with the session that they are given to', () => {
    const both = judged(guest('yes'), nobody('yes'));
    expect(both).toMatchObject({ answer: 'yes', unambiguous: true });
    expect(both).toHaveProperty('evidence', [
      'The root could be opened for reading without a password: "media"',
      'The root could be opened for reading by a guest, under a name that does not exist: "public"',
    ]);
    expect(judgeWritableShare(guest('yes'), SAMPLE_TIME)).toHaveProperty('evidence', [
      'Writing is permitted by the settings of the share, by a guest, under a name that does not exist: "public"',
    ]);
  });

  it('are so by what one session is given, whatever the other is refused or never asked', () => {
    for (const other of [{}, nobody(null), nobody('no'), nobody('unknown')]) {
      expect(judged(guest('yes'), other).answer).toBe('yes');
    }
    for (const other of [{}, guest(null), guest('no'), guest('unknown')]) {
      expect(judged(nobody('yes'), other).answer).toBe('yes');
    }
  });

  it('stay so while the session that was given them has not been asked again', () => {
    expect(judged(nobody(null), guest('yes')).answer).toBe('unknown');
    expect(judged(guest(null), nobody('yes')).answer).toBe('unknown');
    expect(judged(nobody('no'), guest('unknown')).answer).toBe('unknown');
  });

  it('are so no longer when neither session is given them', () => {
    expect(judged(guest(null), nobody(null))).toEqual({
      answer: 'no',
      evidence: ['A session without name and password is refused', 'A user who does not exist is refused'],
    });
    expect(judged(nobody('no'), guest(null)).answer).toBe('no');
  });

  it('are not denied by the guest test alone, but are by the anonymous session, where that is all there is', () => {
    expect(judged(guest(null)).answer).toBe('unknown');
    expect(judged(nobody(null)).answer).toBe('no');
  });

  it('are not judged by a sweep that asked neither', () => {
    expect(judged({ 'tcp/445': 'open' }, { ...nobody('yes'), ...guest('yes') }).answer).toBe('unknown');
    expect(judged({ 'tcp/445': 'open' }, { ...nobody(null), ...guest(null) }).answer).toBe('unknown');
  });
});

it('calls the list that a guest is told no null session', () => {
  expect(judgeNullSession({ ...guest('yes'), ...nobody(null) }).answer).toBe('no');
  expect(judgeNullSession(guest('yes')).answer).toBe('unknown');
});
