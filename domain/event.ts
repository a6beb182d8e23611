import type { Change, ChangeType } from './change.ts';
import { compareSeverity, type Finding, type Severity } from './finding.ts';
import {
  firstAddress,
  type HostId,
  type HostRecord,
  hostName,
  isGloballyAdministered,
  isIgnored,
  type Mac,
} from './host.ts';

/** The message that announces a change. It waits in the outbox until the broker has acknowledged it. */
export interface SecurityEvent {
  /** Stable and unique; consumers drop duplicates by it. Sorts by time. */
  readonly id: string;
  readonly type: EventType;
  /** Milliseconds UTC. */
  readonly occurredAt: number;
  readonly severity: Severity | null;
  readonly findingId: string | null;
  readonly rule: string | null;
  readonly title: string | null;
  /** One sentence for people. Not yet made harmless for Home Assistant. */
  readonly message: string;
  readonly hostId: HostId | null;
  readonly hostName: string | null;
  readonly address: string | null;
  readonly mac: Mac | null;
  /** For `events_missed`: how many. */
  readonly count: number | null;
}

/** Event types of the MQTT contract, version 1. */
export const EVENT_TYPES = [
  'finding_opened',
  'finding_reopened',
  'finding_resolved',
  'finding_acknowledged',
  'severity_raised',
  'host_new',
  'host_returned',
  'host_lost',
  'host_moved',
  'baseline',
  'sweep_failed',
  'sweep_suspect',
  'agent_problem',
  'events_missed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/**
 * The event for each change that is worth telling, in the same order: findings at or above `threshold`, hosts that are
 * or will be Home Assistant devices, what harm feedback has quarantined, and what concerns the sweep. Changed facts and
 * services raise none.
 * `newId` is called once per event.
 */
export function eventsFor(
  changes: readonly Change[],
  options: {
    readonly hosts: ReadonlyMap<HostId, HostRecord>;
    readonly threshold: Severity;
    readonly newId: (at: number) => string;
  },
): SecurityEvent[] {
  return changes.flatMap((change) => {
    const type = eventTypeOf(change.type);
    const host = change.hostId === null ? undefined : options.hosts.get(change.hostId);
    const finding = host?.findings.find((each) => each.id === change.findingId);
    if (type === null || !isWorthTelling(change, host, finding, options.threshold)) return [];
    return [eventOf(type, change, host, finding, options.newId(change.at))];
  });
}

function eventTypeOf(type: ChangeType): EventType | null {
  // An acknowledgement that ends leaves the finding open, for whoever is told by events alone: open again.
  if (type === 'finding_unacknowledged') return 'finding_reopened';
  if (type === 'probe_quarantined') return 'agent_problem';
  return isEventType(type) ? type : null;
}

function isEventType(type: string): type is EventType {
  return EVENT_TYPES.some((each) => each === type);
}

function isWorthTelling(
  change: Change,
  host: HostRecord | undefined,
  finding: Finding | undefined,
  threshold: Severity,
): boolean {
  if (host !== undefined && isIgnored(host, change.at)) return false;
  if (change.findingId !== null)
    return finding !== undefined && compareSeverity(finding.severity, threshold) >= 0;
  if (change.hostId === null) return true;
  if (host === undefined) return false;
  if (change.type === 'probe_quarantined') return true;
  return host.findings.length > 0 || (change.type === 'host_new' && isLasting(host));
}

/** Phones and guests come with a new random MAC each day; a machine with a MAC of its own is news. */
function isLasting(host: HostRecord): boolean {
  return host.mac !== null && isGloballyAdministered(host.mac);
}

/** Something is wrong with the agent itself. `message`: one sentence for people; `at`: milliseconds UTC. */
export function problemEvent(message: string, at: number, id: string): SecurityEvent {
  return eventOf('agent_problem', { at, summary: message }, undefined, undefined, id);
}

function eventOf(
  type: EventType,
  change: Pick<Change, 'at' | 'summary'>,
  host: HostRecord | undefined,
  finding: Finding | undefined,
  id: string,
): SecurityEvent {
  return {
    id,
    type,
    occurredAt: change.at,
    severity: finding?.severity ?? null,
    findingId: finding?.id ?? null,
    rule: finding?.rule ?? null,
    title: finding?.title ?? null,
    message: change.summary,
    hostId: host?.id ?? null,
    hostName: host === undefined ? null : hostName(host),
    address: host === undefined ? null : firstAddress(host),
    mac: host?.mac ?? null,
    count: null,
  };
}
