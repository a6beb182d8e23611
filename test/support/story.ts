import type { OpenStorage } from '../../agent/commands/context.ts';
import type { HostUpdate } from '../../domain/change.ts';
import { compareAbsent, compareSeen } from '../../domain/compare.ts';
import type { Facts } from '../../domain/facts.ts';
import type { History } from '../../domain/history.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import { openTestStorage } from './open-database.ts';
import { sweepOf } from './sample-history.ts';
import { SAMPLE_TIME, sampleIdentity } from './samples.ts';

const HOUR_MS = 3_600_000;

/** Moments of the story, milliseconds UTC. */
export const STORY = {
  begin: SAMPLE_TIME - 72 * HOUR_MS,
  relaxed: SAMPLE_TIME - 48 * HOUR_MS,
  hardened: SAMPLE_TIME - 24 * HOUR_MS,
  relaxedAgain: SAMPLE_TIME - 9 * HOUR_MS,
  acknowledged: SAMPLE_TIME - 8 * HOUR_MS,
  end: SAMPLE_TIME,
} as const;

/** A NAS that is hardened: no SMB 1, signing required, no NetBIOS. */
const HARD: Facts = {
  addresses: ['192.168.1.21'],
  'netbios.names': null,
  'smb.conversation.445': 'smb',
  'smb.smb1': 'no',
  'smb.smb2': 'yes',
  'smb.dialect': '3.1.1',
  'smb.signing.smb1': null,
  'smb.signing.smb2': 'required',
  'smb.encryption.supported': 'yes',
  'smb.anonymous.session': 'no',
  'smb.anonymous.shares': null,
  ...sampleIdentity({ computer: 'NAS', domain: 'WORKGROUP', dnsComputer: 'nas.home.arpa' }),
  'tcp/139': 'closed',
  'tcp/445': 'open',
  'udp/137': 'closed',
};

/** The same with everything on, and a share that is open to all. */
const SOFT: Facts = {
  ...HARD,
  'netbios.names': [{ name: 'NAS', suffix: 0x20, group: false }],
  'netbios.session': 'accepted',
  'smb.smb1': 'yes',
  'smb.smb1.port': 445,
  'smb.signing.smb1': 'disabled',
  'smb.signing.smb2': 'enabled',
  'smb.anonymous.session': 'yes',
  'smb.anonymous.shares': [{ name: '=cmd|calc', type: 'disk', comment: '', readable: 'yes', writable: 'no' }],
  'tcp/139': 'open',
  'udp/137': 'open',
};

const PRINTER: Facts = { addresses: ['192.168.1.9'], 'tcp/139': 'closed', 'tcp/445': 'closed' };

/** A stranger whose name is a formula, and an attack on the terminal that shows it; its firewall knows IPv4 only. */
const STRANGER: Facts = {
  addresses: ['192.168.1.66'],
  'netbios.names': [{ name: '=1+1\u001b[2J,"', suffix: 0x20, group: false }],
  'tcp/139': 'closed',
  'tcp/445': 'closed',
  'udp/137': 'open',
  'ipv6.addresses': ['fe80::bad:c0ff:feff:ee00%eth0', 'fd12:3456:789a::66'],
  'ipv6.smb.conversation': 'smb',
  'ipv6.smb.dialect': '3.1.1',
  'ipv6.smb.signing': 'enabled',
  'tcp6/139': 'closed',
  'tcp6/445': 'open',
};

/**
 * Four days in one database in memory: a NAS that gets worse, better, and worse again, at another address in the end; a
 * printer that goes; a stranger that comes; a finding that is acknowledged. Everything passed through the real
 * comparison, as a sweep would have recorded it.
 */
export function storyStorage(): OpenStorage {
  const storage = openTestStorage();
  const { history } = storage;
  history.agentId(() => 'a1b2c3d4e');
  const nas = (facts: Facts) => seen('h001132aabbcc', '00:11:32:aa:bb:cc', facts);
  const printer = seen('h0080770a0b0c', '00:80:77:0a:0b:0c', PRINTER);
  let made = 0;
  const newFindingId = () => `f_00000${++made}`;
  const sweep = (at: number, looks: readonly Look[]) => {
    const known = history.hosts();
    history.recordSweep(
      sweepOf(
        at,
        looks.map((look) => look(known, at, newFindingId)),
      ),
    );
  };
  sweep(STORY.begin, [nas(HARD), printer]);
  sweep(STORY.relaxed, [nas(SOFT), printer]);
  sweep(STORY.hardened, [nas(HARD), gone('h0080770a0b0c')]);
  sweep(STORY.hardened + HOUR_MS, [nas(HARD), gone('h0080770a0b0c')]);
  sweep(STORY.hardened + 2 * HOUR_MS, [nas(HARD), gone('h0080770a0b0c')]);
  sweep(STORY.relaxedAgain, [nas(SOFT)]);
  acknowledge(history, 'f_000002', STORY.acknowledged);
  const moved = { ...SOFT, addresses: ['192.168.1.22'] };
  sweep(STORY.end, [nas(moved), seen('u0badc0ffee00', '02:0b:ad:c0:ff:ee', STRANGER)]);
  return storage;
}

type Look = (known: ReadonlyMap<HostId, HostRecord>, at: number, newFindingId: () => string) => HostUpdate;

function seen(id: HostId, mac: string, facts: Facts): Look {
  return (known, at, newFindingId) =>
    compareSeen(
      known.get(id) ?? null,
      { id, mac, isAgent: false, facts, systemTime: null, asked: [] },
      { at, newFindingId },
    );
}

function gone(id: HostId): Look {
  return (known, at) => compareAbsent(known.get(id)!, at);
}

function acknowledge(history: History, id: string, at: number): void {
  const host = [...history.hosts().values()].find(({ findings }) => findings.some((each) => each.id === id))!;
  const finding = host.findings.find((each) => each.id === id)!;
  const acknowledged = { at, until: null, note: 'until the old scanner is gone' };
  history.recordDecision({
    findings: [{ id, state: 'acknowledged', acknowledged }],
    changes: [
      {
        at,
        type: 'finding_acknowledged',
        hostId: host.id,
        findingId: id,
        summary: `NAS: ${finding.title}, acknowledged`,
        fact: null,
      },
    ],
    events: [],
  });
}
