import { describe, expect, it } from 'vitest';
import { isDayWindow, mayLook } from '../../domain/sleep.ts';

/** On 22 November 2026, or another day of that month, in the time zone of whoever runs this. */
const at = (time: string, day = 22): number => {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return new Date(2026, 10, day, hour, minute).getTime();
};

describe('a part of the day', () => {
  it.each(['19:00-23:00', '00:00-24:00', '22:30-01:30', '08:15-08:16'])('is %s', (text) => {
    expect(isDayWindow(text)).toBe(true);
  });

  it.each([
    '',
    '19-23',
    '7:00-9:00',
    '19:00-19:00',
    '25:00-26:00',
    '19:00-24:30',
    '19:60-20:00',
    '19:00 - 23:00',
  ])('is not %j', (text) => {
    expect(isDayWindow(text)).toBe(false);
  });
});

describe('a sleep budget', () => {
  const twice = { timesADay: 2, between: '19:00-23:00' };
  const look = (now: number, lastLookAt: number, budget = twice) => mayLook(budget, { now, lastLookAt });

  it('allows no look outside its part of the day', () => {
    expect(look(at('18:59'), 0)).toBe(false);
    expect(look(at('23:00'), 0)).toBe(false);
    expect(look(at('03:00'), 0)).toBe(false);
  });

  it('allows the first look as soon as its part of the day begins', () => {
    expect(look(at('19:00'), at('22:45', 21))).toBe(true);
  });

  it('allows one look in each equal part, however often sweeps come', () => {
    const looks: string[] = [];
    let last = at('22:50', 21);
    for (let minute = 0; minute < 24 * 60; minute += 15) {
      const now = at(`${Math.floor(minute / 60)}:${minute % 60}`);
      if (!look(now, last)) continue;
      looks.push(new Date(now).toTimeString().slice(0, 5));
      last = now;
    }
    expect(looks).toEqual(['19:00', '21:00']);
  });

  it('does not save up looks that were missed', () => {
    expect(look(at('21:30'), at('19:00', 20))).toBe(true);
    expect(look(at('21:45'), at('21:30'))).toBe(false);
  });

  it('does not wait for years when the clock was wrong before', () => {
    expect(look(at('21:30'), at('21:00') + 365 * 86_400_000)).toBe(true);
  });

  it('may run over midnight', () => {
    const night = { timesADay: 1, between: '22:00-02:00' };
    expect(look(at('01:00'), at('21:00', 21), night)).toBe(true);
    expect(look(at('01:00'), at('22:15', 21), night)).toBe(false);
    expect(look(at('22:00'), at('22:15', 21), night)).toBe(true);
    expect(look(at('12:00'), 0, night)).toBe(false);
  });

  it('allows nothing where its part of the day cannot be read', () => {
    expect(look(at('20:00'), 0, { timesADay: 1, between: 'evening' })).toBe(false);
  });
});
