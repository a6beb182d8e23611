import type { FactDifference, FindingDifference, HostDiff } from '../../domain/diff.ts';
import { factInWords, factLabel } from '../../domain/fact-words.ts';
import { familyOf, isServiceKey } from '../../domain/facts.ts';
import { hostName, type VendorOf } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import { titleLine } from './host.ts';
import { count, paint, SEVERITY_STYLE, type Style, type View, wrap } from './text.ts';
import { isoTime, localTime } from './time.ts';

/** What differs between two moments, milliseconds UTC. */
export interface Diff {
  readonly since: number;
  readonly until: number;
  readonly hosts: readonly HostDiff[];
}

const LABEL_WIDTH = 32;
const MOST_COLUMNS = 120;

/** `diff`: a block for each host that differs, in the order given. */
export function diffText(diff: Diff, view: View, vendorOf: VendorOf): string {
  const span = `between ${localTime(diff.since, view)} and ${localTime(diff.until, view)}`;
  const between = `smbwarden history --since ${isoTime(diff.since)} --until ${isoTime(diff.until)}`;
  if (diff.hosts.length === 0)
    return `Nothing differs ${span}.\nAll that happened in between, undone or not:\n  ${between}`;
  return [
    `${count(diff.hosts.length, 'host')} ${diff.hosts.length === 1 ? 'differs' : 'differ'} ${span}`,
    ...diff.hosts.map((host) => hostBlock(host, view, vendorOf)),
    `All that happened in between, undone or not:\n  ${between}`,
  ].join('\n\n');
}

function hostBlock(
  { host, presence, services, posture, findings }: HostDiff,
  view: View,
  vendorOf: VendorOf,
): string {
  const isNew = presence === 'appeared';
  const seen = {
    appeared: `first seen ${localTime(host.firstSeenAt, view)}`,
    returned: 'it is back',
    lost: `it is gone; last seen ${localTime(host.lastSeenAt, view)}`,
  };
  return [
    titleLine(host, view, vendorOf),
    ...(presence === null ? [] : [labelled('presence', seen[presence], view)]),
    ...(isNew
      ? openServices(services).map(({ name }) => labelled(factLabel(name), 'open', view))
      : [...services, ...posture].map((each) => factLine(each, view))),
    ...findings.map((each) => findingLine(each, view)),
  ].join('\n');
}

/** Everything that is known of a new host is new, and `host` shows it; what it offers is worth a line. */
function openServices(services: readonly FactDifference[]): readonly FactDifference[] {
  return services.filter(({ after }) => after === 'open');
}

function factLine({ name, before, after }: FactDifference, view: View): string {
  return labelled(factLabel(name), `${factInWords(after)}, was ${factInWords(before)}`, view);
}

function findingLine({ finding, before, after, raised }: FindingDifference, view: View): string {
  const { severity, title, id } = finding;
  const label = before === after ? 'finding' : `finding ${turnInWords(before, after)}`;
  const words = `${title} (${severity}${raised ? ', which was raised' : ''}; ${id})`;
  return labelled(label, words, view, SEVERITY_STYLE[severity]);
}

function turnInWords(before: FindingDifference['before'], after: FindingDifference['after']): string {
  if (after !== 'open') return after;
  if (before === null) return 'opened';
  return before === 'resolved' ? 'reopened' : 'open again';
}

/** `words` is harmless already. */
function labelled(label: string, words: string, view: View, style: readonly Style[] = ['dim']): string {
  const indent = ' '.repeat(LABEL_WIDTH + 2);
  const text = wrap(words, Math.min(view.width, MOST_COLUMNS), indent);
  return `  ${paint(visible(label).padEnd(LABEL_WIDTH), style, view)}${text.slice(indent.length)}`;
}

/** `diff --json`. */
export function diffJson({ since, until, hosts }: Diff): object {
  return {
    schema: 1,
    since: isoTime(since),
    until: isoTime(until),
    hosts: hosts.map(({ host, presence, services, posture, findings }) => ({
      hostId: host.id,
      name: hostName(host),
      presence,
      services: services.map(serviceObject),
      posture: posture.map(({ name, before, after }) => ({ fact: name, before, after })),
      findings: findings.map(({ finding, before, after, raised }) => ({
        id: finding.id,
        rule: finding.rule,
        severity: finding.severity,
        title: finding.title,
        before,
        after,
        raised,
      })),
    })),
  };
}

function serviceObject({ name, before, after }: FactDifference): object {
  const [prefix = '', port] = isServiceKey(name) ? name.split('/') : [];
  const transport = prefix.replace('6', '');
  return { transport, port: Number(port), family: familyOf(prefix), before, after };
}
