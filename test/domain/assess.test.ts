import { describe, expect, it } from 'vitest';
import { assess, RULES, ruleOf } from '../../domain/assess.ts';
import type { Facts, Share } from '../../domain/facts.ts';
import { RULE_IDS, type RuleId } from '../../domain/finding.ts';
import { SAMPLE_TIME, sampleIdentity } from '../support/samples.ts';

interface Case {
  readonly why: string;
  readonly facts: Facts;
  /** `proof`: yes, and so clear that no second look is needed. */
  readonly answer: 'yes' | 'proof' | 'no' | 'unknown';
  /** Part of the evidence. */
  readonly evidence?: string;
}

/** Facts of an anonymous session that was told these shares. */
function told(...shares: readonly Partial<Share>[]): Facts {
  const open = { name: 'public', type: 'disk', comment: '', readable: 'yes', writable: 'yes' } as const;
  return {
    'smb.anonymous.session': 'yes',
    'smb.anonymous.shares': shares.map((share) => ({ ...open, ...share })),
  };
}

const LOGON_REFUSED: Facts = { 'smb.anonymous.session': 'no', 'smb.anonymous.shares': null };
const LIST_REFUSED: Facts = { 'smb.anonymous.session': 'yes', 'smb.anonymous.shares': null };

/** Both rules on shares that are open to guests answer alike, each from its own half of what is known of a share. */
function guestCases(fact: 'readable' | 'writable'): readonly Case[] {
  const having = (answer: Share['readable'], share: Partial<Share> = {}): Partial<Share> => ({
    readable: 'unknown',
    writable: 'unknown',
    [fact]: answer,
    ...share,
  });
  return [
    { why: 'one disk share is', facts: told(having('yes')), answer: 'proof', evidence: ': "public"' },
    {
      why: 'one is beside others that are not or of which it is not known',
      facts: told(
        having('no', { name: 'a' }),
        having('yes', { name: 'b' }),
        having('unknown', { name: 'c' }),
      ),
      answer: 'proof',
      evidence: ': "b"',
    },
    {
      why: 'eleven are, of which ten are named',
      facts: told(...Array.from({ length: 11 }, (_, i) => having('yes', { name: `s${i}` }))),
      answer: 'proof',
      evidence: '"s9", …',
    },
    {
      why: 'a name has characters that could deceive',
      facts: told(having('yes', { name: 'a\x1b[2J' })),
      answer: 'proof',
      evidence: '"a\\x1b[2J"',
    },
    {
      why: 'none is',
      facts: told(having('no'), having('no', { name: 'media' })),
      answer: 'no',
      evidence: `No disk share of 2 is ${fact}`,
    },
    {
      why: 'only shares that are no disks, or administrative, were not tried',
      facts: told(
        having('no'),
        having('unknown', { type: 'print' }),
        having('unknown', { type: 'ipc' }),
        having('unknown', { name: 'print$' }),
      ),
      answer: 'no',
      evidence: 'of 1',
    },
    { why: 'there is no share', facts: told(), answer: 'no', evidence: 'of 0' },
    { why: 'the session is refused', facts: LOGON_REFUSED, answer: 'no', evidence: 'is refused' },
    { why: 'one was not tried', facts: told(having('no'), having('unknown')), answer: 'unknown' },
    {
      why: 'the list is refused: shares may be open to who knows their names',
      facts: LIST_REFUSED,
      answer: 'unknown',
    },
    { why: 'nobody has tried to log on', facts: { 'smb.smb2': 'yes' }, answer: 'unknown' },
    { why: 'neither SMB port is to be had, which closes no share', facts: GONE, answer: 'unknown' },
  ];
}

const GONE: Facts = { 'tcp/139': 'closed', 'tcp/445': 'rejected' };

