import type { RetainedLedger, RetainedTopic } from '../domain/history.ts';
import type { Connection } from './database.ts';

interface RetainedRow {
  readonly topic: string;
  readonly sha256: string;
  readonly kind: RetainedTopic['kind'];
  readonly owner: string | null;
  readonly published_at: number;
}

/** Retained topics that are ours in the broker. */
export function retainedLedgerIn({ db, attempt }: Connection): RetainedLedger {
  const all = db.prepare<[], RetainedRow>('SELECT * FROM mqtt_retained ORDER BY topic');
  const upsert = db.prepare<RetainedRow>(`
    INSERT OR REPLACE INTO mqtt_retained (topic, sha256, kind, owner, published_at)
    VALUES (:topic, :sha256, :kind, :owner, :published_at)`);
  const erase = db.prepare<[string]>('DELETE FROM mqtt_retained WHERE topic = ?');
  return {
    all: () =>
      attempt('read the retained topics', () => new Map(all.all().map((row) => [row.topic, toEntry(row)]))),
    put: (topic, { publishedAt, ...entry }) => {
      attempt('remember a retained topic', () => upsert.run({ topic, ...entry, published_at: publishedAt }));
    },
    remove: (topic) => {
      attempt('forget a retained topic', () => erase.run(topic));
    },
  };
}

function toEntry(row: RetainedRow): RetainedTopic {
  return { sha256: row.sha256, kind: row.kind, owner: row.owner, publishedAt: row.published_at };
}
