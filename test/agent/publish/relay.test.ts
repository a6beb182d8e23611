import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LinkError, type OutgoingMessage } from '../../../agent/publish/link.ts';
import { Relay } from '../../../agent/publish/relay.ts';
import { memoryOutbox, recordingLog, TOPICS } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleEvent } from '../../support/samples.ts';

function events(count: number, at = SAMPLE_TIME) {
  return Array.from({ length: count }, (_, n) =>
    sampleEvent({ id: `e${String(n).padStart(3, '0')}`, occurredAt: at }),
  );
}

/** A relay on a link that does what `answer` says with each message. */
function relayOf(options: {
  readonly outbox: ReturnType<typeof memoryOutbox>;
  readonly answer?: (message: OutgoingMessage) => Promise<void>;
  readonly now?: () => number;
  readonly monotonic?: () => number;
  readonly keepAcknowledged?: number;
}) {
  const sent: OutgoingMessage[] = [];
  const log = recordingLog();
  const relay = new Relay({
    outbox: options.outbox,
    link: {
      publish: async (message) => {
        sent.push(message);
        await options.answer?.(message);
      },
    },
    topics: TOPICS,
    timing: { keepAcknowledged: options.keepAcknowledged ?? 60_000, refusedRetry: 20 },
    log,
    now: options.now ?? (() => SAMPLE_TIME),
    ...(options.monotonic === undefined ? {} : { monotonic: options.monotonic }),
  });
  onTestFinished(() => relay.close());
  const payloads = () =>
    sent.filter(({ topic }) => topic === TOPICS.event).map(({ payload }) => JSON.parse(payload));
  const ids = () => payloads().map((payload) => payload.id);
  return { relay, sent, log, payloads, ids };
}

