import { ruleOf } from './assess.ts';
import type { HostUpdate } from './change.ts';
import { type FactName, type Facts, factNames, sameFact } from './facts.ts';
import type { SeenHost } from './identity.ts';
import { type Moment, verdictsOn } from './judge.ts';

/**
 * Does an alert or a changed service rest on a single ambiguous look? Then the host is asked once more, on fresh
 * connections, before anything is recorded.
 */
export function needsSecondLook(update: HostUpdate, seen: SeenHost, moment: Moment): boolean {
  const { verdictOn } = verdictsOn(seen, update.host, moment);
  return update.changes.some((change) => {
    if (change.type === 'service_changed' || change.type === 'finding_resolved') return true;
    if (change.type !== 'finding_opened' && change.type !== 'finding_reopened') return false;
    const finding = update.host.findings.find(({ id }) => id === change.findingId);
    const verdict = finding === undefined ? null : verdictOn(ruleOf(finding.rule));
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
  'smb.guest.session',
  'smb.guest.shares',
  'smb.ms17010',
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
