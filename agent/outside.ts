import type { VendorOf } from '../domain/host.ts';
import type { Storage } from '../storage/storage.ts';
import { configInForce, setAtRunTime } from './config/in-force.ts';
import { mqttPassword } from './config/password.ts';
import { quietUntil } from './config/windows.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { connectPublisher } from './publish/connect-publisher.ts';
import type { AgentCommand, AgentStatus, MqttConfig, Picture, Publisher } from './publish/publisher.ts';
import { silentPublisher } from './publish/silent-publisher.ts';
import type { Timing } from './publish/timing.ts';

/** Longest wait for the broker to take, or to clear, everything that is retained: the largest home takes some seconds. */
export const RETENTION_WITHIN_MS = 30_000;

/** Opens the way to the outside: the broker of the configuration, or silence where none is configured. */
export function openPublisher(options: {
  readonly config: Config;
  readonly storage: Storage;
  readonly agentId: string;
  readonly version: string;
  readonly vendorOf: VendorOf;
  readonly log: Log;
  readonly now: () => number;
  readonly onCommand: (command: AgentCommand) => Promise<{ ok: boolean; error?: string }>;
  /** For tests. */
  readonly timing?: Partial<Timing>;
}): Publisher {
  const { config, storage, agentId, version, vendorOf, log, now, onCommand, timing = {} } = options;
  const mqtt = brokerOf(config);
  if (mqtt === null) return silentPublisher();
  return connectPublisher({
    mqtt,
    agentId,
    version,
    outbox: storage.outbox,
    retained: storage.retained,
    vendorOf,
    onCommand,
    log,
    quietUntil: () => quietUntil(config, now()),
    now,
    random: Math.random,
    timing,
  });
}

/** How to reach the broker; null where none is configured. */
export function brokerOf(config: Config): MqttConfig | null {
  const { url, passwordFile: _file, ...rest } = config.mqtt;
  if (url === null) return null;
  return {
    ...rest,
    url,
    protocolVersion: rest.protocolVersion === 4 ? 4 : 5,
    password: () => mqttPassword(config.mqtt, process.env)?.password ?? null,
  };
}

/** Everything the outside is told, read from storage as of now. */
export function pictureOf(
  storage: Storage,
  now: {
    readonly config: Config;
    readonly status: AgentStatus;
    readonly problem: string | null;
    readonly nextSweepAt: number | null;
    readonly targets: readonly string[];
    readonly sweepsEnabled: boolean;
  },
): Picture {
  const { config, ...rest } = now;
  const { sweepInterval, alertThreshold } = configInForce(config, storage.settings);
  return {
    ...rest,
    hosts: storage.history.hosts(),
    lastSweep: storage.history.sweeps(20).find((sweep) => sweep.kind === 'sweep') ?? null,
    sweepIntervalMinutes: sweepInterval,
    alertThreshold,
    setAtRunTime: setAtRunTime(storage.settings),
  };
}

/** What the owner has to know when a damaged database was set aside, what matters most first; null when all is well. */
export function damageText({ restored }: Pick<Storage, 'restored'>): string | null {
  if (restored === null) return null;
  const { setAside, backup } = restored;
  const at = new Date(restored.at).toISOString();
  const recordedUntil = backup?.recordedUntil ?? null;
  const missing =
    recordedUntil === null
      ? `the history begins anew at ${at}`
      : `the history from ${new Date(recordedUntil).toISOString()} to ${at} is missing`;
  const instead = backup === null ? 'no good backup was found' : `${backup.file} took its place`;
  return `${missing}: the database was damaged, and is kept as ${setAside}; ${instead}`;
}
