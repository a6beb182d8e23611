import type { Database } from 'better-sqlite3';
import type { AskedAt } from '../domain/cadence.ts';
import type { HostRecord } from '../domain/host.ts';

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
}

/** The table of hosts. */
export function hostsIn(db: Database) {
  const all = db.prepare<[], HostRow>('SELECT * FROM hosts ORDER BY id');
  const upsert = db.prepare<HostRow>(`
    INSERT INTO hosts (id, mac, is_agent, first_seen_at, last_seen_at, present, missed_sweeps, asked_at, system_time_at)
    VALUES (:id, :mac, :is_agent, :first_seen_at, :last_seen_at, :present, :missed_sweeps, :asked_at, :system_time_at)
    ON CONFLICT (id) DO UPDATE SET
      mac = excluded.mac, is_agent = excluded.is_agent, last_seen_at = excluded.last_seen_at,
      present = excluded.present, missed_sweeps = excluded.missed_sweeps,
      asked_at = excluded.asked_at, system_time_at = excluded.system_time_at`);
  return {
    /** By id. */
    all: (): readonly BareHost[] => all.all().map(toHost),
    /** Adds the host, or moves everything but `firstSeenAt` to what it is now. */
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
  };
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
  };
}
