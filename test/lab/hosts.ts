import type { Address } from '../../domain/address.ts';
import type { Answer, Dialect, NetbiosName, ServiceState, SigningPolicy } from '../../domain/facts.ts';
import type { Mac } from '../../domain/host.ts';
import type { Firewall } from './lan.ts';
import type { PythonServerSettings } from './python-servers.ts';
import type { SambaSettings } from './samba.ts';
import type { ScriptSettings } from './servers.ts';

/** One machine of the lab's LAN: what it is, what runs on it, and what an honest look at it must find. */
export interface CastMember {
  readonly name: string;
  readonly address: Address;
  readonly mac: Mac;
  /** One sentence for people. */
  readonly plays: string;
  /** What the firewall does with everything inbound; none: no firewall. */
  readonly firewall?: Firewall;
  readonly samba?: SambaSettings;
  /** An SMB server of another family than Samba. */
  readonly python?: PythonServerSettings;
  readonly scripts?: readonly ScriptSettings[];
  /** Listens on print ports, and records. */
  readonly printer?: true;
  readonly mosquitto?: true;
  readonly expected: Expected;
}

/** The truth about a host, as the wire shows it. */
export interface Expected {
  /**
   * State of each port. `udp/137` is `open` where a reply to our question comes, `unknown` where none does; `closed` and
   * `rejected` show there only to those who see ICMP.
   */
  readonly ports: Readonly<Record<WatchedPort, ServiceState>>;
  /** Names by node status in wire order, and the MAC it tells (null: zeros); null: no well-formed reply. */
  readonly netbios: { readonly names: readonly NetbiosName[]; readonly unitId: Mac | null } | null;
  /** null: no SMB is spoken, or none gets through. */
  readonly smb: ExpectedSmb | null;
}

export type WatchedPort = 'tcp/135' | 'tcp/139' | 'tcp/445' | 'udp/137';

export interface ExpectedSmb {
  /** All that the server accepts, oldest first. */
  readonly dialects: readonly Dialect[];
  /** What it says to SMB 1 offered alone; `unknown`: nothing, and it keeps the line. */
  readonly smb1: Answer;
  /** null: that generation is not spoken. */
  readonly signing: { readonly smb1: SigningPolicy | null; readonly smb2: SigningPolicy | null };
  /** Ciphers of 3.1.1 in the server's order of preference; null: it encrypts nothing. */
  readonly ciphers: readonly string[] | null;
  /** Computer name in the NTLM challenge; null: it tells none. */
  readonly computer: string | null;
  /** It makes up another server GUID for each connection, so that every sweep sees a new one. */
  readonly newGuidEachTime?: true;
  /** Disk shares that smbclient lists in an anonymous session, in order of name; null: it gets no list. */
  readonly anonymousShares: readonly string[] | null;
  /** The most that an anonymous session may do with a disk share; missing: nothing. */
  readonly givesAway?: 'writing';
}

/** Where the daemon, nmap, nbtscan and smbclient run. */
export const AGENT = { name: 'agent', address: '10.77.0.2', mac: '1c:69:7a:00:00:02' } as const;

const SMB2_AND_3: readonly Dialect[] = ['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'];
const CLOSED = {
  'tcp/135': 'closed',
  'tcp/139': 'closed',
  'tcp/445': 'closed',
  'udp/137': 'closed',
} as const;
const FILTERED = {
  'tcp/135': 'filtered',
  'tcp/139': 'filtered',
  'tcp/445': 'filtered',
  'udp/137': 'unknown',
} as const;
const REJECTED = {
  'tcp/135': 'rejected',
  'tcp/139': 'rejected',
  'tcp/445': 'rejected',
  'udp/137': 'rejected',
} as const;
const NO_SMB = { netbios: null, smb: null } as const;

/** What nmbd registers for a server that takes no part in elections. Samba tells no MAC. */
function sambaNames(name: string): Expected['netbios'] {
  return {
    names: [
      { name, suffix: 0x00, group: false },
      { name, suffix: 0x03, group: false },
      { name, suffix: 0x20, group: false },
      { name: 'WORKGROUP', suffix: 0x00, group: true },
      { name: 'WORKGROUP', suffix: 0x1e, group: true },
    ],
    unitId: null,
  };
}

