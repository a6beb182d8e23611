import { describe, expect, it } from 'vitest';
import type { AskedAt } from '../../domain/cadence.ts';
import type { Facts, ServiceState } from '../../domain/facts.ts';
import {
  answersByTcp,
  lossSeenAgain,
  newlyQuarantined,
  quarantineAfterLoss,
  quarantineAfterRestart,
  withoutQuarantined,
  withQuarantine,
} from '../../domain/harm.ts';
import type { Quarantined } from '../../domain/history.ts';
import { firstSight } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleHost } from '../support/samples.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOST = sampleHost().id;

const held = (probe: string, reason = 'it fell'): Quarantined => ({
  hostId: HOST,
  probe,
  since: SAMPLE_TIME,
  reason,
});

describe('a port that was lost', () => {
  const loss = { port: 445, questions: ['smb1'] } as const;

  it.each<[string, Facts, ReturnType<typeof lossSeenAgain>]>([
    ['open again: it is back', { 'tcp/445': 'open' }, 'back'],
    ['closed: the host itself says so', { 'tcp/445': 'closed' }, 'refused'],
    [
      'unanswered, while another port is open: silence',
      { 'tcp/445': 'filtered', 'tcp/139': 'open' },
      'silent',
    ],
    ['rejected by a firewall: silence', { 'tcp/445': 'rejected' }, 'silent'],
    ['not seen at all: silence', {}, 'silent'],
  ])('is, where the second look sees it %s', (_, again, state) => {
    expect(lossSeenAgain(loss, again)).toBe(state);
  });

  it('quarantines what was put last, with the reason in words', () => {
    expect(quarantineAfterLoss({ id: HOST, losses: [loss] }, SAMPLE_TIME)).toEqual([
      held('smb1', 'TCP 445 stopped answering within seconds of the question "smb1"'),
    ]);
    const both = { port: 139, questions: ['anonymous', 'ms17010'] } as const;
    const reason = 'TCP 139 stopped answering within seconds of the questions "anonymous" and "ms17010"';
    expect(quarantineAfterLoss({ id: HOST, losses: [both] }, SAMPLE_TIME)).toEqual([
      held('anonymous', reason),
      held('ms17010', reason),
    ]);
    expect(quarantineAfterLoss({ id: HOST }, SAMPLE_TIME)).toEqual([]);
  });

  it.each<[ServiceState, boolean]>([
    ['open', true],
    ['closed', true],
    ['rejected', true],
    ['filtered', false],
    ['unknown', false],
  ])('is no fault of our link where another host has a port that is %s: %s', (state, works) => {
    expect(answersByTcp({ 'tcp/445': state, 'udp/137': 'open' })).toBe(works);
  });
});

describe('a restart', () => {
  const ASKED = SAMPLE_TIME;
  const NOW = SAMPLE_TIME + 15 * MINUTE;
  const iso = (at: number) => new Date(at).toISOString();

  /** Probes that are quarantined when the host, asked at `ASKED`, has restarted so long after that. */
  function quarantined(
    restartedAfterMs: number,
    {
      clockOffMs = 0,
      askedAt = { smb1: ASKED, identity: ASKED } as AskedAt,
      wasUpSince = ASKED - 86_400_000,
    } = {},
  ): string[] {
    const facts = { ...sampleHost().facts, 'smb.bootTime': iso(wasUpSince + clockOffMs) };
    const bootTime = iso(ASKED + restartedAfterMs + clockOffMs);
    const seen = { facts: { 'smb.bootTime': bootTime }, systemTime: NOW + clockOffMs };
    return quarantineAfterRestart(sampleHost({ facts, askedAt }), seen, NOW).map(({ probe }) => probe);
  }

  it('within a minute of questions quarantines all that were put then', () => {
    expect(quarantined(20 * SECOND)).toEqual(['smb1', 'identity']);
    expect(quarantined(61 * SECOND)).toEqual([]);
    expect(quarantined(-MINUTE)).toEqual([]);
  });

  it('does not quarantine questions that were put at another time', () => {
    const askedAt = { smb1: ASKED, identity: ASKED - 86_400_000, look: ASKED };
    expect(quarantined(20 * SECOND, { askedAt })).toEqual(['smb1']);
  });

  it('is told by the clock of the server, however wrong that is', () => {
    for (const clockOffMs of [-3_600_000, 8 * 3_600_000]) {
      expect(quarantined(20 * SECOND, { clockOffMs })).toEqual(['smb1', 'identity']);
      expect(quarantined(5 * MINUTE, { clockOffMs })).toEqual([]);
    }
  });

  it('is none where the boot time wavers, or is the one that was known', () => {
    for (const later of [0, SECOND, -SECOND])
      expect(quarantined(5 * SECOND + later, { wasUpSince: ASKED + 5 * SECOND })).toEqual([]);
  });

  it('is not seen without a known boot time, a new one, or the clock of the server', () => {
    const before = sampleHost({ facts: { 'smb.bootTime': iso(0) }, askedAt: { smb1: ASKED } });
    const facts = { 'smb.bootTime': iso(ASKED + SECOND) };
    const probes = (...args: Parameters<typeof quarantineAfterRestart>) =>
      quarantineAfterRestart(...args).length;
    expect(probes(before, { facts, systemTime: NOW }, NOW)).toBe(1);
    expect(probes(before, { facts, systemTime: null }, NOW)).toBe(0);
    expect(probes(before, { facts: { 'smb.bootTime': null }, systemTime: NOW }, NOW)).toBe(0);
    expect(probes({ ...before, facts: { 'smb.bootTime': null } }, { facts, systemTime: NOW }, NOW)).toBe(0);
    expect(probes(null, { facts, systemTime: NOW }, NOW)).toBe(0);
  });
});

describe('the quarantine', () => {
  it('takes in each probe once', () => {
    expect(
      newlyQuarantined([held('smb1'), held('ciphers'), held('ciphers', 'again')], [held('smb1')]),
    ).toEqual([held('ciphers')]);
  });

  it('is told as one change for each host and reason', () => {
    const other = firstSight(sampleHost({ id: 'u_other' }), []);
    const quarantine = [held('smb1'), held('identity'), held('anonymous', 'the host restarted')];
    const [update, untouched] = withQuarantine([firstSight(sampleHost(), []), other], quarantine);
    expect(untouched).toBe(other);
    expect(update?.changes).toMatchObject([
      {
        type: 'probe_quarantined',
        hostId: HOST,
        at: SAMPLE_TIME,
        summary: 'NASLEGACY: "smb1", "identity" are held back from now on: it fell',
      },
      { summary: 'NASLEGACY: "anonymous" is held back from now on: the host restarted' },
    ]);
  });

  it('holds back what is in it from that host only', () => {
    const due = ['smb1', 'identity', 'anonymous', 'ms17010'] as const;
    expect(withoutQuarantined(due, HOST, [held('smb1')])).toEqual(['identity', 'anonymous', 'ms17010']);
    expect(withoutQuarantined(due, 'u_other', [held('smb1')])).toEqual(due);
  });

  it('holds the check of MS17-010 back with the session that it begins with', () => {
    expect(withoutQuarantined(['anonymous', 'ms17010', 'guest'], HOST, [held('anonymous')])).toEqual([
      'guest',
    ]);
  });
});
