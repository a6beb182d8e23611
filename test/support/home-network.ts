import type { SweepReport } from '../../agent/sweep/report.ts';
import type { RecordedChange } from '../../domain/change.ts';
import type { HostRecord } from '../../domain/host.ts';
import {
  SAMPLE_TIME,
  sampleChange,
  sampleFinding,
  sampleHost,
  sampleIdentity,
  sampleSummary,
} from './samples.ts';

/** Three days before the samples. */
const EARLIER = SAMPLE_TIME - 3 * 86_400_000;

/** An old NAS with everything on: SMB 1, signing optional, NetBIOS. */
export const OLD_NAS: HostRecord = sampleHost({
  firstSeenAt: EARLIER,
  facts: {
    addresses: ['192.168.1.21'],
    'netbios.names': [
      { name: 'NASLEGACY', suffix: 0x20, group: false },
      { name: 'WORKGROUP', suffix: 0x00, group: true },
    ],
    'netbios.unitId': null,
    'smb.conversation.445': 'smb',
    'smb.smb1': 'yes',
    'smb.smb1.port': 445,
    'smb.smb2': 'yes',
    'smb.dialect': '3.1.1',
    'smb.dialects': ['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'],
    'smb.signing.smb1': 'disabled',
    'smb.signing.smb2': 'enabled',
    'smb.encryption.supported': 'yes',
    'smb.encryption.ciphers': ['AES-128-GCM', 'AES-128-CCM'],
    ...sampleIdentity(),
    'smb.compression': [],
    'smb.serverGuid': '6C61676E-7379-0000-0000-000000000000',
    'smb.bootTime': null,
    'smb.anonymous.session': 'yes',
    'smb.anonymous.shares': [
      { name: 'music', type: 'disk', comment: '', readable: 'yes', writable: 'no' },
      { name: 'backup', type: 'disk', comment: '', readable: 'no', writable: 'no' },
      { name: 'IPC$', type: 'ipc', comment: 'IPC Service', readable: 'unknown', writable: 'unknown' },
    ],
    'tcp/135': 'closed',
    'tcp/139': 'open',
    'tcp/445': 'open',
    'udp/137': 'open',
  },
  findings: [
    sampleFinding({ openedAt: EARLIER }),
    sampleFinding({
      id: 'f_5t1s8v',
      rule: 'smb-guest-readable-share',
      title: 'A share can be read without a password',
      evidence: ['The root could be opened for reading without a password: "music"'],
    }),
    sampleFinding({
      id: 'f_9c6n3r',
      rule: 'smb-null-session',
      severity: 'medium',
      title: 'Shares are listed without a password',
      evidence: ['An anonymous session was told 3 shares: "music", "backup", "IPC$"'],
    }),
    sampleFinding({
      id: 'f_7h4d2x',
      rule: 'smb-signing-not-required',
      severity: 'medium',
      title: 'SMB signing is not required',
      evidence: ['SMB 2/3: signing enabled, not required', 'SMB 1: signing disabled, not required'],
    }),
    sampleFinding({
      id: 'f_0q9w8e',
      rule: 'netbios-name-service-exposed',
      severity: 'low',
      title: 'NetBIOS name service answers on UDP 137',
      state: 'resolved',
      resolvedAt: SAMPLE_TIME,
    }),
  ],
});

/** A current Windows with nothing to complain about. */
export const GOOD_PC: HostRecord = sampleHost({
  id: 'h3c5282010203',
  mac: '3c:52:82:01:02:03',
  facts: {
    addresses: ['192.168.1.34'],
    'smb.conversation.445': 'smb',
    'smb.smb1': 'no',
    'smb.smb2': 'yes',
    'smb.dialect': '3.1.1',
    'smb.signing.smb1': null,
    'smb.signing.smb2': 'required',
    'smb.encryption.supported': 'yes',
    'smb.anonymous.session': 'no',
    'smb.anonymous.shares': null,
    ...sampleIdentity({
      computer: 'STUDY',
      domain: 'STUDY',
      dnsComputer: 'study',
      dnsDomain: 'study',
      version: '10.0.26100',
    }),
    'tcp/135': 'filtered',
    'tcp/139': 'filtered',
    'tcp/445': 'open',
  },
  findings: [],
});

/** A host whose name is an attack on the terminal that shows it. */
export const HOSTILE_HOST: HostRecord = sampleHost({
  id: 'u0badc0ffee00',
  mac: '02:0b:ad:c0:ff:ee',
  facts: {
    addresses: ['192.168.1.66'],
    'netbios.names': [{ name: '\u001b]0;owned\u0007\u202eSAN', suffix: 0x20, group: false }],
    'tcp/139': 'open',
  },
  findings: [
    sampleFinding({
      id: 'f_4z4z4z',
      hostId: 'u0badc0ffee00',
      rule: 'netbios-session-exposed',
      severity: 'medium',
      title: 'NetBIOS session service answers on TCP 139',
      evidence: ['TCP 139: session request for "\u001b[2J" accepted (any answer proves the service)'],
    }),
  ],
});

/** A printer without NetBIOS or SMB. */
export const QUIET_PRINTER: HostRecord = sampleHost({
  id: 'h0080770a0b0c',
  mac: '00:80:77:0a:0b:0c',
  systemTime: null,
  facts: { addresses: ['192.168.1.9'], 'tcp/139': 'closed', 'tcp/445': 'closed' },
  findings: [],
});

export const HOME_NETWORK: readonly HostRecord[] = [QUIET_PRINTER, OLD_NAS, GOOD_PC, HOSTILE_HOST];

export const HOME_CHANGES: readonly RecordedChange[] = [
  { id: 92, ...sampleChange() },
  {
    id: 91,
    ...sampleChange({ type: 'host_new', findingId: null, summary: 'NASLEGACY is new at 192.168.1.21' }),
  },
];

/** A complete sweep of the home network. */
export function homeReport(overrides: Partial<SweepReport> = {}): SweepReport {
  const sweep = { id: 12, ...sampleSummary({ hostsUp: HOME_NETWORK.length }) };
  return { sweep, hosts: HOME_NETWORK, changes: HOME_CHANGES, ...overrides };
}
