import type { Database } from 'better-sqlite3';
import type { Level } from '../domain/level.ts';
import type { RecordedSweep, SweepSummary } from '../domain/sweep.ts';
import { pages } from './pages.ts';

interface SweepRow {
  readonly id: number;
  readonly kind: SweepSummary['kind'];
  readonly started_at: number;
  readonly finished_at: number;
  readonly duration_ms: number;
  readonly last_answer_ms: number;
  readonly level: Level;
  readonly targets: string;
  readonly addresses: number;
  readonly hosts_up: number;
  readonly complete: 0 | 1;
  readonly suspect: string | null;
  readonly connections: number;
  readonly datagrams: number;
  readonly bytes: number;
}

/** The table of sweeps. */
export function sweepsIn(db: Database) {
  const insert = db.prepare<Omit<SweepRow, 'id'>>(`
    INSERT INTO sweeps (kind, started_at, finished_at, duration_ms, last_answer_ms, level, targets, addresses, hosts_up,
      complete, suspect, connections, datagrams, bytes)
    VALUES (:kind, :started_at, :finished_at, :duration_ms, :last_answer_ms, :level, :targets, :addresses, :hosts_up,
      :complete, :suspect, :connections, :datagrams, :bytes)`);
  const newest = db.prepare<[number], SweepRow>('SELECT * FROM sweeps ORDER BY id DESC LIMIT ?');
  const after = db.prepare<[number, number], SweepRow>(
    'SELECT * FROM sweeps WHERE id > ? ORDER BY id LIMIT ?',
  );
  const swept = db.prepare<[], 0 | 1>("SELECT EXISTS (SELECT 1 FROM sweeps WHERE kind = 'sweep')").pluck();
  return {
    /** Adds the sweep and gives it its number. @throws SqliteError when a number in it has a fraction. */
    record: (summary: SweepSummary): RecordedSweep => ({
      ...summary,
      id: Number(insert.run(toRow(summary)).lastInsertRowid),
    }),
    /** True once a sweep, and not only checks, has been recorded. */
    hasSwept: (): boolean => swept.get() === 1,
    /** Every sweep and check, oldest first. */
    *all(): Generator<RecordedSweep> {
      for (const row of pages(after)) yield toSweep(row);
    },
    /** Newest first, checks included. */
    newest: (limit: number): readonly RecordedSweep[] => newest.all(limit).map(toSweep),
  };
}

function toRow(summary: SweepSummary): Omit<SweepRow, 'id'> {
  return {
    kind: summary.kind,
    started_at: summary.startedAt,
    finished_at: summary.finishedAt,
    duration_ms: summary.durationMs,
    last_answer_ms: summary.lastAnswerMs,
    level: summary.level,
    targets: JSON.stringify(summary.targets),
    addresses: summary.addresses,
    hosts_up: summary.hostsUp,
    complete: summary.complete ? 1 : 0,
    suspect: summary.suspect,
    connections: summary.sent.connections,
    datagrams: summary.sent.datagrams,
    bytes: summary.sent.bytes,
  };
}

function toSweep(row: SweepRow): RecordedSweep {
  return {
    id: row.id,
    kind: row.kind,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms,
    lastAnswerMs: row.last_answer_ms,
    level: row.level,
    targets: JSON.parse(row.targets) as string[],
    addresses: row.addresses,
    hostsUp: row.hosts_up,
    complete: row.complete === 1,
    suspect: row.suspect,
    sent: { connections: row.connections, datagrams: row.datagrams, bytes: row.bytes },
  };
}
