import { describe, expect, it } from 'vitest';
import { absentHosts, detachedHosts } from '../../../agent/sweep/belief.ts';
import { sampleHost } from '../../support/samples.ts';

const ADDRESS = '192.168.1.21';
const neighbour = sampleHost({ facts: { addresses: [ADDRESS] } });
const settled = { settled: new Set([ADDRESS]) };

function absent(host: typeof neighbour, onLink: readonly string[]): number {
  return absentHosts([], new Map([[host.id, host]]), settled, { onLink }).length;
}

describe('a neighbour that is silent', () => {
  it('is missed where we are attached to its subnet, and nowhere else', () => {
    expect(absent(neighbour, [ADDRESS])).toBe(1);
    expect(absent(neighbour, [])).toBe(0);
  });

  it('is missed behind a router when it never was a neighbour', () => {
    expect(absent(sampleHost({ ...neighbour, mac: null }), [])).toBe(1);
  });
});

describe('a host whose subnet is gone', () => {
  const detached = (overrides: Partial<typeof neighbour>, routed: readonly string[]) => {
    const host = sampleHost({ ...neighbour, ...overrides });
    return detachedHosts(new Map([[host.id, host]]), { routed }).length;
  };

  it('is a neighbour that was there, asked through a router', () => {
    expect(detached({}, [ADDRESS])).toBe(1);
    expect(detached({}, ['192.168.1.99'])).toBe(0);
  });

  it('is not one that was gone before, that never was a neighbour, or this machine', () => {
    expect(detached({ present: false }, [ADDRESS])).toBe(0);
    expect(detached({ mac: null }, [ADDRESS])).toBe(0);
    expect(detached({ isAgent: true }, [ADDRESS])).toBe(0);
  });
});
