import { describe, expect, it } from 'vitest';
import { firstShare, lastShare, median, type Point, slope } from './trend.ts';

const line = (length: number, valueAt: (sweep: number) => number): Point[] =>
  Array.from({ length }, (_, sweep) => ({ sweep, value: valueAt(sweep) }));

describe('the slope', () => {
  it('of a straight line is its own', () => {
    expect(slope(line(50, (sweep) => 7 + sweep / 4))).toBe(0.25);
  });

  it('of a row that stands still is none, though one in four is wild', () => {
    expect(slope(line(60, (sweep) => (sweep % 4 === 0 ? 1_000 * sweep : 5)))).toBe(0);
  });

  it('of a slow leak is found among the teeth of a saw', () => {
    expect(slope(line(200, (sweep) => (sweep % 10) * 3 + sweep / 100))).toBeGreaterThan(0.005);
  });

  it('of a single point, and of points at one sweep, is none', () => {
    expect(slope(line(1, () => 9))).toBe(0);
    expect(
      slope([
        { sweep: 3, value: 1 },
        { sweep: 3, value: 2 },
      ]),
    ).toBe(0);
  });
});

it('the median of an even number is the upper of the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(3);
  expect(median([])).toBeNaN();
});

it('the first and the last share are one point at least', () => {
  expect(lastShare([1, 2, 3, 4, 5], 0.8)).toEqual([2, 3, 4, 5]);
  expect(firstShare([1, 2, 3, 4, 5], 0.4)).toEqual([1, 2]);
  expect([firstShare([1, 2, 3], 0.1), lastShare([1, 2, 3], 0.1)]).toEqual([[1], [3]]);
});