/** Each rule's verdicts: every way to yes, every way to no, and what proves nothing. */
const CASES: Readonly<Record<Exclude<RuleId, 'expectation-violated'>, readonly Case[]>> = {
  'netbios-session-exposed': [
    {
      why: 'a session was accepted',
      facts: { 'netbios.session': 'accepted', 'netbios.calledName': 'NAS' },
      answer: 'yes',
      evidence: '"NAS" accepted',
    },
    {
      why: 'a session was refused, which proves the service too',
      facts: { 'netbios.session': 'refused' },
      answer: 'yes',
      evidence: '"*SMBSERVER" refused',
    },
    { why: 'a session was sent elsewhere', facts: { 'netbios.session': 'retargeted' }, answer: 'yes' },
    { why: 'the port is closed', facts: { 'tcp/139': 'closed' }, answer: 'no', evidence: 'TCP 139: closed' },
    { why: 'a firewall rejects the port', facts: { 'tcp/139': 'rejected' }, answer: 'no' },
    { why: 'the port is open but no session was answered', facts: { 'tcp/139': 'open' }, answer: 'unknown' },
    { why: 'the port is silent', facts: { 'tcp/139': 'filtered' }, answer: 'unknown' },
  ],
  'netbios-name-service-exposed': [
    {
      why: 'node status was answered',
      facts: { 'netbios.names': [{ name: 'NAS', suffix: 0, group: false }] },
      answer: 'yes',
      evidence: 'with 1 name',
    },
    {
      why: 'node status was answered without names',
      facts: { 'netbios.names': [] },
      answer: 'yes',
      evidence: 'with 0 names',
    },
    { why: 'the datagram was refused', facts: { 'netbios.names': null }, answer: 'no' },
    { why: 'UDP 137 is silent', facts: { 'udp/137': 'unknown' }, answer: 'unknown' },
  ],
  'ms17-010-unpatched': [
    {
      why: 'the server refuses as one without the update',
      facts: { 'smb.ms17010': 'yes', 'smb.smb1': 'yes' },
      answer: 'proof',
      evidence: 'STATUS_INSUFF_SERVER_RESOURCES',
    },
    { why: 'it refuses in another way', facts: { 'smb.ms17010': 'no' }, answer: 'no', evidence: 'need none' },
    { why: 'SMB 1 is refused', facts: { 'smb.smb1': 'no' }, answer: 'no', evidence: 'SMB 1' },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'no' },
    { why: 'nobody has asked', facts: { 'smb.smb1': 'yes' }, answer: 'unknown' },
  ],
  'smb1-enabled': [
    { why: 'SMB 1 was selected', facts: { 'smb.smb1': 'yes' }, answer: 'proof', evidence: '"NT LM 0.12"' },
    { why: 'SMB 1 was refused beside a control', facts: { 'smb.smb1': 'no' }, answer: 'no' },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'no', evidence: 'TCP 445: rejected' },
    {
      why: 'one SMB port is closed and the other silent',
      facts: { ...GONE, 'tcp/139': 'filtered' },
      answer: 'unknown',
    },
    {
      why: 'one SMB port is closed and the other was not seen',
      facts: { 'tcp/445': 'closed' },
      answer: 'unknown',
    },
    {
      why: 'only SMB 2/3 was asked for',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1' },
      answer: 'unknown',
    },
  ],
  'smb1-only': [
    {
      why: 'SMB 1 was selected and SMB 2/3 refused',
      facts: { 'smb.smb1': 'yes', 'smb.smb2': 'no' },
      answer: 'proof',
    },
    { why: 'SMB 1 was selected and SMB 2/3 stayed silent', facts: { 'smb.smb1': 'yes' }, answer: 'unknown' },
    { why: 'SMB 2/3 was refused and SMB 1 not asked for', facts: { 'smb.smb2': 'no' }, answer: 'unknown' },
    {
      why: 'SMB 2/3 is spoken beside SMB 1',
      facts: { 'smb.smb1': 'yes', 'smb.smb2': 'yes', 'smb.dialect': '2.1' },
      answer: 'no',
      evidence: '2.1',
    },
    { why: 'SMB 1 was refused', facts: { 'smb.smb1': 'no' }, answer: 'no' },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'no' },
  ],
  'smb-signing-not-required': [
    {
      why: 'SMB 2/3 does not require it',
      facts: { 'smb.signing.smb2': 'enabled' },
      answer: 'yes',
      evidence: 'SMB 2/3: signing enabled',
    },
    {
      why: 'SMB 1 does not have it',
      facts: { 'smb.signing.smb2': 'required', 'smb.signing.smb1': 'disabled', 'smb.smb1': 'yes' },
      answer: 'yes',
      evidence: 'SMB 1: signing disabled',
    },
    {
      why: 'SMB 2/3 requires it and SMB 1 is refused',
      facts: { 'smb.signing.smb2': 'required', 'smb.signing.smb1': null, 'smb.smb1': 'no' },
      answer: 'no',
    },
    {
      why: 'both generations require it',
      facts: { 'smb.signing.smb2': 'required', 'smb.signing.smb1': 'required', 'smb.smb1': 'yes' },
      answer: 'no',
    },
    {
      why: 'SMB 1 requires it and nothing newer is spoken',
      facts: {
        'smb.signing.smb1': 'required',
        'smb.smb1': 'yes',
        'smb.smb2': 'no',
        'smb.signing.smb2': null,
      },
      answer: 'no',
    },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'no' },
    {
      why: 'SMB 2/3 requires it but SMB 1 was not asked for',
      facts: { 'smb.signing.smb2': 'required' },
      answer: 'unknown',
    },
    {
      why: 'SMB 1 requires it but SMB 2/3 stayed silent',
      facts: { 'smb.signing.smb1': 'required', 'smb.smb1': 'yes' },
      answer: 'unknown',
    },
  ],
  'reachable-over-ipv6-only': [
    {
      why: 'a port is open over IPv6 and silent over IPv4',
      facts: { 'tcp/445': 'filtered', 'tcp6/445': 'open', 'ipv6.smb.dialect': '3.1.1' },
      answer: 'yes',
      evidence: 'TCP 445: filtered (no answer) over IPv4, open over IPv6, where SMB 3.1.1 is spoken',
    },
    {
      why: 'ports are open over IPv6, closed and rejected over IPv4',
      facts: { 'tcp/139': 'closed', 'tcp6/139': 'open', 'tcp/135': 'rejected', 'tcp6/135': 'open' },
      answer: 'yes',
      evidence: 'TCP 139: closed over IPv4, open over IPv6\nTCP 135: rejected over IPv4, open over IPv6',
    },
    {
      why: 'every port says no over IPv6',
      facts: { 'tcp/445': 'open', 'tcp6/445': 'closed', 'tcp6/139': 'closed', 'tcp6/135': 'rejected' },
      answer: 'no',
      evidence: 'TCP 445: closed over IPv6',
    },
    {
      why: 'it is open over both',
      facts: { 'tcp/445': 'open', 'tcp6/445': 'open' },
      answer: 'no',
      evidence: 'open over IPv4, too',
    },
    { why: 'IPv4 was not asked', facts: { 'tcp6/445': 'open' }, answer: 'unknown' },
    { why: 'IPv4 is unknown', facts: { 'tcp/445': 'unknown', 'tcp6/445': 'open' }, answer: 'unknown' },
    { why: 'IPv6 was not asked', facts: { 'tcp/445': 'closed' }, answer: 'unknown' },
    {
      why: 'IPv6 is silent',
      facts: { 'tcp/445': 'closed', 'tcp6/445': 'filtered', 'tcp6/139': 'filtered' },
      answer: 'unknown',
    },
  ],
  'smb-weaker-over-ipv6': [
    {
      why: 'the best dialect is older over IPv6',
      facts: {
        ...{ 'smb.dialect': '3.1.1', 'smb.signing.smb2': 'enabled' },
        ...{ 'ipv6.smb.dialect': '2.1', 'ipv6.smb.signing': 'enabled' },
      },
      answer: 'yes',
      evidence: 'The best dialect is 2.1 over IPv6, 3.1.1 over IPv4',
    },
    {
      why: 'signing is required over IPv4 only',
      facts: {
        ...{ 'smb.dialect': '3.1.1', 'smb.signing.smb2': 'required' },
        ...{ 'ipv6.smb.dialect': '3.1.1', 'ipv6.smb.signing': 'enabled' },
      },
      answer: 'yes',
      evidence: 'signing required over IPv4, not required over IPv6',
    },
    {
      why: 'IPv6 is the stricter one',
      facts: {
        ...{ 'smb.dialect': '2.1', 'smb.signing.smb2': 'enabled' },
        ...{ 'ipv6.smb.dialect': '3.1.1', 'ipv6.smb.signing': 'required' },
      },
      answer: 'no',
      evidence: 'no weaker',
    },
    {
      why: 'SMB is out of reach over IPv6',
      facts: { 'smb.dialect': '3.1.1', 'tcp6/445': 'closed', 'tcp6/139': 'rejected' },
      answer: 'no',
      evidence: 'closed over IPv6',
    },
    {
      why: 'one SMB port is closed over IPv6 and the other silent',
      facts: { 'smb.dialect': '3.1.1', 'tcp6/445': 'closed', 'tcp6/139': 'filtered' },
      answer: 'unknown',
    },
    {
      why: 'IPv4 was not heard',
      facts: { 'ipv6.smb.dialect': '2.1', 'ipv6.smb.signing': 'enabled' },
      answer: 'unknown',
    },
    { why: 'IPv6 was not heard', facts: { 'smb.dialect': '3.1.1' }, answer: 'unknown' },
  ],
  'smb-encryption-unsupported': [
    {
      why: 'the best dialect is below 3.0',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '2.1', 'smb.encryption.supported': 'no' },
      answer: 'yes',
      evidence: 'best dialect is 2.1',
    },
    {
      why: '3.1.1 was selected without a cipher',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1', 'smb.encryption.supported': 'no' },
      answer: 'yes',
      evidence: '3.1.1 was selected without encryption',
    },
    {
      why: '3.0.2 was selected without the capability',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '3.0.2', 'smb.encryption.supported': 'no' },
      answer: 'yes',
    },
    {
      why: 'SMB 1 was selected and SMB 2/3 refused',
      facts: { 'smb.smb1': 'yes', 'smb.smb2': 'no' },
      answer: 'proof',
      evidence: 'knows no encryption',
    },
    {
      why: '3.1.1 was selected with a cipher',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1', 'smb.encryption.supported': 'yes' },
      answer: 'no',
      evidence: '3.1.1 with encryption',
    },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'no' },
    { why: 'SMB 1 was selected and SMB 2/3 stayed silent', facts: { 'smb.smb1': 'yes' }, answer: 'unknown' },
    {
      why: 'SMB 2/3 was refused and SMB 1 not asked for',
      facts: { 'smb.smb2': 'no' },
      answer: 'unknown',
    },
    {
      why: 'nothing was said of encryption at 3.1.1',
      facts: { 'smb.smb2': 'yes', 'smb.dialect': '3.1.1' },
      answer: 'unknown',
    },
  ],
  'smbghost-indicator': [
    ...['LZNT1', 'LZ77', 'LZ77_HUFFMAN'].map((algorithm) => ({
      why: `${algorithm} is offered by build 18363`,
      facts: { 'smb.compression': [algorithm], ...sampleIdentity({ version: '10.0.18363' }) },
      answer: 'proof' as const,
      evidence: `with ${algorithm}\nNTLM version 10.0.18363: build family affected, patch state unknown`,
    })),
    {
      why: 'LZ77 is offered by build 18362',
      facts: { 'smb.compression': ['PATTERN_V1', 'LZ77'], ...sampleIdentity({ version: '10.0.18362' }) },
      answer: 'proof',
    },
    {
      why: 'an affected build offers no compression',
      facts: { 'smb.compression': [], ...sampleIdentity({ version: '10.0.18363' }) },
      answer: 'no',
      evidence: 'not offered',
    },
    { why: 'compression is not offered and no build told', facts: { 'smb.compression': [] }, answer: 'no' },
    {
      why: 'an affected build offers other algorithms only',
      facts: { 'smb.compression': ['PATTERN_V1', 'LZ4'], ...sampleIdentity({ version: '10.0.18363' }) },
      answer: 'no',
    },
    {
      why: 'a later build offers compression',
      facts: { 'smb.compression': ['LZ77'], ...sampleIdentity({ version: '10.0.19041' }) },
      answer: 'no',
      evidence: '10.0.19041: not an affected build',
    },
    { why: 'it is Samba', facts: sampleIdentity(), answer: 'no' },
    { why: 'SMB 1 alone is spoken', facts: { 'smb.smb1': 'yes', 'smb.smb2': 'no' }, answer: 'no' },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'no' },
    { why: 'the build was not asked for', facts: { 'smb.compression': ['LZ77'] }, answer: 'unknown' },
    {
      why: 'the challenge tells no version',
      facts: { 'smb.compression': ['LZ77'], ...sampleIdentity({ version: null }) },
      answer: 'unknown',
    },
    {
      why: 'the server sends no challenge',
      facts: { 'smb.compression': ['LZ77'], 'smb.identity': null },
      answer: 'unknown',
    },
    {
      why: 'compression was not asked for',
      facts: sampleIdentity({ version: '10.0.18363' }),
      answer: 'unknown',
    },
  ],
  'os-end-of-life': [
    {
      why: 'every release of the build is out of support',
      facts: sampleIdentity({ version: '10.0.18362' }),
      answer: 'proof',
      evidence: '10.0.18362 can be Windows 10 1909: updates until 2022-05-10',
    },
    { why: 'it is Windows 7', facts: sampleIdentity({ version: '6.1.7601' }), answer: 'proof' },
    {
      why: 'one release of the build is in support',
      facts: sampleIdentity({ version: '10.0.19041' }),
      answer: 'no',
      evidence: 'can be Windows 10 IoT LTSC 2021: updates until 2032-01-13',
    },
    { why: 'the build is current', facts: sampleIdentity({ version: '10.0.26100' }), answer: 'no' },
    {
      why: 'it is Samba, which calls itself 6.1.0',
      facts: sampleIdentity({ version: '6.1.0' }),
      answer: 'no',
      evidence: 'not Windows',
    },
    {
      why: 'the build is not in the table',
      facts: sampleIdentity({ version: '10.0.31337' }),
      answer: 'unknown',
    },
    { why: 'the challenge tells no version', facts: sampleIdentity({ version: null }), answer: 'unknown' },
    { why: 'the server sends no challenge', facts: { 'smb.identity': null }, answer: 'unknown' },
    { why: 'neither SMB port is to be had, which makes nothing younger', facts: GONE, answer: 'unknown' },
  ],
  'smb-guest-writable-share': guestCases('writable'),
  'smb-guest-readable-share': guestCases('readable'),
  'smb-null-session': [
    {
      why: 'shares were told, whether or not they are open',
      facts: told({ readable: 'no', writable: 'no' }, { name: 'IPC$', type: 'ipc' }),
      answer: 'proof',
      evidence: '2 shares: "public", "IPC$"',
    },
    { why: 'no share was told', facts: told(), answer: 'no', evidence: 'told no share' },
    {
      why: 'the list is refused',
      facts: LIST_REFUSED,
      answer: 'no',
      evidence: 'the list of shares is refused',
    },
    {
      why: 'the session is refused',
      facts: LOGON_REFUSED,
      answer: 'no',
      evidence: 'A session without name and password is refused',
    },
    { why: 'nobody has tried to log on', facts: { 'smb.smb2': 'yes' }, answer: 'unknown' },
    { why: 'neither SMB port is to be had', facts: GONE, answer: 'unknown' },
  ],
  'rpc-endpoint-mapper-exposed': [
    {
      why: 'a bind was acknowledged',
      facts: { 'tcp/135': 'open', 'rpc.bindAcknowledged': 'yes' },
      answer: 'yes',
      evidence: 'was acknowledged',
    },
    {
      why: 'the port is open, but nothing proven',
      facts: { 'tcp/135': 'open', 'rpc.bindAcknowledged': 'no' },
      answer: 'yes',
      evidence: 'not proven',
    },
    { why: 'the port is closed', facts: { 'tcp/135': 'closed' }, answer: 'no' },
    { why: 'the port is silent', facts: { 'tcp/135': 'filtered' }, answer: 'unknown' },
  ],
  'agent-host-exposed': [
    {
      why: 'this machine listens',
      facts: { 'agent.listening': ['tcp/445 on 0.0.0.0'] },
      answer: 'yes',
      evidence: 'tcp/445 on 0.0.0.0',
    },
    { why: 'this machine does not listen', facts: { 'agent.listening': [] }, answer: 'no' },
    { why: 'another machine was looked at', facts: { 'tcp/445': 'open' }, answer: 'unknown' },
  ],
};