/** Lets everything happen that needs no time. */
async function idle(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('events in the outbox', () => {
  test('wait until they are released, then go oldest first', async () => {
    const { relay, ids } = relayOf({ outbox: memoryOutbox(events(40)) });
    relay.wake();
    await idle();
    expect(ids()).toEqual([]);
    relay.release(0);
    await idle();
    expect(ids()).toEqual(events(40).map((event) => event.id));
    expect(relay.waiting()).toBe(0);
  });

  test('are at most 15 in flight', async () => {
    const { relay, ids } = relayOf({ outbox: memoryOutbox(events(40)), answer: () => new Promise(() => {}) });
    relay.release(0);
    await idle();
    expect(ids()).toHaveLength(15);
  });

  test('stay for a while after the broker acknowledged them, and then leave', async () => {
    const outbox = memoryOutbox(events(3));
    let now = SAMPLE_TIME;
    const { relay } = relayOf({ outbox, keepAcknowledged: 20, now: () => now });
    relay.release(0);
    await idle();
    expect(outbox.size()).toBe(3);
    now += 20;
    await sleep(40);
    expect(outbox.size()).toBe(0);
  });

  test('are sent again with the same id when the link breaks soon afterwards, their triggers are not', async () => {
    const { relay, ids, sent } = relayOf({ outbox: memoryOutbox(events(2)) });
    relay.release(0);
    await idle();
    relay.lost();
    relay.release(SAMPLE_TIME + 1);
    await idle();
    expect(ids()).toEqual(['e000', 'e001', 'e000', 'e001']);
    expect(sent.filter(({ topic }) => topic === TOPICS.trigger)).toHaveLength(2);
  });

  test('that had to wait are marked as replayed', async () => {
    const outbox = memoryOutbox(events(1));
    const { relay, payloads } = relayOf({ outbox });
    relay.release(SAMPLE_TIME + 1);
    outbox.add([sampleEvent({ id: 'later', occurredAt: SAMPLE_TIME + 1 })]);
    relay.wake();
    await idle();
    expect(payloads().map(({ id, replayed }) => [id, replayed])).toEqual([
      ['e000', true],
      ['later', false],
    ]);
  });

  test('that the broker refuses stay, and are tried again', async () => {
    let refusals = 1;
    const answer = async () => {
      if (refusals-- > 0) throw new LinkError('refused', 'not authorized');
    };
    const { relay, ids } = relayOf({ outbox: memoryOutbox(events(1)), answer });
    relay.release(0);
    await idle();
    expect(relay.waiting()).toBe(1);
    await sleep(40);
    expect(ids()).toEqual(['e000', 'e000']);
    expect(relay.waiting()).toBe(0);
  });

  test('beyond 100 after an absence become one', async () => {
    const { relay, payloads } = relayOf({ outbox: memoryOutbox(events(130)) });
    relay.release(0);
    await idle();
    expect(payloads()).toHaveLength(101);
    expect(payloads().at(-1)).toMatchObject({ event_type: 'events_missed', count: 30 });
  });

  test('are not called old because the clock was set ahead, but are when they really are', async () => {
    let [now, passed] = [SAMPLE_TIME, 0];
    const both = { now: () => now, monotonic: () => passed };
    // Stamped some seconds after the relay last looked at the clock, by a sweep that was then under way.
    const { relay, ids } = relayOf({ outbox: memoryOutbox(events(3, SAMPLE_TIME + 5_000)), ...both });
    [now, passed] = [now + 365 * 86_400_000, 9_000];
    relay.release(0);
    await idle();
    expect(ids()).toEqual(['e000', 'e001', 'e002']);
    const later = relayOf({ outbox: memoryOutbox(events(3, now)), ...both });
    [now, passed] = [now + 2 * 86_400_000, passed + 2 * 86_400_000];
    later.relay.release(0);
    await idle();
    expect(later.payloads()).toMatchObject([{ event_type: 'events_missed', count: 3 }]);
  });

  test('that the broker had acknowledged before the link broke are sent again, and not called missed', async () => {
    const outbox = memoryOutbox(events(130));
    const { relay, ids } = relayOf({ outbox });
    relay.release(0);
    await idle();
    const before = ids();
    relay.lost();
    relay.release(SAMPLE_TIME + 1);
    await idle();
    expect(ids().slice(before.length)).toEqual(before);
  });

  test('on their way are not called missed, but may be once the link has broken', async () => {
    const outbox = memoryOutbox(events(130).slice(0, 90));
    const { relay } = relayOf({ outbox, answer: () => new Promise(() => {}) });
    relay.release(0);
    outbox.add(events(130).slice(90));
    relay.hold();
    relay.release(0);
    expect(outbox.rows[0]).toMatchObject({ id: 'e000' });
    expect(outbox.rows.at(-1)).toMatchObject({ type: 'events_missed', count: 15 });
    relay.lost();
    relay.release(0);
    expect(outbox.rows.at(-1)).toMatchObject({ type: 'events_missed', count: 15, id: 'e014-missed' });
  });

  test('are written down as acknowledged a batch at a time, those with their triggers that the broker took', async () => {
    const outbox = memoryOutbox(events(40));
    const batches: number[] = [];
    const answer = async ({ topic, payload }: OutgoingMessage) => {
      if (topic === TOPICS.event && JSON.parse(payload).id === 'e003') throw new LinkError('refused', 'no');
    };
    const acknowledge = (moments: ReadonlyMap<string, number>) => {
      batches.push(moments.size);
      outbox.acknowledge(moments);
    };
    const { relay } = relayOf({ outbox: { ...outbox, acknowledge }, answer });
    relay.release(0);
    await idle();
    expect(batches).toEqual([14]);
    relay.wake();
    await idle();
    expect(batches).toEqual([14, 14]);
    expect(outbox.acknowledged().has('e003')).toBe(false);
  });

  test('leave at once when the relay is closed in good order', async () => {
    const outbox = memoryOutbox(events(3));
    const { relay } = relayOf({ outbox });
    relay.release(0);
    await idle();
    relay.close();
    expect(outbox.size()).toBe(0);
  });
});

describe('an event that breaks the connection', () => {
  test('is set aside after three times, and the others go on', async () => {
    const outbox = memoryOutbox(events(4));
    const relays: Relay[] = [];
    const answer = async ({ payload }: OutgoingMessage) => {
      if (!payload.includes('"e001"')) return;
      await sleep(5);
      relays[0]?.lost();
      throw new LinkError('lost', 'connection closed');
    };
    const { relay, log, ids } = relayOf({ outbox, answer });
    relays.push(relay);
    for (let connections = 0; connections < 4; connections += 1) {
      relay.release(0);
      await sleep(20);
    }
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
    expect(ids().filter((id) => id === 'e001')).toHaveLength(3);
    expect(relay.waiting()).toBe(1);
    expect(ids().slice(-2)).toEqual(['e002', 'e003']);
    expect(outbox.rows.map((row) => row.id)).toContain('e001');
  });
});
