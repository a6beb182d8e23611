import type { Database } from 'better-sqlite3';
import type { HostUpdate } from '../domain/change.ts';
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
}

/** The table of findings: one row for each host and rule. */
export function findingsIn(db: Database) {
  const all = db.prepare<[], FindingRow>('SELECT * FROM findings ORDER BY host_id, rule');
  // No conflict on (host_id, rule) is forgiven: a finding that is made anew instead of reopened is a bug.
  const upsert = db.prepare<FindingRow>(`
    INSERT INTO findings
      (id, host_id, rule, severity, title, state, opened_at, resolved_at, confirmed_at, evidence)
    VALUES
      (:id, :host_id, :rule, :severity, :title, :state, :opened_at, :resolved_at, :confirmed_at, :evidence)
    ON CONFLICT (id) DO UPDATE SET
      severity = excluded.severity, title = excluded.title, state = excluded.state,
      opened_at = excluded.opened_at, resolved_at = excluded.resolved_at,
      confirmed_at = excluded.confirmed_at, evidence = excluded.evidence`);
  const confirm = db.prepare<{ id: FindingId; at: number }>(
    'UPDATE findings SET confirmed_at = :at WHERE id = :id',
  );
  return {
    /** All findings, resolved ones included, by host; those of one host by rule. */
    byHost(): ReadonlyMap<HostId, readonly Finding[]> {
      return Map.groupBy(all.all().map(toFinding), (finding) => finding.hostId);
    },
    /** Writes what changed, and when the others were last confirmed. */
    record({ host, changedFindings, confirmedFindings }: HostUpdate): void {
      for (const finding of changedFindings) upsert.run(toRow(finding));
      const confirmed = new Set(confirmedFindings);
      for (const { id, confirmedAt } of host.findings) {
        if (confirmed.has(id)) confirm.run({ id, at: confirmedAt });
      }
    },
  };
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
  };
}
