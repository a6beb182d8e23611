/** The full posture of every SMB server, against its own configuration and against tools that others wrote. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dialect, NetbiosName, Share } from '../../domain/facts.ts';
import { AgreementTable, type Row } from './agreement.ts';
import { buildLab, type Lab } from './build-lab.ts';
import { CAST, type CastMember } from './hosts.ts';
import { type NbtscanHost, nbtscan } from './judges.ts';
import { type NmapSmb, nmapPosture } from './nmap.ts';
import { Program } from './program.ts';
import {
  impacketNames,
  type NtlmWords,
  nmblookupNames,
  rpcclientServer,
  type ServerService,
  type SmbServer,
  smbclientReads,
  smbclientShares,
} from './smb-clients.ts';
import { type ConfiguredPosture, postureBy } from './smb-conf.ts';

interface SmbJson {
  readonly transports: readonly string[];
  readonly dialects: readonly Dialect[];
  readonly smb1: string;
  readonly signing: { readonly smb1: string; readonly smb2: string };
  readonly encryption: { supported: string; required: string; ciphers: readonly string[] | null };
  readonly serverGuid: string | null;
  readonly systemTime: string | null;
  readonly identity: {
    computer: string | null;
    dnsComputer: string | null;
    os: string | null;
    osBuild: number | null;
  };
  readonly anonymous: { session: string; shares: readonly Share[] | null };
}
interface HostJson {
  readonly addresses: readonly string[];
  readonly netbios: { readonly names: readonly NetbiosName[] } | null;
  readonly smb: SmbJson | null;
}

/** Everything that is said of one server. */
interface Server {
  readonly name: string;
  readonly member: CastMember;
  readonly ours: SmbJson;
  readonly names: readonly NetbiosName[] | null;
  /** null: not a Samba. */
  readonly truth: ConfiguredPosture | null;
  readonly nmap: NmapSmb | undefined;
  readonly nbtscan: NbtscanHost | undefined;
  readonly nmblookup: readonly NetbiosName[] | null;
  readonly impacket: NtlmWords | null;
  readonly rpcclient: ServerService | null;
  readonly smbclient: {
    readonly shares: readonly { readonly name: string; readonly kind: string }[] | null;
    /** By share, as far as smbwarden knows them. */
    readonly reads: Readonly<Record<string, string>>;
  };
}

const MEMBERS = CAST.filter((member) => member.expected.smb !== null);
const A_MINUTE_MS = 60_000;

let lab: Lab;
let hosts: readonly HostJson[];
let servers: readonly Server[];

beforeAll(async () => {
  lab = await buildLab(MEMBERS);
  const program = await Program.install(lab, 'posture');
  hosts = (await program.json<{ hosts: readonly HostJson[] }>('sweep')).hosts;
  servers = await hearEverybody();
}, 240_000);
afterAll(() => lab?.close());

const EACH = MEMBERS.map((member) => [member.name, member] as const);

test.each(EACH)('tells every dialect of %s', (_, member) => {
  expect(smbOf(member).dialects).toEqual(member.expected.smb?.dialects);
});

test.each(EACH)('tells the ciphers of %s', (_, member) => {
  expect(smbOf(member).encryption.ciphers).toEqual(member.expected.smb?.ciphers);
});

test.each(EACH)('tells who %s says it is', (_, member) => {
  const { computer, osBuild } = smbOf(member).identity;
  expect(computer).toBe(member.expected.smb?.computer);
  expect(osBuild).toBeNull();
});

test.each(EACH.filter(([, { expected }]) => expected.smb?.signing.smb2 != null))(
  'tells the server GUID of %s where it lasts',
  (_, member) => {
    const lasts = member.expected.smb?.newGuidEachTime !== true;
    expect(smbOf(member).serverGuid !== null).toBe(lasts);
  },
);

test.each(EACH)('tells the shares that %s tells somebody without a password', (_, member) => {
  const disks = smbOf(member).anonymous.shares?.filter(({ type }) => type === 'disk');
  const names = disks?.map(({ name }) => name).sort() ?? null;
  expect(names).toEqual(member.expected.smb?.anonymousShares ?? null);
});

