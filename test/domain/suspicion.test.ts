import { describe, expect, it } from 'vitest';
import type { Facts } from '../../domain/facts.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { SeenHost } from '../../domain/identity.ts';
import { suspicionOf } from '../../domain/suspicion.ts';
import { sampleHost } from '../support/samples.ts';

/** So many hosts as they were known, and as a sweep sees them. */
function home(count: number, was: Facts, is: Facts) {
  const hosts = Array.from({ length: count }, (_, i) =>
    sampleHost({ id: `u00000000000${i}`, facts: { addresses: [`192.168.1.${i}`], ...was } }),
  );
  const seen: SeenHost[] = hosts.map(({ id, mac, facts }) => ({
    id,
    mac,
    isAgent: false,
    facts: { ...facts, ...is },
    systemTime: null,
    asked: [],
  }));
  return { hosts, seen, known: new Map(hosts.map((host) => [host.id, host])) };
}

const CLOSED: Facts = { 'tcp/139': 'closed', 'tcp/445': 'closed' };
const OPEN: Facts = { 'tcp/445': 'open' };

describe('a sweep in which everybody is silent', () => {
  const { hosts, known } = home(3, {}, {});
  const agent: SeenHost = { id: 'ua', mac: null, isAgent: true, facts: {}, systemTime: null, asked: [] };

  it('is suspect, though we see ourselves', () => {
    expect(suspicionOf([agent], known, hosts)).toBe(
      'all 3 hosts that were there are silent: is our own link up?',
    );
  });

  it('is believed of a single host, and of hosts that were gone before', () => {
    const gone: HostRecord[] = hosts.map((host) => ({ ...host, present: false }));
    expect(suspicionOf([], known, hosts.slice(0, 1))).toBeNull();
    expect(suspicionOf([], known, gone)).toBeNull();
  });
});

describe('a sweep in which the same port is suddenly open everywhere', () => {
  it('is suspect', () => {
    const { seen, known } = home(6, CLOSED, OPEN);
    expect(suspicionOf(seen, known, [])).toBe(
      'tcp/445 is suddenly open on 6 of 6 hosts: does something answer in their place?',
    );
  });

  it('is believed of few hosts, and of the smaller part of many', () => {
    const few = home(3, CLOSED, OPEN);
    expect(suspicionOf(few.seen, few.known, [])).toBeNull();
    const many = home(9, CLOSED, {});
    const four = many.seen.map((host, i) => (i < 4 ? { ...host, facts: { ...host.facts, ...OPEN } } : host));
    expect(suspicionOf(four, many.known, [])).toBeNull();
  });

  it('is believed where the port was open before, or its state was not known', () => {
    for (const was of [{ 'tcp/445': 'open' }, { 'tcp/445': 'unknown' }, {}] as const) {
      const { seen, known } = home(6, was, OPEN);
      expect(suspicionOf(seen, known, [])).toBeNull();
    }
  });

  it('is believed of hosts that are new', () => {
    const { seen } = home(6, CLOSED, OPEN);
    expect(suspicionOf(seen, new Map(), [])).toBeNull();
  });
});
