import type { Decision } from './decision.ts';
import type { HostId } from './host.ts';

/** Ascending. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Rules that are built. Ids are stable and documented in docs/findings.md. */
export const RULE_IDS = [
  'ms17-010-unpatched',
  'smb1-only',
  'smb-guest-writable-share',
  'smb1-enabled',
  'expectation-violated',
  'smb-guest-readable-share',
  'smbghost-indicator',
  'os-end-of-life',
  'smb-signing-not-required',
  'smb-null-session',
  'reachable-over-ipv6-only',
  'smb-weaker-over-ipv6',
  'netbios-session-exposed',
  'agent-host-exposed',
  'smb-encryption-unsupported',
  'netbios-name-service-exposed',
  'rpc-endpoint-mapper-exposed',
] as const;
export type RuleId = (typeof RULE_IDS)[number];

/** `f_` and six characters of Crockford's base 32 in lower case; stable for the life of a host and rule. */
export type FindingId = string;

export type FindingState = 'open' | 'acknowledged' | 'resolved';

/** A rule's judgement about a host. There is at most one per host and rule; it is reopened, not made anew. */
export interface Finding {
  readonly id: FindingId;
  readonly hostId: HostId;
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly title: string;
  readonly state: FindingState;
  /** Milliseconds UTC of the last opening or reopening. */
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** When an observation last confirmed it. */
  readonly confirmedAt: number;
  /** What the judgement rests on: one sentence per observation, no times in it. */
  readonly evidence: readonly string[];
  /** Not null while, and only while, the state is `acknowledged`. */
  readonly acknowledged: Decision | null;
}

/** Positive when `a` is worse than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

/** The worst of `severities`, or null when there are none. */
export function worst(severities: readonly Severity[]): Severity | null {
  return severities.reduce<Severity | null>(
    (top, each) => (top === null || compareSeverity(each, top) > 0 ? each : top),
    null,
  );
}

/** Number of findings that are not resolved, by severity. */
export function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const finding of findings) if (finding.state !== 'resolved') counts[finding.severity] += 1;
  return counts;
}

/** Worst first; findings of the same severity in the order of the rules. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) => compareSeverity(b.severity, a.severity) || RULE_IDS.indexOf(a.rule) - RULE_IDS.indexOf(b.rule),
  );
}
