import type { Database, Statement } from 'better-sqlite3';
import type { Change, ChangeType, RecordedChange } from '../domain/change.ts';
import type { FactName, FactValue } from '../domain/facts.ts';
import type { FindingId } from '../domain/finding.ts';
import type { ChangeFilter } from '../domain/history.ts';
import type { HostId } from '../domain/host.ts';
import { pages } from './pages.ts';

interface ChangeRow {
  readonly id: number;
  readonly occurred_at: number;
  readonly type: ChangeType;
  readonly host_id: HostId | null;
  readonly finding_id: FindingId | null;
  readonly summary: string;
  readonly fact_name: FactName | null;
  readonly fact_before: string | null;
  readonly fact_after: string | null;
}

/** What each key of a filter asks of a row. `types` is bound as a JSON list. */
const CONDITIONS: Readonly<Record<Exclude<keyof ChangeFilter, 'limit'>, string>> = {
  hostId: 'host_id = :hostId',
  rule: 'finding_id IN (SELECT id FROM findings WHERE rule = :rule)',
  findingId: 'finding_id = :findingId',
  types: 'type IN (SELECT value FROM json_each(:types))',
  since: 'occurred_at >= :since',
  until: 'occurred_at < :until',
};

/** The change log. */
export function changesIn(db: Database) {
  const insert = db.prepare<Omit<ChangeRow, 'id'>>(`
    INSERT INTO changes (occurred_at, type, host_id, finding_id, summary, fact_name, fact_before, fact_after)
    VALUES (:occurred_at, :type, :host_id, :finding_id, :summary, :fact_name, :fact_before, :fact_after)`);
  const find = changeQueries(db);
  const after = db.prepare<[number, number], ChangeRow>(
    'SELECT * FROM changes WHERE id > ? ORDER BY id LIMIT ?',
  );
  return {
    /** Every change, in the order in which they were recorded. */
    *all(): Generator<RecordedChange> {
      for (const row of pages(after)) yield toChange(row);
    },
    /** Adds a change and gives it its number. */
    record: (change: Change): RecordedChange => ({
      ...change,
      id: Number(insert.run(toRow(change)).lastInsertRowid),
    }),
    /** Newest first. */
    find: (filter: ChangeFilter): readonly RecordedChange[] => find(filter).map(toChange),
  };
}

/** One statement for each set of conditions that is asked for, prepared at its first use, so that each finds its index. */
function changeQueries(db: Database): (filter: ChangeFilter) => readonly ChangeRow[] {
  const prepared = new Map<string, Statement<Record<string, unknown>, ChangeRow>>();
  return ({ limit, ...filter }) => {
    const names = (Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]).filter(
      (name) => filter[name] !== undefined,
    );
    const where = names.map((name) => CONDITIONS[name]).join(' AND ') || 'TRUE';
    const statement =
      prepared.get(where) ??
      db.prepare<Record<string, unknown>, ChangeRow>(
        `SELECT * FROM changes WHERE ${where} ORDER BY occurred_at DESC, id DESC LIMIT :limit`,
      );
    prepared.set(where, statement);
    // SQLite: a negative limit is none.
    return statement.all({ ...filter, types: JSON.stringify(filter.types), limit: limit ?? -1 });
  };
}

function toRow(change: Change): Omit<ChangeRow, 'id'> {
  const { fact } = change;
  return {
    occurred_at: change.at,
    type: change.type,
    host_id: change.hostId,
    finding_id: change.findingId,
    summary: change.summary,
    fact_name: fact?.name ?? null,
    fact_before: fact === null || fact.before === null ? null : JSON.stringify(fact.before),
    fact_after: fact === null ? null : JSON.stringify(fact.after),
  };
}

function toChange(row: ChangeRow): RecordedChange {
  return {
    id: row.id,
    at: row.occurred_at,
    type: row.type,
    hostId: row.host_id,
    findingId: row.finding_id,
    summary: row.summary,
    fact: toFact(row),
  };
}

function toFact({ fact_name: name, fact_before: before, fact_after: after }: ChangeRow): Change['fact'] {
  if (name === null || after === null) return null;
  return {
    name,
    before: before === null ? null : (JSON.parse(before) as FactValue),
    after: JSON.parse(after) as FactValue,
  };
}
