import { assess, RULES, type Rule, type Verdict } from './assess.ts';
import type { Change, ChangeType, HostUpdate } from './change.ts';
import {
  type FactName,
  type Facts,
  type FactValue,
  factNames,
  isServiceKey,
  mergeFacts,
  type SmbIdentity,
  sameFact,
} from './facts.ts';
import { compareSeverity, type Finding, type FindingId } from './finding.ts';
import { ABSENT_AFTER_SWEEPS, type HostRecord, hostName, LOST_AFTER_SWEEPS } from './host.ts';
import type { SeenHost } from './identity.ts';
import { visible } from './text.ts';

export interface Moment {
  /** Milliseconds UTC; one stamp for everything that a sweep records. */
  readonly at: number;
  readonly newFindingId: () => FindingId;
}

/** What differs between a host as it was known and as one sweep saw it, and the host as it is now. */
export function compareSeen(before: HostRecord | null, seen: SeenHost, moment: Moment): HostUpdate {
  const facts = mergeFacts(before?.facts ?? {}, seen.facts);
  const changedFacts = Object.fromEntries(
    factNames(facts)
      .filter((name) => !sameFact(facts[name], before?.facts[name]))
      .map((name) => [name, facts[name]]),
  ) as Facts;
  const named = { id: seen.id, mac: seen.mac, facts };
  const judged = judgeAll(before?.findings ?? [], seen, visible(hostName(named)), moment);
  const host: HostRecord = {
    ...named,
    isAgent: seen.isAgent,
    firstSeenAt: before?.firstSeenAt ?? moment.at,
    lastSeenAt: moment.at,
    present: true,
    missedSweeps: 0,
    askedAt: {
      ...before?.askedAt,
      ...Object.fromEntries(seen.asked.map((question) => [question, moment.at])),
    },
    systemTime: seen.systemTime ?? before?.systemTime ?? null,
    findings: judged.findings,
  };
  const changes = [...hostChanges(before, host, changedFacts, moment.at), ...judged.changes];
  return {
    host,
    isNew: before === null,
    changedFacts,
    changedFindings: judged.changed,
    confirmedFindings: judged.confirmed,
    changes,
  };
}

/** The update for a host whose addresses were asked, have settled, and did not show it. It keeps facts and findings. */
export function compareAbsent(before: HostRecord, at: number): HostUpdate {
  const missedSweeps = before.missedSweeps + 1;
  const host = { ...before, missedSweeps, present: before.present && missedSweeps < ABSENT_AFTER_SWEEPS };
  const name = visible(hostName(before));
  const lost = missedSweeps === LOST_AFTER_SWEEPS;
  return {
    host,
    isNew: false,
    changedFacts: {},
    changedFindings: [],
    confirmedFindings: [],
    changes: lost
      ? [changeOf('host_lost', host, at, `${name} has not answered for ${missedSweeps} sweeps`)]
      : [],
  };
}

/**
 * Does an alert or a changed service rest on a single ambiguous look? Then the host is asked once more, on fresh
 * connections, before anything is recorded.
 */
export function needsSecondLook(update: HostUpdate, seen: SeenHost): boolean {
  const verdicts = assess(seen.facts, update.host.lastSeenAt);
  return update.changes.some((change) => {
    if (change.type === 'service_changed' || change.type === 'finding_resolved') return true;
    if (change.type !== 'finding_opened' && change.type !== 'finding_reopened') return false;
    const rule = update.host.findings.find((finding) => finding.id === change.findingId)?.rule;
    const verdict = rule === undefined ? undefined : verdicts.get(rule);
    return verdict?.answer === 'yes' && !verdict.unambiguous;
  });
}

/** Facts that a server proved by selecting SMB 1: they need no second look, and the question is not put twice. */
const PROVEN_BY_SMB1: readonly FactName[] = [
  'smb.smb1',
  'smb.smb1.port',
  'smb.signing.smb1',
  'smb.smb2',
  'smb.signing.smb2',
];

/** A second attempt to log on is not made, and a server's own yes or no to the first needs none. */
const ASKED_ONCE: readonly FactName[] = [
  'smb.anonymous.session',
  'smb.anonymous.shares',
  'smb.encryption.required',
];

/**
 * The facts of a first look that a second one bears out: those that say nothing new, and those that both looks agree
 * on. What the looks disagree on is unknown, so what was known before goes on. Where the host was met stays in any
 * case: without its addresses it could not be recognised again.
 */
