import { expect } from 'vitest';
import type { Audit } from '../lab/delivery.ts';

/** One event as it arrived at a subscriber, repeats included. */
export interface ArrivedAlert {
  readonly id: string;
  readonly type: string;
  /** Of `events_missed`: how many. */
  readonly count: number | undefined;
  readonly ip: string | null;
  readonly rule: string | null;
  readonly findingId: string | null;
}

/** One thing that really happened and that the owner must hear of, once. */
export interface Happened {
  readonly type: string;
  readonly ip: string;
  readonly rule: string;
}

/** What happened against what arrived. */
export interface AlertAccount {
  readonly happened: readonly Happened[];
  readonly arrived: readonly ArrivedAlert[];
  /** What the daemon wrote down in its own transactions; null where the fault takes the database away. */
  readonly audit: Audit | null;
  /** Events that the fault itself accounts for, by type, such as `agent_problem`. */
  readonly alsoTold: readonly string[];
}

/**
 * No alert lost and none invented: what really happened at the hosts, in order per host, is what arrived; and event by
 * event, by id, what the database was to deliver is what arrived. Repeats are the same event.
 * @throws AssertionError
 */
export function expectAccounted({ happened, arrived, audit, alsoTold }: AlertAccount): void {
  const alerts = withoutRepeats(arrived);
  const others = new Set(['baseline', ...alsoTold]);
  const ofHosts = alerts.filter(({ type }) => !others.has(type));
  const hosts = new Set([...happened, ...ofHosts].map(({ ip }) => ip));
  for (const host of hosts) {
    const story = (list: readonly { ip: string | null; type: string; rule: string | null }[]) =>
      list.filter(({ ip }) => ip === host).map(({ type, rule }) => `${type} ${rule}`);
    expect(story(ofHosts), `alerts about ${host}`).toEqual(story(happened));
  }
  if (audit !== null) expectSameIds(audit, alerts);
}

/** An event of the MQTT contract as it arrived. */
export function alertOf(payload: string): ArrivedAlert {
  const event = JSON.parse(payload) as Record<string, unknown>;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    id: String(event.id),
    type: String(event.event_type),
    count: typeof event.count === 'number' ? event.count : undefined,
    ip: text(event.ip),
    rule: text(event.rule),
    findingId: text(event.finding_id),
  };
}

function withoutRepeats(arrived: readonly ArrivedAlert[]): ArrivedAlert[] {
  const first = new Map<string, ArrivedAlert>();
  for (const alert of arrived) if (!first.has(alert.id)) first.set(alert.id, alert);
  return [...first.values()];
}

function expectSameIds(audit: Audit, alerts: readonly ArrivedAlert[]): void {
  const { events, summaries } = audit.account();
  const counted = new Set([...summaries.values()].flatMap(({ replaced }) => replaced));
  const there = new Set(alerts.map(({ id }) => id));
  const awaited = [...events.map(({ id }) => id).filter((id) => !counted.has(id)), ...summaries.keys()];
  expect(
    awaited.filter((id) => !there.has(id)),
    'events that were lost',
  ).toEqual([]);
  const known = new Set([...events.map(({ id }) => id), ...summaries.keys()]);
  expect(
    alerts.map(({ id }) => id).filter((id) => !known.has(id)),
    'events that were invented',
  ).toEqual([]);
}