const SAMBA_CIPHERS = ['AES-128-GCM', 'AES-128-CCM', 'AES-256-GCM', 'AES-256-CCM'];

/** What follows from the rest when the server is Samba. */
function sambaTells(
  computer: string,
  truth: Pick<ExpectedSmb, 'dialects' | 'signing' | 'anonymousShares' | 'givesAway'>,
): ExpectedSmb {
  const speaks = (dialect: Dialect): boolean => truth.dialects.includes(dialect);
  return {
    ...truth,
    smb1: speaks('NT LM 0.12') ? 'yes' : 'no',
    ciphers: speaks('3.1.1') ? SAMBA_CIPHERS : null,
    computer,
  };
}

/** It lists even its IPC$ as a disk share. */
const IMPACKET_SHARES = ['DATA', 'IPC$'];

const PRIVATE_SHARE = { data: { 'read only': 'no' } } as const;

/** Machines as they are found in homes. */
const ORDINARY: readonly CastMember[] = [
  {
    name: 'broker',
    address: '10.77.0.5',
    mac: 'dc:a6:32:00:00:05',
    plays: 'the MQTT broker: Mosquitto that demands a password',
    mosquitto: true,
    expected: { ports: CLOSED, ...NO_SMB },
  },
  {
    name: 'nas',
    address: '10.77.0.20',
    mac: '00:11:32:00:00:20',
    plays: 'Samba as it comes: SMB 2 and 3, signing offered, NetBIOS on',
    samba: { options: { 'netbios name': 'NAS' }, shares: PRIVATE_SHARE, nmbd: true },
    expected: {
      ports: { ...CLOSED, 'tcp/139': 'open', 'tcp/445': 'open', 'udp/137': 'open' },
      netbios: sambaNames('NAS'),
      smb: sambaTells('NAS', {
        dialects: SMB2_AND_3,
        signing: { smb1: null, smb2: 'enabled' },
        anonymousShares: ['data'],
      }),
    },
  },
  {
    name: 'legacy',
    address: '10.77.0.21',
    mac: '24:5e:be:00:00:21',
    plays: 'a NAS of 2010: SMB 1 beside the rest, shares for guests, one of them writable',
    samba: {
      options: {
        'netbios name': 'NASLEGACY',
        'server min protocol': 'NT1',
        'map to guest': 'Bad User',
      },
      shares: {
        media: { 'guest ok': 'yes', 'read only': 'yes' },
        public: { 'guest ok': 'yes', 'read only': 'no' },
        secret: { 'guest ok': 'no' },
      },
      nmbd: true,
    },
    expected: {
      ports: { ...CLOSED, 'tcp/139': 'open', 'tcp/445': 'open', 'udp/137': 'open' },
      netbios: sambaNames('NASLEGACY'),
      smb: sambaTells('NASLEGACY', {
        dialects: ['NT LM 0.12', ...SMB2_AND_3],
        signing: { smb1: 'disabled', smb2: 'enabled' },
        anonymousShares: ['media', 'public', 'secret'],
        givesAway: 'writing',
      }),
    },
  },
  {
    name: 'modern',
    address: '10.77.0.22',
    mac: '90:09:d0:00:00:22',
    plays: 'hardened Samba: 3.1.1 only, encryption and signing required, no anonymous session, no NetBIOS',
    samba: {
      options: {
        'netbios name': 'MODERN',
        'server min protocol': 'SMB3_11',
        'server smb encrypt': 'required',
        'server signing': 'mandatory',
        'restrict anonymous': '2',
        'disable netbios': 'yes',
        'smb ports': '445',
      },
      shares: PRIVATE_SHARE,
      nmbd: false,
    },
    expected: {
      ports: { ...CLOSED, 'tcp/445': 'open' },
      netbios: null,
      smb: sambaTells('MODERN', {
        dialects: ['3.1.1'],
        signing: { smb1: null, smb2: 'required' },
        anonymousShares: null,
      }),
    },
  },
  {
    name: 'session-only',
    address: '10.77.0.23',
    mac: '00:08:9b:00:00:23',
    plays: 'SMB over the NetBIOS session service only: TCP 139, not 445',
    samba: {
      options: { 'netbios name': 'SESSIONONLY', 'smb ports': '139' },
      shares: PRIVATE_SHARE,
      nmbd: true,
    },
    expected: {
      ports: { ...CLOSED, 'tcp/139': 'open', 'udp/137': 'open' },
      netbios: sambaNames('SESSIONONLY'),
      smb: sambaTells('SESSIONONLY', {
        dialects: SMB2_AND_3,
        signing: { smb1: null, smb2: 'enabled' },
        anonymousShares: ['data'],
      }),
    },
  },
  {
    name: 'signed',
    address: '10.77.0.24',
    mac: '00:15:5d:00:00:24',
    plays: 'SMB 2.0.2 and 2.1 only, signing required',
    samba: {
      options: {
        'netbios name': 'SIGNED',
        'server max protocol': 'SMB2_10',
        'server signing': 'mandatory',
        'smb ports': '445',
      },
      shares: PRIVATE_SHARE,
      nmbd: false,
    },
    expected: {
      ports: { ...CLOSED, 'tcp/445': 'open' },
      netbios: null,
      smb: sambaTells('SIGNED', {
        dialects: ['2.0.2', '2.1'],
        signing: { smb1: null, smb2: 'required' },
        anonymousShares: ['data'],
      }),
    },
  },
  {
    name: 'ancient',
    address: '10.77.0.25',
    mac: '00:d0:b7:00:00:25',
    plays: 'SMB 1 and nothing newer',
    samba: {
      options: { 'netbios name': 'ANCIENT', 'server min protocol': 'NT1', 'server max protocol': 'NT1' },
      shares: PRIVATE_SHARE,
      nmbd: true,
    },
    expected: {
      ports: { ...CLOSED, 'tcp/139': 'open', 'tcp/445': 'open', 'udp/137': 'open' },
      netbios: sambaNames('ANCIENT'),
      smb: sambaTells('ANCIENT', {
        dialects: ['NT LM 0.12'],
        signing: { smb1: 'disabled', smb2: null },
        anonymousShares: ['data'],
      }),
    },
  },
  {
    name: 'mapper',
    address: '10.77.0.26',
    mac: '00:1e:67:00:00:26',
    plays: 'Samba with its real endpoint mapper on TCP 135, without NetBIOS',
    samba: {
      options: { 'netbios name': 'MAPPER', 'smb ports': '445' },
      shares: PRIVATE_SHARE,
      nmbd: false,
      endpointMapper: true,
    },
    expected: {
      ports: { ...CLOSED, 'tcp/135': 'open', 'tcp/445': 'open' },
      netbios: null,
      smb: sambaTells('MAPPER', {
        dialects: SMB2_AND_3,
        signing: { smb1: null, smb2: 'enabled' },
        anonymousShares: ['data'],
      }),
    },
  },
  {
    name: 'impacket-smb1',
    address: '10.77.0.27',
    mac: 'b8:27:eb:00:00:27',
    plays: "impacket's server with SMB 1 alone, on 445 and on 139, where it takes any called name",
    python: { software: 'impacket', serverName: 'RASPBERRY', smb2: false, tcp: [139, 445] },
    expected: {
      ports: { ...CLOSED, 'tcp/139': 'open', 'tcp/445': 'open' },
      netbios: null,
      smb: {
        dialects: ['NT LM 0.12'],
        smb1: 'yes',
        signing: { smb1: 'disabled', smb2: null },
        ciphers: null,
        computer: 'RASPBERRY',
        anonymousShares: IMPACKET_SHARES,
      },
    },
  },
  {
    name: 'impacket',
    address: '10.77.0.28',
    mac: '00:0c:29:00:00:28',
    plays:
      "impacket's server with SMB 2: selects 2.0.2 whatever is offered, has one GUID for all, starts anew each second",
    python: { software: 'impacket', serverName: 'TRANSFER', smb2: true, tcp: [445] },
    expected: {
      ports: { ...CLOSED, 'tcp/445': 'open' },
      netbios: null,
      smb: {
        dialects: ['NT LM 0.12', '2.0.2'],
        smb1: 'yes',
        signing: { smb1: 'disabled', smb2: 'enabled' },
        ciphers: null,
        computer: 'TRANSFER',
        anonymousShares: IMPACKET_SHARES,
        givesAway: 'writing',
      },
    },
  },
  {
    name: 'quicksand',
    address: '10.77.0.29',
    mac: '00:1c:42:00:00:29',
    plays:
      'quicksand-smb: 3.1.1 without contexts, a GUID for each connection, bare NTLM, and silence to SMB 1',
    python: { software: 'quicksand', tcp: [445] },
    expected: {
      ports: { ...CLOSED, 'tcp/445': 'open' },
      netbios: null,
      smb: {
        dialects: SMB2_AND_3,
        smb1: 'unknown',
        signing: { smb1: null, smb2: 'enabled' },
        ciphers: null,
        computer: null,
        newGuidEachTime: true,
        // smbclient demands the contexts that 3.1.1 must have.
        anonymousShares: null,
      },
    },
  },
  {
    name: 'firewalled',
    address: '10.77.0.30',
    mac: '3c:7c:3f:00:00:30',
    plays: 'Samba behind a firewall that drops everything; only ARP answers',
    firewall: 'drop',
    samba: { options: { 'netbios name': 'FIREWALLED' }, shares: PRIVATE_SHARE, nmbd: true },
    expected: { ports: FILTERED, ...NO_SMB },
  },
  {
    name: 'rejecting',
    address: '10.77.0.31',
    mac: '3c:7c:3f:00:00:31',
    plays: 'Samba behind a firewall that refuses everything as administratively prohibited',
    firewall: 'reject',
    samba: { options: { 'netbios name': 'REJECTING' }, shares: PRIVATE_SHARE, nmbd: true },
    expected: { ports: REJECTED, ...NO_SMB },
  },
  {
    name: 'bare',
    address: '10.77.0.32',
    mac: 'ac:bc:32:00:00:32',
    plays: 'a machine with nothing open',
    expected: { ports: CLOSED, ...NO_SMB },
  },
  {
    name: 'printer',
    address: '10.77.0.40',
    mac: '00:17:c8:00:00:40',
    plays: 'a printer with raw ports 515 and 9100 that record what they receive',
    printer: true,
    expected: { ports: CLOSED, ...NO_SMB },
  },
  {
    name: 'office-printer',
    address: '10.77.0.41',
    mac: '00:80:77:00:00:41',
    plays: 'a printer as before that also answers node status, with its MAC',
    printer: true,
    scripts: [{ script: 'nbstat.ts', behaviour: 'honest', udp: [137] }],
    expected: {
      ports: { ...CLOSED, 'udp/137': 'open' },
      netbios: {
        names: [
          { name: 'BRN0080774A5B6C', suffix: 0x00, group: false },
          { name: 'WORKGROUP', suffix: 0x00, group: true },
        ],
        unitId: '00:80:77:00:00:41',
      },
      smb: null,
    },
  },
];

