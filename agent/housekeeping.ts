import type { Backup } from '../storage/backup.ts';
import type { Dropped, Retention } from '../storage/retention.ts';
import type { Log } from './log.ts';

/** What housekeeping needs of the storage. */
interface Housekept {
  readonly retention: {
    lastAt(): number | null;
    drop(keep: Retention, now: number): Generator<undefined, Dropped, void>;
  };
  lastBackupAt(): number | null;
  backUp(now: number): Promise<Backup>;
}

const DAY_MS = 86_400_000;
/** On a full file room is looked for at every sweep; what was just dropped need not be looked for again. */
const MAKE_ROOM_EVERY_MS = 10 * 60_000;

/** What is done between sweeps, once a day: drop what is old, give the space back, and take a backup. */
export class Housekeeping {
  readonly #keep: Retention;
  readonly #log: Log;
  readonly #now: () => number;
  /** By our own clock; what the storage knows of the time before counts until then. */
  #droppedAt: number | null = null;
  #backedUpAt: number | null = null;
  #madeRoomAt = Number.NEGATIVE_INFINITY;
  #work: Promise<void> | null = null;
  #stopped = false;

  constructor(options: {
    readonly keep: Retention;
    readonly log: Log;
    readonly now: () => number;
  }) {
    this.#keep = options.keep;
    this.#log = options.log;
    this.#now = options.now;
  }

  /** Does what is due, in the background, a few milliseconds at a time. Trouble is logged, and tried again a day later. */
  afterSweep(storage: Housekept): void {
    this.#work ??= this.#doDue(storage)
      .catch((error: unknown) => this.#log.error({ error }, 'housekeeping failed; it is tried again'))
      .finally(() => {
        this.#work = null;
      });
  }

  /** Drops what is old at once, because the file is full. */
  makeRoom(storage: Housekept): void {
    const now = this.#now();
    if (Math.abs(now - this.#madeRoomAt) < MAKE_ROOM_EVERY_MS) return;
    this.#madeRoomAt = now;
    const steps = storage.retention.drop(this.#keep, now);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    const isSomething = Object.values(step.value).some((rows) => rows > 0);
    const outcome = isSomething
      ? 'the database is full: old history was dropped to make room'
      : 'the database is full, and no history is old enough to be dropped';
    this.#log.warn({ dropped: step.value }, outcome);
  }

  /** Ends what is under way, at its next step. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#work;
  }

  async #doDue(storage: Housekept): Promise<void> {
    if (this.#isDue(this.#droppedAt ?? storage.retention.lastAt())) await this.#dropOld(storage);
    if (this.#stopped || !this.#isDue(this.#backedUpAt ?? storage.lastBackupAt())) return;
    this.#backedUpAt = this.#now();
    const { file } = await storage.backUp(this.#now());
    this.#log.info({ file }, 'the history was backed up');
  }

  async #dropOld(storage: Housekept): Promise<void> {
    this.#droppedAt = this.#now();
    const steps = storage.retention.drop(this.#keep, this.#droppedAt);
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        this.#log.debug({ dropped: step.value }, 'old history was dropped');
        return;
      }
      if (this.#stopped) return;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  /** A day has passed since `last`, or the clock was set back behind it. */
  #isDue(last: number | null): boolean {
    const now = this.#now();
    return last === null || now - last >= DAY_MS || now < last;
  }
}
