import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDayWindow, windowEnd } from '../../domain/day-window.ts';

/** Milliseconds of a local time. 21 November 2026 is a Saturday. */
const local = (day: number, time: string): number => new Date(`2026-11-${day}T${time}`).getTime();
const endAt = (texts: readonly string[], at: number): number | null =>
  windowEnd(
    texts.map((text) => parseDayWindow(text)!),
    at,
  );

describe('a part of the day', () => {
  it('is within its hours, its end not included', () => {
    expect(endAt(['13:00-14:30'], local(21, '13:00'))).toBe(local(21, '14:30'));
    expect(endAt(['13:00-14:30'], local(21, '14:29:59'))).toBe(local(21, '14:30'));
    expect(endAt(['13:00-14:30'], local(21, '14:30'))).toBeNull();
    expect(endAt(['13:00-14:30'], local(21, '12:59:59'))).toBeNull();
  });

  it('may run over midnight', () => {
    expect(endAt(['22:00-07:00'], local(21, '23:00'))).toBe(local(22, '07:00'));
    expect(endAt(['22:00-07:00'], local(22, '06:59'))).toBe(local(22, '07:00'));
    expect(endAt(['22:00-07:00'], local(22, '12:00'))).toBeNull();
    expect(endAt(['08:00-24:00'], local(21, '23:59'))).toBe(local(22, '00:00'));
  });

  it('may be of some days of the week, those on which it begins', () => {
    expect(endAt(['sat 22:00-07:00'], local(22, '03:00'))).toBe(local(22, '07:00'));
    expect(endAt(['sun 22:00-07:00'], local(22, '03:00'))).toBeNull();
    expect(endAt(['Mon-Fri 9:00-17:00'], local(20, '10:00'))).toBe(local(20, '17:00'));
    expect(endAt(['Mon-Fri 9:00-17:00'], local(21, '10:00'))).toBeNull();
    expect(endAt(['fri-mon 10:00-11:00'], local(22, '10:00'))).toBe(local(22, '11:00'));
  });

  it('ends with the last of those that it lies in', () => {
    expect(endAt(['10:00-12:00', '11:00-13:00'], local(21, '11:30'))).toBe(local(21, '13:00'));
  });

  it.each([
    '',
    '22-7',
    '25:00-26:00',
    '10:00-10:00',
    '10:60-11:00',
    'foo 10:00-11:00',
    '10:00-24:01',
    '10:00–11:00',
  ])('is not %j', (text) => {
    expect(parseDayWindow(text)).toBeNull();
  });
});

describe('a part of the day when summer time begins and ends', () => {
  const before = process.env.TZ;
  beforeEach(() => {
    process.env.TZ = 'Europe/Berlin';
  });
  afterEach(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
  const lasts = (text: string, from: number): number | null => {
    const end = endAt([text], from);
    return end === null ? null : (end - from) / 3_600_000;
  };

  it('ends at the hour that the clocks show, an hour later in autumn and earlier in spring', () => {
    expect(lasts('22:00-07:00', Date.UTC(2026, 9, 24, 20))).toBe(10);
    expect(lasts('22:00-07:00', Date.UTC(2027, 2, 27, 21))).toBe(8);
  });

  it('comes once in the hour that is repeated, the first time', () => {
    expect(lasts('02:15-02:45', Date.UTC(2026, 9, 25, 0, 15))).toBe(0.5);
    expect(lasts('02:15-02:45', Date.UTC(2026, 9, 25, 1, 15))).toBeNull();
  });

  it('is made up for when it lies in the hour that is skipped', () => {
    expect(lasts('02:15-02:45', Date.UTC(2027, 2, 28, 1, 15))).toBe(0.5);
    expect(lasts('02:15-02:45', Date.UTC(2027, 2, 28, 1, 45))).toBeNull();
  });
});
