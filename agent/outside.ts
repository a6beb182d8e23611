import type { VendorOf } from '../domain/host.ts';
import type { Storage } from '../storage/storage.ts';
import { mqttPassword } from './config/password.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { connectPublisher, silentPublisher } from './publish/mqtt.ts';
import type { AgentCommand, AgentStatus, Picture, Publisher } from './publish/publisher.ts';

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
}): Publisher {
  const { config, storage, agentId, version, vendorOf, log, now, onCommand } = options;
  const { url, passwordFile: _file, ...rest } = config.mqtt;
  if (url === null) return silentPublisher();
  return connectPublisher({
    mqtt: {
      ...rest,
      url,
      protocolVersion: rest.protocolVersion === 4 ? 4 : 5,
      password: () => mqttPassword(config.mqtt, process.env)?.password ?? null,
    },
    agentId,
    version,
    outbox: storage.outbox,
    retained: storage.retained,
    vendorOf,
    onCommand,
    log,
    now,
    random: Math.random,
  });
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
  },
): Picture {
  const { config, ...rest } = now;
  return {
    ...rest,
    hosts: storage.history.hosts(),
    lastSweep: storage.history.sweeps(20).find((sweep) => sweep.kind === 'sweep') ?? null,
    sweepsEnabled: true,
    sweepIntervalMinutes: config.sweepInterval,
    alertThreshold: config.alertThreshold,
  };
}

/** What the owner has to know when a damaged database was set aside; null when all is well. */
export function damageText({ restored }: Storage): string | null {
  if (restored === null) return null;
  const since = new Date(restored.at).toISOString();
  return `the database was damaged and set aside as ${restored.setAside}; the history begins anew at ${since}`;
}
