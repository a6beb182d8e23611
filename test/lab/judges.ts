/** Independent opinions: tools that others wrote, run in the lab, and their output in our words. */
import type { Address } from '../../domain/address.ts';
import type { NetbiosName, ServiceKey, ServiceState } from '../../domain/facts.ts';
import type { Mac } from '../../domain/host.ts';
import type { Station } from './lan.ts';
import { attribute, hostsOf, nmap } from './nmap.ts';
import { ended } from './run.ts';

export interface NmapPorts {
  readonly address: Address;
  readonly mac: Mac | null;
  readonly ports: Readonly<Record<ServiceKey, ServiceState>>;
}

/** Port states by nmap's SYN and UDP probes, one entry for each host that answers ARP, in nmap's order. */
export async function nmapPorts(agent: Station, targets: readonly string[]): Promise<NmapPorts[]> {
  const ports = 'T:135,139,445,U:137';
  const { stdout: xml } = await nmap(agent, ['-sS', '-sU', '-p', ports, '--max-retries', '2', ...targets]);
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

function serviceState(state: string, reason: string): ServiceState {
  if (state === 'open' || state === 'closed') return state;
  if (state === 'filtered') return reason === 'no-response' ? 'filtered' : 'rejected';
  return 'unknown';
}
