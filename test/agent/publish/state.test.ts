import { describe, expect, test } from 'vitest';
import {
  agentFindings,
  agentInfo,
  agentState,
  byteLength,
  hostAttributes,
  hostState,
} from '../../../agent/publish/state.ts';
import type { Facts, Share } from '../../../domain/facts.ts';
import { RULE_IDS, SEVERITIES } from '../../../domain/finding.ts';
import { samplePicture } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleFinding, sampleHost } from '../../support/samples.ts';

const GOLDEN = '../../golden/home-assistant';
const printer = sampleHost({
  id: 'h00aabb112233',
  mac: '00:aa:bb:11:22:33',
  facts: {},
  findings: [],
  present: false,
});

function stateOf(host: Partial<ReturnType<typeof sampleHost>>) {
  return JSON.parse(hostState(sampleHost(host), 'medium', SAMPLE_TIME));
}

const noAccess = { type: 'disk', comment: '', readable: 'no', writable: 'no' } as const;
const SHARES: readonly Share[] = [
  { ...noAccess, name: 'music', readable: 'yes' },
  { ...noAccess, name: 'backup' },
];

const nas = sampleHost({
  facts: {
    ...sampleHost().facts,
    'smb.conversation.445': 'smb',
    'smb.smb1.port': 445,
    'smb.anonymous.session': 'yes',
    'smb.anonymous.shares': SHARES,
  },
});

describe('a host that is ignored', () => {
  const ignored = { ...nas, ignored: { at: SAMPLE_TIME, until: null, note: null } };

  test('raises neither exposure nor severity, and says why', () => {
    const state = JSON.parse(hostState(ignored, 'medium', SAMPLE_TIME));
    expect(state).toMatchObject({ exposure: 'OFF', severity: 'none', findings: 1, smb1: 'ON', ignore: 'ON' });
    expect(stateOf({ ignored: null })).toMatchObject({ exposure: 'ON', severity: 'high', ignore: 'OFF' });
  });

  test('counts among the open findings of the agent, and nowhere else', () => {
    expect(JSON.parse(agentState(samplePicture([ignored])))).toMatchObject({
      exposure: 'OFF',
      open_findings: 1,
      unacknowledged: 0,
      highest_severity: 'none',
      hosts_smb1: 1,
    });
  });

  test('is listed after all others, marked', () => {
    const low = sampleHost({
      id: 'h00000000000a',
      findings: [sampleFinding({ id: 'f_low', severity: 'low' })],
    });
    const { findings } = JSON.parse(agentFindings(samplePicture([ignored, low])));
    expect(findings).toMatchObject([{ id: 'f_low', ignored: false }, { ignored: true }]);
  });
});

describe('what was set at run time', () => {
  test('is told in the info, and nothing else is', () => {
    const agent = { id: 'a1b2c3d4e', version: '1.0.0' };
    const set = (overrides: Parameters<typeof samplePicture>[1]) =>
      JSON.parse(agentInfo(samplePicture([], overrides), agent)).set_at_run_time;
    expect(set({})).toEqual({});
    expect(
      set({ sweepsEnabled: false, setAtRunTime: { sweepInterval: 30, alertThreshold: 'high' } }),
    ).toEqual({ sweeps_enabled: 'OFF', sweep_interval: 30, alert_threshold: 'high' });
  });
});

describe('the payloads of a sweep', () => {
  const picture = samplePicture([nas, printer]);

  test.each([
    ['agent-state', agentState(picture)],
    [
      'agent-state-before-the-first-sweep',
      agentState(samplePicture([], { lastSweep: null, nextSweepAt: null })),
    ],
    ['agent-info', agentInfo(picture, { id: 'a1b2c3d4e', version: '1.0.0' })],
    ['agent-findings', agentFindings(picture)],
    ['host-state', hostState(nas, 'medium', SAMPLE_TIME)],
    ['host-state-nothing-known', hostState(printer, 'medium', SAMPLE_TIME)],
    ['host-attributes', hostAttributes(nas)],
  ])('are those of %s.json', async (name, payload) => {
    const pretty = `${JSON.stringify(JSON.parse(payload), null, 2)}\n`;
    await expect(pretty).toMatchFileSnapshot(`${GOLDEN}/${name}.json`);
  });
});

