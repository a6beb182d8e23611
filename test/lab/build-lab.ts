import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '../../domain/address.ts';
import { AGENT, type CastMember } from './hosts.ts';
import { Lan, type Station } from './lan.ts';
import { deadLabs, demolish, demolishWhenWeAreGone, labFolder, newLabName } from './leftovers.ts';
import { pythonServer } from './python-servers.ts';
import { Samba } from './samba.ts';
import { Mosquitto, Printer, type Server, scriptServer } from './servers.ts';

/** A host of the cast as it runs now. */
export class LabHost {
  readonly member: CastMember;
  readonly station: Station;
  /** null: none runs here. */
  readonly samba: Samba | null;
  readonly printer: Printer | null;
  readonly mosquitto: Mosquitto | null;
  readonly #servers: readonly Server[];

  /** `folder` is for the scratch files of its servers. */
  constructor(member: CastMember, station: Station, folder: string) {
    this.member = member;
    this.station = station;
    this.samba = member.samba === undefined ? null : new Samba(station, join(folder, 'samba'), member.samba);
    this.printer = member.printer === undefined ? null : new Printer(station, join(folder, 'printer'));
    this.mosquitto =
      member.mosquitto === undefined ? null : new Mosquitto(station, join(folder, 'mosquitto'));
    const scripts = (member.scripts ?? []).map((script) =>
      scriptServer(station, join(folder, 'scripts'), script),
    );
    const python =
      member.python === undefined ? null : pythonServer(station, join(folder, 'python'), member.python);
    this.#servers = [this.samba, python, this.printer, this.mosquitto, ...scripts].filter(
      (server) => server !== null,
    );
  }

  get name(): string {
    return this.member.name;
  }

  /** Where the host is now. */
  get address(): Address {
    return this.station.address;
  }

  /** Starts the servers, behind the firewall if there is one. */
  async boot(): Promise<void> {
    if (this.member.firewall !== undefined) await this.station.setFirewall(this.member.firewall);
    await Promise.all(this.#servers.map((server) => server.start()));
  }

  /** Stops the servers; the machine itself stays on. */
  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  /** Takes another address, and restarts the servers on it. */
  async moveTo(address: Address): Promise<void> {
    await this.stop();
    await this.station.moveTo(address);
    await Promise.all(this.#servers.map((server) => server.start()));
  }

  /** Unplugs the machine from the LAN: not even ARP answers. */
  switchOff(): Promise<void> {
    return this.station.switchOff();
  }

  switchOn(): Promise<void> {
    return this.station.switchOn();
  }
}

/** Between two sweeps of a quarter of an hour every neighbour entry has grown stale; in the lab that takes this long. */
const NEIGHBOURS_AGE_AFTER_MS = 1_000;

/** A LAN with the cast on it. */
export class Lab {
  /** Prefix of its namespaces and name of its scratch folder. */
  readonly name: string;
  /** For whatever a test wants to keep; removed with the lab. */
  readonly folder: string;
  readonly lan: Lan;
  /** Where smbwarden and the judges run. */
  readonly agent: Station;
  readonly #hosts = new Map<string, LabHost>();
  readonly #dismissGuard: () => void;

  constructor(name: string, lan: Lan, agent: Station, dismissGuard: () => void) {
    this.name = name;
    this.folder = labFolder(name);
    this.lan = lan;
    this.agent = agent;
    this.#dismissGuard = dismissGuard;
  }

  /** In the order in which they were added. */
  get hosts(): readonly LabHost[] {
    return [...this.#hosts.values()];
  }

  /** @throws Error when there is no such host in this lab. */
  host(name: string): LabHost {
    return this.#hosts.get(name) ?? missing(`host called ${name}`, this.hosts);
  }

  /** The Samba of a host. @throws Error when there is none. */
  samba(name: string): Samba {
    return this.host(name).samba ?? missing(`Samba at ${name}`, this.hosts);
  }

  /** The record of a printer. @throws Error when the host is none. */
  printer(name: string): Printer {
    return this.host(name).printer ?? missing(`printer called ${name}`, this.hosts);
  }

  get printers(): readonly Printer[] {
    return this.hosts.flatMap(({ printer }) => (printer === null ? [] : [printer]));
  }

  /** The broker. @throws Error when the cast has none. */
  get mosquitto(): Mosquitto {
    const broker = this.hosts.find(({ mosquitto }) => mosquitto !== null);
    return broker?.mosquitto ?? missing('broker', this.hosts);
  }

  /** Adds hosts and boots them, all at once. */
  async add(...members: readonly CastMember[]): Promise<void> {
    const stations = await this.lan.addStations(members);
    const hosts = members.map((member, i) => {
      return new LabHost(member, stations[i] as Station, join(this.folder, member.name));
    });
    for (const host of hosts) this.#hosts.set(host.name, host);
    await Promise.all(hosts.map((host) => host.boot()));
  }

  /** Takes a host off the LAN for good. */
  async remove(name: string): Promise<void> {
    const host = this.host(name);
    await host.stop();
    await this.lan.removeStation(host.station);
    this.#hosts.delete(name);
  }

  /** Ends everything and removes every trace. Idempotent. */
  async close(): Promise<void> {
    await demolish(this.name);
    this.#dismissGuard();
  }
}

/**
 * Builds the LAN with these hosts and waits until all of their servers listen. Leftovers of labs whose builder died are
 * removed first. Should this process end without `close`, however it ends, a guard process cleans up.
 */
export async function buildLab(cast: readonly CastMember[]): Promise<Lab> {
  for (const dead of deadLabs()) await demolish(dead);
  const name = newLabName();
  const dismissGuard = demolishWhenWeAreGone(name);
  try {
    await mkdir(labFolder(name), { mode: 0o755 });
    const lan = await Lan.open(name);
    const agent = await lan.addStation(AGENT);
    await agent.ageNeighbours(NEIGHBOURS_AGE_AFTER_MS);
    const lab = new Lab(name, lan, agent, dismissGuard);
    await lab.add(...cast);
    return lab;
  } catch (error) {
    await demolish(name);
    dismissGuard();
    throw error;
  }
}

function missing(what: string, hosts: readonly LabHost[]): never {
  throw new Error(`no ${what} in this lab, which has ${hosts.map(({ name }) => name).join(', ')}`);
}
