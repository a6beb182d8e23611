import type { Change } from '../../domain/change.ts';
import type { SecurityEvent } from '../../domain/event.ts';
import type { Facts, SmbIdentity } from '../../domain/facts.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { OwnersEntry } from '../../domain/owners-hosts.ts';
import { NO_POLICY } from '../../domain/policy.ts';
import type { SweepSummary } from '../../domain/sweep.ts';

/** 2026-11-21T22:41:05.000Z: when everything in the samples happened, unless a test says otherwise. */
export const SAMPLE_TIME = Date.UTC(2026, 10, 21, 22, 41, 5);

/** An old NAS at 192.168.1.21 that accepts SMB 1; one open finding. */
export function sampleHost(overrides: Partial<HostRecord> = {}): HostRecord {
  return {
    id: 'h001132aabbcc',
    mac: '00:11:32:aa:bb:cc',
    isAgent: false,
    firstSeenAt: SAMPLE_TIME,
    lastSeenAt: SAMPLE_TIME,
    present: true,
    missedSweeps: 0,
    askedAt: { smb1: SAMPLE_TIME },
    systemTime: SAMPLE_TIME + 1_500,
    ignored: null,
    facts: {
      addresses: ['192.168.1.21'],
      'netbios.names': [{ name: 'NASLEGACY', suffix: 0x20, group: false }],
      'netbios.unitId': null,
      'smb.smb1': 'yes',
      'tcp/139': 'open',
      'tcp/445': 'open',
    },
    findings: [sampleFinding()],
    ...overrides,
  };
}

export function sampleFinding(overrides: Partial<Finding> = {}): Finding {
  return {
    id: 'f_3k2m9q',
    hostId: 'h001132aabbcc',
    rule: 'smb1-enabled',
    severity: 'high',
    title: 'SMB 1 is accepted',
    state: 'open',
    openedAt: SAMPLE_TIME,
    resolvedAt: null,
    confirmedAt: SAMPLE_TIME,
    evidence: ['The server selected NT LM 0.12 on port 445.'],
    acknowledged: null,
    ...overrides,
  };
}

/** An entry of `hosts` in the configuration that says nothing. */
export function sampleOwnersEntry(overrides: Partial<OwnersEntry> = {}): OwnersEntry {
  return { ...NO_POLICY, name: null, note: null, letSleep: false, levels: null, ...overrides };
}

/** What a Samba tells in its NTLM challenge, as the fact about it. */
export function sampleIdentity(overrides: Partial<SmbIdentity> = {}): Pick<Facts, 'smb.identity'> {
  return {
    'smb.identity': {
      computer: 'NASLEGACY',
      domain: 'WORKGROUP',
      dnsComputer: 'naslegacy.home.arpa',
      dnsDomain: 'home.arpa',
      version: '6.1.0',
      ...overrides,
    },
  };
}

export function sampleChange(overrides: Partial<Change> = {}): Change {
  return {
    at: SAMPLE_TIME,
    type: 'finding_opened',
    hostId: 'h001132aabbcc',
    findingId: 'f_3k2m9q',
    summary: 'NASLEGACY: SMB 1 is accepted',
    fact: null,
    ...overrides,
  };
}

export function sampleEvent(overrides: Partial<SecurityEvent> = {}): SecurityEvent {
  return {
    id: 'e000000000001',
    type: 'finding_opened',
    occurredAt: SAMPLE_TIME,
    severity: 'high',
    findingId: 'f_3k2m9q',
    rule: 'smb1-enabled',
    title: 'SMB 1 is accepted',
    message: 'NASLEGACY: SMB 1 is accepted',
    hostId: 'h001132aabbcc',
    hostName: 'NASLEGACY',
    address: '192.168.1.21',
    mac: '00:11:32:aa:bb:cc',
    count: null,
    ...overrides,
  };
}

/** A complete, believable sweep of a /24 that found one host. */
export function sampleSummary(overrides: Partial<SweepSummary> = {}): SweepSummary {
  return {
    kind: 'sweep',
    startedAt: SAMPLE_TIME - 812,
    finishedAt: SAMPLE_TIME,
    durationMs: 812,
    lastAnswerMs: 240,
    level: 'L4',
    targets: ['192.168.1.0/24'],
    addresses: 253,
    hostsUp: 1,
    complete: true,
    suspect: null,
    sent: { connections: 7, datagrams: 759, bytes: 38_720 },
    ...overrides,
  };
}
