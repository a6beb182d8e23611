import { expect, it } from 'vitest';
import { openTestStorage } from '../support/open-database.ts';
import { firstSweep } from '../support/sample-history.ts';
import { sampleEvent } from '../support/samples.ts';

const events = ['e3', 'e1', 'e2'].map((id) => sampleEvent({ id }));

it('gives events back oldest first, whatever their ids, as many as asked for', () => {
  const { outbox } = openTestStorage();
  outbox.add(events);
  outbox.add([sampleEvent({ id: 'e0' })]);
  expect(outbox.waiting(10).map((event) => event.id)).toEqual(['e3', 'e1', 'e2', 'e0']);
  expect(outbox.waiting(2)).toEqual(events.slice(0, 2));
  expect(outbox.size()).toBe(4);
});

it('keeps the events of sweeps behind those that waited before', () => {
  const { history, outbox } = openTestStorage();
  outbox.add(events);
  history.recordSweep(firstSweep());
  expect(outbox.waiting(10).at(-1)).toEqual(sampleEvent());
});

it('removes what was acknowledged, in any order, and is not troubled by ids that are gone', () => {
  const { outbox } = openTestStorage();
  outbox.add(events);
  outbox.remove(['e2', 'e3', 'never-there']);
  expect(outbox.waiting(10).map((event) => event.id)).toEqual(['e1']);
  outbox.remove(['e1']);
  expect(outbox.size()).toBe(0);
});

it('keeps the order when everything was sent in between', () => {
  const { outbox } = openTestStorage();
  outbox.add(events);
  outbox.remove(events.map((event) => event.id));
  outbox.add(events);
  expect(outbox.waiting(10)).toEqual(events);
});

it('takes all events or none', () => {
  const { outbox } = openTestStorage();
  outbox.add([sampleEvent({ id: 'e1' })]);
  expect(() => outbox.add(events)).toThrow('UNIQUE constraint failed: outbox.event_id');
  expect(outbox.waiting(10).map((event) => event.id)).toEqual(['e1']);
});

it('puts one event in the place of several, or leaves everything as it was', () => {
  const { outbox } = openTestStorage();
  const summary = sampleEvent({ id: 'e1-missed', type: 'events_missed', count: 2 });
  outbox.add(events);
  expect(() => outbox.remove(['e3', 'e1'], events[2])).toThrow('UNIQUE constraint failed: outbox.event_id');
  expect(outbox.waiting(10)).toEqual(events);
  outbox.remove(['e3', 'e1'], summary);
  expect(outbox.waiting(10).map((event) => event.id)).toEqual(['e2', 'e1-missed']);
});
