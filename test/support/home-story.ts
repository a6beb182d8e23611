import type { Change, HostUpdate } from '../../domain/change.ts';
import { compareAbsent, compareSeen } from '../../domain/compare.ts';
import type { Facts, Share } from '../../domain/facts.ts';
import type { History } from '../../domain/history.ts';
import { type HostId, type HostRecord, hostIdOf, type Mac } from '../../domain/host.ts';
import type { SweepSummary } from '../../domain/sweep.ts';
import { sampleIdentity, sampleSummary } from './samples.ts';

/**
 * A household over thirty days, sweep by sweep, judged by the real rules and ready for the real storage: a NAS that an
 * update makes worse, a share left open after a party, an old Windows that is replaced, machines that come and go.
 */
export interface StoryOptions {
  /** The end of the thirty days, milliseconds UTC. */
  readonly until: number;
  readonly everyMinutes?: number;
  /** Further machines: `quiet` hosts without any service, and those given. */
  readonly quiet?: number;
  readonly also?: readonly Machine[];
}

/** One machine of the story. */
export interface Machine {
  readonly mac: Mac;
  readonly isAgent?: boolean;
  /** What a sweep sees of it at an hour of the story, or null while it is not there. */
  seen(at: Clock): Facts | null;
}

/** Where the story has come to. */
export interface Clock {
  /** 0 to 30, with a fraction. */
  readonly day: number;
  /** Hour of that day in UTC, with a fraction. */
  readonly hour: number;
}

export const STORY_DAYS = 30;
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** Records the story. The sweeps of a night are missing, when the mini PC had no power; one ended early. */
export function recordStory(history: History, options: StoryOptions): void {
  const { until, everyMinutes = 15, quiet = 4, also = [] } = options;
  const machines = [...HOUSEHOLD, ...Array.from({ length: quiet }, (_, i) => quietMachine(i)), ...also];
  const known = new Map<HostId, HostRecord>();
  const newFindingId = findingIds();
  const start = until - STORY_DAYS * DAY_MS;
  history.agentId(() => 'a1b2c3d4e');
  for (let at = start; at < until; at += everyMinutes * MINUTE_MS) {
    const day = (at - start) / DAY_MS;
    const hour = (at % DAY_MS) / (60 * MINUTE_MS);
    if (isPowerless(day)) continue;
    const updates = machines.flatMap((machine) => {
      const update = updateOf(machine, { day, hour }, at, known, newFindingId);
      if (update !== null) known.set(update.host.id, update.host);
      return update === null ? [] : [update];
    });
    const summary = summaryOf(at, updates, day);
    const changes = at === start ? [baseline(at, updates)] : [];
    history.recordSweep({ summary, updates, changes, events: [] });
  }
}

/** Day 13, from one in the morning until half past eight. */
function isPowerless(day: number): boolean {
  return day >= 13.04 && day < 13.35;
}

function updateOf(
  machine: Machine,
  clock: Clock,
  at: number,
  known: ReadonlyMap<HostId, HostRecord>,
  newFindingId: () => string,
): HostUpdate | null {
  const id = hostIdOf(machine.mac);
  const before = known.get(id) ?? null;
  const facts = machine.seen(clock);
  if (facts === null) return before === null ? null : compareAbsent(before, at);
  const seen = {
    id,
    mac: machine.mac,
    isAgent: machine.isAgent ?? false,
    facts,
    systemTime: null,
    asked: [],
  };
  return compareSeen(before, seen, { at, newFindingId });
}

function summaryOf(at: number, updates: readonly HostUpdate[], day: number): SweepSummary {
  const hostsUp = updates.filter(({ host }) => host.missedSweeps === 0).length;
  const cutShort = Math.floor(day) === 21 && day % 1 > 0.5 && day % 1 < 0.6;
  return sampleSummary({
    startedAt: at - 3_600,
    finishedAt: at,
    durationMs: 3_600,
    hostsUp,
    complete: !cutShort,
  });
}

function baseline(at: number, updates: readonly HostUpdate[]): Change {
  const summary = `First sweep: ${updates.length} hosts`;
  return { at, type: 'baseline', hostId: null, findingId: null, summary, fact: null };
}

function findingIds(): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `f_${(last * 7_919_393).toString(32).padStart(6, '0').slice(-6)}`;
  };
}