test('agrees with every judge, or proves by the configuration that the judge is wrong', () => {
  const table = new AgreementTable(servers, ROWS);
  console.log(table.text());
  expect(table.list('differs')).toEqual([]);
  const wrong = table.cells
    .filter(({ sign }) => sign === 'judge wrong')
    .map(({ judge, fact }) => `${judge} on ${fact}`);
  expect([...new Set(wrong)].sort()).toEqual(
    ROWS.filter(({ excuse }) => excuse !== undefined)
      .map(({ judge, fact }) => `${judge} on ${fact}`)
      .sort(),
  );
});

const ROWS: readonly Row<Server>[] = [
  {
    fact: 'dialects',
    judge: 'nmap smb-protocols',
    of: ({ ours, nmap }) => ({ ours: ours.dialects.join(), theirs: nmap?.dialects?.join() ?? null }),
  },
  {
    fact: 'dialects',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({ ours: ours.dialects.join(), theirs: truth?.dialects.join() ?? null }),
  },
  {
    fact: 'signing, SMB 2/3',
    judge: 'nmap smb2-security-mode',
    of: ({ ours, nmap }) => ({ ours: ours.signing.smb2, theirs: nmap?.signing.smb2 ?? null }),
  },
  {
    fact: 'signing, SMB 2/3',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({ ours: ours.signing.smb2, theirs: truth?.signing.smb2 ?? null }),
  },
  {
    fact: 'signing, SMB 1',
    judge: 'nmap smb-security-mode',
    of: ({ ours, nmap }) => ({ ours: ours.signing.smb1, theirs: nmap?.signing.smb1 ?? null }),
  },
  {
    fact: 'signing, SMB 1',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({ ours: ours.signing.smb1, theirs: truth?.signing.smb1 ?? null }),
  },
  {
    fact: 'encryption',
    judge: 'nmap smb2-capabilities',
    of: ({ ours, nmap, truth }) => ({
      ours: ours.encryption.supported,
      theirs: nmap?.encryption ?? null,
      truth: truth?.encryption.supported ?? null,
    }),
    excuse: 'it does not offer to encrypt itself, and Samba tells only those who do',
  },
  {
    fact: 'encryption',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({
      ours: known(ours.encryption.supported),
      theirs: truth?.encryption.supported ?? null,
    }),
  },
  {
    fact: 'encryption req.',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({
      ours: known(ours.encryption.required),
      theirs: truth?.encryption.required ?? null,
    }),
  },
  {
    fact: 'ciphers',
    judge: 'smb.conf (nmap has none)',
    of: ({ ours, truth }) => ({
      ours: ours.encryption.ciphers?.join() ?? null,
      theirs: truth?.ciphers?.join() ?? null,
    }),
  },
  {
    fact: 'clock',
    judge: 'nmap smb2-time',
    of: ({ ours, nmap }) => {
      if (nmap?.clock == null || ours.systemTime === null) return { ours: null, theirs: null };
      const apart = Math.abs(nmap.clock - Date.parse(ours.systemTime)) > A_MINUTE_MS;
      return { ours: 'one time', theirs: apart ? 'another' : 'one time' };
    },
  },
  {
    fact: 'computer',
    judge: 'nmap smb-os-discovery',
    of: ({ ours, nmap }) => ({ ours: ours.identity.computer, theirs: nmap?.computer ?? null }),
  },
  {
    fact: 'computer',
    judge: 'impacket, NTLM',
    of: ({ ours, impacket }) => ({ ours: ours.identity.computer, theirs: impacket?.computer ?? null }),
  },
  {
    fact: 'computer',
    judge: 'rpcclient srvinfo',
    of: ({ ours, rpcclient }) => ({ ours: ours.identity.computer, theirs: rpcclient?.computer ?? null }),
  },
  {
    fact: 'computer',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({ ours: ours.identity.computer, theirs: truth?.computer ?? null }),
  },
  {
    fact: 'DNS name',
    judge: 'impacket, NTLM',
    of: ({ ours, impacket }) => ({ ours: ours.identity.dnsComputer, theirs: impacket?.dnsComputer ?? null }),
  },
  {
    fact: 'system',
    judge: 'nmap smb-os-discovery',
    of: ({ ours, nmap }) => ({ ours: software(ours.identity.os), theirs: software(nmap?.os) }),
  },
  {
    fact: 'system',
    judge: 'impacket, NTLM',
    of: ({ ours, impacket }) => ({
      ours: software(ours.identity.os),
      theirs: impacket?.version === '6.1.0' ? 'Samba' : null,
    }),
  },
  {
    fact: 'system',
    judge: 'rpcclient srvinfo',
    of: ({ ours, rpcclient }) => ({ ours: software(ours.identity.os), theirs: software(rpcclient?.comment) }),
  },
  {
    fact: 'NetBIOS names',
    judge: 'nmap nbstat',
    of: ({ names, nmap }) => ({ ours: namesText(names), theirs: namesText(nmap?.netbiosNames) }),
  },
  {
    fact: 'NetBIOS names',
    judge: 'nbtscan',
    of: ({ names, nbtscan: seen }) => ({ ours: namesText(names), theirs: namesText(seen?.names) }),
  },
  {
    fact: 'NetBIOS names',
    judge: 'nmblookup -A',
    of: ({ names, nmblookup }) => ({ ours: namesText(names), theirs: namesText(nmblookup) }),
  },
  {
    fact: 'shares',
    judge: 'smbclient -L',
    of: ({ ours, smbclient }) => ({
      ours: shareNames(ours),
      theirs: smbclient.shares?.map(({ name }) => name).join() ?? null,
    }),
  },
  {
    fact: 'shares',
    judge: 'rpcclient netshareenum',
    of: ({ ours, rpcclient }) => ({ ours: shareNames(ours), theirs: rpcclient?.shares.join() ?? null }),
  },
  {
    fact: 'shares',
    judge: 'nmap smb-enum-shares',
    of: ({ ours, nmap }) => ({
      ours: shareNames(ours),
      theirs: nmap?.shares == null ? null : Object.keys(nmap.shares).sort().join(),
    }),
  },
  {
    fact: 'shares',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({
      ours: shareNames(ours) ?? (ours.anonymous.session === 'no' ? 'refused' : null),
      theirs: truth === null ? null : (truth.shares?.join() ?? 'refused'),
    }),
  },
  {
    fact: 'readable shares',
    judge: 'smbclient ls',
    of: ({ ours, smbclient }) => ({
      ours: sharesThat(ours, 'readable'),
      theirs: ours.anonymous.shares === null ? null : sharesWith(smbclient.reads, (read) => read === 'yes'),
    }),
  },
  {
    fact: 'readable shares',
    judge: 'nmap smb-enum-shares',
    of: ({ ours, nmap }) => ({
      ours: sharesThat(ours, 'readable'),
      theirs: nmap?.shares == null ? null : sharesWith(nmap.shares, (access) => access.includes('READ')),
    }),
  },
  {
    fact: 'readable shares',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({
      ours: sharesThat(ours, 'readable'),
      theirs: truth?.shares == null ? null : sharesWith(truth.access, ({ read }) => read === 'yes'),
    }),
  },
  {
    fact: 'writable shares',
    judge: 'nmap smb-enum-shares',
    of: ({ ours, nmap, truth }) => ({
      ours: sharesThat(ours, 'writable'),
      theirs: nmap?.shares == null ? null : sharesWith(nmap.shares, (access) => access.includes('WRITE')),
      truth: truth?.shares == null ? null : sharesWith(truth.access, ({ write }) => write === 'yes'),
    }),
    excuse: 'it takes every share that it can read for writable too: "read only = yes" says otherwise',
  },
  {
    fact: 'writable shares',
    judge: 'smb.conf',
    of: ({ ours, truth }) => ({
      ours: sharesThat(ours, 'writable'),
      theirs: truth?.shares == null ? null : sharesWith(truth.access, ({ write }) => write === 'yes'),
    }),
  },
];

