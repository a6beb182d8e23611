/** Independent opinions: tools that others wrote, run in the lab, and their output in our words. */
import type { Address } from '../../domain/address.ts';
import type { Dialect, NetbiosName, ServiceKey, ServiceState, SigningPolicy } from '../../domain/facts.ts';
import type { Mac } from '../../domain/host.ts';
import type { Station } from './lan.ts';
import type { Ran } from './run.ts';

const NMAP_TIMEOUT_MS = 120_000;

export interface NmapPorts {
  readonly address: Address;
  readonly mac: Mac | null;
  readonly ports: Readonly<Record<ServiceKey, ServiceState>>;
}

/** Port states by nmap's SYN and UDP probes, one entry for each host that answers ARP, in nmap's order. */
export async function nmapPorts(agent: Station, targets: readonly string[]): Promise<NmapPorts[]> {
  const ports = 'T:135,139,445,U:137';
  const xml = await nmap(agent, ['-sS', '-sU', '-p', ports, '--max-retries', '2', ...targets]);
  return hostsOf(xml).map((host) => ({
    address: attribute(host, /addr="([^"]*)" addrtype="ipv4"/) ?? '',
    mac: attribute(host, /addr="([^"]*)" addrtype="mac"/)?.toLowerCase() ?? null,
    ports: Object.fromEntries(
      [
        ...host.matchAll(/<port protocol="(\w+)" portid="(\d+)"><state state="([^"]*)" reason="([^"]*)"/g),
      ].map(([, transport, port, state = '', reason = '']) => [
        `${transport}/${port}`,
        serviceState(state, reason),
      ]),
    ),
  }));
}

export interface NmapSmb {
  readonly address: Address;
  /** Oldest first; null: the script says nothing. */
  readonly dialects: readonly Dialect[] | null;
  readonly signing: { readonly smb1: SigningPolicy | null; readonly smb2: SigningPolicy | null };
  /** Names by the nbstat script, in wire order; null: it says nothing. */
  readonly netbiosNames: readonly NetbiosName[] | null;
}

/** What nmap's SMB and node status scripts say of each host. */
export async function nmapSmb(agent: Station, targets: readonly Address[]): Promise<NmapSmb[]> {
  const scripts = 'smb-protocols,smb2-security-mode,smb-security-mode,nbstat';
  const ports = 'T:139,445,U:137';
  const xml = await nmap(agent, [
    ...['-sS', '-sU', '-p', ports, '--script', scripts, '--script-timeout', '20s'],
    ...targets,
  ]);
  return hostsOf(xml).map((host) => {
    const output = (script: string) => attribute(host, new RegExp(`<script id="${script}" output="([^"]*)"`));
    return {
      address: attribute(host, /addr="([^"]*)" addrtype="ipv4"/) ?? '',
      dialects: dialectsIn(output('smb-protocols')),
      signing: {
        smb1: smb1Signing(output('smb-security-mode')),
        smb2: smb2Signing(output('smb2-security-mode')),
      },
      netbiosNames: nbstatNames(output('nbstat')),
    };
  });
}

export interface NbtscanHost {
  readonly address: Address;
  readonly names: readonly NetbiosName[];
  readonly mac: Mac | null;
}

/** What nbtscan prints of each host that answers node status in `range` (a CIDR, or `10.77.0.3-100`). */
export async function nbtscan(agent: Station, range: string): Promise<NbtscanHost[]> {
  const { stdout } = ended(await agent.run('nbtscan', ['-q', '-v', '-s', ':', range]));
  const hosts = new Map<Address, { names: NetbiosName[]; mac: Mac | null }>();
  for (const line of stdout.split('\n')) {
    const [, address = '', rest = ''] = /^(\d+\.\d+\.\d+\.\d+):(.*)$/.exec(line) ?? [];
    const [, name = '', suffix, kind] = /^(.*):([0-9a-f]{2})([UG])$/.exec(rest) ?? [];
    const mac = /^MAC:([0-9a-f:]{17})$/.exec(rest)?.[1] ?? null;
    const host = hosts.get(address) ?? { names: [], mac: null };
    if (suffix !== undefined) {
      host.names.push({ name: name.trimEnd(), suffix: Number.parseInt(suffix, 16), group: kind === 'G' });
    } else if (mac !== null) host.mac = mac;
    else continue;
    hosts.set(address, host);
  }
  return [...hosts].map(([address, host]) => ({ address, ...host }));
}

/**
 * Disk shares that smbclient lists without a password, in order of name; null: it gets no list. With `NT1` as the oldest
 * protocol it begins in SMB 1, and waits long for a server that meets that with silence.
 */
export async function anonymousShares(
  agent: Station,
  address: Address,
  oldest: 'NT1' | 'SMB2_02' = 'NT1',
): Promise<string[] | null> {
  const args = ['-N', '-g', '-m', 'SMB3', `--option=client min protocol=${oldest}`, '-L', `//${address}`];
  const { code, stdout } = ended(await agent.run('smbclient', args));
  if (code !== 0) return null;
  return [...stdout.matchAll(/^Disk\|([^|]*)\|/gm)].map(([, share = '']) => share).sort();
}

/** How a plain connect() from `agent` ends, as an errno name or `connected`, and after how many milliseconds. */
export async function connect(
  agent: Station,
  address: Address,
  port: number,
  timeoutMs = 2_000,
): Promise<{ readonly outcome: string; readonly durationMs: number }> {
  const script = `
    const startedAt = performance.now();
    const tell = (outcome) => {
      console.log(JSON.stringify({ outcome, durationMs: Math.round(performance.now() - startedAt) }));
      process.exit();
    };
    const socket = require('node:net').connect(${port}, '${address}');
    socket.on('connect', () => tell('connected'));
    socket.on('error', (error) => tell(error.code));
    setTimeout(() => tell('timeout'), ${timeoutMs});`;
  const { stdout } = ended(await agent.run(process.execPath, ['-e', script]));
  return JSON.parse(stdout) as { outcome: string; durationMs: number };
}

async function nmap(agent: Station, args: readonly string[]): Promise<string> {
  const ran = await agent.run('nmap', ['-n', '-oX', '-', ...args], { timeoutMs: NMAP_TIMEOUT_MS });
  if (ended(ran).code !== 0) throw new Error(`nmap ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

function ended(ran: Ran): Ran {
  if (ran.timedOut) throw new Error(`no end after ${ran.durationMs} ms: ${ran.stdout}${ran.stderr}`);
  return ran;
}

function hostsOf(xml: string): string[] {
  return xml.match(/<host [\s\S]*?<\/host>/g) ?? [];
}

/** First group of the pattern, XML entities decoded. */
function attribute(xml: string, pattern: RegExp): string | null {
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

function serviceState(state: string, reason: string): ServiceState {
  if (state === 'open' || state === 'closed') return state;
  if (state === 'filtered') return reason === 'no-response' ? 'filtered' : 'rejected';
  return 'unknown';
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

function nbstatNames(output: string | null): NetbiosName[] | null {
  if (output === null) return null;
  return [...output.matchAll(/^ {2}(.*)<([0-9a-f]{2})> +Flags: <(unique|group)>/gm)].map(
    ([, name = '', suffix = '', kind]) => ({
      name,
      suffix: Number.parseInt(suffix, 16),
      group: kind === 'group',
    }),
  );
}
