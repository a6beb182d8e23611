import { lookup } from 'node:dns/promises';
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type Coverage, surroundingsOf } from '../../domain/target.ts';
import { findNeighbourLimit, readInterfaces } from '../../probes/transport/kernel.ts';
import { readNeighbours } from '../../probes/transport/neighbours4.ts';
import { readNeighbours6 } from '../../probes/transport/neighbours6.ts';
import { checkDatabase } from '../../storage/maintenance.ts';
import { openStorage, type Storage } from '../../storage/storage.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { configInForce, pauseOf } from '../config/in-force.ts';
import { mqttPassword } from '../config/password.ts';
import { type Config, ConfigError } from '../config.ts';
import { controlPath } from '../control.ts';
import { databaseFile } from '../data-dir.ts';
import { brokerOf } from '../outside.ts';
import { endpointOf, readCredentials } from '../publish/endpoint.ts';
import { examineBroker } from '../publish/examination.ts';
import type { MqttConfig } from '../publish/publisher.ts';
import { lookInside, random, scopeOf } from '../wiring.ts';
import { ipv6WaysOf } from '../wiring-ipv6.ts';
import type {
  Attempt,
  Configuration,
  DatabaseState,
  DoctorWorld,
  FileState,
  Ipv6State,
  NetworkState,
  PasswordState,
  Recorded,
} from './doctor-world.ts';
import { askDaemon, clockIsSynchronised, readUnit, runningDaemons } from './service-world.ts';

/** Where the doctor touches the world; what it sees of the service is in service-world.ts. */

export interface DoctorWorldOptions {
  readonly configuration: Configuration;
  readonly dataDir: string;
  readonly version: string;
  readonly now: () => number;
  readonly env: NodeJS.ProcessEnv;
}

/** Where the installer puts the password that systemd hands to the service. */
const SERVICE_PASSWORD = '/etc/smbwarden/mqtt-password';
const CONNECT_WITHIN_MS = 5_000;
const LATEST = 100;

/** This machine and its surroundings as the doctor sees them. */
export function createDoctorWorld(options: DoctorWorldOptions): DoctorWorld {
  const { configuration, dataDir, version, now, env } = options;
  const file = databaseFile(dataDir);
  const read = () => openStorage({ file, mode: 'read-only', version, now });
  return {
    version,
    configuration,
    dataDir,
    now,
    runtime: () => ({ node: process.versions.node, nodeApi: Number(process.versions.napi ?? 0) }),
    fileAt,
    password: (config) => passwordState(config, env).state,
    network: networkState,
    neighbours: async () => {
      const table = [...(await readNeighbours())];
      const macs = new Map(table.map(([address, { complete, mac }]) => [address, complete ? mac : null]));
      return { macs, limit: await findNeighbourLimit() };
    },
    ipv6: ipv6State,
    listening: async () => (await lookInside()).listening,
    resolve: (name) => attempt(async () => (await lookup(name, { all: true })).map(({ address }) => address)),
    connect: (host, port) => attempt(() => opened(connectTcp({ host, port }), 'connect')),
    handshake: (config) => attempt(() => shakeHands(brokerWith(config, env))),
    examineBroker: (config) => {
      const token = Buffer.from(random(8)).toString('hex');
      const agentId = config.agent.id ?? knownAgentId(read) ?? `doctor${token}`;
      return examineBroker({ mqtt: brokerWith(config, env), agentId, token, now });
    },
    nameServers,
    database: () => databaseState({ file, dataDir, version, now }, read),
    freeDisk: () => freeDisk(dataDir),
    recorded: (config) => recorded(read, config, now()),
    unit: readUnit,
    clockIsSynchronised,
    control: () => askDaemon(controlPath(dataDir)),
    daemons: runningDaemons,
  };
}

function fileAt(path: string): FileState | null {
  try {
    const { mode, uid, gid } = statSync(path);
    return { mode: mode & 0o777, uid, gid };
  } catch {
    return null;
  }
}

/** The password as the service would have it, the file that systemd hands to it included. */
function passwordState(
  { mqtt }: Config,
  env: NodeJS.ProcessEnv,
): { readonly state: PasswordState; readonly password: string | null } {
  try {
    const found = mqttPassword(mqtt, env);
    if (found !== null) return { state: { kind: 'known', source: found.source }, password: found.password };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { state: { kind: 'failed', message: error.message }, password: null };
  }
  try {
    const [password = ''] = readFileSync(SERVICE_PASSWORD, 'utf8').split(/\r?\n/, 1);
    if (password === '') return { state: { kind: 'none' }, password: null };
    return { state: { kind: 'known', source: `service's ${SERVICE_PASSWORD}` }, password };
  } catch (error) {
    const isHidden = (error as NodeJS.ErrnoException).code === 'EACCES';
    return {
      state: isHidden ? { kind: 'hidden', file: SERVICE_PASSWORD } : { kind: 'none' },
      password: null,
    };
  }
}

