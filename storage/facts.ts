import type { Database } from 'better-sqlite3';
import type { HostUpdate } from '../domain/change.ts';
import { type FactName, type Facts, type FactValue, factNames } from '../domain/facts.ts';
import type { FactInterval, HostInterval } from '../domain/history.ts';
import type { HostId } from '../domain/host.ts';
import { pages } from './pages.ts';

interface FactRow {
  readonly id: number;
  readonly host_id: HostId;
  readonly name: FactName;
  readonly value: string;
  readonly since_at: number;
  readonly until_at: number | null;
}

/** What one fact of a host holds. */
type HeldRow = Pick<FactRow, 'host_id' | 'name' | 'value'>;

/** The table of facts: one row for each value that a fact of a host had, and from when until when. */
export function factsIn(db: Database) {
  // A clock that stepped back makes an empty interval, never one that ends before it begins.
  const end = db.prepare<{ host_id: HostId; name: FactName; at: number }>(`
    UPDATE facts SET until_at = max(since_at, :at)
    WHERE host_id = :host_id AND name = :name AND until_at IS NULL`);
  const begin = db.prepare<Omit<FactRow, 'id' | 'until_at'>>(
    'INSERT INTO facts (host_id, name, value, since_at) VALUES (:host_id, :name, :value, :since_at)',
  );
  const present = db.prepare<[], HeldRow>(
    'SELECT host_id, name, value FROM facts WHERE until_at IS NULL ORDER BY host_id, name',
  );
  const presentOf = db.prepare<[HostId], FactRow>(
    'SELECT * FROM facts WHERE host_id = ? AND until_at IS NULL ORDER BY name',
  );
  const ofHost = db.prepare<[HostId], FactRow>('SELECT * FROM facts WHERE host_id = ? ORDER BY id DESC');
  const ofName = db.prepare<[HostId, FactName], FactRow>(
    'SELECT * FROM facts WHERE host_id = ? AND name = ? ORDER BY id DESC',
  );
  const holding = db.prepare<{ at: number }, HeldRow>(`
    SELECT host_id, name, value FROM facts
    WHERE since_at <= :at AND (until_at IS NULL OR until_at > :at) ORDER BY host_id, name`);
  const after = db.prepare<[number, number], FactRow>('SELECT * FROM facts WHERE id > ? ORDER BY id LIMIT ?');
  return {
    /** What holds now, by host. */
    present(): ReadonlyMap<HostId, Facts> {
      return byHost(present.iterate());
    },
    /** What held at a moment, by host. */
    at(at: number): ReadonlyMap<HostId, Facts> {
      return byHost(holding.iterate({ at }));
    },
    /** Every interval of every host, in the order in which they began. */
    *all(): Generator<HostInterval> {
      for (const row of pages(after)) yield { hostId: row.host_id, ...toInterval(row) };
    },
    /** When each of the present facts of a host began to hold, by name. */
    since(hostId: HostId): ReadonlyMap<FactName, number> {
      return new Map(presentOf.all(hostId).map((row) => [row.name, row.since_at]));
    },
    /** Newest first. */
    intervals(hostId: HostId, name?: FactName): readonly FactInterval[] {
      return (name === undefined ? ofHost.all(hostId) : ofName.all(hostId, name)).map(toInterval);
    },
    /** Ends the intervals of the facts that changed, and begins new ones, at the moment when the host was seen. */
    record({ host, changedFacts }: HostUpdate): void {
      const at = host.lastSeenAt;
      for (const name of factNames(changedFacts)) {
        end.run({ host_id: host.id, name, at });
        begin.run({ host_id: host.id, name, value: JSON.stringify(changedFacts[name]), since_at: at });
      }
    },
  };
}

/** Row by row: all rows together are many times as large as what comes of them. */
function byHost(rows: Iterable<HeldRow>): ReadonlyMap<HostId, Facts> {
  const all = new Map<HostId, Record<string, FactValue>>();
  for (const { host_id, name, value } of rows) {
    const own = all.get(host_id) ?? {};
    own[name] = JSON.parse(value) as FactValue;
    all.set(host_id, own);
  }
  return all as ReadonlyMap<HostId, Facts>;
}

function toInterval(row: FactRow): FactInterval {
  return {
    name: row.name,
    value: JSON.parse(row.value) as FactValue,
    since: row.since_at,
    until: row.until_at,
  };
}
