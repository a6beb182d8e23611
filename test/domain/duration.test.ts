import fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationText, parseDuration } from '../../domain/duration.ts';

it.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['12h', 43_200_000],
  [' 7 d ', 604_800_000],
  ['2w', 1_209_600_000],
  ['0s', 0],
])('reads %j as %d milliseconds', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

it.each(['', '7', 'd', '1.5h', '-1d', '1y', '7days', '12345678s'])('does not read %j', (text) => {
  expect(parseDuration(text)).toBeNull();
});

it.each([
  [86_400_000, '1d'],
  [129_600_000, '36h'],
  [90_000, '90s'],
  [900_000, '15m'],
])('writes %d milliseconds as %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});

it('writes whole seconds so that they read back the same', () => {
  const seconds = fc.nat({ max: 999_999 });
  fc.assert(fc.property(seconds, (each) => parseDuration(durationText(each * 1_000)) === each * 1_000));
});