function brokerWith(config: Config, env: NodeJS.ProcessEnv): MqttConfig {
  const mqtt = brokerOf(config);
  if (mqtt === null) throw new Error('no broker is configured');
  return { ...mqtt, password: passwordState(config, env).password };
}

function networkState(config: Config): NetworkState {
  const { attached } = surroundingsOf(readInterfaces());
  try {
    return { kind: 'known', attached, ...scopeOf(config, []) };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  }
}

async function ipv6State(config: Config, coverage: Coverage): Promise<Ipv6State> {
  const ways = await ipv6WaysOf(config, coverage);
  const table = ways.devices.length === 0 ? null : await attempt(readNeighbours6);
  return { ...ways, trouble: table?.kind === 'failed' ? table.message : null };
}

async function attempt<Value>(work: () => Promise<Value>): Promise<Attempt<Value>> {
  try {
    return { kind: 'done', value: await work() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { kind: 'failed', code: code ?? 'error', message: messageOf(error) };
  }
}

/** Waits until the socket is open, and closes it. @throws Error with `code` */
function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<null> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(CONNECT_WITHIN_MS, () => {
      const late = new Error(`no answer within ${CONNECT_WITHIN_MS / 1_000} s`);
      socket.destroy(Object.assign(late, { code: 'ETIMEDOUT' }));
    });
    socket.on('error', reject);
    socket.once(event, () => {
      socket.end();
      resolve(null);
    });
  });
}

async function shakeHands(mqtt: MqttConfig): Promise<null> {
  const { host, port = mqtt.url.startsWith('wss') ? 443 : 8883 } = endpointOf(mqtt.url);
  const { ca, cert, key } = readCredentials(mqtt);
  const name = mqtt.servername ?? (isIP(host) === 0 ? host : null);
  const socket = connectTls({
    host,
    port,
    rejectUnauthorized: mqtt.rejectUnauthorized,
    ...(name === null ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  return opened(socket, 'secureConnect');
}

/** null: there is no history that can be read, or it has none yet. */
function knownAgentId(read: () => Storage): string | null {
  return reading(read, ({ history }) => history.agentId(() => '') || null);
}

/** null where the history cannot be read. */
function reading<Value>(read: () => Storage, work: (storage: Storage) => Value): Value | null {
  let storage: Storage | null = null;
  try {
    storage = read();
    return work(storage);
  } catch {
    // Why not is told by the check of the database.
    return null;
  } finally {
    storage?.close();
  }
}

function nameServers(): string[] {
  try {
    const lines = readFileSync('/etc/resolv.conf', 'utf8').split('\n');
    return lines.flatMap((line) => /^nameserver\s+([^\s%]+)/.exec(line)?.[1] ?? []);
  } catch {
    return [];
  }
}

function databaseState(
  place: {
    readonly file: string;
    readonly dataDir: string;
    readonly version: string;
    readonly now: () => number;
  },
  read: () => Storage,
): DatabaseState {
  const { file, dataDir } = place;
  try {
    const checked = checkDatabase(place);
    const lastBackupAt = reading(read, (storage) => storage.lastBackupAt());
    const names = readdirSync(dataDir).sort();
    const setAside = names
      .filter((name) => /\.corrupt\.\d{8}T[\d.]+Z$/.test(name))
      .map((name) => join(dataDir, name));
    const owner = statSync(dataDir).uid;
    const strayFiles = ['', '-wal', '-shm']
      .map((suffix) => `${file}${suffix}`)
      .filter((each) => (fileAt(each)?.uid ?? owner) !== owner);
    return { kind: 'there', file, checked, lastBackupAt, setAside, strayFiles };
  } catch (error) {
    const code = error instanceof StorageError ? error.code : null;
    return code === 'missing'
      ? { kind: 'none', file }
      : { kind: 'failed', file, code, message: messageOf(error) };
  }
}

function freeDisk(dataDir: string): number | null {
  if (!existsSync(dataDir)) return null;
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize;
}

function recorded(read: () => Storage, config: Config, now: number): Recorded | null {
  return reading(read, ({ history, settings, outbox }) => {
    const { sweepInterval, schedule } = configInForce(config, settings);
    const hosts = [...history.hosts().values()];
    return {
      lastSweep: history.sweeps(LATEST).find(({ kind }) => kind === 'sweep') ?? null,
      sweepIntervalMinutes: sweepInterval,
      schedule,
      isPaused: pauseOf(settings, now) !== null,
      eventsWaiting: outbox.size(),
      hostsOverIpv6: hosts.filter(({ facts }) => facts['ipv6.addresses'] !== undefined).length,
    };
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
