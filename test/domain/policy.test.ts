import { describe, expect, it } from 'vitest';
import { compareSeen } from '../../domain/compare.ts';
import { NO_EXPECTATION } from '../../domain/expectation.ts';
import type { Facts } from '../../domain/facts.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { SeenHost } from '../../domain/identity.ts';
import type { Moment } from '../../domain/judge.ts';
import { type OwnersEntry, ownersHosts } from '../../domain/owners-hosts.ts';
import { NO_POLICY, type Policy } from '../../domain/policy.ts';
import { SAMPLE_TIME, sampleHost } from '../support/samples.ts';

const SMB1_ON: Facts = { 'smb.smb1': 'yes', 'smb.smb1.port': 445 };
const SIGNS: Facts = { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1', 'smb.signing.smb2': 'enabled' };
const QUIET: OwnersEntry = { ...NO_POLICY, name: null, note: null, letSleep: false, levels: null };

/** What one sweep makes of the sample host, under what the owner declared of all hosts, and of this one. */
function sweep(before: HostRecord | null, facts: Facts, general: Partial<Policy>, own: Partial<Policy> = {}) {
  const { id, mac, isAgent } = sampleHost();
  const here = { addresses: ['192.168.1.21'], ...facts };
  const seen: SeenHost = { id, mac, isAgent, facts: here, systemTime: null, asked: [] };
  let made = 0;
  const moment: Moment = {
    at: (before?.lastSeenAt ?? SAMPLE_TIME) + 900_000,
    newFindingId: () => `f_new${++made}`,
    owners: ownersHosts({ [id]: { ...QUIET, ...own } }),
    policy: { ...NO_POLICY, ...general },
  };
  return compareSeen(before, seen, moment);
}

const stateOf = ({ host }: { host: HostRecord }, rule: string) =>
  host.findings.filter((finding) => finding.rule === rule).map(({ state, severity }) => [state, severity]);

describe('a severity that the owner has set', () => {
  it('takes the place of that of the rule', () => {
    const update = sweep(null, SMB1_ON, { severity: { 'smb1-enabled': 'low' } });
    expect(stateOf(update, 'smb1-enabled')).toEqual([['open', 'low']]);
  });

  it('counts more for one host than for all', () => {
    const all = { severity: { 'smb1-enabled': 'low' } } as const;
    const update = sweep(null, SMB1_ON, all, { severity: { 'smb1-enabled': 'critical' } });
    expect(stateOf(update, 'smb1-enabled')).toEqual([['open', 'critical']]);
  });

  it('is told as raised when the owner has raised it meanwhile', () => {
    const before = sweep(null, SMB1_ON, {}).host;
    const update = sweep(before, SMB1_ON, { severity: { 'smb1-enabled': 'critical' } });
    expect(update.changes.map((change) => change.type)).toEqual(['severity_raised']);
  });
});

describe('a rule that is switched off', () => {
  const off = { severity: { 'smb1-enabled': 'off' } } as const;

  it('opens nothing', () => {
    expect(stateOf(sweep(null, SMB1_ON, off), 'smb1-enabled')).toEqual([]);
  });

  it('resolves what it had opened, and says why', () => {
    const before = sweep(null, SMB1_ON, {}).host;
    const { host } = sweep(before, SMB1_ON, off);
    expect(host.findings.find(({ rule }) => rule === 'smb1-enabled')).toMatchObject({
      state: 'resolved',
      evidence: ['The rule is switched off in the configuration'],
    });
  });
});

describe('a declaration', () => {
  const signed = { expect: { ...NO_EXPECTATION, signing: 'required', smb1: false } } as const;

  it('that a host breaks is a finding, which names each difference', () => {
    const { host } = sweep(null, { ...SIGNS, ...SMB1_ON }, signed);
    const finding = host.findings.find(({ rule }) => rule === 'expectation-violated');
    expect(finding).toMatchObject({ state: 'open', severity: 'high' });
    expect(finding?.evidence).toHaveLength(2);
  });

  it('stays broken, in the same words, in sweeps that do not ask everything', () => {
    const before = sweep(null, { ...SIGNS, ...SMB1_ON }, signed).host;
    const update = sweep(before, SIGNS, signed);
    expect(update.changes).toEqual([]);
    expect(update.changedFindings).toEqual([]);
  });

  it('is kept again once every item was seen to be', () => {
    const before = sweep(null, { ...SIGNS, ...SMB1_ON }, signed).host;
    const better: Facts = {
      ...SIGNS,
      'smb.signing.smb2': 'required',
      'smb.smb1': 'no',
      'smb.signing.smb1': null,
    };
    expect(stateOf(sweep(before, better, signed), 'expectation-violated')).toEqual([['resolved', 'high']]);
  });

  it('that is taken back resolves its finding', () => {
    const before = sweep(null, SMB1_ON, signed).host;
    expect(stateOf(sweep(before, SMB1_ON, {}), 'expectation-violated')).toEqual([['resolved', 'high']]);
  });
});
