import { assess, RULES, type Rule, type Verdict } from './assess.ts';
import type { Change, ChangeType } from './change.ts';
import { compareSeverity, type Finding, type FindingId, type Severity } from './finding.ts';
import { type HostRecord, hostName } from './host.ts';
import type { SeenHost } from './identity.ts';
import type { OwnersHosts } from './owners-hosts.ts';
import { NO_POLICY, type Policy, policyFor } from './policy.ts';
import { visible } from './text.ts';

export interface Moment {
  /** Milliseconds UTC; one stamp for everything that a sweep records. */
  readonly at: number;
  readonly newFindingId: () => FindingId;
  /** What the owner says of single hosts; missing: nothing. */
  readonly owners?: OwnersHosts;
  /** What the owner declared of all hosts; missing: nothing. */
  readonly policy?: Policy;
}

/** What one sweep makes of the findings of one host. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly changed: readonly Finding[];
  readonly confirmed: readonly FindingId[];
  readonly changes: readonly Change[];
}

/** A host as far as judgement needs it, with all its facts. */
export type Named = Pick<HostRecord, 'id' | 'mac' | 'facts' | 'ownersWord'>;

const SWITCHED_OFF: Verdict = { answer: 'no', evidence: ['The rule is switched off in the configuration'] };

/** What the rules say, and how grave they are, by what the owner declared of this host. */
export function verdictsOn(
  seen: SeenHost,
  host: Named,
  { at, policy: general = NO_POLICY }: Moment,
): { readonly verdictOn: (rule: Rule) => Verdict; readonly severityOf: (rule: Rule) => Severity } {
  const { expect, severity } = policyFor(general, host.ownersWord ?? null);
  const verdicts = assess(seen.facts, at, { known: host.facts, expected: expect });
  const setFor = (rule: Rule) => severity[rule.id] ?? rule.severity;
  return {
    verdictOn: (rule) =>
      setFor(rule) === 'off' ? SWITCHED_OFF : (verdicts.get(rule.id) ?? { answer: 'unknown' }),
    severityOf: (rule) => {
      const set = setFor(rule);
      return set === 'off' ? rule.severity : set;
    },
  };
}

/** The findings after one sweep, and what differs from before. */
export function judgeAll(findings: readonly Finding[], seen: SeenHost, host: Named, moment: Moment): Judged {
  const { verdictOn, severityOf } = verdictsOn(seen, host, moment);
  const name = visible(hostName(host));
  const after = new Map(findings.map((finding) => [finding.rule, finding]));
  const changed: Finding[] = [];
  const confirmed: FindingId[] = [];
  const changes: Change[] = [];
  for (const rule of RULES) {
    const verdict = verdictOn(rule);
    const before = after.get(rule.id) ?? null;
    const step = judge({ ...rule, severity: severityOf(rule) }, verdict, before, seen, moment);
    if (step === null) continue;
    after.set(rule.id, step.finding);
    if (step.differs) changed.push(step.finding);
    if (verdict.answer === 'yes' && !step.differs) confirmed.push(step.finding.id);
    const unacknowledged = before?.state === 'acknowledged' && step.finding.state === 'open';
    if (step.type !== null)
      changes.push(findingChange(step.type, step.finding, name, moment.at, unacknowledged));
  }
  return { findings: [...after.values()], changed, confirmed, changes };
}

interface Step {
  readonly finding: Finding;
  /** In more than `confirmedAt`. */
  readonly differs: boolean;
  readonly type: ChangeType | null;
}

function judge(
  rule: Rule,
  verdict: Verdict,
  before: Finding | null,
  seen: SeenHost,
  { at, newFindingId }: Moment,
): Step | null {
  if (verdict.answer === 'unknown') return null;
  if (verdict.answer === 'no') {
    if (before === null || before.state === 'resolved') return null;
    const { evidence } = verdict;
    const resolved: Finding = { ...before, state: 'resolved', resolvedAt: at, evidence, acknowledged: null };
    return { finding: resolved, differs: true, type: 'finding_resolved' };
  }
  const { severity, title } = rule;
  const said = { severity, title, confirmedAt: at, evidence: verdict.evidence };
  if (before === null || before.state === 'resolved') {
    const id = before?.id ?? newFindingId();
    const opened: Finding = {
      ...said,
      id,
      hostId: seen.id,
      rule: rule.id,
      state: 'open',
      openedAt: at,
      resolvedAt: null,
      acknowledged: null,
    };
    return { finding: opened, differs: true, type: before === null ? 'finding_opened' : 'finding_reopened' };
  }
  const raised = compareSeverity(severity, before.severity) > 0;
  const differs =
    severity !== before.severity || JSON.stringify(before.evidence) !== JSON.stringify(verdict.evidence);
  // Who acknowledged it did not know of the worse.
  const finding: Finding = raised
    ? { ...before, ...said, state: 'open', acknowledged: null }
    : { ...before, ...said };
  return { finding, differs, type: raised ? 'severity_raised' : null };
}

function findingChange(
  type: ChangeType,
  finding: Finding,
  name: string,
  at: number,
  unacknowledged: boolean,
): Change {
  const verbs: Partial<Record<ChangeType, string>> = {
    finding_reopened: ' again',
    finding_resolved: ': no longer so',
    severity_raised: `: now ${finding.severity}`,
  };
  const ended = unacknowledged ? ', no longer acknowledged' : '';
  const summary = `${name}: ${finding.title}${verbs[type] ?? ''}${ended}`;
  return { at, type, hostId: finding.hostId, findingId: finding.id, summary, fact: null };
}