/** What is declared of a host has a test of its own: expectation.test.ts. */
const BY_FACTS = RULES.flatMap((rule) =>
  rule.id === 'expectation-violated' ? [] : [{ ...rule, id: rule.id }],
);

describe.each(BY_FACTS)('$id', ({ id, judge }) => {
  it.each(CASES[id])('answers $answer when $why', ({ facts, answer, evidence = '' }) => {
    const verdict = judge(facts, SAMPLE_TIME);
    expect(verdict.answer === 'yes' && verdict.unambiguous ? 'proof' : verdict.answer).toBe(answer);
    if (verdict.answer !== 'unknown') expect(verdict.evidence.join('\n')).toContain(evidence);
  });

  it('has evidence for every yes and every no', () => {
    const verdicts = CASES[id].map(({ facts }) => judge(facts, SAMPLE_TIME));
    const empty = verdicts.filter((verdict) => verdict.answer !== 'unknown' && verdict.evidence.length === 0);
    expect(empty).toEqual([]);
  });
});

it('resolves nothing by silence: without facts, and with ports that merely stay silent, every rule is unknown', () => {
  const silent: Facts = {
    addresses: ['192.168.1.21'],
    'tcp/135': 'filtered',
    'tcp/139': 'filtered',
    'tcp/445': 'filtered',
    'udp/137': 'unknown',
    'smb.conversation.445': 'silent',
  };
  for (const facts of [{}, silent]) {
    expect([...assess(facts, SAMPLE_TIME).values()]).toEqual(RULES.map(() => ({ answer: 'unknown' })));
  }
});

