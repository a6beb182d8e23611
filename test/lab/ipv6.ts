/** IPv6 on the lab's LAN, where a test wants it: elsewhere the stations have none. */
import type { ChildProcess } from 'node:child_process';
import type { Station } from './lan.ts';
import { runOrThrow } from './run.ts';

/** Puts these addresses on the station, usable at once. A link-local one is enough to have IPv6. */
export async function giveAddresses(station: Station, ...addresses: readonly string[]): Promise<void> {
  for (const address of addresses)
    await runOrThrow('ip', [
      '-n',
      station.namespace,
      'address',
      'add',
      `${address}/64`,
      'dev',
      'eth0',
      'nodad',
    ]);
}

/** Sends one datagram from each of the sender's addresses, as neighbours do who talk to each other. */
export async function talk(from: Station, addresses: readonly string[], to: string): Promise<void> {
  for (const address of addresses) {
    // Without the entry of an earlier talk the sender must resolve the receiver anew, and so shows its address.
    await from.run('ip', ['-6', 'neigh', 'flush', 'dev', 'eth0']);
    const said = await from.run('python3', ['-c', TALK, address, to]);
    if (said.code !== 0) throw new Error(`${address} cannot talk to ${to}: ${said.stderr}`);
  }
}

const TALK = `
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
zone = socket.if_nametoindex('eth0')
s.bind((sys.argv[1], 0, 0, zone if sys.argv[1].startswith('fe80') else 0))
s.sendto(b'hello', (sys.argv[2], 9, 0, zone))
`;

/** Answers whatever comes to the group by unicast, as a responder of mDNS or WS-Discovery does. Ends with the lab. */
export function answerCalls(station: Station, group: string, port: number): ChildProcess {
  return station.spawn('python3', ['-c', ANSWER, group, String(port)], { stdio: 'ignore' });
}

const ANSWER = `
import socket, struct, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('::', int(sys.argv[2])))
zone = socket.if_nametoindex('eth0')
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, sys.argv[1]) + struct.pack('@I', zone))
while True:
    asked, sender = s.recvfrom(4096)
    s.sendto(asked, sender)
`;

/** What this station sends over IPv6 from now on: to whom, for whom it looks by multicast, and TCP ports it tries. */
export class Ipv6Log {
  readonly #station: Station;

  private constructor(station: Station) {
    this.#station = station;
  }

  /** Begins, or begins anew. */
  static async of(station: Station): Promise<Ipv6Log> {
    await station.loadRules(
      'ipv6_log',
      `set sent { type ipv6_addr; flags dynamic; size 65535; }
       set sought { type ipv6_addr; flags dynamic; size 65535; }
       set knocked { type ipv6_addr . inet_service; flags dynamic; size 65535; }
       chain out {
         type filter hook output priority 0;
         meta l4proto != ipv6-icmp add @sent { ip6 daddr }
         icmpv6 type nd-neighbor-solicit ip6 daddr ff02::/16 add @sought { ip6 daddr }
         tcp flags & (syn | ack) == syn add @knocked { ip6 daddr . tcp dport }
       }`,
    );
    return new Ipv6Log(station);
  }

  /** Destinations of everything but ICMPv6, in which kernels keep up their neighbours by themselves. Ascending. */
  async destinations(): Promise<string[]> {
    return (await this.#elements('sent')).map(String).sort();
  }

  /** Groups in which a neighbour was looked for whose MAC was not known (RFC 4291 2.7.1), ascending. */
  async sought(): Promise<string[]> {
    return (await this.#elements('sought')).map(String).sort();
  }

  /** `fe80::20 445`, ascending. */
  async knocks(): Promise<string[]> {
    const elements = (await this.#elements('knocked')) as { concat: (string | number)[] }[];
    return elements.map(({ concat }) => concat.join(' ')).sort();
  }

  async #elements(set: string): Promise<unknown[]> {
    const { stdout } = await this.#station.run('nft', ['-j', 'list', 'set', 'inet', 'ipv6_log', set]);
    const { nftables } = JSON.parse(stdout) as { nftables: { set?: { elem?: unknown[] } }[] };
    const elements = nftables.flatMap((entry) => entry.set?.elem ?? []);
    return elements.map((each) => (each as { elem?: { val: unknown } }).elem?.val ?? each);
  }
}