const names = (name: string): Pick<Facts, 'netbios.names' | 'udp/137'> => ({
  'netbios.names': [
    { name, suffix: 0x20, group: false },
    { name: 'WORKGROUP', suffix: 0x00, group: true },
  ],
  'udp/137': 'open',
});

/** A server that speaks SMB 2 and 3. */
function server(overrides: Facts): Facts {
  return {
    'tcp/135': 'closed',
    'tcp/139': 'closed',
    'tcp/445': 'open',
    'smb.conversation.445': 'smb',
    'smb.smb1': 'no',
    'smb.smb2': 'yes',
    'smb.dialect': '3.1.1',
    'smb.signing.smb1': null,
    'smb.signing.smb2': 'required',
    'smb.encryption.supported': 'yes',
    'smb.anonymous.session': 'no',
    'smb.anonymous.shares': null,
    ...overrides,
  };
}

const share = (name: string, readable: Share['readable'], writable: Share['writable'] = 'no'): Share => ({
  name,
  type: 'disk',
  comment: '',
  readable,
  writable,
});

const between = (day: number, from: number, to: number): boolean => day >= from && day < to;

/** The NAS: SMB 1 comes back with an update on day 8, a share stands open for a party, signing is required from day 24 on. */
const NAS: Machine = {
  mac: '00:11:32:aa:bb:cc',
  seen: ({ day }) => {
    const smb1 = between(day, 8.06, 11.8);
    const party = between(day, 17.7, 19.45);
    const media = day >= 17.7;
    return server({
      addresses: ['192.168.1.21'],
      ...names('DISKSTATION'),
      'tcp/139': day < 24.8 ? 'open' : 'closed',
      ...(day < 24.8 ? { 'netbios.session': 'accepted', 'netbios.calledName': 'DISKSTATION' } : {}),
      'smb.smb1': smb1 ? 'yes' : 'no',
      ...(smb1 ? { 'smb.smb1.port': 445 } : {}),
      'smb.signing.smb1': smb1 ? 'enabled' : null,
      'smb.signing.smb2': day < 24.8 ? 'enabled' : 'required',
      'smb.dialects': ['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'],
      'smb.encryption.ciphers': ['AES-128-GCM', 'AES-128-CCM'],
      'smb.anonymous.session': media ? 'yes' : 'no',
      'smb.anonymous.shares': media
        ? [share('media', 'yes'), ...(party ? [share('party', 'yes', 'yes')] : []), share('backup', 'no')]
        : null,
      ...sampleIdentity({ computer: 'DISKSTATION', dnsComputer: 'diskstation.home.arpa' }),
    });
  },
};

/** A media player that speaks SMB 1 and nothing newer, and is switched off for good on day 22. */
const PLAYER: Machine = {
  mac: '00:90:a9:3d:10:22',
  seen: ({ day }) =>
    day >= 22.3
      ? null
      : {
          addresses: ['192.168.1.47'],
          ...names('WDTVLIVE'),
          'tcp/135': 'closed',
          'tcp/139': 'open',
          'tcp/445': 'open',
          'netbios.session': 'accepted',
          'netbios.calledName': 'WDTVLIVE',
          'smb.conversation.445': 'hung-up',
          'smb.smb1': 'yes',
          'smb.smb1.port': 445,
          'smb.smb2': 'no',
          'smb.signing.smb1': 'disabled',
          'smb.signing.smb2': null,
        },
};

/** Windows 10 1909 until it is set up anew on day 15. */
const DESKTOP: Machine = {
  mac: '3c:52:82:01:02:03',
  seen: ({ day, hour }) => {
    if (!between(hour, 7.4, 21.2 + (Math.floor(day) % 3) * 0.5)) return null;
    const old = day < 15.5;
    return server({
      addresses: ['192.168.1.34'],
      'tcp/135': old ? 'open' : 'filtered',
      'tcp/139': 'filtered',
      ...(old ? { 'rpc.bindAcknowledged': 'yes' } : {}),
      'smb.compression': old ? ['LZNT1', 'LZ77'] : [],
      'smb.signing.smb2': old ? 'enabled' : 'required',
      ...sampleIdentity({
        computer: 'STUDY',
        domain: 'STUDY',
        dnsComputer: 'study',
        version: old ? '10.0.18363' : '10.0.26100',
      }),
    });
  },
};

