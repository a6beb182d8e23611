import { describe, expect, it } from 'vitest';
import { addressCount, count, grouped } from '../../../agent/render/text.ts';

describe('numbers in text', () => {
  it.each([0, 7, 999, 1_000, 12_345, 123_456, 1_234_567])('groups %i as English does', (number) => {
    expect(grouped(number)).toBe(number.toLocaleString('en'));
  });

  it('count one thing in the singular', () => {
    expect([count(1, 'host'), count(0, 'host'), count(1_024, 'host')]).toEqual([
      '1 host',
      '0 hosts',
      '1,024 hosts',
    ]);
    expect([addressCount(1), addressCount(65_534)]).toEqual(['1 address', '65,534 addresses']);
  });
});
