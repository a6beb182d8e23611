import type { Database } from 'better-sqlite3';
import type { Quarantined } from '../domain/history.ts';
import type { HostId } from '../domain/host.ts';

interface QuarantineRow {
  readonly host_id: HostId;
  readonly probe: string;
  readonly since_at: number;
  readonly reason: string;
}

/** The table of probes that are held back from hosts. */
export function quarantineIn(db: Database) {
  // One that is held back already stays since when, and why, it was.
  const insert = db.prepare<QuarantineRow>(`
    INSERT INTO quarantine (host_id, probe, since_at, reason)
    SELECT id, :probe, :since_at, :reason FROM hosts WHERE id = :host_id
    ON CONFLICT (host_id, probe) DO NOTHING`);
  const all = db.prepare<[], QuarantineRow>('SELECT * FROM quarantine ORDER BY since_at, host_id, probe');
  const lift = db.prepare<{ hostId: HostId; probe: string | null }, QuarantineRow>(
    'DELETE FROM quarantine WHERE host_id = :hostId AND probe = coalesce(:probe, probe) RETURNING *',
  );
  return {
    add: ({ hostId, probe, since, reason }: Quarantined): void => {
      insert.run({ host_id: hostId, probe, since_at: since, reason });
    },
    /** Oldest first. */
    all: (): readonly Quarantined[] => all.all().map(toQuarantined),
    /** Lifts one probe of a host, or all of them; what was lifted. */
    lift: (hostId: HostId, probe: string | null): readonly Quarantined[] =>
      lift.all({ hostId, probe }).map(toQuarantined),
  };
}

function toQuarantined({ host_id, probe, since_at, reason }: QuarantineRow): Quarantined {
  return { hostId: host_id, probe, since: since_at, reason };
}
