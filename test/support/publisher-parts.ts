import type { Log } from '../../agent/log.ts';
import type { MqttConfig, Picture } from '../../agent/publish/publisher.ts';
import type { Timing } from '../../agent/publish/timing.ts';
import { topicsOf } from '../../agent/publish/topics.ts';
import type { SecurityEvent } from '../../domain/event.ts';
import type { Outbox, RetainedLedger, RetainedTopic } from '../../domain/history.ts';
import type { HostRecord } from '../../domain/host.ts';
import { SAMPLE_TIME, sampleHost, sampleSummary } from './samples.ts';

export const AGENT_ID = 'a1b2c3d4e';

export const TOPICS = topicsOf({
  baseTopic: 'smbwarden',
  discoveryPrefix: 'homeassistant',
  statusTopic: 'homeassistant/status',
  agentId: AGENT_ID,
});

/** The life cycle at a speed for tests. */
export const FAST: Timing = {
  collect: 60,
  pace: 1,
  heartbeat: 60_000,
  deviceGap: 50,
  birthDelay: 20,
  releaseDelay: 60,
  awaitBirth: 150,
  keepAcknowledged: 60_000,
  refusedRetry: 100,
  agentReturns: 100,
  backoffFirst: 20,
  backoffMost: 60,
  acknowledge: 2_000,
  close: 500,
};

export function sampleMqtt(overrides: Partial<MqttConfig> = {}): MqttConfig {
  return {
    url: 'mqtt://127.0.0.1:1883',
    username: null,
    password: null,
    clientId: null,
    baseTopic: 'smbwarden',
    discoveryPrefix: 'homeassistant',
    statusTopic: 'homeassistant/status',
    protocolVersion: 5,
    keepalive: 60,
    ca: null,
    cert: null,
    key: null,
    servername: null,
    rejectUnauthorized: true,
    homeAssistant: { hosts: 'exposed', maxDevices: 64, connections: true },
    ...overrides,
  };
}

/** What the outside is told after one sweep that found `hosts`. */
export function samplePicture(
  hosts: readonly HostRecord[] = [sampleHost()],
  overrides: Partial<Picture> = {},
): Picture {
  return {
    status: 'idle',
    problem: null,
    hosts: new Map(hosts.map((host) => [host.id, host])),
    lastSweep: { id: 12, ...sampleSummary() },
    nextSweepAt: SAMPLE_TIME + 15 * 60_000,
    sweepsEnabled: true,
    sweepIntervalMinutes: 15,
    alertThreshold: 'medium',
    setAtRunTime: {},
    targets: ['192.168.1.0/24'],
    ...overrides,
  };
}

/** An outbox in memory, oldest first. */
export function memoryOutbox(
  events: readonly SecurityEvent[] = [],
): Outbox & { readonly rows: SecurityEvent[] } {
  const rows = [...events];
  const acknowledged = new Set<string>();
  return {
    rows,
    waiting: (limit) => rows.slice(0, limit),
    size: () => rows.length,
    acknowledged: () => new Set(acknowledged),
    acknowledge: (moments) => {
      for (const id of moments.keys()) acknowledged.add(id);
    },
    add: (more) => {
      rows.push(...more);
    },
    remove: (ids, instead) => {
      rows.splice(0, rows.length, ...rows.filter((row) => !ids.includes(row.id)));
      for (const id of ids) acknowledged.delete(id);
      if (instead !== undefined) rows.push(instead);
    },
  };
}

/** A ledger in memory. */
export function memoryLedger(): RetainedLedger & { readonly entries: Map<string, RetainedTopic> } {
  const entries = new Map<string, RetainedTopic>();
  return {
    entries,
    all: () => entries,
    put: (topic, entry) => {
      entries.set(topic, entry);
    },
    remove: (topic) => {
      entries.delete(topic);
    },
  };
}

/** A log that keeps its lines as `level message`. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (_fields: object, message: string) => {
    lines.push(`${level} ${message}`);
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