it('puts both weak generations into the evidence of signing', () => {
  const facts: Facts = { 'smb.signing.smb1': 'enabled', 'smb.signing.smb2': 'enabled' };
  const verdict = ruleOf('smb-signing-not-required').judge(facts, SAMPLE_TIME);
  expect(verdict).toMatchObject({
    evidence: ['SMB 2/3: signing enabled, not required', 'SMB 1: signing enabled, not required'],
  });
});

it('judges the end of support by the day: the last day of the longest-supported release still counts', () => {
  const facts = sampleIdentity({ version: '10.0.22631' });
  const { judge } = ruleOf('os-end-of-life');
  expect(judge(facts, Date.parse('2026-11-10T23:59:59Z'))).toEqual({
    answer: 'no',
    evidence: ['NTLM version 10.0.22631 can be Windows 11 23H2: updates until 2026-11-10'],
  });
  expect(judge(facts, Date.parse('2026-11-11T00:00:00Z'))).toEqual({
    answer: 'yes',
    unambiguous: true,
    evidence: [
      'NTLM version 10.0.22631 can be Windows 11 22H2: updates until 2025-10-14',
      'NTLM version 10.0.22631 can be Windows 11 23H2: updates until 2026-11-10',
    ],
  });
});

it('has each rule once, the worst first', () => {
  expect(RULES.map((rule) => rule.id).sort()).toEqual([...RULE_IDS].sort());
  expect(RULES.map((rule) => rule.severity)).toEqual([
    'critical',
    'critical',
    'critical',
    'high',
    'high',
    'high',
    'high',
    'high',
    'medium',
    'medium',
    'medium',
    'medium',
    'medium',
    'medium',
    'low',
    'low',
    'low',
  ]);
  expect([...assess({}, SAMPLE_TIME).keys()]).toEqual(RULES.map((rule) => rule.id));
});
