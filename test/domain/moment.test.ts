import { expect, it } from 'vitest';
import { isoMoment, midnight, momentAhead } from '../../domain/moment.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

it.each([
  ['7d', SAMPLE_TIME + 7 * 86_400_000],
  ['12h', SAMPLE_TIME + 12 * 3_600_000],
  ['tomorrow', midnight(SAMPLE_TIME, 1)],
  ['2027-06-01', new Date(2027, 5, 1).getTime()],
  ['2027-06-01T08:00', new Date(2027, 5, 1, 8).getTime()],
  ['2027-06-01T08:00:00Z', Date.UTC(2027, 5, 1, 8)],
  ['2027-06-01T08:00+02:00', Date.UTC(2027, 5, 1, 6)],
  ['2020-01-01T00:00Z', Date.UTC(2020, 0, 1)],
])('reads "%s" as a moment ahead, or one that has passed', (text, at) => {
  expect(momentAhead(text, SAMPLE_TIME)).toBe(at);
});

it.each(['', 'soon', '7', '-7d', '7d ago', '2027-06', '2027-13-01', '2027-02-29', '01.06.2027', 'yesterday'])(
  'does not read "%s"',
  (text) => {
    expect(momentAhead(text, SAMPLE_TIME)).toBeNull();
  },
);

it('knows leap years', () => {
  expect(isoMoment('2028-02-29T00:00Z')).toBe(Date.UTC(2028, 1, 29));
});