export function confirmedFacts(known: Facts, first: Facts, second: Facts): Facts {
  const proven = first['smb.smb1'] === 'yes';
  return Object.fromEntries(
    factNames(first)
      .filter(
        (name) =>
          name === 'addresses' ||
          sameFact(first[name], known[name]) ||
          sameFact(first[name], second[name]) ||
          ASKED_ONCE.includes(name) ||
          (proven && PROVEN_BY_SMB1.includes(name)),
      )
      .map((name) => [name, first[name]]),
  ) as Facts;
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly changed: readonly Finding[];
  readonly confirmed: readonly FindingId[];
  readonly changes: readonly Change[];
}

function judgeAll(findings: readonly Finding[], seen: SeenHost, name: string, moment: Moment): Judged {
  const verdicts = assess(seen.facts, moment.at);
  const after = new Map(findings.map((finding) => [finding.rule, finding]));
  const changed: Finding[] = [];
  const confirmed: FindingId[] = [];
  const changes: Change[] = [];
  for (const rule of RULES) {
    const verdict = verdicts.get(rule.id) ?? { answer: 'unknown' };
    const before = after.get(rule.id) ?? null;
    const step = judge(rule, verdict, before, seen, moment);
    if (step === null) continue;
    after.set(rule.id, step.finding);
    if (step.differs) changed.push(step.finding);
    if (verdict.answer === 'yes' && !step.differs) confirmed.push(step.finding.id);
    if (step.type !== null) changes.push(findingChange(step.type, step.finding, name, moment.at));
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
    const resolved: Finding = { ...before, state: 'resolved', resolvedAt: at, evidence: verdict.evidence };
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
    };
    return { finding: opened, differs: true, type: before === null ? 'finding_opened' : 'finding_reopened' };
  }
  const raised = compareSeverity(severity, before.severity) > 0;
  const differs =
    severity !== before.severity || JSON.stringify(before.evidence) !== JSON.stringify(verdict.evidence);
  return { finding: { ...before, ...said }, differs, type: raised ? 'severity_raised' : null };
}

function findingChange(type: ChangeType, finding: Finding, name: string, at: number): Change {
  const verbs: Partial<Record<ChangeType, string>> = {
    finding_reopened: ' again',
    finding_resolved: ': no longer so',
    severity_raised: `: now ${finding.severity}`,
  };
  const summary = `${name}: ${finding.title}${verbs[type] ?? ''}`;
  return { at, type, hostId: finding.hostId, findingId: finding.id, summary, fact: null };
}

function hostChanges(before: HostRecord | null, host: HostRecord, changed: Facts, at: number): Change[] {
  const name = visible(hostName(host));
  if (before === null) return [changeOf('host_new', host, at, `${name} was seen for the first time`)];
  const facts = factNames(changed).filter((fact) => before.facts[fact] !== undefined);
  return [
    ...(before.missedSweeps < LOST_AFTER_SWEEPS
      ? []
      : [changeOf('host_returned', host, at, `${name} answers again`)]),
    ...facts.map((fact) => factChange(fact, before, host, name, at)),
  ];
}

function factChange(fact: FactName, before: HostRecord, host: HostRecord, name: string, at: number): Change {
  const [was, is] = [before.facts[fact] ?? null, host.facts[fact] ?? null];
  const type: ChangeType =
    fact === 'addresses' ? 'host_moved' : isServiceKey(fact) ? 'service_changed' : 'fact_changed';
  const what = fact === 'addresses' ? 'moved' : `${fact} changed`;
  const summary = `${name} ${what} from ${said(was)} to ${said(is)}`;
  return { ...changeOf(type, host, at, summary), fact: { name: fact, before: was, after: is as FactValue } };
}

function said(value: FactValue | null): string {
  if (value === null || value === undefined) return 'none';
  if (isIdentity(value)) return visible(Object.values(value).filter(Boolean).join(', ') || 'none');
  if (!Array.isArray(value)) return visible(String(value));
  const words = value.map((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('name' in each) || !('suffix' in each))
      return String(each);
    return `${String(each.name)}<${Number(each.suffix).toString(16).padStart(2, '0')}>`;
  });
  return words.length === 0 ? 'none' : visible(words.join(', '));
}

function isIdentity(value: FactValue): value is SmbIdentity {
  return typeof value === 'object' && value !== null && 'version' in value;
}

function changeOf(type: ChangeType, host: HostRecord, at: number, summary: string): Change {
  return { at, type, hostId: host.id, findingId: null, summary, fact: null };
}
