import type { Change, ChangeType } from './change.ts';
import { type Decision, hasEnded } from './decision.ts';
import type { Finding } from './finding.ts';
import type { Quarantined } from './history.ts';
import { type HostRecord, hostName } from './host.ts';
import { visible } from './text.ts';

/** What the owner's word does to findings and hosts; nothing here records it. */

/** What differs after a decision. Empty lists: it was so already. */
export interface Decided {
  /** The hosts concerned as they are from now on, with all their findings. */
  readonly hosts: readonly HostRecord[];
  /** Those findings of `hosts` that differ. */
  readonly findings: readonly Finding[];
  readonly changes: readonly Change[];
}

/**
 * Acknowledges those findings of the host that `which` picks. Resolved ones stay as they are, and so do those that are
 * acknowledged in these very words; others get the new end and note.
 */
export function acknowledge(
  host: HostRecord,
  which: (finding: Finding) => boolean,
  decision: Decision,
): Decided {
  const words = `: acknowledged${endInWords(decision)}${saidBy(decision)}`;
  return decideFindings(host, decision.at, (finding) => {
    if (finding.state === 'resolved' || !which(finding) || saysTheSame(finding.acknowledged, decision))
      return null;
    return {
      after: { ...finding, state: 'acknowledged', acknowledged: decision },
      type: 'finding_acknowledged',
      words,
    };
  });
}

/** Takes the acknowledgement of those findings back that `which` picks. */
export function unacknowledge(
  host: HostRecord,
  which: (finding: Finding) => boolean,
  at: number,
  words = ': no longer acknowledged',
): Decided {
  return decideFindings(host, at, (finding) => {
    if (finding.state !== 'acknowledged' || !which(finding)) return null;
    const after: Finding = { ...finding, state: 'open', acknowledged: null };
    return { after, type: 'finding_unacknowledged', words };
  });
}

/** Ignores the host, or ignores it with another end or note. */
export function ignore(host: HostRecord, decision: Decision): Decided {
  if (saysTheSame(host.ignored, decision)) return NOTHING;
  const summary = `${nameOf(host)} is ignored${endInWords(decision)}${saidBy(decision)}`;
  return decideHost({ ...host, ignored: decision }, 'host_ignored', decision.at, summary);
}

/** Ends that the host is ignored. */
export function unignore(host: HostRecord, at: number, reason = ''): Decided {
  if (host.ignored === null) return NOTHING;
  const summary = `${nameOf(host)} is no longer ignored${reason}`;
  return decideHost({ ...host, ignored: null }, 'host_unignored', at, summary);
}

/** What has ended by itself by `at` (milliseconds UTC): acknowledgements, and that hosts are ignored. */
export function endLapsed(hosts: Iterable<HostRecord>, at: number): Decided {
  const ended = (decision: Decision | null) => decision !== null && hasEnded(decision, at);
  return together(
    [...hosts].flatMap((host) => {
      const ignoring = ended(host.ignored) ? unignore(host, at, ': the time is over') : NOTHING;
      const [current = host] = ignoring.hosts;
      const lapsed = (finding: Finding) => ended(finding.acknowledged);
      const findings = unacknowledge(current, lapsed, at, ': the acknowledgement has ended');
      // The host as the second step left it has both.
      return findings.hosts.length === 0 ? [ignoring] : [{ ...ignoring, hosts: [] }, findings];
    }),
  );
}

/** The next moment (milliseconds UTC) at which something ends by itself; null: nothing will. */
export function nextEnd(hosts: Iterable<HostRecord>): number | null {
  const ends = [...hosts]
    .flatMap((host) => [host.ignored, ...host.findings.map((finding) => finding.acknowledged)])
    .flatMap((decision) => decision?.until ?? []);
  return ends.reduce<number | null>((first, end) => (first === null || end < first ? end : first), null);
}

/** The change that remains of a host that is forgotten. It names no host, since it would go with it. */
export function forgotten(host: HostRecord, at: number): Change {
  const addresses = (host.facts.addresses ?? []).join(', ');
  const name = nameOf(host);
  const where = addresses === '' || addresses === name ? '' : ` (${addresses})`;
  const summary = `${name}${where} was forgotten`;
  return { at, type: 'host_forgotten', hostId: null, findingId: null, summary, fact: null };
}

/** The probes of `lifted` may be put to the host again. */
export function quarantineLifted(host: HostRecord, lifted: readonly Quarantined[], at: number): Decided {
  if (lifted.length === 0) return NOTHING;
  const probes = lifted.map(({ probe }) => `"${probe}"`).join(', ');
  return decideHost(host, 'quarantine_lifted', at, `${nameOf(host)}: quarantine lifted for ${probes}`);
}

/** Several decisions as one. */
export function together(all: readonly Decided[]): Decided {
  return {
    hosts: all.flatMap((each) => each.hosts),
    findings: all.flatMap((each) => each.findings),
    changes: all.flatMap((each) => each.changes),
  };
}

const NOTHING: Decided = { hosts: [], findings: [], changes: [] };

interface Step {
  readonly after: Finding;
  readonly type: ChangeType;
  /** What the summary says after the title. */
  readonly words: string;
}

function decideFindings(host: HostRecord, at: number, decide: (finding: Finding) => Step | null): Decided {
  const steps = host.findings.flatMap((finding) => decide(finding) ?? []);
  if (steps.length === 0) return NOTHING;
  const after = new Map(steps.map((step) => [step.after.id, step.after]));
  const name = nameOf(host);
  return {
    hosts: [{ ...host, findings: host.findings.map((finding) => after.get(finding.id) ?? finding) }],
    findings: [...after.values()],
    changes: steps.map(({ after: { id, title }, type, words }) => ({
      at,
      type,
      hostId: host.id,
      findingId: id,
      summary: `${name}: ${title}${words}`,
      fact: null,
    })),
  };
}

function decideHost(after: HostRecord, type: ChangeType, at: number, summary: string): Decided {
  const change = { at, type, hostId: after.id, findingId: null, summary, fact: null };
  return { hosts: [after], findings: [], changes: [change] };
}

/** When it was said does not count. */
function saysTheSame(known: Decision | null, said: Decision): boolean {
  return known !== null && known.until === said.until && known.note === said.note && known.by === said.by;
}

function endInWords({ until }: Decision): string {
  return until === null ? '' : ` until ${new Date(until).toISOString().slice(0, 16)}Z`;
}

function saidBy({ by, note }: Decision): string {
  return `${by === undefined ? '' : ` by ${visible(by)}`}${note === null ? '' : `: ${visible(note)}`}`;
}

function nameOf(host: HostRecord): string {
  return visible(hostName(host));
}