const SMB_PORTS_OPEN = { ...CLOSED, 'tcp/139': 'open', 'tcp/445': 'open' } as const;

/** Machines that lie, stall or flood. What they send is in the folder `hostile`. */
const HOSTILE: readonly CastMember[] = [
  {
    name: 'tarpit',
    address: '10.77.0.50',
    mac: '52:54:00:00:00:50',
    plays: 'accepts on 135, 139 and 445 and never answers',
    scripts: [{ script: 'tcp.ts', behaviour: 'tarpit', tcp: [135, 139, 445] }],
    expected: { ports: { ...SMB_PORTS_OPEN, 'tcp/135': 'open' }, ...NO_SMB },
  },
  {
    name: 'drip',
    address: '10.77.0.51',
    mac: '52:54:00:00:00:51',
    plays: 'begins like SMB 2 and sends one byte a second',
    scripts: [{ script: 'tcp.ts', behaviour: 'drip', tcp: [139, 445] }],
    expected: { ports: SMB_PORTS_OPEN, ...NO_SMB },
  },
  {
    name: 'garbage',
    address: '10.77.0.52',
    mac: '52:54:00:00:00:52',
    plays: 'sends random bytes',
    scripts: [{ script: 'tcp.ts', behaviour: 'garbage', tcp: [135, 139, 445] }],
    expected: { ports: { ...SMB_PORTS_OPEN, 'tcp/135': 'open' }, ...NO_SMB },
  },
  {
    name: 'huge',
    address: '10.77.0.53',
    mac: '52:54:00:00:00:53',
    plays: 'announces a message of 16 MiB and sends it',
    scripts: [{ script: 'tcp.ts', behaviour: 'huge', tcp: [139, 445] }],
    expected: { ports: SMB_PORTS_OPEN, ...NO_SMB },
  },
  {
    name: 'hang-up',
    address: '10.77.0.54',
    mac: '52:54:00:00:00:54',
    plays: 'accepts and closes at once',
    scripts: [{ script: 'tcp.ts', behaviour: 'hang-up', tcp: [135, 139, 445] }],
    expected: { ports: { ...SMB_PORTS_OPEN, 'tcp/135': 'open' }, ...NO_SMB },
  },
  {
    name: 'truncated',
    address: '10.77.0.55',
    mac: '52:54:00:00:00:55',
    plays: 'answers node status with a reply that ends in the middle of a name',
    scripts: [{ script: 'nbstat.ts', behaviour: 'truncated', udp: [137] }],
    // Samba, too, announces more names than it sends: the whole ones count.
    expected: {
      ports: { ...CLOSED, 'udp/137': 'open' },
      netbios: { names: [{ name: 'BRN0080774A5B6C', suffix: 0x00, group: false }], unitId: null },
      smb: null,
    },
  },
  {
    name: 'escapes',
    address: '10.77.0.56',
    mac: '52:54:00:00:00:56',
    plays: 'has escape sequences, markup and templates in its NetBIOS names',
    scripts: [{ script: 'nbstat.ts', behaviour: 'escapes', udp: [137] }],
    expected: {
      ports: { ...CLOSED, 'udp/137': 'open' },
      netbios: {
        names: [
          { name: '\x1b]0;owned\x07\x1b[2J', suffix: 0x00, group: false },
          { name: '\x9b31m<b>{{x}}', suffix: 0x20, group: false },
          { name: '[a](//b)\r\n`&"', suffix: 0x00, group: true },
        ],
        unitId: '52:54:00:00:00:56',
      },
      smb: null,
    },
  },
  {
    name: 'impostor',
    address: '10.77.0.57',
    mac: '52:54:00:00:00:57',
    plays: 'answers every datagram to 137 with a node status reply to another question',
    scripts: [{ script: 'nbstat.ts', behaviour: 'impostor', udp: [137] }],
    expected: { ports: { ...CLOSED, 'udp/137': 'unknown' }, ...NO_SMB },
  },
  {
    name: 'mute-mapper',
    address: '10.77.0.58',
    mac: '52:54:00:00:00:58',
    plays: 'accepts on 135 and waits',
    scripts: [{ script: 'tcp.ts', behaviour: 'tarpit', tcp: [135] }],
    expected: { ports: { ...CLOSED, 'tcp/135': 'open' }, ...NO_SMB },
  },
];

/** Everybody. */
export const CAST: readonly CastMember[] = [...ORDINARY, ...HOSTILE];

/** The members with these names, in the order of the cast. @throws Error that names an unknown one. */
export function castOf(...names: readonly string[]): readonly CastMember[] {
  const unknown = names.filter((name) => !CAST.some((member) => member.name === name));
  if (unknown.length > 0) throw new Error(`nobody in the lab's cast is called ${unknown.join(', ')}`);
  return CAST.filter((member) => names.includes(member.name));
}
