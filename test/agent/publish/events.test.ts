import { describe, expect, test } from 'vitest';
import { collapse, eventPayload, triggerPayloads } from '../../../agent/publish/events.ts';
import { byteLength } from '../../../agent/publish/state.ts';
import { TOPICS } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleEvent } from '../../support/samples.ts';

const HOUR = 3600 * 1000;

function eventsOf(count: number, at = SAMPLE_TIME) {
  return Array.from({ length: count }, (_, n) =>
    sampleEvent({
      id: `e${String(n).padStart(12, '0')}`,
      occurredAt: at,
      severity: n === 3 ? 'critical' : 'low',
    }),
  );
}

describe('an event', () => {
  test('is a flat payload', async () => {
    const payload = JSON.parse(eventPayload(sampleEvent(), TOPICS, false));
    await expect(`${JSON.stringify(payload, null, 2)}\n`).toMatchFileSnapshot(
      '../../golden/home-assistant/event.json',
    );
  });

  test('stays below 2 KiB and harmless, whatever a host calls itself', () => {
    const hostile = '{{ states }}<script>\u202e\u0000'.repeat(100);
    const payload = eventPayload(
      sampleEvent({ hostName: hostile, title: hostile, message: '\u{1F600}'.repeat(5000) }),
      TOPICS,
      true,
    );
    expect(byteLength(payload)).toBeLessThanOrEqual(2048);
    expect(JSON.parse(payload).host_name).not.toMatch(/[<>{}\u0000-\u001f\u202e]/);
    expect(JSON.parse(payload).replayed).toBe(true);
  });

  test('fires the trigger of its type, and one more when it is critical', () => {
    expect(triggerPayloads(sampleEvent())).toEqual(['finding_opened']);
    expect(triggerPayloads(sampleEvent({ severity: 'critical' }))).toEqual([
      'finding_opened',
      'finding_critical',
    ]);
    expect(triggerPayloads(sampleEvent({ type: 'finding_resolved', severity: 'critical' }))).toEqual([
      'finding_resolved',
    ]);
  });
});

describe('after an absence', () => {
  test('up to 100 events of the last day stay as they are', () => {
    expect(collapse(eventsOf(100), SAMPLE_TIME + 24 * HOUR)).toBeNull();
  });

  test('events beyond the newest 100 become one, with their number and worst severity', () => {
    const collapsed = collapse(eventsOf(130), SAMPLE_TIME);
    expect(collapsed?.replaces).toEqual(eventsOf(30).map((event) => event.id));
    expect(collapsed?.summary).toMatchObject({ type: 'events_missed', count: 30, severity: 'critical' });
  });

  test('events older than a day become one', () => {
    const collapsed = collapse(eventsOf(5), SAMPLE_TIME + 25 * HOUR);
    expect(collapsed?.summary).toMatchObject({ count: 5, occurredAt: SAMPLE_TIME + 25 * HOUR });
  });

  test('earlier summaries stay, so that nothing is counted twice', () => {
    const earlier = sampleEvent({ id: 'e0', type: 'events_missed', count: 40, severity: 'high' });
    const collapsed = collapse([earlier, ...eventsOf(2)], SAMPLE_TIME + 25 * HOUR);
    expect(collapsed?.summary.count).toBe(2);
    expect(collapsed?.replaces).not.toContain('e0');
    expect(collapse([earlier], SAMPLE_TIME + 25 * HOUR)).toBeNull();
    expect(collapse([earlier, ...eventsOf(100)], SAMPLE_TIME)).toBeNull();
  });
});
