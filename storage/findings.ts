import type { Database } from 'better-sqlite3';
import type { HostUpdate } from '../domain/change.ts';
import type { Decision } from '../domain/decision.ts';
import type { Finding, FindingId, FindingState, RuleId, Severity } from '../domain/finding.ts';
import type { HostId } from '../domain/host.ts';

interface FindingRow {
  readonly id: FindingId;
  readonly host_id: HostId;
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly title: string;
  readonly state: FindingState;
  readonly opened_at: number;
  readonly resolved_at: number | null;
  readonly confirmed_at: number;
  readonly evidence: string;
  readonly acknowledged_at: number | null;
  readonly acknowledged_until: number | null;
  readonly acknowledged_note: string | null;
  readonly acknowledged_by: string | null;
}

type DecisionColumns = Pick<
  FindingRow,
  'acknowledged_at' | 'acknowledged_until' | 'acknowledged_note' | 'acknowledged_by'
>;

/** The table of findings: one row for each host and rule. */
export function findingsIn(db: Database) {
  const all = db.prepare<[], FindingRow>('SELECT * FROM findings ORDER BY host_id, rule');
  // No conflict on (host_id, rule) is forgiven: a finding that is made anew instead of reopened is a bug.
  const upsert = db.prepare<FindingRow>(`
    INSERT INTO findings
      (id, host_id, rule, severity, title, state, opened_at, resolved_at, confirmed_at, evidence,
      acknowledged_at, acknowledged_until, acknowledged_note, acknowledged_by)
    VALUES
      (:id, :host_id, :rule, :severity, :title, :state, :opened_at, :resolved_at, :confirmed_at, :evidence,
      :acknowledged_at, :acknowledged_until, :acknowledged_note, :acknowledged_by)
    ON CONFLICT (id) DO UPDATE SET
      severity = excluded.severity, title = excluded.title, state = excluded.state,
      opened_at = excluded.opened_at, resolved_at = excluded.resolved_at,
      confirmed_at = excluded.confirmed_at, evidence = excluded.evidence, acknowledged_at = excluded.acknowledged_at,
      acknowledged_until = excluded.acknowledged_until, acknowledged_note = excluded.acknowledged_note,
      acknowledged_by = excluded.acknowledged_by`);
  const find = db.prepare<[FindingId], FindingRow>('SELECT * FROM findings WHERE id = ?');
  const decide = db.prepare<DecisionColumns & { id: FindingId; state: FindingState }>(`
    UPDATE findings SET state = :state, acknowledged_at = :acknowledged_at,
      acknowledged_until = :acknowledged_until, acknowledged_note = :acknowledged_note,
      acknowledged_by = :acknowledged_by
    WHERE id = :id`);
  const confirm = db.prepare<{ id: FindingId; at: number }>(
    'UPDATE findings SET confirmed_at = :at WHERE id = :id',
  );
  return {
    /** All findings, resolved ones included, by host; those of one host by rule. */
    byHost(): ReadonlyMap<HostId, readonly Finding[]> {
      return Map.groupBy(all.all().map(toFinding), (finding) => finding.hostId);
    },
    /** Writes what a sweep changed that started at `startedAt`, and when the other findings were last confirmed. */
    record({ host, changedFindings, confirmedFindings }: HostUpdate, startedAt: number): void {
      for (const finding of changedFindings) {
        const row = find.get(finding.id);
        const decided = row === undefined ? finding : withLaterDecision(finding, toFinding(row), startedAt);
        upsert.run(toRow(decided));
      }
      const confirmed = new Set(confirmedFindings);
      for (const { id, confirmedAt } of host.findings) {
        if (confirmed.has(id)) confirm.run({ id, at: confirmedAt });
      }
    },
    /** Keeps whether the finding is acknowledged, and nothing else of it. */
    decide: ({ id, state, acknowledged }: Pick<Finding, 'id' | 'state' | 'acknowledged'>): void => {
      decide.run({ id, state, ...toColumns(acknowledged) });
    },
  };
}

/**
 * The finding as a sweep left it, with what the owner decided while that sweep was under way: the sweep knew `kept` as it
 * was at `startedAt`.
 */
function withLaterDecision(finding: Finding, kept: Finding, startedAt: number): Finding {
  if (finding.state === 'resolved' || kept.state === 'resolved') return finding;
  const takenBack = finding.state === 'acknowledged' && kept.state === 'open';
  const given = (kept.acknowledged?.at ?? Number.NEGATIVE_INFINITY) > startedAt;
  return takenBack || given ? { ...finding, state: kept.state, acknowledged: kept.acknowledged } : finding;
}

function toColumns(acknowledged: Decision | null): DecisionColumns {
  const { at, until, note, by = null } = acknowledged ?? { at: null, until: null, note: null };
  return { acknowledged_at: at, acknowledged_until: until, acknowledged_note: note, acknowledged_by: by };
}

function toRow(finding: Finding): FindingRow {
  return {
    id: finding.id,
    host_id: finding.hostId,
    rule: finding.rule,
    severity: finding.severity,
    title: finding.title,
    state: finding.state,
    opened_at: finding.openedAt,
    resolved_at: finding.resolvedAt,
    confirmed_at: finding.confirmedAt,
    evidence: JSON.stringify(finding.evidence),
    ...toColumns(finding.acknowledged),
  };
}

function toFinding(row: FindingRow): Finding {
  return {
    id: row.id,
    hostId: row.host_id,
    rule: row.rule,
    severity: row.severity,
    title: row.title,
    state: row.state,
    openedAt: row.opened_at,
    resolvedAt: row.resolved_at,
    confirmedAt: row.confirmed_at,
    evidence: JSON.parse(row.evidence) as string[],
    acknowledged: toDecision(row),
  };
}

function toDecision(row: DecisionColumns): Decision | null {
  const {
    acknowledged_at: at,
    acknowledged_until: until,
    acknowledged_note: note,
    acknowledged_by: by,
  } = row;
  return at === null ? null : { at, until, note, ...(by === null ? {} : { by }) };
}
