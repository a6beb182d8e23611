/** nmap's SMB and node status scripts: how they are run, and what they print in our words. */
import type { Address } from '../../domain/address.ts';
import type { Answer, Dialect, NetbiosName, SigningPolicy } from '../../domain/facts.ts';
import type { Station } from './lan.ts';
import { ended } from './run.ts';

const TIMEOUT_MS = 120_000;

/** What somebody runs who wants to know all that smbwarden tells of an SMB server. */
export const POSTURE_SCRIPTS: readonly string[] = [
  'smb-protocols',
  'smb2-security-mode',
  'smb2-capabilities',
  'smb2-time',
  'smb-os-discovery',
  'smb-security-mode',
  'smb-enum-shares',
  'nbstat',
];

/** The four that tell dialects, signing and NetBIOS names, in a fraction of the time. */
const QUICK_SCRIPTS: readonly string[] = [
  'smb-protocols',
  'smb2-security-mode',
  'smb-security-mode',
  'nbstat',
];

/** What the scripts say of one host; null: nothing. */
export interface NmapSmb {
  readonly address: Address;
  /** Oldest first. */
  readonly dialects: readonly Dialect[] | null;
  readonly signing: { readonly smb1: SigningPolicy | null; readonly smb2: SigningPolicy | null };
  /** By smb2-capabilities, at any dialect. */
  readonly encryption: Answer | null;
  /** The server's clock to the second, milliseconds UTC. */
  readonly clock: number | null;
  /** Over SMB 1, by smb-os-discovery: it asks over nothing newer. */
  readonly computer: string | null;
  /** As before; `Windows 6.1 (Samba 4.17.12-Debian)`. */
  readonly os: string | null;
  /** Over SMB 1, by smb-enum-shares: what an anonymous user may do, `READ/WRITE`, by the name of the share. */
  readonly shares: Readonly<Record<string, string>> | null;
  /** In wire order. */
  readonly netbiosNames: readonly NetbiosName[] | null;
}

/** What nmap says of each host that it believes to be up, in its own order, and how long it took, milliseconds. */
export async function nmapSmb(
  agent: Station,
  targets: readonly Address[],
  scripts: readonly string[] = QUICK_SCRIPTS,
): Promise<NmapSmb[]> {
  return (await nmapPosture(agent, targets, scripts)).hosts;
}

/** The same with all of its scripts for SMB servers, and how long the command took, milliseconds. */
export async function nmapPosture(
  agent: Station,
  targets: readonly Address[],
  scripts: readonly string[] = POSTURE_SCRIPTS,
): Promise<{ readonly hosts: NmapSmb[]; readonly durationMs: number }> {
  const { stdout, durationMs } = await nmap(agent, [
    ...['-Pn', '-sS', '-sU', '-p', 'T:139,445,U:137', '--script', scripts.join()],
    ...targets,
  ]);
  return { hosts: hostsOf(stdout).map(toNmapSmb), durationMs };
}

/** Runs nmap for its XML, without asking any name server. @throws Error when it fails. */
export async function nmap(
  agent: Station,
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly durationMs: number }> {
  const ran = ended(await agent.run('nmap', ['-n', '-oX', '-', ...args], { timeoutMs: TIMEOUT_MS }));
  if (ran.code !== 0) throw new Error(`nmap ${args.join(' ')}: ${ran.stderr}`);
  return ran;
}

export function hostsOf(xml: string): string[] {
  return xml.match(/<host [\s\S]*?<\/host>/g) ?? [];
}

/** First group of the pattern, XML entities decoded; null: no match. */
export function attribute(xml: string, pattern: RegExp): string | null {
  const text = pattern.exec(xml)?.[1];
  if (text === undefined) return null;
  return text
    .replace(/&#(x?)([0-9a-f]+);/gi, (_, hex: string, code: string) =>
      String.fromCodePoint(Number.parseInt(code, hex === '' ? 10 : 16)),
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

function toNmapSmb(host: string): NmapSmb {
  const output = (script: string) => attribute(host, new RegExp(`<script id="${script}" output="([^"]*)"`));
  const discovery = output('smb-os-discovery') ?? '';
  return {
    address: attribute(host, /addr="([^"]*)" addrtype="ipv4"/) ?? '',
    dialects: dialectsIn(output('smb-protocols')),
    signing: {
      smb1: smb1Signing(output('smb-security-mode')),
      smb2: smb2Signing(output('smb2-security-mode')),
    },
    encryption: encryptionIn(output('smb2-capabilities')),
    clock: clockIn(output('smb2-time')),
    computer: /NetBIOS computer name: ([^\\\n]+)/.exec(discovery)?.[1] ?? null,
    os: /OS: ([^\n]+)/.exec(discovery)?.[1] ?? null,
    shares: sharesIn(output('smb-enum-shares')),
    netbiosNames: namesIn(output('nbstat')),
  };
}

/** nmap 7.93 writes "202", 7.94 and later "2:0:2". */
const DIALECT_BY_DIGITS: Readonly<Record<string, Dialect>> = {
  '202': '2.0.2',
  '210': '2.1',
  '300': '3.0',
  '302': '3.0.2',
  '311': '3.1.1',
};

function dialectsIn(output: string | null): Dialect[] | null {
  if (output === null) return null;
  return output.split('\n').flatMap((line): Dialect[] => {
    if (line.includes('NT LM 0.12')) return ['NT LM 0.12'];
    const dialect = DIALECT_BY_DIGITS[line.replace(/[\s.:]/g, '')];
    return dialect === undefined ? [] : [dialect];
  });
}

function smb2Signing(output: string | null): SigningPolicy | null {
  if (output === null) return null;
  return output.includes('enabled and required') ? 'required' : 'enabled';
}

function smb1Signing(output: string | null): SigningPolicy | null {
  const word = /message_signing: (\w+)/.exec(output ?? '')?.[1];
  if (word === undefined) return null;
  return word === 'supported' ? 'enabled' : (word as SigningPolicy);
}

function encryptionIn(output: string | null): Answer | null {
  if (output === null || output.includes('not supported')) return null;
  return output.includes('Encryption') ? 'yes' : 'no';
}

function clockIn(output: string | null): number | null {
  const date = /date: (\S+)/.exec(output ?? '')?.[1];
  return date === undefined ? null : Date.parse(`${date}Z`);
}

function sharesIn(output: string | null): Record<string, string> | null {
  if (output === null) return null;
  const blocks = output.split(/^ {2}\\\\[\d.]+\\/m).slice(1);
  return Object.fromEntries(
    blocks.map((block) => [
      block.slice(0, block.indexOf(':')),
      /Anonymous access: (\S+)/.exec(block)?.[1] ?? '',
    ]),
  );
}

function namesIn(output: string | null): NetbiosName[] | null {
  if (output === null) return null;
  return [...output.matchAll(/^ {2}(.*)<([0-9a-f]{2})> +Flags: <(unique|group)>/gm)].map(
    ([, name = '', suffix = '', kind]) => ({
      name,
      suffix: Number.parseInt(suffix, 16),
      group: kind === 'group',
    }),
  );
}
