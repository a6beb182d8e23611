import type { SecurityEvent } from '../domain/event.ts';
import type { Outbox } from '../domain/history.ts';
import type { Connection } from './database.ts';

/** Events on their way to the broker. An event id that is there already is refused: ids are made once. */
export function outboxIn({ db, attempt }: Connection): Outbox {
  const waiting = db.prepare<[number], string>('SELECT event FROM outbox ORDER BY number LIMIT ?').pluck();
  const size = db.prepare<[], number>('SELECT count(*) FROM outbox').pluck();
  const insert = db.prepare<[string, string]>('INSERT INTO outbox (event_id, event) VALUES (?, ?)');
  const acknowledged = db
    .prepare<[], string>('SELECT event_id FROM outbox WHERE acknowledged_at IS NOT NULL')
    .pluck();
  const stamp = db.prepare<[number, string]>(
    'UPDATE outbox SET acknowledged_at = ? WHERE event_id = ? AND acknowledged_at IS NULL',
  );
  const erase = db.prepare<[string]>('DELETE FROM outbox WHERE event_id = ?');
  const add = db.transaction((events: readonly SecurityEvent[]) => {
    for (const event of events) insert.run(event.id, JSON.stringify(event));
  });
  const acknowledge = db.transaction((moments: ReadonlyMap<string, number>) => {
    for (const [id, at] of moments) stamp.run(at, id);
  });
  const remove = db.transaction((ids: readonly string[], instead: readonly SecurityEvent[]) => {
    for (const id of ids) erase.run(id);
    add(instead);
  });
  return {
    waiting: (limit) =>
      attempt('read the outbox', () => waiting.all(limit).map((event) => JSON.parse(event) as SecurityEvent)),
    size: () => attempt('count the outbox', () => size.get() ?? 0),
    acknowledged: () => attempt('read the outbox', () => new Set(acknowledged.all())),
    acknowledge: (moments) => attempt('mark events in the outbox', () => acknowledge(moments)),
    add: (events) => attempt('add events to the outbox', () => add(events)),
    remove: (ids, instead) =>
      attempt('remove events from the outbox', () => remove(ids, instead === undefined ? [] : [instead])),
  };
}
