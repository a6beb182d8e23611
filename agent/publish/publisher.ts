import type { Severity } from '../../domain/finding.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';

/** Everything the outside is told, as of now. Publishing is rebuilding: whoever missed one picture gets the next. */
export interface Picture {
  readonly status: AgentStatus;
  /** Why something needs attention (sweep overdue, no interface, database error), or null. */
  readonly problem: string | null;
  readonly hosts: ReadonlyMap<HostId, HostRecord>;
  readonly lastSweep: RecordedSweep | null;
  /** Milliseconds UTC; null: none is planned. */
  readonly nextSweepAt: number | null;
  readonly sweepsEnabled: boolean;
  readonly sweepIntervalMinutes: number;
  readonly alertThreshold: Severity;
  readonly targets: readonly string[];
  /** Names of the interfaces that the targets lie behind; missing: not known. */
  readonly interfaces?: readonly string[];
}

export type AgentStatus = 'starting' | 'idle' | 'sweeping' | 'paused' | 'degraded' | 'error';

/** A command that arrived over MQTT, checked and ready to be carried out. */
export type AgentCommand = { readonly kind: 'sweep'; readonly level: 'L1' | 'L2' | 'L3' | 'L4' | null };

/** State of the link, for `status`. */
export interface LinkState {
  readonly configured: boolean;
  readonly connected: boolean;
  /** Broker without credentials; null where none is configured. */
  readonly broker: string | null;
  /** Why the last attempt failed, or null. */
  readonly lastError: string | null;
  readonly outboxSize: number;
}

/** Tells the outside. Nothing here throws on a broker that is away: pictures are rebuilt, events wait in the outbox. */
export interface Publisher {
  /** Publishes what differs from what was published last. Returns at once; a broker that is down delays nobody. */
  publish(picture: Picture): void;
  /** New events are in the outbox: send them when the link allows. */
  eventsWaiting(): void;
  link(): LinkState;
  /**
   * Resolves true once everything handed over so far is acknowledged by the broker, false after `timeoutMs`.
   */
  settled(timeoutMs: number): Promise<boolean>;
  /** `offline`, acknowledgement awaited for 1.5 s at most, disconnect. Never rejects. */
  close(): Promise<void>;
}

/** How to reach the broker, and what Home Assistant is shown. Checked by the configuration already. */
export interface MqttConfig {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  readonly url: string;
  readonly username: string | null;
  /** A function is asked again at every connection, so that a new password needs no restart. */
  readonly password: string | null | (() => string | null);
  /** null: `smbwarden-` and the agent id. */
  readonly clientId: string | null;
  readonly baseTopic: string;
  readonly discoveryPrefix: string;
  readonly statusTopic: string;
  /** 5 falls back to 4 (MQTT 3.1.1) where the broker knows nothing newer. */
  readonly protocolVersion: 5 | 4;
  /** Seconds. */
  readonly keepalive: number;
  /** PEM files, read again at every connection. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Name to ask for by SNI where it differs from the one in `url`. */
  readonly servername: string | null;
  readonly rejectUnauthorized: boolean;
  readonly homeAssistant: HomeAssistantConfig;
}

export interface HomeAssistantConfig {
  /** Which hosts become devices: those that ever showed an exposure, all, or none. */
  readonly hosts: 'exposed' | 'all' | 'none';
  readonly maxDevices: number;
  /** Send MAC addresses, so that Home Assistant links the device with the router's. */
  readonly connections: boolean;
}
