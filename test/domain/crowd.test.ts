import { describe, expect, it } from 'vitest';
import { hasAnswered, roomFor } from '../../domain/crowd.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { SeenHost } from '../../domain/identity.ts';
import { SAMPLE_TIME, sampleHost, sampleOwnersEntry } from '../support/samples.ts';

function mute(n: number, overrides: Partial<HostRecord> = {}): HostRecord {
  const facts = { addresses: [`10.0.0.${n}`], 'tcp/445': 'filtered' } as const;
  const id = `u${String(n).padStart(12, '0')}`;
  return sampleHost({ id, findings: [], facts, lastSeenAt: SAMPLE_TIME + n, ...overrides });
}

function seenAs({ id, mac, facts }: HostRecord): SeenHost {
  return { id, mac, isAgent: false, facts, systemTime: null, asked: [] };
}

const byId = (hosts: readonly HostRecord[]) => new Map(hosts.map((host) => [host.id, host]));

describe('a host that has answered', () => {
  it.each([
    [{ 'tcp/445': 'closed' }, true],
    [{ 'tcp/445': 'rejected' }, true],
    [{ 'mdns.services': ['_ipp._tcp'] }, true],
    [{ 'tcp/445': 'filtered', 'udp/137': 'unknown' }, false],
    [{ addresses: ['10.0.0.9'], 'netbios.names': null }, false],
  ] as const)('is one of which is known %o: %s', (facts, answered) => {
    expect(hasAnswered(facts)).toBe(answered);
  });
});

const room = (seen: readonly SeenHost[], known: readonly HostRecord[], most: number) =>
  roomFor(seen, byId(known), { most, isBaseline: false });

describe('the room for hosts', () => {
  it('is there for everybody up to the limit', () => {
    const [first, second] = [mute(1), mute(2)];
    expect(room([seenAs(second)], [first], 2)).toEqual({
      seen: [seenAs(second)],
      forgotten: [],
      refused: 0,
      isCrowd: false,
    });
  });

  it('is made by forgetting those that never answered, and of these the one met longest ago', () => {
    const answering = mute(1, { facts: { addresses: ['10.0.0.1'], 'tcp/445': 'closed' } });
    const known = [answering, mute(3), mute(2)];
    expect(room([seenAs(mute(4))], known, 3).forgotten).toEqual([mute(2).id]);
    const three = [4, 5, 6].map((n) => seenAs(mute(n)));
    expect(room(three, known, 3).forgotten).toEqual([mute(2).id, mute(3).id, answering.id]);
  });

  it('is never made at the cost of a finding, of a word of the owner, or of a host that is there', () => {
    const ignored = { at: SAMPLE_TIME, until: null, note: null };
    const known = [
      mute(1, { findings: sampleHost().findings }),
      mute(2, { ignored }),
      mute(3, { ownersWord: sampleOwnersEntry() }),
      mute(4, { isAgent: true }),
      mute(5),
    ];
    const seen = [seenAs(mute(5)), seenAs(mute(6))];
    expect(room(seen, known, 5)).toMatchObject({ seen: [seen[0]], forgotten: [], refused: 1 });
  });

  it('is given to newcomers that answer before those that do not', () => {
    const answering = seenAs(mute(8, { facts: { 'tcp/445': 'open' } }));
    const seen = [seenAs(mute(7)), answering, seenAs(mute(9))];
    expect(room(seen, [], 1)).toMatchObject({ seen: [answering], forgotten: [], refused: 2 });
  });
});

describe('a crowd of newcomers that say nothing', () => {
  const strangers = (count: number) => Array.from({ length: count }, (_, n) => seenAs(mute(100 + n)));
  const home = [mute(1), mute(2), mute(3)];
  const speaking = seenAs(mute(9, { facts: { 'tcp/445': 'open', 'smb.smb2': 'yes' } }));

  it('is let in bit by bit, while everybody else is let in at once', () => {
    const { seen, refused, isCrowd } = room([speaking, ...strangers(200)], home, 4_096);
    expect([seen.length, refused, isCrowd]).toEqual([17, 184, true]);
    expect(seen[0]).toBe(speaking);
  });

  it('is none of fewer, of as many as were there already, of machines that speak, or at first sight of a LAN; but is of tarpits', () => {
    expect(room(strangers(31), home, 4_096).isCrowd).toBe(false);
    const known = Array.from({ length: 40 }, (_, n) => mute(n));
    expect(room(strangers(40), known, 4_096).isCrowd).toBe(false);
    const all = strangers(40).map((host) => ({ ...host, facts: speaking.facts }));
    expect(room(all, home, 4_096).isCrowd).toBe(false);
    const tarpits = strangers(40).map((host) => ({ ...host, facts: { 'tcp/445': 'open' } as const }));
    expect(room(tarpits, home, 4_096).isCrowd).toBe(true);
    expect(roomFor(strangers(200), byId([]), { most: 4_096, isBaseline: true })).toMatchObject({
      refused: 0,
    });
  });
});
