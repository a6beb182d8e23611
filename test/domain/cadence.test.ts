import { describe, expect, it } from 'vitest';
import {
  type AskedAt,
  type Cadence,
  DEEP_QUESTIONS,
  type DeepQuestion,
  dueQuestions,
  hasChanged,
  isLogon,
  questionsFor,
} from '../../domain/cadence.ts';
import type { Facts } from '../../domain/facts.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const DAY = 86_400_000;

/** The same answer to "how often?", or "when last?", for every question. */
function each<T>(value: T): Record<(typeof DEEP_QUESTIONS)[number], T> {
  return Object.fromEntries(DEEP_QUESTIONS.map((question) => [question, value])) as Record<
    (typeof DEEP_QUESTIONS)[number],
    T
  >;
}

const DAILY: Cadence = each<number | null>(DAY);

describe('the questions that are due', () => {
  it('are all at first sight', () => {
    expect(dueQuestions({}, DAILY, SAMPLE_TIME)).toEqual(DEEP_QUESTIONS);
  });

  it('are none while every answer holds, and all from the millisecond on at which it no longer does', () => {
    const askedAt: AskedAt = each(SAMPLE_TIME);
    expect(dueQuestions(askedAt, DAILY, SAMPLE_TIME + DAY - 1)).toEqual([]);
    expect(dueQuestions(askedAt, DAILY, SAMPLE_TIME + DAY)).toEqual(DEEP_QUESTIONS);
  });

  it('have a cadence each', () => {
    const cadence: Cadence = { ...DAILY, ciphers: 7 * DAY };
    const due = dueQuestions(each(SAMPLE_TIME), cadence, SAMPLE_TIME + DAY);
    expect(due).toEqual(DEEP_QUESTIONS.filter((question) => question !== 'ciphers'));
    expect(dueQuestions(each(SAMPLE_TIME), cadence, SAMPLE_TIME + 7 * DAY)).toEqual(DEEP_QUESTIONS);
  });

  it('include one that was never answered, whatever the others say', () => {
    const { identity: _, ...others } = each(SAMPLE_TIME);
    expect(dueQuestions(others, DAILY, SAMPLE_TIME + 1)).toEqual(['identity']);
  });

  it('age by a clock that was set back, too', () => {
    const ahead: AskedAt = each(SAMPLE_TIME + 365 * DAY);
    expect(dueQuestions(ahead, DAILY, SAMPLE_TIME)).toEqual(DEEP_QUESTIONS);
    expect(dueQuestions(each(SAMPLE_TIME + DAY / 24), DAILY, SAMPLE_TIME)).toEqual([]);
  });

  it('never include one that the owner has switched off', () => {
    expect(dueQuestions({}, { ...DAILY, smb1: null }, SAMPLE_TIME)).not.toContain('smb1');
  });
});

