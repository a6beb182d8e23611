import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
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

it('knows what the broker has acknowledged until it leaves, and when it did so first', () => {
  const file = temporaryFile();
  const before = openTestStorage({ file });
  before.outbox.add(events);
  before.outbox.acknowledge(moments(['e3', 'e2', 'never-there'], 1_000));
  before.outbox.acknowledge(moments(['e2', 'e1'], 2_000));
  before.outbox.remove(['e3']);
  before.close();

  const { outbox } = openTestStorage({ file });
  expect(outbox.waiting(10).map((event) => event.id)).toEqual(['e1', 'e2']);
  expect([...outbox.acknowledged()].sort()).toEqual(['e1', 'e2']);
  expect(acknowledgedAt(file)).toEqual({ e1: 2_000, e2: 1_000 });
});

it('writes a batch of acknowledgements down whole or not at all', () => {
  const { outbox } = openTestStorage();
  outbox.add(events);
  expect(() => outbox.acknowledge(new Map([...moments(['e3'], 1_000), ['e1', 0.5]]))).toThrow(
    /acknowledged_at/,
  );
  expect(outbox.acknowledged()).toEqual(new Set());
});

function moments(ids: readonly string[], at: number): ReadonlyMap<string, number> {
  return new Map(ids.map((id) => [id, at]));
}

function acknowledgedAt(file: string): Record<string, number> {
  const db = new Sqlite(file, { readonly: true });
  onTestFinished(() => {
    db.close();
  });
  return Object.fromEntries(db.prepare('SELECT event_id, acknowledged_at FROM outbox').raw().all() as []);
}
