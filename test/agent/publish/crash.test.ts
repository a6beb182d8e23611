/** The process dies between the broker's acknowledgement and the moment at which an event leaves the outbox. */
import { copyFileSync, existsSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { connectPublisher } from '../../../agent/publish/connect-publisher.ts';
import type { SecurityEvent } from '../../../domain/event.ts';
import type { Storage } from '../../../storage/storage.ts';
import { startBroker, type TestBroker } from '../../support/aedes-broker.ts';
import { openTestStorage, temporaryFile } from '../../support/open-database.ts';
import {
  AGENT_ID,
  FAST,
  recordingLog,
  sampleMqtt,
  samplePicture,
  TOPICS,
} from '../../support/publisher-parts.ts';
import { sampleEvent } from '../../support/samples.ts';

const DAY_MS = 86_400_000;

/** More than are told one by one after an absence, in portions that are not. */
const PORTIONS = [eventsNamed('a', 90), eventsNamed('b', 90)];
const DELIVERED = PORTIONS.flat();

function eventsNamed(prefix: string, count: number, at = Date.now()): SecurityEvent[] {
  return Array.from({ length: count }, (_, n) =>
    sampleEvent({ id: `${prefix}${String(n).padStart(3, '0')}`, occurredAt: at }),
  );
}

/** A publisher that tells everything there is, and is closed when the test ends. */
async function settledAt(broker: TestBroker, { outbox, retained }: Storage, now = Date.now) {
  const publisher = connectPublisher({
    mqtt: sampleMqtt({ url: broker.url }),
    agentId: AGENT_ID,
    version: '1.0.0',
    outbox,
    retained,
    vendorOf: () => null,
    onCommand: async () => ({ ok: true }),
    log: recordingLog(),
    now,
    random: () => 0.5,
    timing: FAST,
  });
  onTestFinished(() => publisher.close());
  publisher.publish(samplePicture());
  expect(await publisher.settled(5_000)).toBe(true);
  return publisher;
}

/** Everything in `PORTIONS` has been delivered, nothing has left the outbox: the file as a power cut leaves it then. */
async function crashed(broker: TestBroker): Promise<Storage> {
  const file = temporaryFile();
  const storage = openTestStorage({ file });
  const publisher = await settledAt(broker, storage);
  for (const portion of PORTIONS) {
    storage.outbox.add(portion);
    publisher.eventsWaiting();
    expect(await publisher.settled(5_000)).toBe(true);
  }
  expect(storage.outbox.size()).toBe(DELIVERED.length);
  const image = temporaryFile();
  for (const part of ['', '-wal']) {
    if (existsSync(file + part)) copyFileSync(file + part, image + part);
  }
  // The other publisher would fight over the connection for ever.
  await publisher.close();
  await broker.forget();
  return openTestStorage({ file: image });
}

function eventsAt(broker: TestBroker): { id: string; event_type: string; count?: number }[] {
  return broker.trace.filter(({ topic }) => topic === TOPICS.event).map(({ payload }) => JSON.parse(payload));
}

const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);
const triggersAt = (broker: TestBroker) => broker.trace.filter(({ topic }) => topic === TOPICS.trigger);

test('what the broker has acknowledged is sent again, with the same ids, and none of it is called missed', async () => {
  const broker = await startBroker();
  await settledAt(broker, await crashed(broker));
  expect(idsOf(eventsAt(broker))).toEqual(idsOf(DELIVERED));
});

test('a device trigger that has fired does not fire again', async () => {
  const broker = await startBroker();
  const storage = await crashed(broker);
  storage.outbox.add(eventsNamed('c', 1));
  await settledAt(broker, storage);
  expect(eventsAt(broker)).toHaveLength(DELIVERED.length + 1);
  expect(triggersAt(broker)).toHaveLength(1);
});

test('only what the broker has not acknowledged is counted as missed', async () => {
  const broker = await startBroker();
  const storage = await crashed(broker);
  const undelivered = eventsNamed('c', 130);
  storage.outbox.add(undelivered);
  await settledAt(broker, storage);
  const missed = eventsAt(broker).filter(({ event_type: type }) => type === 'events_missed');
  expect(missed).toMatchObject([{ id: 'c029-missed', count: 30 }]);
  const told = idsOf(eventsAt(broker)).filter((id) => id !== 'c029-missed');
  expect(told).toEqual(idsOf([...DELIVERED, ...undelivered.slice(30)]));
});

test('so it is days later, when all of it is old', async () => {
  const broker = await startBroker();
  const storage = await crashed(broker);
  storage.outbox.add(eventsNamed('c', 5));
  await settledAt(broker, storage, () => Date.now() + 2 * DAY_MS);
  expect(idsOf(eventsAt(broker))).toEqual([...idsOf(DELIVERED), 'c004-missed']);
  expect(eventsAt(broker).at(-1)).toMatchObject({ count: 5 });
});
