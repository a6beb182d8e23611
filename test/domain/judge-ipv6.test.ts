import { describe, expect, it } from 'vitest';
import { NO_EXPECTATION } from '../../domain/expectation.ts';
import type { Facts } from '../../domain/facts.ts';
import { judgeReachableOverIpv6 } from '../../domain/judge-ipv6.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

/** The rule's answer where `known` holds what earlier sweeps saw, and `seen` what this one did. */
function judged(known: Facts, seen: Facts) {
  const standing = { known: { ...known, ...seen }, expected: NO_EXPECTATION };
  return judgeReachableOverIpv6(seen, SAMPLE_TIME, standing);
}

const GAP: Facts = { 'tcp/445': 'filtered', 'tcp6/445': 'open' };

describe('what was open over IPv6 alone', () => {
  it.each<[string, Facts]>([
    ['says no over IPv6', { 'tcp/445': 'filtered', 'tcp6/445': 'closed' }],
    ['is rejected over IPv6', { 'tcp/445': 'closed', 'tcp6/445': 'rejected' }],
    ['is open over IPv4, too', { 'tcp/445': 'open', 'tcp6/445': 'open' }],
    ['is open over IPv4, while nothing is heard over IPv6', { 'tcp/445': 'open' }],
  ])('is resolved once it %s', (_, seen) => {
    expect(judged(GAP, seen).answer).toBe('no');
  });

  it.each<[string, Facts]>([
    ['nothing is heard over IPv6', { 'tcp/445': 'filtered' }],
    ['another port says no over IPv6', { 'tcp/445': 'filtered', 'tcp6/139': 'closed', 'tcp6/135': 'closed' }],
    ['another port is open over both', { 'tcp/445': 'closed', 'tcp/139': 'open', 'tcp6/139': 'open' }],
    ['nothing at all is heard', {}],
  ])('is not resolved while %s', (_, seen) => {
    expect(judged(GAP, seen).answer).toBe('unknown');
  });

  it('is still so as long as one of its ports is', () => {
    const known: Facts = { ...GAP, 'tcp/139': 'closed', 'tcp6/139': 'open' };
    const seen: Facts = {
      'tcp/445': 'filtered',
      'tcp6/445': 'closed',
      'tcp/139': 'closed',
      'tcp6/139': 'open',
    };
    expect(judged(known, seen)).toMatchObject({
      answer: 'yes',
      evidence: ['TCP 139: closed over IPv4, open over IPv6'],
    });
  });
});
