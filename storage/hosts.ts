import type { Database } from 'better-sqlite3';
import type { AskedAt } from '../domain/cadence.ts';
import type { Decision } from '../domain/decision.ts';
import type { Forgotten } from '../domain/history.ts';
import type { HostId, HostRecord } from '../domain/host.ts';

/** A host without its facts and findings, which have tables of their own. */
export type BareHost = Omit<HostRecord, 'facts' | 'findings'>;

interface HostRow {
  readonly id: string;
  readonly mac: string | null;
  readonly is_agent: 0 | 1;
  readonly first_seen_at: number;
  readonly last_seen_at: number;
  readonly present: 0 | 1;
  readonly missed_sweeps: number;
  readonly asked_at: string;
  readonly system_time_at: number | null;
  readonly ignored_at: number | null;
  readonly ignored_until: number | null;
  readonly ignored_note: string | null;
  readonly ignored_by: string | null;
}

type IgnoredColumns = Pick<HostRow, 'ignored_at' | 'ignored_until' | 'ignored_note' | 'ignored_by'>;

/** The table of hosts. */
export function hostsIn(db: Database) {
  const all = db.prepare<[], HostRow>('SELECT * FROM hosts ORDER BY id');
  // What the owner decides outlasts a sweep that began before: a known host keeps it.
  const upsert = db.prepare<HostRow>(`
    INSERT INTO hosts (id, mac, is_agent, first_seen_at, last_seen_at, present, missed_sweeps, asked_at, system_time_at,
      ignored_at, ignored_until, ignored_note, ignored_by)
    VALUES (:id, :mac, :is_agent, :first_seen_at, :last_seen_at, :present, :missed_sweeps, :asked_at, :system_time_at,
      :ignored_at, :ignored_until, :ignored_note, :ignored_by)
    ON CONFLICT (id) DO UPDATE SET
      mac = excluded.mac, is_agent = excluded.is_agent, last_seen_at = excluded.last_seen_at,
      present = excluded.present, missed_sweeps = excluded.missed_sweeps,
      asked_at = excluded.asked_at, system_time_at = excluded.system_time_at`);
  const ignore = db.prepare<IgnoredColumns & { id: HostId }>(`
    UPDATE hosts SET ignored_at = :ignored_at, ignored_until = :ignored_until, ignored_note = :ignored_note,
      ignored_by = :ignored_by
    WHERE id = :id`);
  const isKnown = db.prepare<[HostId], 0 | 1>('SELECT EXISTS (SELECT 1 FROM hosts WHERE id = ?)').pluck();
  const countRows = db.prepare<{ id: HostId }, Forgotten>(`
    SELECT
      (SELECT count(*) FROM facts WHERE host_id = :id) AS facts,
      (SELECT count(*) FROM findings WHERE host_id = :id) AS findings,
      (SELECT count(*) FROM changes WHERE host_id = :id) AS changes,
      (SELECT count(*) FROM ledger WHERE host_id = :id) AS ledger,
      (SELECT count(*) FROM quarantine WHERE host_id = :id) AS quarantine
    FROM hosts WHERE id = :id`);
  const erase = db.prepare<[HostId]>('DELETE FROM hosts WHERE id = ?');
  return {
    isKnown: (id: HostId): boolean => isKnown.get(id) === 1,
    /** Keeps whether the host is ignored, and nothing else of it. */
    decide: ({ id, ignored }: Pick<HostRecord, 'id' | 'ignored'>): void => {
      ignore.run({ id, ...toIgnored(ignored) });
    },
    /** Deletes the host; the foreign keys take along what the other tables hold of it, which is counted first. */
    forget: (id: HostId): Forgotten | null => {
      const counts = countRows.get({ id }) ?? null;
      erase.run(id);
      return counts;
    },
    /** By id. */
    all: (): readonly BareHost[] => all.all().map(toHost),
    /** Adds the host, or moves everything but `firstSeenAt` and `ignored` to what it is now. */
    record: (host: BareHost): void => {
      upsert.run(toRow(host));
    },
  };
}

function toRow(host: BareHost): HostRow {
  return {
    id: host.id,
    mac: host.mac,
    is_agent: host.isAgent ? 1 : 0,
    first_seen_at: host.firstSeenAt,
    last_seen_at: host.lastSeenAt,
    present: host.present ? 1 : 0,
    missed_sweeps: host.missedSweeps,
    asked_at: JSON.stringify(host.askedAt),
    system_time_at: host.systemTime,
    ...toIgnored(host.ignored),
  };
}

function toIgnored(ignored: Decision | null): IgnoredColumns {
  const { at, until, note, by = null } = ignored ?? { at: null, until: null, note: null };
  return { ignored_at: at, ignored_until: until, ignored_note: note, ignored_by: by };
}

function toHost(row: HostRow): BareHost {
  return {
    id: row.id,
    mac: row.mac,
    isAgent: row.is_agent === 1,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    present: row.present === 1,
    missedSweeps: row.missed_sweeps,
    askedAt: JSON.parse(row.asked_at) as AskedAt,
    systemTime: row.system_time_at,
    ignored: toDecision(row),
  };
}

function toDecision(row: IgnoredColumns): Decision | null {
  const { ignored_at: at, ignored_until: until, ignored_note: note, ignored_by: by } = row;
  return at === null ? null : { at, until, note, ...(by === null ? {} : { by }) };
}