describe('the state of a host', () => {
  test('keeps what is unknown null, and never calls it off', () => {
    expect(stateOf({ facts: {}, findings: [] })).toMatchObject({
      exposure: null,
      smb1: null,
      signing_optional: null,
      guest_access: null,
      netbios: null,
      ip_address: null,
      dialect: null,
    });
  });

  test('keeps an open finding on while the host is silent', () => {
    expect(stateOf({ facts: {}, present: false })).toMatchObject({
      exposure: 'ON',
      smb1: 'ON',
      reachable: 'OFF',
      findings: 1,
    });
  });

  test('believes the finding that was resolved, not the fact of long ago', () => {
    const findings = [sampleFinding({ state: 'resolved', resolvedAt: SAMPLE_TIME })];
    expect(stateOf({ findings })).toMatchObject({ smb1: 'OFF', findings: 0, severity: 'none' });
  });

  test('is off when every check says no', () => {
    const facts = {
      'netbios.names': null,
      'smb.smb1': 'no',
      'smb.smb2': 'yes',
      'smb.dialect': '3.1.1',
      'smb.signing.smb1': null,
      'smb.signing.smb2': 'required',
    } as const;
    expect(stateOf({ facts, findings: [] })).toMatchObject({
      exposure: 'OFF',
      smb1: 'OFF',
      signing_optional: 'OFF',
      netbios: 'OFF',
      dialect: '3.1.1',
    });
  });

  test('says guest access only of what was tried, and keeps it unknown where a share could not be judged', () => {
    const given = (...shares: Partial<Share>[]) => {
      const told = shares.map((share) => ({ ...noAccess, name: 'data', ...share }));
      const facts = { 'smb.anonymous.session': 'yes', 'smb.anonymous.shares': told } as const;
      return stateOf({ facts, findings: [] }).guest_access;
    };
    expect(given({})).toBe('OFF');
    expect(given({}, { readable: 'yes' })).toBe('ON');
    expect(given({ writable: 'yes' })).toBe('ON');
    expect(given({ readable: 'unknown', writable: 'unknown' })).toBeNull();
    const refused = { 'smb.anonymous.session': 'no', 'smb.anonymous.shares': null } as const;
    expect(stateOf({ facts: refused, findings: [] }).guest_access).toBe('OFF');
  });

  test('counts an acknowledged finding without calling it an exposure', () => {
    expect(stateOf({ findings: [sampleFinding({ state: 'acknowledged' })] })).toMatchObject({
      exposure: 'OFF',
      smb1: 'ON',
      findings: 1,
    });
  });

  test('shows a finding below the threshold without calling it an exposure', () => {
    expect(stateOf({ findings: [sampleFinding({ severity: 'low' })] })).toMatchObject({
      exposure: 'OFF',
      severity: 'low',
    });
  });
});

describe('attributes', () => {
  const findings = RULE_IDS.map((rule, n) =>
    sampleFinding({ id: `f_00000${n}`, rule, title: 'ü'.repeat(64), severity: SEVERITIES[n % 5]! }),
  );

  test('of the agent hold the 25 worst findings and say that some are missing', () => {
    const hosts = Array.from({ length: 8 }, (_, n) => sampleHost({ id: `h00000000000${n}`, findings }));
    const { findings: rows, truncated } = JSON.parse(agentFindings(samplePicture(hosts)));
    expect(rows).toHaveLength(25);
    expect(truncated).toBe(true);
    const critical = hosts.length * findings.filter(({ severity }) => severity === 'critical').length;
    expect(critical).toBeLessThan(25);
    expect(rows.map((row: { severity: string }) => row.severity)).toEqual([
      ...Array(critical).fill('critical'),
      ...Array(25 - critical).fill('high'),
    ]);
  });

  test('of the agent stay below 12 KiB with the longest of titles', () => {
    const names = [{ name: '\u{1F600}'.repeat(64), suffix: 0x20, group: false }];
    const hosts = Array.from({ length: 8 }, (_, n) =>
      sampleHost({
        id: `h00000000000${n}`,
        facts: { 'netbios.names': names },
        findings: findings.map((finding) => ({ ...finding, title: '\u{1F600}'.repeat(64) })),
      }),
    );
    const payload = agentFindings(samplePicture(hosts));
    expect(byteLength(payload)).toBeLessThanOrEqual(12 * 1024);
    expect(JSON.parse(payload).truncated).toBe(true);
  });

  test('of a host stay below 8 KiB and hold at most eight names', () => {
    const names = Array.from({ length: 40 }, (_, n) => ({
      name: `${n}${'\u{1F600}'.repeat(64)}`,
      suffix: 0,
      group: false,
    }));
    const payload = hostAttributes(sampleHost({ facts: { 'netbios.names': names }, findings }));
    expect(byteLength(payload)).toBeLessThanOrEqual(8 * 1024);
    expect(JSON.parse(payload).names).toHaveLength(8);
  });

  test('of a host hold at most twenty names of shares, harmless, and stay below 8 KiB', () => {
    const shares = Array.from({ length: 40 }, (_, n) => ({
      ...noAccess,
      name: `{{ ${n}${'\u{1F600}'.repeat(64)}`,
    }));
    const payload = hostAttributes(sampleHost({ facts: { 'smb.anonymous.shares': shares }, findings }));
    expect(byteLength(payload)).toBeLessThanOrEqual(8 * 1024);
    const { shares: names } = JSON.parse(payload) as { shares: string[] };
    expect(names).toHaveLength(20);
    expect(names.every((name, n) => name.startsWith(`${n}\u{1F600}`))).toBe(true);
  });

  test('of a host have no shares while nobody asked, and where the list is refused', () => {
    const sharesOf = (facts: Facts) => JSON.parse(hostAttributes(sampleHost({ facts }))).shares;
    expect(sharesOf({})).toBeNull();
    expect(sharesOf({ 'smb.anonymous.session': 'no', 'smb.anonymous.shares': null })).toBeNull();
    expect(sharesOf({ 'smb.anonymous.session': 'yes', 'smb.anonymous.shares': [] })).toEqual([]);
  });
});

describe('the state of the agent', () => {
  test('keeps counting what an offline host was last seen to offer', () => {
    const facts = { 'smb.conversation.445': 'smb', 'smb.smb2': 'yes', 'tcp/445': 'open' } as const;
    const state = JSON.parse(agentState(samplePicture([sampleHost({ present: false, facts })])));
    expect(state).toMatchObject({ hosts_online: 0, hosts_smb: 1, open_findings: 1, exposure: 'ON' });
  });

  test('says what is wrong as a problem', () => {
    expect(JSON.parse(agentState(samplePicture([], { problem: 'no interface' }))).problem).toBe('ON');
  });
});