describe('an attempt to log on', () => {
  const HOUR = DAY / 24;
  const asked = (hoursAgo: number): AskedAt => ({
    ...each(SAMPLE_TIME - 30 * DAY),
    anonymous: SAMPLE_TIME - hoursAgo * HOUR,
  });
  const DAILY: Cadence = { ...each<number | null>(DAY), guest: null, ms17010: null };
  const ALL = DEEP_QUESTIONS.filter((question) => question !== 'guest' && question !== 'ms17010');
  const sweep = { now: SAMPLE_TIME, deepenAll: false, wished: false };
  const back = { ...sweep, deepenAll: true };
  const wish = { ...sweep, deepenAll: true, wished: true };
  const others = DEEP_QUESTIONS.filter((question) => !isLogon(question));

  it('is due at first sight, like every other question', () => {
    for (const look of [sweep, back, wish]) {
      expect(questionsFor({}, DAILY, look)).toEqual({ due: ALL, dueOnChange: ALL });
    }
  });

  it('is made once a day, whatever has changed, while the other questions are put at once', () => {
    expect(questionsFor(asked(23.99), DAILY, sweep)).toEqual({ due: others, dueOnChange: others });
    expect(questionsFor(asked(23.99), DAILY, back)).toEqual({ due: others, dueOnChange: others });
    expect(questionsFor(asked(24), DAILY, sweep).due).toContain('anonymous');
  });

  it('is not made again on the day of the last one by a clock that was set back an hour, but is by one set back a year', () => {
    const ahead = (hours: number) => questionsFor(asked(-hours), DAILY, back).due;
    expect(ahead(1)).not.toContain('anonymous');
    expect(ahead(24 * 365)).toContain('anonymous');
  });

  it('waits for its own cadence where that is longer, but not for a change, nor for a host that is back', () => {
    const weekly = { ...DAILY, anonymous: 7 * DAY };
    const { due, dueOnChange } = questionsFor(asked(25), weekly, sweep);
    expect([due, dueOnChange]).toEqual([others, ALL]);
    expect(questionsFor(asked(25), weekly, back).due).toEqual(ALL);
  });

  it('is not made more often by a cadence that is shorter than a day', () => {
    const hourly = { ...DAILY, anonymous: HOUR };
    expect(questionsFor(asked(2), hourly, sweep)).toEqual({ due: others, dueOnChange: others });
  });

  it("is made at most five times a day at the owner's wish", () => {
    expect(questionsFor(asked(4.79), DAILY, wish)).toEqual({ due: others, dueOnChange: others });
    expect(questionsFor(asked(4.8), DAILY, wish).due).toEqual(ALL);
    const attempts: number[] = [];
    for (let now = SAMPLE_TIME; now < SAMPLE_TIME + DAY; now += HOUR / 10) {
      const last = attempts.at(-1);
      const askedAt = last === undefined ? {} : { anonymous: last };
      if (questionsFor(askedAt, DAILY, { ...wish, now }).due.includes('anonymous')) attempts.push(now);
    }
    expect(attempts).toHaveLength(5);
  });

  it('is never made where the owner has switched it off, not even at a change or a wish', () => {
    const off = { ...DAILY, anonymous: null };
    for (const look of [sweep, back, wish]) {
      expect(questionsFor({}, off, look)).toEqual({ due: others, dueOnChange: others });
    }
  });
});

describe('the guest test', () => {
  const sweep = { now: SAMPLE_TIME, deepenAll: false, wished: false };
  const back = { ...sweep, deepenAll: true };
  const wish = { ...back, wished: true };
  const DAILY: Cadence = { ...each<number | null>(DAY), ms17010: null };
  const ago = (hours: number) => SAMPLE_TIME - (hours * DAY) / 24;
  const logons = ({ due, dueOnChange }: ReturnType<typeof questionsFor>) => [
    due.filter(isLogon),
    dueOnChange.filter(isLogon),
  ];
  const both = (...inTurn: DeepQuestion[]) => [inTurn, inTurn];

  it('takes turns with the anonymous session: whichever was asked longer ago is the first to be put', () => {
    for (const look of [sweep, back]) {
      expect(logons(questionsFor({}, DAILY, look))).toEqual(both('anonymous', 'guest'));
      const never = { anonymous: ago(24) };
      expect(logons(questionsFor(never, DAILY, look))).toEqual(both('guest', 'anonymous'));
      const guestBefore = { anonymous: ago(24), guest: ago(48) };
      expect(logons(questionsFor(guestBefore, DAILY, look))).toEqual(both('guest', 'anonymous'));
      const anonymousBefore = { anonymous: ago(48), guest: ago(24) };
      expect(logons(questionsFor(anonymousBefore, DAILY, look))).toEqual(both('anonymous', 'guest'));
    }
  });

  it('shares the one attempt of the day with it, whatever has changed', () => {
    for (const look of [sweep, back]) {
      expect(logons(questionsFor({ anonymous: ago(23.9) }, DAILY, look))).toEqual(both());
      expect(logons(questionsFor({ anonymous: ago(72), guest: ago(23.9) }, DAILY, look))).toEqual(both());
    }
  });

  it("has no part in a look at the owner's wish, and keeps that waiting like any other attempt", () => {
    expect(logons(questionsFor({}, DAILY, wish))).toEqual(both('anonymous'));
    expect(logons(questionsFor({ anonymous: ago(24) }, DAILY, wish))).toEqual(both('anonymous'));
    expect(logons(questionsFor({ anonymous: ago(24), guest: ago(4) }, DAILY, wish))).toEqual(both());
  });

  it('is never put where the owner has not switched it on', () => {
    const off = { ...DAILY, guest: null };
    expect(logons(questionsFor({ anonymous: ago(24) }, off, sweep))).toEqual(both('anonymous'));
  });

  it('comes every other day, and never on the day of the other', () => {
    let askedAt: AskedAt = {};
    const attempts: [number, DeepQuestion][] = [];
    for (let now = SAMPLE_TIME; now < SAMPLE_TIME + 6 * DAY; now += DAY / 96) {
      const [first] = questionsFor(askedAt, DAILY, { ...sweep, now }).due.filter(isLogon);
      if (first === undefined) continue;
      attempts.push([(now - SAMPLE_TIME) / DAY, first]);
      askedAt = { ...askedAt, [first]: now };
    }
    expect(attempts).toEqual([
      [0, 'anonymous'],
      [1, 'guest'],
      [2, 'anonymous'],
      [3, 'guest'],
      [4, 'anonymous'],
      [5, 'guest'],
    ]);
  });
});

