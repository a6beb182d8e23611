import type { History, Outbox, RetainedLedger } from '../domain/history.ts';
import type { Backup } from './backup.ts';
import { isDamage } from './database.ts';
import { HeldBack } from './held-back.ts';
import type { Storage } from './storage.ts';
import { StorageError, type StorageErrorCode } from './storage-error.ts';

/** Storage for a daemon: what its file cannot take is held in memory, and a file that is damaged is replaced. */
export interface SteadyStorage extends Storage {
  /** Why something waits in memory, and how much; null: the file has everything. */
  trouble(): string | null;
}

export interface SteadyOptions {
  /** Opens the file; `isDamaged`: it was seen to be, so that it is to be set aside. @throws StorageError */
  readonly open: (isDamaged: boolean) => Storage;
  /** Makes room in a file that has reached its quota. @throws StorageError */
  readonly makeRoom: (storage: Storage) => void;
  /** Another file has taken the place of a damaged one; `restored` of the storage says more. */
  readonly onReplaced: (storage: Storage) => void;
  /** The file was deleted or moved while it was in use; it is whole and back in its place, or what lies there is used. */
  readonly onMoved: (outcome: 'put-back' | 'exchanged') => void;
}

/**
 * Opens the file and keeps sweeps and alerts going whatever becomes of it: a sweep that cannot be recorded is held in
 * memory with its events, those who read see it, and it is recorded when the file takes it again, which is tried at
 * every sweep. Decisions, settings and other words that somebody waits for are not held: their errors pass through.
 * @throws StorageError when the file cannot be opened at all.
 */
export function steadyStorage(options: SteadyOptions): SteadyStorage {
  const keeper = new Keeper(options);
  return {
    history: steadyHistory(keeper),
    outbox: steadyOutbox(keeper),
    retained: steadyRetained(keeper),
    settings: forwarded(keeper, 'settings'),
    commands: forwarded(keeper, 'commands'),
    retention: {
      lastAt: () => keeper.on((file) => file.retention.lastAt()),
      drop: (keep, now) => keeper.on((file) => file.retention.drop(keep, now)),
    },
    vacuum: () => keeper.on((file) => file.vacuum()),
    lastBackupAt: () => keeper.on((file) => file.lastBackupAt()),
    backUp: (now) => keeper.backUp(now),
    get restored() {
      return keeper.on((file) => file.restored);
    },
    get wasLeftOpen() {
      return keeper.on((file) => file.wasLeftOpen);
    },
    get place() {
      return keeper.on((file) => file.place);
    },
    trouble: () => keeper.trouble(),
    close: () => keeper.close(),
  };
}

/** The file takes nothing now, and may do so later. */
const PASSING: readonly StorageErrorCode[] = ['full', 'io', 'read-only', 'locked', 'permission', 'missing'];

/** The file that is open now, and what it could not take. */
class Keeper {
  readonly held = new HeldBack();
  readonly #options: SteadyOptions;
  #storage: Storage;
  /** Why the file took nothing when it was last tried. */
  #reason = '';
  #isClosed = false;

  constructor(options: SteadyOptions) {
    this.#options = options;
    this.#storage = options.open(false);
  }

