import { describe, expect, it } from 'vitest';
import type { Change, ChangeType } from '../../domain/change.ts';
import { diffOf, type HostDiff, type Moments } from '../../domain/diff.ts';
import type { Facts } from '../../domain/facts.ts';
import type { HostRecord } from '../../domain/host.ts';
import { sampleChange, sampleFinding, sampleHost } from '../support/samples.ts';

const ID = sampleHost().id;
const SINCE = 1_000;
const UNTIL = 2_000;
const QUIET = sampleHost({ firstSeenAt: 0, findings: [] });

function between(
  host: HostRecord,
  before: Facts,
  after: Facts,
  changes: readonly Change[] = [],
  overrides: Partial<Moments> = {},
): readonly HostDiff[] {
  const moments = { since: SINCE, until: UNTIL, factsSince: new Map([[ID, before]]) };
  return diffOf({ ...moments, hosts: [host], factsUntil: new Map([[ID, after]]), changes, ...overrides });
}

function turn(type: ChangeType, at: number): Change {
  return sampleChange({ type, at, findingId: type.startsWith('host') ? null : 'f_3k2m9q' });
}

describe('what differs between two moments', () => {
  it('is nothing for a host that is as it was', () => {
    expect(between(QUIET, { 'tcp/445': 'open' }, { 'tcp/445': 'open' })).toEqual([]);
  });

  it('is each service and each other fact with another value', () => {
    const [diff] = between(
      QUIET,
      { 'tcp/445': 'open', 'tcp/139': 'open', 'smb.smb1': 'yes' },
      { 'tcp/445': 'open', 'tcp/139': 'closed', 'smb.smb1': 'no' },
    );
    expect(diff?.services).toEqual([{ name: 'tcp/139', before: 'open', after: 'closed' }]);
    expect(diff?.posture).toEqual([{ name: 'smb.smb1', before: 'yes', after: 'no' }]);
  });

  it('is not what was learnt of a host that was known', () => {
    expect(between(QUIET, {}, { 'smb.dialects': ['3.1.1'] })).toEqual([]);
  });

  it('is all of a host that appeared, and nothing of one that came later', () => {
    const [diff] = between(sampleHost({ firstSeenAt: 1_500, findings: [] }), {}, { 'tcp/445': 'open' });
    expect(diff).toMatchObject({ presence: 'appeared', services: [{ before: null, after: 'open' }] });
    expect(between(sampleHost({ firstSeenAt: 2_500 }), {}, {})).toEqual([]);
  });

  it('is a host that was lost or came back, and not one that did both', () => {
    const lost = sampleHost({ ...QUIET, missedSweeps: 3 });
    expect(between(lost, {}, {}, [turn('host_lost', 1_500)])[0]?.presence).toBe('lost');
    expect(between(QUIET, {}, {}, [turn('host_returned', 1_500)])[0]?.presence).toBe('returned');
    expect(between(QUIET, {}, {}, [turn('host_lost', 1_200), turn('host_returned', 1_500)])).toEqual([]);
    expect(between(lost, {}, {}, [turn('host_lost', 2_500)])).toEqual([]);
  });

  it.each([
    ['opened', [turn('finding_opened', 1_500)], null, 'open'],
    ['resolved', [turn('finding_resolved', 1_500)], 'open', 'resolved'],
    ['reopened', [turn('finding_reopened', 1_500)], 'resolved', 'open'],
    ['acknowledged', [turn('finding_acknowledged', 1_500)], 'open', 'acknowledged'],
    [
      'opened and resolved after the later moment',
      [turn('finding_opened', 1_500), turn('finding_resolved', 2_500)],
      null,
      'open',
    ],
  ] as const)('is a finding that was %s', (_what, changes, before, after) => {
    const host = sampleHost({ ...QUIET, findings: [sampleFinding({ openedAt: 1_500 })] });
    expect(between(host, {}, {}, changes)[0]?.findings).toMatchObject([{ before, after, raised: false }]);
  });

  it('is a finding whose severity was raised while it stayed open', () => {
    const host = sampleHost({ ...QUIET, findings: [sampleFinding({ openedAt: 0 })] });
    const diff = between(host, {}, {}, [turn('severity_raised', 1_500)]);
    expect(diff[0]?.findings).toMatchObject([{ before: 'open', after: 'open', raised: true }]);
    expect(between(host, {}, {}, [turn('severity_raised', 2_500)])).toEqual([]);
  });

  it('is not a finding that came and went in between', () => {
    const host = sampleHost({ ...QUIET, findings: [sampleFinding({ state: 'resolved' })] });
    const changes = [turn('finding_opened', 1_200), turn('finding_resolved', 1_500)];
    expect(between(host, {}, {}, changes)).toEqual([]);
    expect(between(host, {}, {}, [turn('finding_reopened', 1_200), turn('finding_resolved', 1_500)])).toEqual(
      [],
    );
  });
});
