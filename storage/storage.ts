import type { History, Outbox, RetainedLedger, Settings } from '../domain/history.ts';
import { type DatabaseOptions, openDatabase } from './database.ts';
import { historyIn } from './history.ts';
import type { SetAside } from './inspection.ts';
import { outboxIn } from './outbox.ts';
import { retainedLedgerIn } from './retained.ts';
import { settingsIn } from './settings.ts';

/** Everything that is remembered, in one SQLite file. Every method throws StorageError where the file fails it. */
export interface Storage {
  readonly history: History;
  readonly outbox: Outbox;
  readonly retained: RetainedLedger;
  readonly settings: Settings;
  /** A damaged file was set aside when this one was opened; the history before `at` is in it. */
  readonly restored: SetAside | null;
  /** Ends the use of the file. May be called again. */
  close(): void;
}

/**
 * Opens the storage; see `openDatabase` for what the modes do. In mode `read-only` every method that writes throws.
 * @throws StorageError when the file cannot be used.
 */
export function openStorage(options: DatabaseOptions): Storage {
  const connection = openDatabase(options);
  const outbox = outboxIn(connection);
  return {
    history: historyIn(connection, outbox),
    outbox,
    retained: retainedLedgerIn(connection),
    settings: settingsIn(connection),
    restored: connection.restored,
    close: connection.close,
  };
}
