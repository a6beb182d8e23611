import { describe, expect, it } from 'vitest';
import { learnPatience, learnReplyPatience, type Patience } from '../../../probes/transport/patience.ts';

function taught(...handshakes: readonly number[]): Patience {
  const patience = learnPatience();
  for (const ms of handshakes) patience.learn(ms);
  return patience;
}

describe('patience', () => {
  it('waits two seconds while nothing is known of the subnet', () => {
    expect(taught().attemptMs()).toBe(2_000);
    expect(taught(1, 1).isQuick()).toBe(false);
  });

  it('waits 400 ms once three handshakes were under 10 ms', () => {
    expect(taught(1, 2, 9.9).attemptMs()).toBe(400);
  });

  it('stays quick while three handshakes in four are', () => {
    expect(taught(1, 1, 1, 80).isQuick()).toBe(true);
    expect(taught(1, 1, 1, 80, 80).isQuick()).toBe(false);
  });

  it('goes by the last 256 handshakes', () => {
    const slow = Array.from({ length: 256 }, () => 50);
    const quick = Array.from({ length: 256 }, () => 1);
    expect(taught(...slow, ...quick).isQuick()).toBe(true);
    expect(taught(...quick, ...slow).isQuick()).toBe(false);
  });
});

describe('patience with replies', () => {
  const waitAfter = (...replies: readonly number[]): number => {
    const patience = learnReplyPatience();
    for (const ms of replies) patience.learn(ms);
    return patience.waitMs();
  };

  it('waits two seconds for the first reply of a host', () => {
    expect(waitAfter()).toBe(2_000);
  });

  it('waits twenty times the slowest reply so far, half a second at least and two seconds at most', () => {
    expect(waitAfter(3, 1)).toBe(500);
    expect(waitAfter(10, 60, 5)).toBe(1_200);
    expect(waitAfter(10, 400)).toBe(2_000);
  });
});
