import type { CommandLog, History, Outbox, RetainedLedger, Settings } from '../domain/history.ts';
import { type Backup, backupsOf, takeBackup } from './backup.ts';
import { commandLogIn } from './commands.ts';
import { type DatabaseOptions, openDatabase, type Restored } from './database.ts';
import { historyIn } from './history.ts';
import { type Vacuumed, vacuum } from './maintenance.ts';
import { outboxIn } from './outbox.ts';
import { type Place, placeOf } from './place.ts';
import { retainedLedgerIn } from './retained.ts';
import { type Dropped, type Retention, retentionIn } from './retention.ts';
import { settingsIn } from './settings.ts';

/** Everything that is remembered, in one SQLite file. Every method throws StorageError where the file fails it. */
export interface Storage {
  readonly history: History;
  readonly outbox: Outbox;
  readonly retained: RetainedLedger;
  readonly settings: Settings;
  readonly commands: CommandLog;
  /** What was done about a damaged file when this one was opened; null: it was not damaged. */
  readonly restored: Restored | null;
  /** Whoever wrote to the file last did not close it: killed, a crash, a power cut. Its pages were checked. */
  readonly wasLeftOpen: boolean;
  readonly place: Place;
  /** Drops what is older than the owner wants to keep it; see `retentionIn`. */
  readonly retention: {
    lastAt(): number | null;
    drop(keep: Retention, now: number): Generator<undefined, Dropped, void>;
  };
  /** The daily copy beside the database; see `takeBackup`. */
  backUp(now: number): Promise<Backup>;
  /** Rewrites the whole file without its free pages. */
  vacuum(): Vacuumed;
  /** Milliseconds UTC; null: there is no backup. */
  lastBackupAt(): number | null;
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
    commands: commandLogIn(connection),
    restored: connection.restored,
    wasLeftOpen: connection.wasLeftOpen,
    place: placeOf(connection, options.file),
    retention: retentionIn(connection),
    vacuum: () => vacuum(connection, options.file),
    lastBackupAt: () => backupsOf(options.file)[0]?.at ?? null,
    backUp: (now) => takeBackup(connection, options.file, now),
    close: connection.close,
  };
}
