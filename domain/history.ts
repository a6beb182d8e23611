import type { Change, ChangeType, HostUpdate, RecordedChange } from './change.ts';
import type { SecurityEvent } from './event.ts';
import type { FactName, FactValue } from './facts.ts';
import type { FindingId, RuleId } from './finding.ts';
import type { HostId, HostRecord } from './host.ts';
import type { RecordedSweep, SweepSummary } from './sweep.ts';

/** What any storage must be able to do. Nothing here knows SQLite. */
export interface History {
  /** `a` + 8 hex digits; made by `newId` once, then kept. */
  agentId(newId: () => string): string;
  /** Every host with its present facts and all its findings, by id. */
  hosts(): ReadonlyMap<HostId, HostRecord>;
  /**
   * Records a whole sweep in one transaction: the sweep, what it taught about hosts, the changes, and the events that
   * announce them. Returns the sweep and its changes with their numbers. All or nothing.
   */
  recordSweep(record: SweepRecord): {
    readonly sweep: RecordedSweep;
    readonly changes: readonly RecordedChange[];
  };
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
}

export interface SweepRecord {
  readonly summary: SweepSummary;
  readonly updates: readonly HostUpdate[];
  /** Changes that concern the sweep as a whole (`baseline`, `sweep_suspect`); those of hosts are in `updates`. */
  readonly changes: readonly Change[];
  readonly events: readonly SecurityEvent[];
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

/** Events that wait for the broker; oldest first. Rows leave when the broker has acknowledged them. */
export interface Outbox {
  waiting(limit: number): readonly SecurityEvent[];
  size(): number;
  remove(ids: readonly string[]): void;
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

/** Settings that Home Assistant or the owner changed at run time; they win over the configuration file. */
export interface Settings {
  get(name: SettingName): string | null;
  set(name: SettingName, value: string | null): void;
}
export type SettingName = 'sweeps_enabled' | 'sweep_interval' | 'alert_threshold';
