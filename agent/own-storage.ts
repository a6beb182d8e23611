import { problemEvent } from '../domain/event.ts';
import { type SteadyStorage, steadyStorage } from '../storage/steady-storage.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import type { Config } from './config.ts';
import { databaseFile } from './data-dir.ts';
import type { Housekeeping } from './housekeeping.ts';
import { newEventId } from './ids.ts';
import type { Log } from './log.ts';
import { damageText } from './outside.ts';
import { random, withOwnersWordOn } from './wiring.ts';

const LEFT_OPEN =
  'the last run left the history open (killed, a crash, a power cut, or a reader at its end); every page was checked and is sound';

const MOVED = {
  'put-back':
    'the database was deleted or moved while it was in use: it was put back whole; stop the daemon before doing that',
  exchanged:
    'another file was put in the place of the database while it was in use: that file is used from now on',
} as const;

export interface OwnStorageOptions {
  readonly config: Config;
  readonly dataDir: string;
  readonly version: string;
  readonly log: Log;
  readonly now: () => number;
}

/**
 * Opens the storage for the one process that owns the data directory: it goes on whatever becomes of its file, and tells
 * when history is missing. `onMoved`: the data directory, or the file in it, was deleted or moved, and is there again.
 * @throws StorageError when the file cannot be opened at all.
 */
export function openOwnStorage(
  options: OwnStorageOptions,
  housekeeping: Housekeeping,
  onMoved: () => void = () => {},
): SteadyStorage {
  const { config, dataDir, version, now } = options;
  const file = databaseFile(dataDir);
  const storage = steadyStorage({
    open: (isDamaged) => {
      const quotaBytes = config.quota * 1e6;
      const opened = openStorage({ file, mode: 'read-write', version, now, quotaBytes, isDamaged });
      return withOwnersWordOn(opened, config);
    },
    makeRoom: (full) => housekeeping.makeRoom(full),
    onReplaced: (replaced) => tellDamage(replaced, options),
    onMoved: (outcome) => {
      options.log.error({}, MOVED[outcome]);
      onMoved();
    },
  });
  tellDamage(storage, options);
  if (storage.wasLeftOpen) options.log.warn({}, LEFT_OPEN);
  return storage;
}

/** History is missing: the log says so at once, the broker as soon as it is there. */
function tellDamage(storage: Storage, { config, log, now }: OwnStorageOptions): void {
  const damage = damageText(storage);
  if (damage === null) return;
  log.error({}, damage);
  if (config.mqtt.url !== null) storage.outbox.add([problemEvent(damage, now(), newEventId(random, now()))]);
}
