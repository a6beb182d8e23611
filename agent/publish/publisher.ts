import type { Severity } from '../../domain/finding.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import type { OwnerCommand } from '../../domain/owner-command.ts';
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
  /** What of these was set at run time and not by the configuration, by the names of the configuration keys. */
  readonly setAtRunTime: { readonly sweepInterval?: number; readonly alertThreshold?: Severity };
  readonly targets: readonly string[];
  /** Names of the interfaces that the targets lie behind; missing: not known. */
  readonly interfaces?: readonly string[];
}

export type AgentStatus = 'starting' | 'idle' | 'sweeping' | 'paused' | 'degraded' | 'error';

/** A command that arrived over MQTT, checked and ready to be carried out. */
export type AgentCommand =
  | { readonly kind: 'sweep'; readonly level: 'L1' | 'L2' | 'L3' | 'L4' | null }
  | { readonly kind: 'recheck'; readonly hostId: HostId }
  /** Everything is sent to the broker again. */
  | { readonly kind: 'republish' }
  /** Everything that is retained is cleared. */
  | { readonly kind: 'remove-all' }
  | OwnerCommand;

/** State of the link, for `status`. */
export interface LinkState {
  readonly configured: boolean;
  readonly connected: boolean;
  /** Broker without credentials; null where none is configured. */
  readonly broker: string | null;
  /** Why the last attempt failed, or null. */
  readonly lastError: string | null;
  readonly outboxSize: number;
  /** Of those, events that are not sent any more, because the connection broke each time they were; missing: none. */
  readonly quarantined?: number;
}

/** How things stand with the retained topics at the broker. */
export interface Retention {
  /** The broker has acknowledged everything that could be sent. What Home Assistant must be there for may still wait. */
  readonly settled: boolean;
  /** How many of our topics the broker holds. */
  readonly retained: number;
  readonly link: LinkState;
}

/** What became of a test alert, step by step. */
export interface Trial {
  /** Broker without credentials. */
  readonly broker: string;
  readonly username: string | null;
  /** As agreed with the broker; null: no connection. */
  readonly protocolVersion: 5 | 4 | null;
  /** Those that were taken, in order; where one failed it is the last. */
  readonly steps: readonly TrialStep[];
}

export interface TrialStep {
  readonly step: (typeof TRIAL_STEPS)[number];
  /** Milliseconds. */
  readonly tookMs: number;
  /** Why it failed, or null. */
  readonly error: string | null;
}

/** A connection, a login, a subscription to the own events, the broker's acknowledgement, and the alert coming back. */
export const TRIAL_STEPS = ['reach', 'login', 'subscribe', 'publish', 'return'] as const;

/** How far the way to the broker and to Home Assistant is open. */
export interface Examination {
  /** As agreed with the broker; null: no connection. */
  readonly protocolVersion: 5 | 4 | null;
  /** Those that were taken, in order; where one failed it is the last. */
  readonly steps: readonly TrialStep[];
  /** What its birth message says; `unknown`: none was heard. */
  readonly homeAssistant: 'online' | 'offline' | 'unknown';
}

/** Tells the outside. Nothing here throws on a broker that is away: pictures are rebuilt, events wait in the outbox. */
export interface Publisher {
  /** Publishes what differs from what was published last. Returns at once; a broker that is down delays nobody. */
  publish(picture: Picture): void;
  /** Sends everything that is to be retained again, changed or not: the broker or Home Assistant may have lost it. */
  republish(): void;
  /** Clears everything that is retained, and retains nothing more until `republish`. Events and commands go on. */
  removeAll(): void;
  /** New events are in the outbox: send them when the link allows. */
  eventsWaiting(): void;
  link(): LinkState;
  /**
   * Resolves true once everything handed over so far is acknowledged by the broker, false after `timeoutMs`.
   */
  settled(timeoutMs: number): Promise<boolean>;
  /** The same for what is retained, or to be cleared, alone. */
  retention(timeoutMs: number): Promise<Retention>;
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
