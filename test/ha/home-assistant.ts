import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Lab } from '../lab/build-lab.ts';
import type { Station } from '../lab/lan.ts';
import { Door } from './door.ts';
import type { Environment } from './environment.ts';
import { addMqtt, type BrokerLogin, onboard, request } from './onboarding.ts';
import { type BusEvent, HomeAssistantSocket } from './socket.ts';

/** One entity as the state machine holds it. */
export interface EntityState {
  readonly entity_id: string;
  readonly state: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly last_changed: string;
}

/** One entity as it is registered; only what the tests look at. */
export interface RegisteredEntity {
  readonly entity_id: string;
  readonly unique_id: string;
  readonly platform: string;
  readonly device_id: string | null;
  readonly name: string | null;
  readonly original_name: string | null;
  readonly entity_category: 'config' | 'diagnostic' | null;
  readonly disabled_by: string | null;
}

/** One device as it is registered; only what the tests look at. */
export interface RegisteredDevice {
  readonly id: string;
  readonly name: string | null;
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly sw_version: string | null;
  readonly serial_number: string | null;
  readonly identifiers: readonly (readonly [domain: string, id: string])[];
  readonly connections: readonly (readonly [kind: string, value: string])[];
  readonly via_device_id: string | null;
  readonly config_entries: readonly string[];
}

/** One change of a state. `from` null: the entity is new; `to` null: it is removed. */
export interface StateChange {
  /** By Home Assistant's clock, milliseconds UTC. */
  readonly firedAt: number;
  readonly entityId: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One line of the log; a traceback belongs to the message. */
export interface LogLine {
  readonly level: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL';
  readonly logger: string;
  readonly message: string;
}

/** Where Home Assistant runs: a machine of its own on the lab's LAN. */
export const HOME_ASSISTANT = { name: 'ha', address: '10.77.0.6', mac: 'dc:a6:32:00:00:06' } as const;

const WEB_PORT = 8123;
const START_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 30_000;
const MQTT = 'homeassistant.components.mqtt';

const CONFIGURATION = `
homeassistant: { name: Lab, latitude: 0, longitude: 0, elevation: 0, unit_system: metric, time_zone: UTC, country: DE }
http: { server_port: ${WEB_PORT} }
logger: { default: warning, logs: { ${MQTT}: debug } }
recorder: { commit_interval: 1 }
frontend:
history:
logbook:
mobile_app:
automation: !include automations.yaml
`;

/**
 * A real Home Assistant at a station of the lab, with a new configuration. It ends with the lab, if nobody stopped it
 * before. The test reaches its web server at `url`, on 127.0.0.1.
 */
export class HomeAssistant {
  readonly environment: Environment;
  readonly station: Station;
  /** Its configuration directory. */
  readonly folder: string;
  readonly #door: Door;
  readonly #logFile: string;
  #child: ChildProcess | null = null;
  #token: string | null = null;
  #socket: HomeAssistantSocket | null = null;
  #changes: StateChange[] = [];

  private constructor(environment: Environment, station: Station, folder: string, door: Door) {
    this.environment = environment;
    this.station = station;
    this.folder = join(folder, 'config');
    this.#logFile = join(folder, 'home-assistant.out');
    this.#door = door;
  }

