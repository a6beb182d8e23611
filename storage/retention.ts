import type { Database } from 'better-sqlite3';
import { dayOf } from '../domain/ledger.ts';
import type { Connection } from './database.ts';

/** How long what is kept, in milliseconds. What holds now is kept in any case. */
export interface Retention {
  /** Changes, and the intervals of facts that have ended. */
  readonly changes: number;
  /** Every sweep; of a day before that, one sweep is kept for ever. */
  readonly sweeps: number;
  readonly ledger: number;
  /** Commands that changed something. */
  readonly commands: number;
}

type Table = 'sweeps' | 'facts' | 'changes' | 'ledger' | 'commands';

/** How many rows were dropped, by table. */
export type Dropped = Readonly<Record<Table, number>>;

/** Rows in one transaction: it takes a few milliseconds, so that whoever else wants the file waits no longer. */
const BATCH_ROWS = 1000;
/** Pages given back to the file system at once; 1 MB. */
const VACUUM_PAGES = 256;
/** A clock that jumps ahead for a moment makes the history no older than this in one go. */
const LONGEST_STEP_MS = 7 * 86_400_000;
const DAY_MS = 86_400_000;

/** Drops what is older than the owner wants to keep it. */
export function retentionIn({ db, attempt }: Connection) {
  const readLast = db.prepare<[], string>("SELECT value FROM meta WHERE name = 'retained_at'").pluck();
  const newestSweep = db.prepare<[], number | null>('SELECT max(started_at) FROM sweeps').pluck();
  const writeLast = db.prepare<[string]>(`
    INSERT INTO meta (name, value) VALUES ('retained_at', ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
  const drops = dropsIn(db);

  /** The time as far as it is believed: a week after the last time that was, at most. */
  function believedTime(now: number): number {
    const last = Number(readLast.get() ?? newestSweep.get() ?? now);
    return Math.min(now, last + LONGEST_STEP_MS);
  }

  return {
    /** Milliseconds UTC, as far as the clock was believed; null: never. */
    lastAt: (): number | null => {
      const last = attempt('read when old history was dropped', () => readLast.get());
      return last === undefined ? null : Number(last);
    },
    /**
     * Drops what is old, one batch of rows for each step that is asked for, so that others have their turn between them;
     * then gives free pages back to the file system, step by step too. Returns what was dropped.
     */
    *drop(keep: Retention, now: number): Generator<undefined, Dropped, void> {
      const at = attempt('drop old history', () => believedTime(now));
      const dropped = { sweeps: 0, facts: 0, changes: 0, ledger: 0, commands: 0 };
      for (const { table, batch } of drops) {
        for (let rows = BATCH_ROWS; rows === BATCH_ROWS; ) {
          rows = attempt(`drop old ${table}`, () => batch(at - keep[KEPT_WITH[table]]));
          dropped[table] += rows;
          yield;
        }
      }
      attempt('remember when old history was dropped', () => writeLast.run(String(at)));
      while (attempt('give free space back', () => vacuumStep(db))) yield;
      return dropped;
    },
  };
}

const KEPT_WITH: Readonly<Record<Table, keyof Retention>> = {
  sweeps: 'sweeps',
  facts: 'changes',
  changes: 'changes',
  ledger: 'ledger',
  commands: 'commands',
};

/** For each table: deletes one batch of the rows that are older than a time in milliseconds UTC, and says how many. */
function dropsIn(db: Database): { readonly table: Table; batch(before: number): number }[] {
  // Of each day the last sweep stays that was complete and believed, else the last one.
  const sweeps = db.prepare<[number, number]>(`
    DELETE FROM sweeps WHERE id IN (
      SELECT id FROM (
        SELECT id, row_number() OVER (
          PARTITION BY started_at / ${DAY_MS}
          ORDER BY kind = 'sweep' DESC, complete DESC, suspect IS NULL DESC, id DESC
        ) AS place FROM sweeps WHERE started_at < ?
      ) WHERE place > 1 LIMIT ?)`);
  const facts = db.prepare<[number, number]>(
    'DELETE FROM facts WHERE id IN (SELECT id FROM facts WHERE until_at < ? LIMIT ?)',
  );
  const changes = db.prepare<[number, number]>(
    'DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE occurred_at < ? LIMIT ?)',
  );
  const commands = db.prepare<[number, number]>(
    'DELETE FROM commands WHERE id IN (SELECT id FROM commands WHERE given_at < ? LIMIT ?)',
  );
  const key = 'day, address, transport, port, probe';
  const ledger = db.prepare<[string, number]>(
    `DELETE FROM ledger WHERE (${key}) IN (SELECT ${key} FROM ledger WHERE day < ? LIMIT ?)`,
  );
  const startOfDay = (at: number) => at - (at % DAY_MS);
  return [
    // Whole days only: half a day would keep one sweep of each half.
    { table: 'sweeps', batch: (before) => sweeps.run(startOfDay(before), BATCH_ROWS).changes },
    { table: 'facts', batch: (before) => facts.run(before, BATCH_ROWS).changes },
    { table: 'changes', batch: (before) => changes.run(before, BATCH_ROWS).changes },
    { table: 'ledger', batch: (before) => ledger.run(dayOf(before), BATCH_ROWS).changes },
    { table: 'commands', batch: (before) => commands.run(before, BATCH_ROWS).changes },
  ];
}

/** Gives some free pages back; true when there are more. */
function vacuumStep(db: Database): boolean {
  const free = () => db.pragma('freelist_count', { simple: true }) as number;
  const before = free();
  db.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
  const after = free();
  // A file that was made without incremental vacuum keeps its free pages, for later use.
  return 0 < after && after < before;
}
