import type { SecurityEvent } from '../domain/event.ts';
import type { Outbox } from '../domain/history.ts';
import type { Connection } from './database.ts';

/** Events that wait for the broker. An event id that waits already is refused: ids are made once. */
export function outboxIn({ db, attempt }: Connection): Outbox {
  const waiting = db.prepare<[number], string>('SELECT event FROM outbox ORDER BY number LIMIT ?').pluck();
  const size = db.prepare<[], number>('SELECT count(*) FROM outbox').pluck();
  const insert = db.prepare<[string, string]>('INSERT INTO outbox (event_id, event) VALUES (?, ?)');
  const erase = db.prepare<[string]>('DELETE FROM outbox WHERE event_id = ?');
  const add = db.transaction((events: readonly SecurityEvent[]) => {
    for (const event of events) insert.run(event.id, JSON.stringify(event));
  });
  const remove = db.transaction((ids: readonly string[], instead: readonly SecurityEvent[]) => {
    for (const id of ids) erase.run(id);
    add(instead);
  });
  return {
    waiting: (limit) =>
      attempt('read the outbox', () => waiting.all(limit).map((event) => JSON.parse(event) as SecurityEvent)),
    size: () => attempt('count the outbox', () => size.get() ?? 0),
    add: (events) => attempt('add events to the outbox', () => add(events)),
    remove: (ids, instead) =>
      attempt('remove events from the outbox', () => remove(ids, instead === undefined ? [] : [instead])),
  };
}
