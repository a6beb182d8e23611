import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Address } from '../../domain/address.ts';
import type { Mac } from '../../domain/host.ts';
import { commandName, pidsIn } from './processes.ts';
import { type Ran, type RunOptions, run, runOrThrow } from './run.ts';

/** The only subnet that exists in the lab; nothing routes to it and nothing leaves it. */
export const SUBNET = '10.77.0.0/24';
const PREFIX_LENGTH = SUBNET.split('/')[1];

/** What a station's firewall does with everything that comes in, ARP aside. */
export type Firewall = 'drop' | 'reject';

/** Who a command runs as: root, or a user without any privilege. */
export interface StationRunOptions extends RunOptions {
  readonly as?: 'root' | 'nobody';
}

export interface StationPlan {
  /** Lower-case letters, digits and dashes. */
  readonly name: string;
  readonly address: Address;
  readonly mac: Mac;
}

/** A LAN of network namespaces: one bridge in a namespace of its own, and a station for each machine. */
export class Lan {
  readonly #labName: string;
  readonly #bridge: string;
  #ports = 0;

  private constructor(labName: string) {
    this.#labName = labName;
    this.#bridge = `${labName}-bridge`;
  }

  /** Makes the bridge. Multicast snooping is off, so that broadcasts and multicasts reach every station. */
  static async open(labName: string): Promise<Lan> {
    const lan = new Lan(labName);
    await runOrThrow('ip', ['netns', 'add', lan.#bridge]);
    await batch(lan.#bridge, ['link add br0 type bridge mcast_snooping 0', 'link set br0 up']);
    return lan;
  }

  /** Adds stations, in the order given, switched on and with their addresses. */
  async addStations(plans: readonly StationPlan[]): Promise<Station[]> {
    const stations = plans.map((plan) => {
      this.#ports += 1;
      return new Station(plan, `${this.#labName}-${plan.name}`, this.#bridge, `port${this.#ports}`);
    });
    await batch(
      null,
      stations.flatMap(({ namespace, port, mac }) => [
        `netns add ${namespace}`,
        `link add dev ${port} netns ${this.#bridge} type veth peer name eth0 netns ${namespace} address ${mac}`,
      ]),
    );
    await batch(
      this.#bridge,
      stations.flatMap(({ port }) => [`link set ${port} master br0`, `link set ${port} up`]),
    );
    await Promise.all(
      stations.map(({ namespace, address }) =>
        batch(namespace, [
          'link set lo up',
          'link set eth0 addrgenmode none',
          `address add ${address}/${PREFIX_LENGTH} brd + dev eth0`,
          'link set eth0 up',
        ]),
      ),
    );
    return stations;
  }

  async addStation(plan: StationPlan): Promise<Station> {
    const [station] = await this.addStations([plan]);
    return station as Station;
  }

  /** Takes a station off the LAN for good. Its servers must have been stopped before. */
  async removeStation(station: Station): Promise<void> {
    await runOrThrow('ip', ['netns', 'delete', station.namespace]);
  }
}

/** One machine's place on the LAN: a network namespace with `lo`, and `eth0` that ends at a port of the bridge. */
export class Station {
  readonly name: string;
  readonly namespace: string;
  /** The bridge's end of the cable. */
  readonly port: string;
  readonly #bridge: string;
  #address: Address;
  #mac: Mac;

  constructor({ name, address, mac }: StationPlan, namespace: string, bridge: string, port: string) {
    this.name = name;
    this.namespace = namespace;
    this.port = port;
    this.#bridge = bridge;
    this.#address = address;
    this.#mac = mac;
  }

  get address(): Address {
    return this.#address;
  }

  get mac(): Mac {
    return this.#mac;
  }

  /** Runs a command here to its end; see `run`. */
  run(command: string, args: readonly string[] = [], options: StationRunOptions = {}): Promise<Ran> {
    return run('ip', this.#inside(command, args, options.as), options);
  }

  /** Starts a command here and returns at once. The lab's end kills it and its children, if nobody did before. */
  spawn(
    command: string,
    args: readonly string[] = [],
    { as, ...options }: SpawnOptions & Pick<StationRunOptions, 'as'> = {},
  ): ChildProcess {
    return spawn('ip', this.#inside(command, args, as), options);
  }

  /**
   * Lets confirmed neighbour entries grow stale after about so long, instead of the kernel's 30 s. What was in use a moment
   * ago is probed after 1 s instead of 5 s: sweeps of the lab follow each other at once, those of a home do not.
   */
  async ageNeighbours(afterMs: number): Promise<void> {
    const settings = '/proc/sys/net/ipv4/neigh/eth0';
    const script = `echo ${afterMs} > ${settings}/base_reachable_time_ms; echo 1 > ${settings}/delay_first_probe_time`;
    await runOrThrow('ip', this.#inside('sh', ['-c', script]));
  }

  /** Exchanges the address for another, as a new DHCP lease would. Servers bound to the old one do not follow. */
  async moveTo(address: Address): Promise<void> {
    await batch(this.namespace, [
      'address flush dev eth0',
      `address add ${address}/${PREFIX_LENGTH} brd + dev eth0`,
    ]);
    this.#address = address;
    await this.changeMac(this.#mac);
  }

  /**
   * Exchanges the MAC for another, as a new network card would, and announces it by gratuitous ARP: the kernel does so
   * whenever a MAC is set, the same one too.
   */
  async changeMac(mac: Mac): Promise<void> {
    await this.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_notify']);
    await batch(this.namespace, [`link set eth0 address ${mac}`]);
    this.#mac = mac;
  }

  /** Nobody can reach the station any more; it does not even answer ARP. Its processes go on. */
  async switchOff(): Promise<void> {
    await batch(this.#bridge, [`link set ${this.port} down`]);
  }

  async switchOn(): Promise<void> {
    await batch(this.#bridge, [`link set ${this.port} up`]);
  }

  /** Sets the firewall, in place of the one before; null removes it. `reject` answers "administratively prohibited". */
  async setFirewall(firewall: Firewall | null): Promise<void> {
    await this.loadRules('firewall', firewall === null ? '' : FIREWALL_CHAINS[firewall]);
  }

  /** Loads an nftables table of this name with these chains and counters, in place of the one before. */
  async loadRules(table: string, body: string): Promise<void> {
    const input = `table inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n${body}\n}\n`;
    await runOrThrow('ip', this.#inside('nft', ['-f', '-']), { input });
  }

  /** Ids of the processes here whose command name (at most 15 characters) matches. */
  async pidsOf(name: RegExp): Promise<number[]> {
    const pids = await pidsIn([this.namespace]);
    return pids.filter((pid) => name.test(commandName(pid)));
  }

  /** Number of the namespace, as in the link /proc/PID/ns/net. */
  get inode(): number {
    return statSync(`/run/netns/${this.namespace}`).ino;
  }

  #inside(command: string, args: readonly string[], as: 'root' | 'nobody' = 'root'): string[] {
    const unprivileged = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--no-new-privs'];
    return ['netns', 'exec', this.namespace, ...(as === 'nobody' ? unprivileged : []), command, ...args];
  }
}

const FIREWALL_CHAINS: Readonly<Record<Firewall, string>> = {
  drop: 'chain input { type filter hook input priority filter; policy drop; }',
  reject: 'chain input { type filter hook input priority filter; reject with icmpx admin-prohibited; }',
};

/** Runs `ip` commands one after the other in one process, in a namespace or (null) where we are. */
async function batch(namespace: string | null, commands: readonly string[]): Promise<void> {
  const where = namespace === null ? [] : ['-n', namespace];
  await runOrThrow('ip', [...where, '-batch', '-'], { input: `${commands.join('\n')}\n` });
}
