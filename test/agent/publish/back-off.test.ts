import { expect, it } from 'vitest';
import { BackOff } from '../../../agent/publish/back-off.ts';
import { TIMING } from '../../../agent/publish/timing.ts';

it('doubles the wait from 1 s to 30 s, takes between half of it and the whole, and begins anew after a success', () => {
  let random = 1;
  const backOff = new BackOff({ timing: TIMING, random: () => random });
  const waits = Array.from({ length: 7 }, () => {
    const wait = backOff.waitMs();
    backOff.failed();
    return wait;
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  random = 0;
  expect(backOff.waitMs()).toBe(15_000);
  backOff.succeeded();
  expect(backOff.waitMs()).toBe(500);
});