/** An answer that is not there is no opinion. */
function known(answer: string): string | null {
  return answer === 'unknown' ? null : answer;
}

/** Judges see the version of a Samba; that it is one is what all can tell. */
function software(text: string | null | undefined): string | null {
  return text == null ? null : text.includes('Samba') ? 'Samba' : null;
}

function namesText(names: readonly NetbiosName[] | null | undefined): string | null {
  if (names == null) return null;
  return names.map(({ name, suffix, group }) => `${name}<${suffix}>${group ? 'G' : ''}`).join();
}

function shareNames({ anonymous }: SmbJson): string | null {
  return (
    anonymous.shares
      ?.map(({ name }) => name)
      .sort()
      .join() ?? null
  );
}

/** Names in order; null where smbwarden does not know of one of them. Administrative shares are not tried. */
function sharesThat({ anonymous }: SmbJson, may: 'readable' | 'writable'): string | null {
  const tried = anonymous.shares?.filter(({ type, name }) => type === 'disk' && !name.endsWith('$'));
  if (tried === undefined || tried.some((share) => share[may] === 'unknown')) return null;
  const names = tried.filter((share) => share[may] === 'yes').map(({ name }) => name);
  return names.sort().join() || 'none';
}

/** Pipes are no shares to read. */
function sharesWith<Access>(access: Readonly<Record<string, Access>>, wanted: (access: Access) => boolean) {
  const names = Object.keys(access).filter((name) => name !== 'IPC$' && wanted(access[name] as Access));
  return names.sort().join() || 'none';
}

