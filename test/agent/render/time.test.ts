import { describe, expect, it } from 'vitest';
import { elapsedText, isoTime, localTime, parseMoment, relativeTime } from '../../../agent/render/time.ts';
import { durationText, parseDuration } from '../../../domain/duration.ts';
import { SAMPLE_TIME as NOW } from '../../support/samples.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

describe('a moment that a person writes', () => {
  it('may be a span back from now', () => {
    expect(parseMoment('7d', NOW)).toBe(NOW - 7 * DAY);
    expect(parseMoment('12h', NOW)).toBe(NOW - 12 * 60 * MINUTE);
  });

  it('may be ISO 8601 with a zone', () => {
    expect(parseMoment('2026-11-21T22:41:05Z', NOW)).toBe(NOW);
    expect(parseMoment('2026-11-21T23:41:05+01:00', NOW)).toBe(NOW);
  });

  it('is local without a zone, and a day begins at local midnight', () => {
    expect(parseMoment('2026-11-21', NOW)).toBe(new Date(2026, 10, 21).getTime());
    expect(parseMoment('2026-11-21T22:41', NOW)).toBe(new Date(2026, 10, 21, 22, 41).getTime());
    expect(parseMoment('today', NOW)).toBe(new Date(new Date(NOW).setHours(0, 0, 0, 0)).getTime());
    const yesterday = parseMoment('yesterday', NOW)!;
    expect(new Date(yesterday).getHours()).toBe(0);
    expect(parseMoment('today', NOW)! - yesterday).toBeGreaterThanOrEqual(DAY - 60 * MINUTE);
  });

  it.each(['', 'soon', '7', '-7d', '1.5h', '2026', '21.11.2026', '2026-13-01', '2026-11-21 at 5'])(
    'is refused when it is none: "%s"',
    (text) => {
      expect(parseMoment(text, NOW)).toBeNull();
    },
  );
});

describe('a moment that is shown', () => {
  it('is local on a terminal and UTC in JSON', () => {
    expect(localTime(NOW, { now: NOW, timeZone: 'Europe/Berlin' })).toBe('2026-11-21 23:41');
    expect(localTime(NOW, { now: NOW, timeZone: 'America/New_York' })).toBe('2026-11-21 17:41');
    expect(isoTime(NOW)).toBe('2026-11-21T22:41:05.000Z');
  });

  it('is told as a distance from now, rounded down', () => {
    const told = (distance: number) => relativeTime(NOW - distance, NOW);
    expect([0, MINUTE, 119 * MINUTE, 2 * DAY - 1, 800 * DAY, -5 * MINUTE].map(told)).toEqual([
      'just now',
      '1 minute ago',
      '1 hour ago',
      '1 day ago',
      '2 years ago',
      'in 5 minutes',
    ]);
  });

  it('has a duration in the unit that fits', () => {
    expect([812, 4_230, 200_000].map(elapsedText)).toEqual(['812 ms', '4.2 s', '3 min 20 s']);
  });
});

describe('a duration', () => {
  it.each(['90s', '15m', '36h', '1d'])('%s reads back as it is written', (text) => {
    expect(durationText(parseDuration(text)!)).toBe(text);
  });

  it('is written in the largest unit that is exact', () => {
    expect([parseDuration('2w'), parseDuration('24h')].map((ms) => durationText(ms!))).toEqual(['14d', '1d']);
  });
});