  /** Works on the file; one that turns out to be damaged is replaced, and the work done on the other. */
  on<T>(work: (file: Storage) => T): T {
    try {
      return work(this.#storage);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#replace();
      return work(this.#storage);
    }
  }

  /** A backup is checked; damage that it brings to light is in the file, where it may not have been read for long. */
  async backUp(now: number): Promise<Backup> {
    const file = this.#storage;
    try {
      return await file.backUp(now);
    } catch (error) {
      if (isDamage(error) && file === this.#storage) this.#replace();
      throw error;
    }
  }

  /** A file that was deleted or moved away takes everything and keeps nothing. */
  #keepInPlace(): void {
    const { place } = this.#storage;
    if (place.isKept()) return;
    const outcome = place.putBack();
    this.#storage.close();
    this.#storage = this.#options.open(false);
    this.#options.onMoved(outcome);
  }

  #replace(): void {
    this.#storage.close();
    this.#storage = this.#options.open(true);
    this.#options.onReplaced(this.#storage);
  }

  /** Writes what is held and then `write`; once more with room made where the file is full. */
  write<T>(write: (file: Storage) => T): T {
    const writeAll = (file: Storage): T => {
      writeHeld(this.held, file);
      return write(file);
    };
    this.#keepInPlace();
    try {
      return this.on(writeAll);
    } catch (error) {
      if (!(error instanceof StorageError && error.code === 'full')) throw error;
      this.on(this.#options.makeRoom);
      return this.on(writeAll);
    }
  }

  /** The same, or `hold` where the file takes nothing now. */
  writeOr<T>(write: (file: Storage) => T, hold: () => T): T {
    try {
      return this.write(write);
    } catch (error) {
      if (!(error instanceof StorageError && PASSING.includes(error.code))) throw error;
      this.#reason = error.message;
      return hold();
    }
  }

  /** The same for small things, of which there may be many: while something is held, only a sweep tries the file. */
  writeSmall(write: (file: Storage) => void, hold: () => void): void {
    if (this.held.isEmpty()) this.writeOr(write, hold);
    else hold();
  }

  trouble(): string | null {
    const { sweeps, lost } = this.held;
    if (this.held.isEmpty()) return null;
    const waiting = sweeps.length === 1 ? '1 sweep waits' : `${sweeps.length} sweeps wait`;
    const gone = lost === 0 ? '' : `, ${lost} more had to be given up`;
    return `${this.#reason}. Sweeps and alerts go on; ${waiting} in memory until the file takes them${gone}`;
  }

  /** A last try: what the file does not take now is found anew by the first sweep after the next start. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.writeOr(
        () => {},
        () => {},
      );
    } finally {
      this.#storage.close();
    }
  }
}

/** All that is held, oldest first; what the file has taken is no longer held, whatever becomes of the rest. */
function writeHeld(held: HeldBack, file: Storage): void {
  for (let sweep = held.sweeps[0]; sweep !== undefined; sweep = held.sweeps[0]) {
    try {
      file.history.recordSweep(sweep);
    } catch (error) {
      // Refused for what it is, and not for the state of the file, it would be refused for ever.
      if (!(error instanceof StorageError)) held.sweepRecorded();
      throw error;
    }
    held.sweepRecorded();
  }
  if (held.events.length > 0) file.outbox.add(held.events);
  held.events.length = 0;
  if (held.acknowledged.size > 0) file.outbox.acknowledge(held.acknowledged);
  held.acknowledged.clear();
  if (held.removed.size > 0) file.outbox.remove([...held.removed]);
  held.removed.clear();
  for (const [topic, entry] of held.retained) {
    if (entry === null) file.retained.remove(topic);
    else file.retained.put(topic, entry);
    held.retained.delete(topic);
  }
}

function steadyHistory(keeper: Keeper): History {
  const { held } = keeper;
  return {
    ...forwarded(keeper, 'history'),
    hosts: () => held.hostsOver(keeper.on((file) => file.history.hosts())),
    hasSwept: () =>
      held.sweeps.some(({ summary }) => summary.kind === 'sweep') ||
      keeper.on((file) => file.history.hasSwept()),
    sweeps: (limit) =>
      [...held.newestSweeps(limit), ...keeper.on((file) => file.history.sweeps(limit))].slice(0, limit),
    recordSweep: (record) =>
      keeper.writeOr(
        (file) => file.history.recordSweep(record),
        () => held.holdSweep(record),
      ),
    // What they concern may be in a sweep that is held.
    recordDecision: (record) => keeper.write((file) => file.history.recordDecision(record)),
    forgetHost: (id, change) => keeper.write((file) => file.history.forgetHost(id, change)),
    quarantine: () => [...keeper.on((file) => file.history.quarantine()), ...held.quarantined()],
    liftQuarantine: (hostId, probe) => keeper.write((file) => file.history.liftQuarantine(hostId, probe)),
  };
}

function steadyOutbox(keeper: Keeper): Outbox {
  const { held } = keeper;
  return {
    waiting: (limit) => {
      const stored = keeper.on((file) => file.outbox.waiting(limit + held.removed.size));
      return [...stored.filter((event) => !held.removed.has(event.id)), ...held.waiting()].slice(0, limit);
    },
    size: () => keeper.on((file) => file.outbox.size()) - held.removed.size + held.waiting().length,
    acknowledged: () => {
      const stored = keeper.on((file) => file.outbox.acknowledged());
      return new Set([...stored, ...held.acknowledged.keys()].filter((id) => !held.removed.has(id)));
    },
    acknowledge: (moments) =>
      keeper.writeSmall(
        (file) => file.outbox.acknowledge(moments),
        () => {
          for (const [id, at] of moments) held.acknowledged.set(id, at);
        },
      ),
    add: (events) =>
      keeper.writeSmall(
        (file) => file.outbox.add(events),
        () => {
          held.events.push(...events);
        },
      ),
    remove: (ids, instead) => {
      const stored = held.removeEvents(ids);
      keeper.writeSmall(
        (file) => file.outbox.remove(stored, instead),
        () => {
          for (const id of stored) held.removed.add(id);
          if (instead !== undefined) held.events.push(instead);
        },
      );
    },
  };
}

function steadyRetained(keeper: Keeper): RetainedLedger {
  const { held } = keeper;
  return {
    all: () => {
      const topics = new Map(keeper.on((file) => file.retained.all()));
      for (const [topic, entry] of held.retained) {
        if (entry === null) topics.delete(topic);
        else topics.set(topic, entry);
      }
      return topics;
    },
    put: (topic, entry) =>
      keeper.writeSmall(
        (file) => file.retained.put(topic, entry),
        () => {
          held.retained.set(topic, entry);
        },
      ),
    remove: (topic) =>
      keeper.writeSmall(
        (file) => file.retained.remove(topic),
        () => {
          held.retained.set(topic, null);
        },
      ),
  };
}

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Every method of a part of the storage, carried out on the file that is open when it is called. */
function forwarded<Part extends 'history' | 'settings' | 'commands'>(
  keeper: Keeper,
  part: Part,
): Storage[Part] {
  const methods = (file: Storage) => file[part] as unknown as Methods;
  const names = keeper.on((file) => Object.keys(methods(file)));
  const call =
    (name: string) =>
    (...args: unknown[]) =>
      keeper.on((file) => methods(file)[name]?.(...args));
  return Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as Storage[Part];
}