  /**
   * Adds the machine to the lab and starts a fresh Home Assistant there, with its owner and, where a broker is given, the
   * MQTT integration. `configuration` is YAML that is added to configuration.yaml.
   */
  static async install(
    lab: Lab,
    environment: Environment,
    options: { readonly broker?: BrokerLogin; readonly configuration?: string } = {},
  ): Promise<HomeAssistant> {
    const station = await lab.lan.addStation(HOME_ASSISTANT);
    const folder = join(lab.folder, HOME_ASSISTANT.name);
    await mkdir(folder);
    const door = await Door.open(station, WEB_PORT, join(folder, 'door'));
    const homeAssistant = new HomeAssistant(environment, station, folder, door);
    await homeAssistant.write('configuration.yaml', CONFIGURATION + (options.configuration ?? ''));
    await homeAssistant.write('automations.yaml', '[]\n');
    await homeAssistant.start();
    try {
      homeAssistant.#token = await onboard(homeAssistant.url);
      if (options.broker !== undefined)
        await addMqtt(homeAssistant.url, homeAssistant.#token, options.broker);
      await homeAssistant.#listen();
    } catch (error) {
      throw new Error(`Home Assistant was not set up: ${homeAssistant.#logTail()}`, { cause: error });
    }
    return homeAssistant;
  }

  /** `http://127.0.0.1:PORT`, the same for as long as this object lives. */
  get url(): string {
    return `http://${this.#door.address}`;
  }

  get token(): string {
    return this.#token ?? '';
  }

  /** The WebSocket API, anew after each start. */
  get socket(): HomeAssistantSocket {
    if (this.#socket === null) throw new Error('Home Assistant does not run');
    return this.#socket;
  }

  /** Writes a file into the configuration directory; `path` is relative to it. */
  async write(path: string, text: string): Promise<void> {
    await mkdir(join(this.folder, path, '..'), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Copies a file or a folder into the configuration directory. */
  async copy(from: string, path: string): Promise<void> {
    await cp(from, join(this.folder, path), { recursive: true });
  }

  /** Starts it and waits until it says that everything is up. @throws Error with the end of its log when it does not. */
  async start(): Promise<void> {
    const { root } = this.environment;
    const log = openSync(this.#logFile, 'a');
    // Mounted in the mount namespace of `ip netns exec`, so that nothing is left behind.
    const mounts =
      'mount -t proc proc "$1/proc"; mount --bind "$2" "$1/config"; exec chroot "$1" /ha/bin/hass';
    const args = ['-c', `${mounts} -c /config --skip-pip --log-no-color`, 'sh', root, this.folder];
    this.#child = this.station.spawn('sh', args, { detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    const deadline = performance.now() + START_WITHIN_MS;
    while (!(await this.#isUp())) {
      if (performance.now() > deadline || this.#child.exitCode !== null) {
        throw new Error(`Home Assistant did not start: ${this.#logTail()}`);
      }
      await delay(200);
    }
    if (this.#token !== null) await this.#listen();
  }

  /** Asks it to end, and waits. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** Ends it as a power cut would. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends it and takes its machine off the way to it; the rest goes with the lab. */
  async close(): Promise<void> {
    await this.kill();
    this.#door.close();
  }

  states(): Promise<EntityState[]> {
    return this.rest<EntityState[]>('GET', 'states');
  }

  /** The state of one entity, or null where it has none. */
  async state(entityId: string): Promise<string | null> {
    return (await this.entity(entityId))?.state ?? null;
  }

  async entity(entityId: string): Promise<EntityState | null> {
    return (await this.states()).find(({ entity_id }) => entity_id === entityId) ?? null;
  }

  /** The registered entities of the MQTT integration, in order of id. */
  async entities(): Promise<RegisteredEntity[]> {
    const all = await this.socket.ask<RegisteredEntity[]>('config/entity_registry/list');
    const ours = all.filter(({ platform }) => platform === 'mqtt');
    return ours.sort((a, b) => a.entity_id.localeCompare(b.entity_id));
  }

  /** The devices of the MQTT integration, in order of identifier. */
  async devices(): Promise<RegisteredDevice[]> {
    const all = await this.socket.ask<RegisteredDevice[]>('config/device_registry/list');
    const ours = all.filter(({ identifiers }) => identifiers?.some(([domain]) => domain === 'mqtt'));
    return ours.sort((a, b) => identifierOf(a).localeCompare(identifierOf(b)));
  }

  /** The owner deletes a device on its page. */
  async deleteDevice(device: RegisteredDevice): Promise<void> {
    const [config_entry_id] = device.config_entries;
    const parameters = { device_id: device.id, config_entry_id };
    await this.socket.ask('config/device_registry/remove_config_entry', parameters);
  }

  /** Calls an action, such as `button.press`. */
  async act(action: string, entityId: string, more: object = {}): Promise<void> {
    const [domain, service] = action.split('.');
    await this.rest('POST', `services/${domain}/${service}`, { entity_id: entityId, ...more });
  }

  /** What a template renders to. */
  async template(template: string): Promise<string> {
    const response = await fetch(`${this.url}/api/template`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ template }),
    });
    return response.text();
  }

  /** One request to the REST API; `path` comes after `/api/`. */
  rest<Shape>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Shape> {
    return request<Shape>(method, `${this.url}/api/${path}`, this.token, body);
  }

  /** Everything that became different since the last call of `forgetChanges`, or since the start, in order. */
  get changes(): readonly StateChange[] {
    return this.#changes;
  }

  forgetChanges(): void {
    this.#changes = [];
  }

  /** What it printed since it was installed. */
  log(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Warnings and worse of the MQTT integration. */
  complaints(): LogLine[] {
    return parseLog(this.log()).filter(
      ({ level, logger }) => logger.startsWith(MQTT) && !['DEBUG', 'INFO'].includes(level),
    );
  }

  /** Reads what the recorder keeps. The database may be in use. */
  inRecorder<Result>(work: (database: Database.Database) => Result): Result {
    const database = new Database(join(this.folder, 'home-assistant_v2.db'), { readonly: true });
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  #logTail(): string {
    return this.log().slice(-1_500);
  }

  async #isUp(): Promise<boolean> {
    try {
      const { state } = await request<{ state: string }>('GET', `${this.url}/api/config`, this.#token);
      return state === 'RUNNING';
    } catch {
      // Before there is an owner, only the wizard answers.
      return this.#token === null && (await answers(`${this.url}/api/onboarding`));
    }
  }

  async #listen(): Promise<void> {
    this.#socket = await HomeAssistantSocket.open(this.url, this.token);
    await this.#socket.subscribe('state_changed', (event) => this.#changes.push(changeOf(event)));
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#socket?.close();
    this.#socket = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(patience);
  }
}

/** The identifier that the MQTT integration knows a device by. */
export function identifierOf(device: RegisteredDevice): string {
  return device.identifiers.find(([domain]) => domain === 'mqtt')?.[1] ?? '';
}

/** Lines of Home Assistant's log, in order. */
export function parseLog(log: string): LogLine[] {
  const lines: LogLine[] = [];
  for (const line of log.split('\n')) {
    const match = /^[\d-]+ [\d:.+]+ ([A-Z]+) \(.*?\) \[(.*?)\] (.*)$/.exec(line);
    const last = lines.at(-1);
    if (match !== null) {
      const [, level = '', logger = '', message = ''] = match;
      lines.push({ level: level as LogLine['level'], logger, message });
    } else if (last !== undefined) {
      lines[lines.length - 1] = { ...last, message: `${last.message}\n${line}` };
    }
  }
  return lines;
}

function changeOf(event: BusEvent): StateChange {
  const { entity_id, old_state, new_state } = event.data as {
    readonly entity_id: string;
    readonly old_state: EntityState | null;
    readonly new_state: EntityState | null;
  };
  return {
    firedAt: Date.parse(event.time_fired),
    entityId: entity_id,
    from: old_state?.state ?? null,
    to: new_state?.state ?? null,
    attributes: new_state?.attributes ?? {},
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
