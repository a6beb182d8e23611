import type { FactName, Facts, FactValue } from './facts.ts';
import type { Finding, FindingId } from './finding.ts';
import type { HostId, HostRecord } from './host.ts';

export const CHANGE_TYPES = [
  'baseline',
  'host_new',
  'host_returned',
  'host_lost',
  'host_moved',
  'service_changed',
  'fact_changed',
  'finding_opened',
  'finding_reopened',
  'finding_resolved',
  'finding_acknowledged',
  'finding_unacknowledged',
  'severity_raised',
  'host_ignored',
  'host_unignored',
  'host_forgotten',
  'probe_quarantined',
  'quarantine_lifted',
  'sweep_failed',
  'sweep_suspect',
] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** What differs between two moments. */
export interface Change {
  /** Milliseconds UTC. */
  readonly at: number;
  readonly type: ChangeType;
  /** null: the change concerns the sweep as a whole. */
  readonly hostId: HostId | null;
  readonly findingId: FindingId | null;
  /** One sentence for people, made harmless already. */
  readonly summary: string;
  /** For `service_changed`, `fact_changed` and `host_moved`: which fact, and both values. */
  readonly fact: {
    readonly name: FactName;
    readonly before: FactValue | null;
    readonly after: FactValue;
  } | null;
}

/** A change as storage keeps it, with its number. */
export interface RecordedChange extends Change {
  readonly id: number;
}

/** What one sweep taught about one host, ready to be recorded: the host as it is now, and what differs from before. */
export interface HostUpdate {
  /** The host after the sweep. */
  readonly host: HostRecord;
  readonly isNew: boolean;
  /** Facts of `host.facts` whose value is new or differs. */
  readonly changedFacts: Facts;
  /** Findings of `host.findings` that are new or differ in more than `confirmedAt`. */
  readonly changedFindings: readonly Finding[];
  /** Ids of open findings that this sweep saw confirmed. */
  readonly confirmedFindings: readonly FindingId[];
  readonly changes: readonly Change[];
}
