import type { Change, ChangeType, HostUpdate, RecordedChange } from './change.ts';
import type { SecurityEvent } from './event.ts';
import type { FactName, Facts, FactValue } from './facts.ts';
import type { Finding, FindingId, RuleId } from './finding.ts';
import type { HostId, HostRecord } from './host.ts';
import type { LedgerEntry } from './ledger.ts';
import type { RecordedSweep, SweepSummary } from './sweep.ts';

/** What any storage must be able to do. Nothing here knows SQLite. */
export interface History {
  /** `a` + 8 hex digits; made by `newId` once, then kept. */
  agentId(newId: () => string): string;
  /** Every host with its present facts and all its findings, by id. */
  hosts(): ReadonlyMap<HostId, HostRecord>;
  /**
   * Records a whole sweep in one transaction: the sweep, what it taught about hosts, the changes, the events that
   * announce them, and what was sent. Returns the sweep and its changes with their numbers. All or nothing. What the
   * owner decided while the sweep was under way stands: a host that was forgotten meanwhile is left out, to be met anew.
   */
  recordSweep(record: SweepRecord): {
    readonly sweep: RecordedSweep;
    readonly changes: readonly RecordedChange[];
  };
  /**
   * Records what the owner decided outside a sweep, in one transaction: which hosts are ignored, which findings are
   * acknowledged, the changes, and the events that announce them. Returns the changes with their numbers.
   */
  recordDecision(record: DecisionRecord): readonly RecordedChange[];
  /**
   * Deletes a host with everything that is kept about it, and says how much that was; null: no such host. `change`, which
   * names no host, is recorded in the same transaction.
   */
  forgetHost(id: HostId, change?: Change): Forgotten | null;
  /** True once a sweep (not a check) has been recorded: the first one is the baseline. */
  hasSwept(): boolean;
  /** Newest first, checks included. */
  sweeps(limit: number): readonly RecordedSweep[];
  /** Newest first. */
  changes(filter: ChangeFilter): readonly RecordedChange[];
  /** Each value a fact had, newest first; `until` null: it still holds. */
  intervals(hostId: HostId, name?: FactName): readonly FactInterval[];
  /** When each of the present facts of a host began to hold. */
  factsSince(hostId: HostId): ReadonlyMap<FactName, number>;
  /** The facts of every host as they held at a moment, milliseconds UTC. */
  factsAt(at: number): ReadonlyMap<HostId, Facts>;
  /** Every interval of every fact, every change, every sweep and check: read bit by bit, as recorded, oldest first. */
  allIntervals(): Iterable<HostInterval>;
  allChanges(): Iterable<RecordedChange>;
  allSweeps(): Iterable<RecordedSweep>;
  /** What was sent to whom, newest day first; within a day by address, transport, port and probe. */
  ledger(filter: LedgerFilter): readonly LedgerEntry[];
  /** Probes that are held back from hosts, oldest first. */
  quarantine(): readonly Quarantined[];
  /** Lifts the quarantine of one probe of a host, or of all (`probe` null). Returns what was lifted. */
  liftQuarantine(hostId: HostId, probe: string | null): readonly Quarantined[];
}

export interface SweepRecord {
  readonly summary: SweepSummary;
  readonly updates: readonly HostUpdate[];
  /** Changes that concern the sweep as a whole (`baseline`, `sweep_suspect`); those of hosts are in `updates`. */
  readonly changes: readonly Change[];
  readonly events: readonly SecurityEvent[];
  /** What was sent, summed up; added to what was sent before on the same day. */
  readonly ledger?: readonly LedgerEntry[];
  /** Probes to hold back from now on. One that is held back already stays as it is. */
  readonly quarantined?: readonly Quarantined[];
}

/** What the owner decided: hosts and findings as they are from now on, of which nothing but the decision is written. */
export interface DecisionRecord {
  readonly hosts?: readonly Pick<HostRecord, 'id' | 'ignored'>[];
  readonly findings?: readonly Pick<Finding, 'id' | 'state' | 'acknowledged'>[];
  readonly changes: readonly Change[];
  readonly events: readonly SecurityEvent[];
}

/** How many rows went with a host. */
export interface Forgotten {
  readonly facts: number;
  readonly findings: number;
  readonly changes: number;
  readonly ledger: number;
  readonly quarantine: number;
}

export interface LedgerFilter {
  readonly hostId?: HostId;
  /** Milliseconds UTC; the whole day that it falls into is included. */
  readonly since?: number;
  readonly until?: number;
}

/** A probe that is no longer put to a host, because the host came to harm within seconds of it. */
export interface Quarantined {
  readonly hostId: HostId;
  readonly probe: string;
  /** Milliseconds UTC. */
  readonly since: number;
  /** One sentence for people. */
  readonly reason: string;
}

export interface ChangeFilter {
  readonly hostId?: HostId;
  readonly rule?: RuleId;
  readonly findingId?: FindingId;
  readonly types?: readonly ChangeType[];
  /** Milliseconds UTC, included. */
  readonly since?: number;
  /** Milliseconds UTC, not included. */
  readonly until?: number;
  readonly limit?: number;
}

export interface FactInterval {
  readonly name: FactName;
  readonly value: FactValue;
  readonly since: number;
  readonly until: number | null;
}

export interface HostInterval extends FactInterval {
  readonly hostId: HostId;
}

/** Events on their way to the broker, oldest first. They leave a while after it has acknowledged them. */
export interface Outbox {
  waiting(limit: number): readonly SecurityEvent[];
  size(): number;
  /** Ids of those that the broker has acknowledged, on whichever connection, and that have not left. */
  acknowledged(): ReadonlySet<string>;
  /** Writes down when the broker acknowledged which events (milliseconds UTC, by id), in one transaction. The first time stays. */
  acknowledge(moments: ReadonlyMap<string, number>): void;
  /** `instead` takes their place, in the same transaction: a crash leaves either them or it. */
  remove(ids: readonly string[], instead?: SecurityEvent): void;
  add(events: readonly SecurityEvent[]): void;
}

/** Retained topics that are ours in the broker, so that unchanged ones are not sent again and old ones are cleared. */
export interface RetainedLedger {
  all(): ReadonlyMap<string, RetainedTopic>;
  put(topic: string, entry: RetainedTopic): void;
  remove(topic: string): void;
}

export interface RetainedTopic {
  /** SHA-256 of the payload, hex. */
  readonly sha256: string;
  readonly kind: 'discovery' | 'state' | 'attributes' | 'agent';
  /** Host id, or null for the agent's own. */
  readonly owner: HostId | null;
  readonly publishedAt: number;
}

/** Commands that changed something, whoever gave them. */
export interface CommandLog {
  add(command: GivenCommand): void;
  /** Newest first. */
  newest(limit: number): readonly GivenCommand[];
}

export interface GivenCommand {
  /** Milliseconds UTC. */
  readonly at: number;
  readonly source: 'cli' | 'mqtt';
  /** Its name, such as `ack`. */
  readonly command: string;
  /** As given; a JSON value. */
  readonly args: unknown;
  /** `done`, or why not, in one sentence. */
  readonly outcome: string;
}

/** Settings that Home Assistant or the owner changed at run time; they win over the configuration file. */
export interface Settings {
  get(name: SettingName): string | null;
  set(name: SettingName, value: string | null): void;
}
export type SettingName = 'sweeps_enabled' | 'sweep_interval' | 'alert_threshold';
