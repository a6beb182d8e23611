/**
 * A large LAN with few machines: one namespace answers for a crowd of addresses, sixteen in each /24, each under a MAC of
 * its own. Real sizes (a /18 with 1,024 live hosts, a /16 with 4,096) cost two namespaces and one smbd.
 */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, fromNumber, toNumber } from '../../domain/address.ts';
import type { Mac } from '../../domain/host.ts';
import { Lab } from './build-lab.ts';
import { Lan, type Station } from './lan.ts';
import { deadLabs, demolish, demolishWhenWeAreGone, labFolder, newLabName } from './leftovers.ts';
import { run, runOrThrow } from './run.ts';
import { Samba } from './samba.ts';

/** In each /24 the addresses from .16 to .31 are alive. */
const FIRST_ALIVE = 16;
const ALIVE_IN_EACH = 16;
const AGENT = { name: 'agent', address: '10.88.0.2', mac: '1c:69:7a:00:00:02' } as const;
const CROWD = { name: 'crowd', address: '10.88.0.16', mac: '00:11:32:00:00:10' } as const;
/** Its sixteen are Sambas: one smbd answers for all of them. */
const SAMBAS = '10.88.0.16/28';
/** Its sixteen drop everything: only ARP shows them. */
const FIREWALLED = '10.88.1.16/28';

export interface LargeLanPlan {
  /** Length of the network prefix, 16 to 23: how many /24 there are. */
  readonly prefix: number;
  /** All of the crowd under one MAC, as behind a router that answers ARP for others. */
  readonly oneMac?: boolean;
}

/** A host of the crowd. */
export interface Crowded {
  readonly address: Address;
  readonly mac: Mac;
  readonly kind: 'samba' | 'firewalled' | 'closed';
}

export interface LargeLan {
  /** With the agent's station; its cast is empty. */
  readonly lab: Lab;
  /** `10.88.0.0/18`. */
  readonly subnet: string;
  /** Everybody who is alive, in ascending order of addresses, the agent left out. */
  readonly crowd: readonly Crowded[];
  readonly station: Station;
}

/** Builds it; `lab.close()` removes it. */
export async function buildLargeLan({ prefix, oneMac = false }: LargeLanPlan): Promise<LargeLan> {
  for (const dead of deadLabs()) await demolish(dead);
  const name = newLabName();
  const dismissGuard = demolishWhenWeAreGone(name);
  try {
    await mkdir(labFolder(name), { mode: 0o755 });
    const lan = await Lan.open(name);
    const [agent, station] = (await lan.addStations([AGENT, CROWD])) as [Station, Station];
    const subnet = `10.88.0.0/${prefix}`;
    for (const each of [agent, station]) await widen(each, prefix);
    const crowd = crowdOf(prefix, oneMac);
    await becomeCrowd(station, crowd, join(labFolder(name), 'samba'));
    return { lab: new Lab(name, lan, agent, dismissGuard), subnet, crowd, station };
  } catch (error) {
    await demolish(name);
    dismissGuard();
    throw error;
  }
}

/** The LAN's stations come with a /24. */
async function widen(station: Station, prefix: number): Promise<void> {
  await batch(station, ['address flush dev eth0', `address add ${station.address}/${prefix} brd + dev eth0`]);
}

