import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Daemon } from './daemon.ts';
import type { Station } from './lan.ts';
import { runOrThrow } from './run.ts';

/** What runs at a host. All of its parts are started and stopped together, as when a machine boots. */
export interface Server {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const MQTT_PORT = 1883;

/** A real Mosquitto that demands a password and keeps what is retained across restarts, even hard ones. */
export class Mosquitto implements Server {
  readonly user = 'smbwarden';
  readonly password = randomBytes(12).toString('base64url');
  readonly #station: Station;
  readonly #folder: string;
  readonly #daemon: Daemon;

  constructor(station: Station, folder: string) {
    this.#station = station;
    this.#folder = folder;
    this.#daemon = new Daemon(station, () => ({
      command: 'mosquitto',
      args: ['-c', join(folder, 'mosquitto.conf')],
      tcp: [MQTT_PORT],
      udp: [],
      log: join(folder, 'mosquitto.log'),
    }));
  }

  /** For clients inside the lab: `mqtt://ADDRESS:1883`, without user and password. */
  get url(): string {
    return `mqtt://${this.#station.address}:${MQTT_PORT}`;
  }

  /** Where it runs. */
  get station(): Station {
    return this.#station;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const passwords = join(this.#folder, 'passwords');
    await writeFile(passwords, `${this.user}:${this.password}\n`, { mode: 0o600 });
    await runOrThrow('mosquitto_passwd', ['-U', passwords]);
    const config = [
      `listener ${MQTT_PORT} ${this.#station.address}`,
      'allow_anonymous false',
      `password_file ${passwords}`,
      'user root',
      'persistence true',
      `persistence_location ${this.#folder}/`,
      'autosave_on_changes true',
      'autosave_interval 1',
      'log_dest stdout',
    ];
    await writeFile(join(this.#folder, 'mosquitto.conf'), `${config.join('\n')}\n`);
    await this.#daemon.start();
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#daemon.kill();
  }

  /** Loses everything that it keeps, as a broker without persistence would at each end. It must not be running. */
  async forget(): Promise<void> {
    await rm(join(this.#folder, 'mosquitto.db'), { force: true });
  }
}

/** A script of the folder `hostile`, with its arguments. */
export interface ScriptSettings {
  readonly script: 'tcp.ts' | 'nbstat.ts';
  readonly behaviour: string;
  readonly tcp?: readonly number[];
  readonly udp?: readonly number[];
}

/** One of our own listeners that misbehave. */
export function scriptServer(station: Station, folder: string, settings: ScriptSettings): Server {
  const { script, behaviour, tcp = [], udp = [] } = settings;
  return scriptDaemon(station, folder, script, [behaviour, ...[...tcp, ...udp].map(String)], { tcp, udp });
}

/** Raw print ports that a printer of the lab listens on. */
export const PRINT_PORTS: readonly number[] = [515, 9100];

/** What a printer saw. */
export interface PrinterRecord {
  readonly connections: number;
  readonly bytes: number;
}

/** A printer that records every connection and byte on its print ports, and prints nothing. */
export class Printer implements Server {
  readonly #station: Station;
  readonly #record: string;
  readonly #folder: string;
  readonly #daemon: Server;

  constructor(station: Station, folder: string) {
    this.#station = station;
    this.#folder = folder;
    this.#record = join(folder, 'record.jsonl');
    const args = [this.#record, ...PRINT_PORTS.map(String)];
    this.#daemon = scriptDaemon(station, folder, 'printer.ts', args, { tcp: PRINT_PORTS, udp: [] });
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(this.#record, '', { flag: 'a' });
    // Counts segments on all ports that printers use for raw printing, half-open scans included.
    await this.#station.loadRules(
      'knocks',
      'counter knocks {}\nchain input { type filter hook input priority -10; tcp dport { 515, 9100-9107 } counter name knocks; }',
    );
    await this.#daemon.start();
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
  }

  /** Connections and bytes since the lab was built. */
  async received(): Promise<PrinterRecord> {
    const lines = (await readFile(this.#record, 'utf8')).split('\n').filter(Boolean);
    const events = lines.map((line) => JSON.parse(line) as { bytes: number | null });
    return {
      connections: events.filter(({ bytes }) => bytes === null).length,
      bytes: events.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    };
  }

  async bytesReceived(): Promise<number> {
    return (await this.received()).bytes;
  }

  /** TCP segments that came to ports 515 and 9100 to 9107 since the last start, SYN scans included. */
  async knocks(): Promise<number> {
    const { stdout } = await this.#station.run('nft', ['-j', 'list', 'counter', 'inet', 'knocks', 'knocks']);
    const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { packets: number } }[] };
    return nftables.find((entry) => entry.counter !== undefined)?.counter?.packets ?? 0;
  }
}

function scriptDaemon(
  station: Station,
  folder: string,
  script: string,
  args: readonly string[],
  ports: { readonly tcp: readonly number[]; readonly udp: readonly number[] },
): Server {
  const file = fileURLToPath(new URL(`hostile/${script}`, import.meta.url));
  const daemon = new Daemon(station, () => ({
    command: process.execPath,
    args: [file, ...args],
    ...ports,
    log: join(folder, `${script}.out`),
  }));
  return {
    start: async () => {
      await mkdir(folder, { recursive: true });
      await daemon.start();
    },
    stop: () => daemon.stop(),
  };
}