describe('the other questions', () => {
  const now = SAMPLE_TIME + DAY / 2;

  it('are put by time, all at once to a host that has changed, and all where everything is wished', () => {
    const askedAt = { ...each(SAMPLE_TIME), ciphers: SAMPLE_TIME - DAY };
    const { due, dueOnChange } = questionsFor(askedAt, DAILY, { now, deepenAll: false, wished: false });
    expect(due).toEqual(['ciphers']);
    expect(dueOnChange).toEqual(['smb1', 'dialects', 'identity', 'ciphers']);
    const all = questionsFor(askedAt, DAILY, { now, deepenAll: true, wished: true });
    expect(all.due).toEqual([...dueOnChange, 'anonymous']);
  });
});

const KNOWN: Facts = {
  'tcp/139': 'closed',
  'tcp/445': 'open',
  'udp/137': 'open',
  'netbios.calledName': 'NAS',
  'smb.conversation.445': 'smb',
  'smb.dialect': '3.1.1',
  'smb.signing.smb2': 'required',
  'smb.encryption.supported': 'yes',
  'smb.bootTime': '2026-11-01T00:00:00Z',
  'smb.serverGuid': '6C61676E-7379-0000-0000-000000000000',
};

describe('a change that makes the questions due', () => {
  it.each<[string, Facts]>([
    ['a port that opened', { 'tcp/139': 'open' }],
    ['a port that closed', { 'tcp/445': 'filtered' }],
    ['the name service', { 'udp/137': 'closed' }],
    ['another dialect', { 'smb.dialect': '3.0' }],
    ['another signing policy', { 'smb.signing.smb2': 'enabled' }],
    ['encryption', { 'smb.encryption.supported': 'no' }],
    ['a restart', { 'smb.bootTime': '2026-11-02T00:00:00Z' }],
    ['a boot time no longer told', { 'smb.bootTime': null }],
    ['another end of the conversation', { 'smb.conversation.445': 'hung-up' }],
    ['another server', { 'smb.serverGuid': '00000000-0000-0000-0000-000000000001' }],
  ])('is %s', (_, seen) => {
    expect(hasChanged(KNOWN, { ...KNOWN, ...seen })).toBe(true);
  });

  it('is not a single silence on a port that is open', () => {
    expect(hasChanged(KNOWN, { ...KNOWN, 'smb.conversation.445': 'silent' })).toBe(false);
  });

  it('is not there when everything is as it was, or was not seen this time', () => {
    expect(hasChanged(KNOWN, KNOWN)).toBe(false);
    expect(hasChanged(KNOWN, {})).toBe(false);
  });

  it('is not what is seen for the first time: nothing was remembered of it', () => {
    expect(hasChanged({}, KNOWN)).toBe(false);
  });

  it('is not a fact that says nothing about the server', () => {
    expect(hasChanged(KNOWN, { 'netbios.calledName': '*SMBSERVER' })).toBe(false);
  });

  it('is not a lost datagram, but is an answer after silence', () => {
    expect(hasChanged(KNOWN, { 'udp/137': 'unknown' })).toBe(false);
    expect(hasChanged({ 'udp/137': 'unknown' }, { 'udp/137': 'open' })).toBe(true);
  });
});