function crowdOf(prefix: number, oneMac: boolean): Crowded[] {
  const first = toNumber(CROWD.address) - FIRST_ALIVE;
  return Array.from({ length: 2 ** (24 - prefix) }, (_, subnet) =>
    Array.from({ length: ALIVE_IN_EACH }, (_, n): Crowded => {
      const last = FIRST_ALIVE + n;
      const address = fromNumber(first + 256 * subnet + last);
      const mac = oneMac ? CROWD.mac : `00:11:32:00:${hex(subnet)}:${hex(last)}`;
      const kind = (['samba', 'firewalled'] as const)[subnet] ?? 'closed';
      return { address, mac, kind };
    }),
  ).flat();
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/**
 * The kernel answers ARP for every address that is routed to it. nftables then puts the MAC of the address into each
 * answer, and takes in what is sent to these MACs.
 */
async function becomeCrowd(station: Station, crowd: readonly Crowded[], folder: string): Promise<void> {
  const nets = new Set(crowd.map(({ address }) => address.replace(/\d+$/, `${FIRST_ALIVE}/28`)));
  await batch(
    station,
    [...nets].map((net) => `route add local ${net} dev lo`),
  );
  const macs = crowd.map(({ address, mac }) => `${address} : ${mac}`).join(',\n');
  const rules = `
table arp crowd {
  map macs {
    type ipv4_addr : ether_addr
    elements = { ${macs} }
  }
  chain output {
    type filter hook output priority 0;
    arp operation reply arp saddr ether set arp saddr ip map @macs
  }
}
table netdev crowd {
  chain ingress {
    type filter hook ingress device eth0 priority 0;
    meta pkttype set host
  }
}
table ip crowd {
  chain input {
    type filter hook input priority 0;
    ip daddr ${FIREWALLED} drop
    ip daddr != ${SAMBAS} tcp dport { 139, 445 } reject with tcp reset
  }
}
`;
  await runOrThrow('ip', ['netns', 'exec', station.namespace, 'nft', '-f', '-'], { input: rules });
  // One kernel plays many machines: of so many refusals it would otherwise swallow most.
  const limits = ['icmp_ratelimit', 'icmp_msgs_per_sec', 'icmp_msgs_burst'];
  const lift = limits.map((limit, n) => `echo ${n === 0 ? 0 : 1_000_000} > /proc/sys/net/ipv4/${limit}`);
  await station.run('sh', ['-c', lift.join('; ')]);
  const options = { 'bind interfaces only': 'no', 'max smbd processes': '100' };
  await new Samba(station, folder, { options, shares: {}, nmbd: false }).start();
}

/** Runs `ip` commands at a station in one process. */
async function batch(station: Station, commands: readonly string[]): Promise<void> {
  await runOrThrow('ip', ['-n', station.namespace, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/**
 * How often since boot the kernel has turned somebody away because the neighbour table was full, all namespaces and
 * processors together. @throws Error in any namespace but the initial one, where alone it is shown.
 */
export function tableFulls(): number {
  const [heading = '', ...processors] = readFileSync('/proc/net/stat/arp_cache', 'utf8').trim().split('\n');
  const column = heading.trim().split(/\s+/).indexOf('table_fulls');
  const counts = processors.map((line) => Number.parseInt(line.trim().split(/\s+/)[column] ?? '', 16));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** How many entries the table has now, failed ones and those of all namespaces included. @throws Error as before. */
export function tableEntries(): number {
  const [, first = ''] = readFileSync('/proc/net/stat/arp_cache', 'utf8').split('\n');
  return Number.parseInt(first.trim().split(/\s+/)[0] ?? '', 16);
}

/** What a sweep made of the table, by samples a quarter of a second apart. */
export interface TableWatch {
  /** Most entries of the agent's that the kernel cannot reclaim: all but failed and stale ones. */
  mostHeld: number;
  /** Most entries that were not the agent's: what other namespaces of this machine held beside it. */
  mostOthers: number;
  /** How many were turned away meanwhile, whoever they were. */
  turnedAway: number;
}

/** Watches the neighbour table while `work` is done. */
export async function watchTable<Result>(
  agent: Station,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly table: TableWatch }> {
  const before = tableFulls();
  const table = { mostHeld: 0, mostOthers: 0, turnedAway: 0 };
  const done = new AbortController();
  const watching = (async () => {
    while (!done.signal.aborted) {
      const listed = (await run('ip', ['-n', agent.namespace, '-4', 'neigh'])).stdout
        .split('\n')
        .filter(Boolean);
      const held = listed.filter((line) => !/FAILED|STALE/.test(line)).length;
      table.mostHeld = Math.max(table.mostHeld, held);
      table.mostOthers = Math.max(table.mostOthers, tableEntries() - listed.length);
      await delay(SAMPLE_MS);
    }
  })();
  const result = await work().finally(() => done.abort());
  await watching;
  table.turnedAway = tableFulls() - before;
  return { result, table };
}

const SAMPLE_MS = 250;

/**
 * A second network card of the agent's, on a cable of its own to the crowd, which answers there for the addresses given.
 * `subnet` is a /24 written as its first three bytes; the agent takes .2 in it.
 */
export async function attachSecondSubnet(
  { lab, station }: LargeLan,
  subnet: string,
  alive: readonly number[],
): Promise<void> {
  const [agent, crowd] = [lab.agent.namespace, station.namespace];
  await runOrThrow('ip', [
    '-n',
    agent,
    'link',
    'add',
    'eth1',
    'type',
    'veth',
    'peer',
    'eth1',
    'netns',
    crowd,
  ]);
  await batch(lab.agent, [
    'link set eth1 address 1c:69:7a:00:01:02',
    `address add ${subnet}.2/24 brd + dev eth1`,
    'link set eth1 up',
  ]);
  await batch(station, [
    'link set eth1 address 00:11:32:01:00:01',
    ...alive.map((last) => `address add ${subnet}.${last}/24 dev eth1`),
    'link set eth1 up',
  ]);
}

/** A subnet behind the crowd as router: these of its addresses answer, the others swallow everything. */
export async function routeThroughCrowd(
  { lab, station, crowd }: LargeLan,
  subnet: string,
  alive: readonly Address[],
): Promise<void> {
  await batch(
    station,
    alive.map((address) => `route add local ${address} dev lo`),
  );
  // What is not its own is forwarded by no router that does not forward, and refused by none either.
  await station.run('sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward']);
  const router = crowd.find(({ kind }) => kind === 'samba')?.address ?? '';
  await batch(lab.agent, [`route add ${subnet} via ${router}`]);
}
