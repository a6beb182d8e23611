import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Audit } from '../lab/delivery.ts';
import type { Listener } from '../lab/listener.ts';
import type { Program } from '../lab/program.ts';
import { type DatabaseView, driftOf, type Retained } from './drift.ts';
import { sizeOf } from './vitals.ts';

/** What the database takes: bytes in use, bytes of its write-ahead log, and rows by table. */
export interface Space {
  readonly usedBytes: number;
  readonly walBytes: number;
  readonly rows: Readonly<Record<string, number>>;
}

/** The largest wait of the publisher: events that wait for Home Assistant are let go 10 to 15 s after its birth. */
const SETTLED_WITHIN_MS = 40_000;

/** What the database holds of one installation, against what the broker holds and has passed on. */
export class Comparison {
  readonly #program: Program;
  readonly #listener: Listener;
  readonly #file: string;
  readonly #audit: Audit;

  /** The database is there already. What enters the outbox from now on is written down in it. */
  constructor(program: Program, listener: Listener) {
    this.#program = program;
    this.#listener = listener;
    this.#file = join(program.dataDir, 'smbwarden.db');
    this.#audit = new Audit(this.#file);
  }

  space(): Space {
    return this.#inDatabase((db) => {
      const pragma = (name: string): number => Number(db.pragma(name, { simple: true }));
      const usedPages = pragma('page_count') - pragma('freelist_count');
      const tables = db
        .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .pluck()
        .all();
      const countOf = (table: string) => Number(db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get());
      return {
        usedBytes: usedPages * pragma('page_size'),
        walBytes: sizeOf(`${this.#file}-wal`),
        rows: Object.fromEntries(
          tables.filter((table) => !table.startsWith('sqlite_')).map((table) => [table, countOf(table)]),
        ),
      };
    });
  }

  /** Events that entered the outbox so far. */
  eventsRecorded(): number {
    return this.#audit.account().events.length;
  }

  /**
   * What differs between database and broker, and between events recorded and events that arrived, when everything has
   * had time to be published; one line each.
   */
  async drift(): Promise<string[]> {
    const deadline = performance.now() + SETTLED_WITHIN_MS;
    for (;;) {
      const found = await this.#driftNow();
      if (found.length === 0 || performance.now() > deadline) return found;
      await delay(500);
    }
  }

  /** By a subscriber of its own, below every root that is ours. */
  async retained(): Promise<Retained> {
    const roots = ['smbwarden/#', 'homeassistant/device/#'];
    const held = await Promise.all(roots.map((filter) => this.#listener.retained(filter)));
    return new Map(held.flat().map(({ topic, payload }) => [topic, payload]));
  }

  async #driftNow(): Promise<string[]> {
    const view = await this.#databaseView();
    const retained = await this.retained();
    return [...driftOf(view, retained), ...this.#eventDrift(view.status.agent.id)];
  }

  async #databaseView(): Promise<DatabaseView> {
    const [{ hosts }, { findings }, status] = await Promise.all([
      this.#program.json<Pick<DatabaseView, 'hosts'>>('hosts'),
      this.#program.json<Pick<DatabaseView, 'findings'>>('findings', '--all'),
      this.#program.json<DatabaseView['status']>('status'),
    ]);
    const rows = this.#inDatabase((db) =>
      db.prepare<[], { topic: string; sha256: string }>('SELECT topic, sha256 FROM mqtt_retained').all(),
    );
    return { hosts, findings, status, retained: new Map(rows.map(({ topic, sha256 }) => [topic, sha256])) };
  }

  #eventDrift(agentId: string): string[] {
    const { events, summaries } = this.#audit.account();
    const counted = new Set([...summaries.values()].flatMap(({ replaced }) => replaced));
    const topic = `smbwarden/${agentId}/event`;
    const arrived = new Set(
      this.#listener
        .since(0)
        .filter((message) => message.topic === topic)
        .map(({ payload }) => String(JSON.parse(payload).id)),
    );
    const awaited = [...events.map(({ id }) => id).filter((id) => !counted.has(id)), ...summaries.keys()];
    const known = new Set([...events.map(({ id }) => id), ...summaries.keys()]);
    return [
      ...awaited.filter((id) => !arrived.has(id)).map((id) => `event ${id}: recorded, and never arrived`),
      ...[...arrived].filter((id) => !known.has(id)).map((id) => `event ${id}: arrived, and is not recorded`),
    ];
  }

  #inDatabase<Result>(work: (db: Database.Database) => Result): Result {
    const db = new Database(this.#file, { readonly: true });
    try {
      return work(db);
    } finally {
      db.close();
    }
  }
}

/** Keys that rightly differ after a restart: what a daemon has seen since its start is told anew. */
const VOLATILE = ['status', 'next_sweep', 'last_seen'];

/** One line for each topic that a restart has altered. */
export function alteredByRestart(before: Retained, after: Retained): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((topic) => {
    const [was, is] = [lasting(before.get(topic)), lasting(after.get(topic))];
    return was === is ? [] : [`${topic}: a restart turned ${was} into ${is}`];
  });
}

function lasting(payload: string | undefined): string | undefined {
  if (payload === undefined || !payload.startsWith('{')) return payload;
  return JSON.stringify(JSON.parse(payload), (key, value) => (VOLATILE.includes(key) ? undefined : value));
}
