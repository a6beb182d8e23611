import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Address, fromNumber, toNumber } from '../../domain/address.ts';
import { Lab } from '../lab/build-lab.ts';
import { Lan, type Station } from '../lab/lan.ts';
import { deadLabs, demolish, demolishWhenWeAreGone, labFolder, newLabName } from '../lab/leftovers.ts';
import { runOrThrow } from '../lab/run.ts';
import { Samba } from '../lab/samba.ts';

const NETWORK = '10.89.0.0';
const AGENT = { name: 'agent', address: '10.89.0.1', mac: '1c:69:7a:00:00:01' } as const;

/** How large a LAN is to be, in three ways that are independent of each other. */
export interface Size {
  /** Length of the network prefix, 16 to 26. */
  readonly prefix: number;
  /** Machines that are there, the agent's left out, at least one; spread evenly over the addresses. */
  readonly alive: number;
  /** How many of them speak SMB, at most all. */
  readonly speakSmb: number;
}

/** Addresses in a subnet that a machine may have. */
export function addressesIn(prefix: number): number {
  return 2 ** (32 - prefix) - 2;
}

/** `10.89.0.0/18`. */
export function subnetOf({ prefix }: Size): string {
  return `${NETWORK}/${prefix}`;
}

/**
 * A LAN of that size out of two namespaces: one answers for all machines, each with a MAC of its own, and one smbd behind
 * them speaks for those that speak SMB. The others refuse every connection. `close` on the lab removes it.
 */
export async function buildGrownLan(size: Size): Promise<Lab> {
  for (const dead of deadLabs()) await demolish(dead);
  const name = newLabName();
  const dismissGuard = demolishWhenWeAreGone(name);
  try {
    await mkdir(labFolder(name), { mode: 0o755 });
    const lan = await Lan.open(name);
    const addresses = aliveIn(size);
    const [first = ''] = addresses;
    const crowd = { name: 'crowd', address: first, mac: macOf(0) };
    const [agent, station] = (await lan.addStations([AGENT, crowd])) as [Station, Station];
    for (const each of [agent, station]) {
      await ipAt(each, [
        'address flush dev eth0',
        `address add ${each.address}/${size.prefix} brd + dev eth0`,
      ]);
    }
    await becomeCrowd(station, addresses, size.speakSmb);
    const samba = new Samba(station, join(labFolder(name), 'samba'), {
      options: { 'bind interfaces only': 'no', 'max smbd processes': '200' },
      shares: { data: { 'guest ok': 'no' } },
      nmbd: false,
    });
    if (size.speakSmb > 0) await samba.start();
    return new Lab(name, lan, agent, dismissGuard);
  } catch (error) {
    await demolish(name);
    dismissGuard();
    throw error;
  }
}

/** Between the agent's address, which is the first of the subnet, and its end. */
function aliveIn({ prefix, alive }: Size): Address[] {
  const first = toNumber(NETWORK) + 2;
  const room = addressesIn(prefix) - 1;
  if (alive > room) throw new RangeError(`${alive} machines in a /${prefix}`);
  return Array.from({ length: alive }, (_, n) => fromNumber(first + Math.floor((n * room) / alive)));
}

function macOf(n: number): string {
  const byte = (shift: number): string => ((n >> shift) & 0xff).toString(16).padStart(2, '0');
  return `00:11:32:01:${byte(8)}:${byte(0)}`;
}

/**
 * The kernel answers ARP for every address that is routed to it; nftables puts the MAC of the address into each answer,
 * and takes in what is sent to these MACs. What a kernel limits for one machine is not limited for the whole crowd.
 */
async function becomeCrowd(station: Station, addresses: readonly Address[], speakSmb: number): Promise<void> {
  await ipAt(
    station,
    addresses.slice(1).map((address) => `route add local ${address}/32 dev lo`),
  );
  const macs = addresses.map((address, n) => `${address} : ${macOf(n)}`).join(', ');
  const silent = addresses.slice(speakSmb).join(', ');
  const refuses = silent === '' ? '' : `ip daddr { ${silent} } tcp dport { 139, 445 } reject with tcp reset;`;
  const rules = `
table arp crowd {
  map macs { type ipv4_addr : ether_addr; elements = { ${macs} } }
  chain output { type filter hook output priority 0; arp operation reply arp saddr ether set arp saddr ip map @macs; }
}
table netdev crowd {
  chain ingress { type filter hook ingress device eth0 priority 0; meta pkttype set host; }
}
table ip crowd {
  chain input { type filter hook input priority 0; ${refuses} }
}
`;
  await runOrThrow('ip', ['netns', 'exec', station.namespace, 'nft', '-f', '-'], { input: rules });
  await station.run('sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit']);
}

/** Runs `ip` commands at a station in one process. */
async function ipAt(station: Station, commands: readonly string[]): Promise<void> {
  await runOrThrow('ip', ['-n', station.namespace, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}