/** A laptop of the evenings, at an address that changes. */
const LAPTOP: Machine = {
  mac: '8c:8d:28:5a:00:17',
  seen: ({ day, hour }) =>
    between(hour, 16.5, 20.9) && Math.floor(day) % 4 !== 2
      ? server({
          addresses: [day < 14 ? '192.168.1.101' : '192.168.1.117'],
          'tcp/135': 'filtered',
          'tcp/139': 'filtered',
          'smb.signing.smb2': 'enabled',
          ...sampleIdentity({ computer: 'ANNA', domain: 'ANNA', dnsComputer: 'anna', version: '10.0.22621' }),
        })
      : null,
};

/** The router shares a USB stick; an update on day 20 ends its NetBIOS names. */
const ROUTER: Machine = {
  mac: '3c:a6:2f:11:22:33',
  seen: ({ day }) =>
    server({
      addresses: ['192.168.1.1'],
      ...(day < 20.1 ? names('FRITZ-NAS') : { 'netbios.names': null, 'udp/137': 'closed' }),
      'smb.signing.smb2': 'enabled',
      ...sampleIdentity({ computer: 'FRITZ-NAS', domain: 'WORKGROUP', dnsComputer: 'fritz.box' }),
    }),
};

/** Tells its NetBIOS name; nothing else of it is asked. */
const PRINTER: Machine = {
  mac: '00:80:77:0a:0b:0c',
  seen: () => ({
    addresses: ['192.168.1.9'],
    ...names('BRN0080770A0B0C'),
    'tcp/135': 'closed',
    'tcp/139': 'closed',
    'tcp/445': 'closed',
  }),
};

/** A machine that somebody set up on day 25, with the settings that Samba comes with. */
const NEWCOMER: Machine = {
  mac: '1c:69:7a:44:55:66',
  seen: ({ day }) =>
    day < 25.65
      ? null
      : server({
          addresses: ['192.168.1.60'],
          ...names('WORKSHOP'),
          'tcp/139': 'open',
          'netbios.session': 'accepted',
          'netbios.calledName': 'WORKSHOP',
          'smb.signing.smb2': 'enabled',
          ...sampleIdentity({ computer: 'WORKSHOP', dnsComputer: 'workshop' }),
        }),
};

const AGENT: Machine = {
  mac: 'dc:a6:32:77:88:99',
  isAgent: true,
  seen: () => ({ addresses: ['192.168.1.5'], 'agent.listening': [] }),
};

const HOUSEHOLD: readonly Machine[] = [NAS, PLAYER, DESKTOP, LAPTOP, ROUTER, PRINTER, NEWCOMER, AGENT];

/** A telephone, a lamp, a loudspeaker: there, and nothing to be said of it. */
export function quietMachine(index: number): Machine {
  const last = index.toString(16).padStart(2, '0');
  const isGuest = index % 3 === 1;
  return {
    mac: `5c:aa:fd:00:00:${last}`,
    seen: ({ hour }) =>
      isGuest && !between(hour, 6 + (index % 4), 21)
        ? null
        : {
            addresses: [`192.168.1.${140 + index}`],
            'tcp/135': 'closed',
            'tcp/139': 'closed',
            'tcp/445': 'closed',
          },
  };
}

/** Machines whose names are attacks on whoever shows them. */
export const HOSTILE_MACHINES: readonly Machine[] = [
  '<img src=x>',
  '\u001b]0;own\u0007',
  '\u202eSAN\u2066',
  '"><script>a()',
  '{{7*7}}`%s`',
  'x'.repeat(300),
].map((name, index) => ({
  mac: `0c:0b:ad:c0:ff:0${index}`,
  seen: () =>
    server({
      addresses: [`192.168.1.${66 + index}`],
      ...names(name),
      'smb.signing.smb2': 'enabled',
      'smb.anonymous.session': 'yes',
      'smb.anonymous.shares': [share(`</svg><script>alert(${index})</script>`, 'yes')],
      ...sampleIdentity({ computer: name, domain: '</style><script>', dnsComputer: 'javascript:alert(1)' }),
    }),
}));