async function hearEverybody(): Promise<Server[]> {
  const { agent } = lab;
  const { hosts: byNmap } = await nmapPosture(
    agent,
    MEMBERS.map(({ address }) => address),
  );
  const byNbtscan = await nbtscan(agent, '10.77.0.20-29');
  return Promise.all(
    MEMBERS.map(async (member) => {
      const { name, address, expected, samba } = member;
      const server = serverOf(member);
      const ours = smbOf(member);
      const config = await lab.host(name).samba?.effectiveConfig();
      const newest = expected.smb?.dialects.at(-1) ?? 'NT LM 0.12';
      return {
        name,
        member,
        ours,
        names: hostOf(member).netbios?.names ?? null,
        truth: config === undefined ? null : postureBy(config),
        nmap: byNmap.find((each) => each.address === address),
        nbtscan: byNbtscan.find((each) => each.address === address),
        nmblookup: await nmblookupNames(agent, address),
        impacket: await impacketNames(agent, server, IMPACKET_DIALECTS[newest]),
        // The others bring no srvsvc that rpcclient would speak with.
        rpcclient: samba === undefined ? null : await rpcclientServer(agent, server),
        smbclient: { shares: await smbclientShares(agent, server), reads: await readsOf(server, ours) },
      };
    }),
  );
}

/** impacket knows no 3.0.2, and offers one dialect at a time. */
const IMPACKET_DIALECTS: Readonly<Record<Dialect, number | 'NT LM 0.12'>> = {
  'NT LM 0.12': 'NT LM 0.12',
  '2.0.2': 0x0202,
  '2.1': 0x0210,
  '3.0': 0x0300,
  '3.0.2': 0x0300,
  '3.1.1': 0x0311,
};

async function readsOf(server: SmbServer, ours: SmbJson): Promise<Record<string, string>> {
  const disks = (ours.anonymous.shares ?? []).filter(({ type, name }) => type === 'disk' && name !== 'IPC$');
  const reads = await Promise.all(
    disks.map(async ({ name }) => [name, await smbclientReads(lab.agent, server, name)] as const),
  );
  return Object.fromEntries(reads);
}

function serverOf({ address, expected }: CastMember): SmbServer {
  const port = expected.ports['tcp/445'] === 'open' ? 445 : 139;
  return { address, port, oldest: expected.smb?.smb1 === 'yes' ? 'NT1' : 'SMB2_02' };
}

function hostOf(member: CastMember): HostJson {
  const host = hosts.find(({ addresses }) => addresses.includes(member.address));
  if (host === undefined) throw new Error(`${member.name} was not seen`);
  return host;
}

function smbOf(member: CastMember): SmbJson {
  const { smb } = hostOf(member);
  if (smb === null) throw new Error(`no SMB was seen at ${member.name}`);
  return smb;
}
