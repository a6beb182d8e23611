import type { SecurityEvent } from '../../domain/event.ts';
import { type Severity, worst } from '../../domain/finding.ts';
import { plain } from '../../domain/text.ts';
import { CRITICAL_TRIGGER } from './home-assistant.ts';
import { isoTime } from './state.ts';
import type { Topics } from './topics.ts';

/** Older events, and those beyond this many, are summed up in one after a long absence. */
const COLLAPSE_AFTER_MS = 24 * 3600 * 1000;
const MOST_DELIVERED = 100;
/** Home Assistant's limit for a state; a message that is longer helps nobody. */
const LONGEST_MESSAGE = 255;

/** The event as JSON, flat, at most 2 KiB. `replayed`: it had to wait for the broker or for Home Assistant. */
export function eventPayload(event: SecurityEvent, topics: Topics, replayed: boolean): string {
  return JSON.stringify({
    event_type: event.type,
    id: event.id,
    occurred_at: isoTime(event.occurredAt),
    replayed,
    severity: event.severity,
    finding_id: event.findingId,
    rule: event.rule,
    title: event.title === null ? null : plain(event.title),
    message: plain(event.message, LONGEST_MESSAGE),
    host_id: event.hostId,
    host_name: event.hostName === null ? null : plain(event.hostName),
    ip: event.address,
    mac: event.mac,
    acknowledge_topic: event.findingId === null ? null : topics.acknowledge(event.findingId),
    url: null,
    ...(event.count === null ? {} : { count: event.count }),
  });
}

/** What goes to the trigger topic for an event, in order. */
export function triggerPayloads(event: SecurityEvent): string[] {
  const worsened = ['finding_opened', 'finding_reopened', 'severity_raised'].includes(event.type);
  return worsened && event.severity === 'critical' ? [event.type, CRITICAL_TRIGGER] : [event.type];
}

/**
 * After an absence: events older than 24 h, and those beyond the newest 100, become one `events_missed` with their number
 * and worst severity. An earlier summary stays as it is: it may have arrived, and nothing is to be counted twice.
 * null: there is nothing to sum up. `waiting` is oldest first. `ageOf`: milliseconds, where the clock alone does not tell.
 */
export function collapse(
  waiting: readonly SecurityEvent[],
  now: number,
  ageOf: (event: SecurityEvent) => number = ({ occurredAt }) => now - occurredAt,
): { readonly summary: SecurityEvent; readonly replaces: readonly string[] } | null {
  const events = waiting.filter((event) => event.type !== 'events_missed');
  const missed = events.filter(
    (event, index) => ageOf(event) > COLLAPSE_AFTER_MS || index < events.length - MOST_DELIVERED,
  );
  const newest = missed.at(-1);
  if (newest === undefined) return null;
  const count = missed.length;
  const summary: SecurityEvent = {
    id: `${newest.id}-missed`,
    type: 'events_missed',
    occurredAt: now,
    severity: worst(missed.flatMap((event): Severity[] => (event.severity === null ? [] : [event.severity]))),
    findingId: null,
    rule: null,
    title: null,
    message: `${count} events could not be delivered in time`,
    hostId: null,
    hostName: null,
    address: null,
    mac: null,
    count,
  };
  return { summary, replaces: missed.map((event) => event.id) };
}
