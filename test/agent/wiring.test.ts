import { describe, expect, it } from 'vitest';
import { sweepDeadlineMs } from '../../agent/wiring.ts';
import { coverageOf } from '../support/open-asker.ts';

const addresses = (count: number): string[] => Array.from({ length: count }, () => '192.168.1.1');
const onLink = (count: number) => coverageOf({ onLink: addresses(count) });
const routed = (count: number) => coverageOf({ routed: addresses(count) });

describe('the deadline of a sweep', () => {
  it('leaves a /24 more than two minutes and less than three', () => {
    expect(sweepDeadlineMs(onLink(254), 'normal')).toBeGreaterThan(120_000);
    expect(sweepDeadlineMs(onLink(254), 'normal')).toBeLessThan(180_000);
  });

  it('leaves a /16 twice the time that the usual neighbour table takes, and not hours', () => {
    const kernelBound = (65_534 / 200) * 1_000;
    expect(sweepDeadlineMs(onLink(65_534), 'fast')).toBeGreaterThan(2 * kernelBound);
    expect(sweepDeadlineMs(onLink(65_534), 'fast')).toBeLessThan(30 * 60_000);
  });

  it('leaves a slow pace twice the time that its rate takes', () => {
    expect(sweepDeadlineMs(onLink(65_534), 'gentle')).toBeGreaterThan(2 * (65_534 / 50) * 1_000);
  });

  it('suffices for a silent subnet behind a router, where every attempt runs into its timeout', () => {
    const visitMs = 2 * 2_000 + 3 * 250;
    expect(sweepDeadlineMs(routed(1_022), 'gentle')).toBeGreaterThan((1_022 / 16) * visitMs);
    expect(sweepDeadlineMs(routed(65_534), 'normal')).toBeGreaterThan((65_534 / 64) * visitMs);
  });
});
