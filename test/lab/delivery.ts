import Database from 'better-sqlite3';
import { connect, type MqttClient } from 'mqtt';
import type { LoopbackMosquitto } from './loopback-mosquitto.ts';

/** Who was to be told what, and who was: the two sides of a delivery, each in its own words. */

/** What entered the outbox, was marked in it as acknowledged, and left it, in order. A transaction's entries stand together. */
interface Entry {
  readonly event_id: string;
  /** null: it was marked as acknowledged. */
  readonly entered: 0 | 1 | null;
  readonly host_id: string | null;
  readonly count: number | null;
}

/** Triggers in the daemon's database that write down, in its own transactions, what becomes of each event in the outbox. */
export class Audit {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    const db = new Database(file);
    db.exec(`
      CREATE TABLE audit (number INTEGER PRIMARY KEY, event_id TEXT, entered INTEGER, host_id TEXT, count INTEGER);
      CREATE TRIGGER audit_in AFTER INSERT ON outbox BEGIN
        INSERT INTO audit (event_id, entered, host_id, count)
        VALUES (new.event_id, 1, new.event ->> 'hostId', new.event ->> 'count');
      END;
      CREATE TRIGGER audit_acknowledged AFTER UPDATE OF acknowledged_at ON outbox BEGIN
        INSERT INTO audit (event_id) VALUES (new.event_id);
      END;
      CREATE TRIGGER audit_out AFTER DELETE ON outbox BEGIN
        INSERT INTO audit (event_id, entered) VALUES (old.event_id, 0);
      END;`);
    db.close();
  }

  /** Changes that were recorded with their events; summaries are none. */
  size(): number {
    return this.#read((db) =>
      Number(db.prepare('SELECT count(*) FROM audit WHERE entered = 1 AND count IS NULL').pluck().get()),
    );
  }

  /**
   * Events that were to be delivered, in order, with their host; the summaries, each with what it stands for; and the ids of
   * those, of either, of which it was written down that the broker had acknowledged them.
   */
  account(): {
    readonly events: readonly Recorded[];
    readonly summaries: ReadonlyMap<string, { readonly count: number; readonly replaced: readonly string[] }>;
    readonly acknowledged: ReadonlySet<string>;
  } {
    const all = this.#read((db) => db.prepare<[], Entry>('SELECT * FROM audit ORDER BY number').all());
    const entered = all.filter((entry) => entry.entered === 1);
    const summaries = new Map<string, { count: number; replaced: string[] }>();
    for (const [n, { event_id, count, entered: isNew }] of all.entries()) {
      if (isNew === 0 || count === null) continue;
      // They left right before it came, in one transaction.
      const replaced = all.slice(Math.max(0, n - count), n).filter((entry) => entry.entered === 0);
      summaries.set(event_id, { count, replaced: replaced.map((entry) => entry.event_id) });
    }
    return {
      events: entered
        .filter(({ count }) => count === null)
        .map(({ event_id: id, host_id: host }) => ({ id, host })),
      summaries,
      acknowledged: new Set(all.filter((entry) => entry.entered === null).map(({ event_id: id }) => id)),
    };
  }

  #read<Value>(work: (db: Database.Database) => Value): Value {
    const db = new Database(this.#file, { readonly: true });
    try {
      return work(db);
    } finally {
      db.close();
    }
  }
}

/** An event that was to be delivered. */
export interface Recorded {
  readonly id: string;
  readonly host: string | null;
}

/** One event as it arrived. */
export interface Arrived {
  readonly id: string;
  readonly type: string;
  readonly count: number | undefined;
  /** Milliseconds UTC. */
  readonly at: number;
  /** Without what may differ between repeats. */
  readonly text: string;
}

/** Home Assistant needs some seconds between a connection and its birth message. */
const BIRTH_AFTER_MS = 4_000;

/** A subscriber whose session outlives connections, which says "online" after each, as Home Assistant does. */
export class Subscriber {
  /** Every message, repeats included, in order. */
  readonly arrived: Arrived[] = [];
  readonly #client: MqttClient;
  #birth: NodeJS.Timeout | undefined;

  constructor(broker: LoopbackMosquitto, statusTopic: string, eventFilter: string) {
    this.#client = connect(broker.url, {
      username: broker.user,
      password: broker.password,
      clientId: 'subscriber',
      protocolVersion: 5,
      clean: false,
      properties: { sessionExpiryInterval: 86_400 },
      reconnectPeriod: 200,
      resubscribe: false,
    });
    this.#client.on('error', () => {});
    this.#client.on('connect', () => {
      clearTimeout(this.#birth);
      this.#client.subscribeAsync(eventFilter, { qos: 1 }).catch(() => {});
      this.#birth = setTimeout(() => this.#client.publish(statusTopic, 'online'), BIRTH_AFTER_MS);
    });
    this.#client.on('message', (_topic, payload) => this.arrived.push(arrived(payload.toString())));
  }

  /** Ids in the order in which they first arrived. */
  firstArrivals(): string[] {
    return [...new Set(this.arrived.map(({ id }) => id))];
  }

  async close(): Promise<void> {
    clearTimeout(this.#birth);
    await this.#client.endAsync(true);
  }
}

function arrived(payload: string): Arrived {
  const { replayed: _replayed, ...event } = JSON.parse(payload) as Record<string, unknown>;
  return {
    id: String(event.id),
    type: String(event.event_type),
    count: typeof event.count === 'number' ? event.count : undefined,
    at: Date.now(),
    text: JSON.stringify(event),
  };
}
