import type { RecordedChange } from '../../domain/change.ts';
import { type FactName, toldName } from '../../domain/facts.ts';
import { type Finding, worstFirst } from '../../domain/finding.ts';
import { heldAt } from '../../domain/held.ts';
import type { Quarantined } from '../../domain/history.ts';
import { type HostRecord, hostName, isIgnored, type VendorOf } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import type { SweepReport } from '../sweep/report.ts';
import { historyText } from './history.ts';
import {
  identityInWords,
  ipv6InWords,
  netbiosInWords,
  portsInWords,
  serviceName,
  sharesInWords,
  smbInWords,
} from './posture.ts';
import { clip, count, paint, SEVERITY_STYLE, textWidth, type View, wrap } from './text.ts';
import { elapsedText, localTime, relativeTime } from './time.ts';

const LABEL_WIDTH = 9;
const MOST_COLUMNS = 120;
const FEWEST_VENDOR_COLUMNS = 12;

/** One host as a block: a line that names it, then ports, posture and open findings, each indented by two. */
export function hostBlock(host: HostRecord, view: View, vendorOf: VendorOf): string {
  return [
    titleLine(host, view, vendorOf),
    ...postureLines(host, view, vendorOf),
    ...findingLines(openFindings(host), view),
  ].join('\n');
}

/** Findings that are not resolved, worst first. */
export function openFindings(host: HostRecord): Finding[] {
  return worstFirst(host.findings.filter(({ state }) => state !== 'resolved'));
}

/**
 * `NASLEGACY  192.168.1.21  00:11:32:aa:bb:cc  Synology Incorporated`; what is not known is left out, and so is a
 * manufacturer for whom the line has no room.
 */
export function titleLine(host: HostRecord, view: View, vendorOf: VendorOf): string {
  const name = visible(hostName(host));
  const addresses = (host.facts.addresses ?? []).join(', ');
  const rest = [addresses === name ? '' : addresses, host.mac === name ? '' : (host.mac ?? '')];
  const ignored = isIgnored(host, view.now) ? ignoredInWords(host, view) : '';
  const notes = [host.isAgent ? 'this machine' : '', host.present ? '' : 'not present', ignored];
  const room = view.width - textWidth(joined([name, ...rest, ...notes])) - GAP.length;
  const details = joined([...rest, vendorWithin(room, host, vendorOf), ...notes]);
  return `${paint(name, ['bold'], view)}${details === '' ? '' : `${GAP}${paint(details, ['dim'], view)}`}`;
}

/** `ignored`, and until when where that has an end. */
function ignoredInWords({ ignored }: HostRecord, view: View): string {
  return ignored?.until == null ? 'ignored' : `ignored until ${localTime(ignored.until, view)}`;
}

const GAP = '  ';

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(GAP);
}

function vendorWithin(columns: number, { mac }: HostRecord, vendorOf: VendorOf): string {
  const vendor = mac === null ? null : vendorOf(mac);
  return vendor === null || columns < FEWEST_VENDOR_COLUMNS ? '' : clip(visible(vendor), columns);
}

function postureLines(host: HostRecord, view: View, vendorOf: VendorOf): string[] {
  const { facts } = host;
  const lines = [
    ['name', toldInWords(host)],
    ['note', host.ownersWord?.note == null ? null : visible(host.ownersWord.note)],
    ['held', heldInWords(host, view, vendorOf)],
    ['ports', portsInWords(facts)],
    ['IPv6', ipv6InWords(facts)],
    ['SMB', smbInWords(facts)],
    ['NetBIOS', netbiosInWords(facts)],
    ['identity', identityInWords(facts)],
    ['shares', sharesInWords(facts)],
  ] as const;
  return lines.flatMap(([label, words]) => (words === null ? [] : [labelled(label, words, view)]));
}

/** What the host calls itself, where the owner gave it another name. */
function toldInWords({ facts, ownersWord }: HostRecord): string | null {
  const told = toldName(facts);
  if (ownersWord?.name == null || told === null || told === ownersWord.name) return null;
  return `calls itself ${visible(told)}`;
}

function heldInWords(host: HostRecord, view: View, vendorOf: VendorOf): string | null {
  const held = heldAt(host, host.mac === null ? null : vendorOf(host.mac));
  if (held === null) return null;
  const { level, why, lastAskedAt } = held;
  const asked =
    lastAskedAt === null
      ? ''
      : `; last asked ${localTime(lastAskedAt, view)} (${relativeTime(lastAskedAt, view.now)})`;
  return `at ${level}: ${why}${asked}`;
}

function quarantineLines(quarantine: readonly Quarantined[], view: View): string[] {
  return quarantine.map(({ probe, since, reason }) => {
    const when = `since ${localTime(since, view)}`;
    return labelled('harm', `"${visible(probe)}" is held back ${when}: ${visible(reason)}`, view);
  });
}

function findingLines(findings: readonly Finding[], view: View): string[] {
  const widest = Math.max(0, ...findings.map(({ title }) => title.length));
  return findings.map(({ severity, title, id, state }) => {
    const mark = paint(severity.padEnd(LABEL_WIDTH), SEVERITY_STYLE[severity], view);
    const note = state === 'acknowledged' ? ', acknowledged' : '';
    return `  ${mark}${title.padEnd(widest)}  ${paint(`${id}${note}`, ['dim'], view)}`;
  });
}

/** `  ports    open 139, 445`, wrapped under its own beginning. `words` is harmless already. */
function labelled(label: string, words: string, view: View): string {
  const indent = ' '.repeat(LABEL_WIDTH + 2);
  const text = wrap(words, Math.min(view.width, MOST_COLUMNS), indent);
  return `  ${paint(label.padEnd(LABEL_WIDTH), ['dim'], view)}${text.slice(indent.length)}`;
}

/** `host HOST`: the block, services with since when, resolved findings, and the timeline where `changes` is given. */
export function hostText(
  shown: {
    readonly host: HostRecord;
    readonly since: ReadonlyMap<FactName, number>;
    readonly changes: readonly RecordedChange[] | null;
    /** Of this host; missing: nothing. */
    readonly quarantine?: readonly Quarantined[];
    readonly vendorOf: VendorOf;
  },
  view: View,
): string {
  const { host, since, changes, quarantine = [], vendorOf } = shown;
  const seen = `  ${paint('seen'.padEnd(LABEL_WIDTH), ['dim'], view)}first ${localTime(host.firstSeenAt, view)}, last ${localTime(host.lastSeenAt, view)} (${relativeTime(host.lastSeenAt, view.now)})`;
  const resolved = host.findings.filter(({ state }) => state === 'resolved').length;
  const sections = [
    [
      titleLine(host, view, vendorOf),
      `  ${paint('id'.padEnd(LABEL_WIDTH), ['dim'], view)}${host.id}`,
      seen,
      ...postureLines(host, view, vendorOf),
      ...quarantineLines(quarantine, view),
    ].join('\n'),
    serviceLines(host, since, view).join('\n'),
    evidenceLines(openFindings(host), view).join('\n'),
    resolved === 0
      ? ''
      : `${count(resolved, 'finding')} resolved: smbwarden findings --all --host ${host.id}`,
    changes === null ? '' : `${paint('Timeline', ['bold'], view)}\n${historyText(changes, view)}`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function serviceLines({ facts }: HostRecord, since: ReadonlyMap<FactName, number>, view: View): string[] {
  return [...since.entries()]
    .filter(([name]) => /^(tcp|udp|tcp6)\//.test(name))
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([name, at]) => {
      const [transport, port] = name.split('/');
      const service = serviceName(transport === 'udp' ? 'udp' : 'tcp', Number(port));
      const state = String(facts[name as `tcp/${number}`] ?? 'unknown');
      return `  ${name.padEnd(LABEL_WIDTH)}${service.padEnd(22)}${state.padEnd(10)}${paint(`since ${localTime(at, view)}`, ['dim'], view)}`;
    });
}

function evidenceLines(findings: readonly Finding[], view: View): string[] {
  return findings.flatMap((finding) => [
    ...findingLines([finding], view),
    ...finding.evidence.map((sentence) => labelled('', visible(sentence), view)),
  ]);
}

/** `check HOST`: the hosts that answered, with the evidence of each finding. */
export function checkText(
  shown: {
    readonly report: SweepReport;
    readonly asked: string;
    readonly quarantine: readonly Quarantined[];
    readonly vendorOf: VendorOf;
  },
  view: View,
): string {
  const { report, asked, quarantine, vendorOf } = shown;
  const { sweep, hosts } = report;
  const blocks = hosts.map((host) => {
    const findings = openFindings(host);
    const lines = findings.length === 0 ? ['  nothing found'] : evidenceLines(findings, view);
    const harm = quarantineLines(
      quarantine.filter(({ hostId }) => hostId === host.id),
      view,
    );
    const posture = postureLines(host, view, vendorOf);
    return [titleLine(host, view, vendorOf), ...posture, ...harm, ...lines].join('\n');
  });
  const silent =
    `${visible(asked)} did not answer. Silence is not safety: it may sleep, or a firewall may hide it. ` +
    `"smbwarden doctor ${visible(asked)}" looks into it.`;
  const closing = `${sweep.complete ? 'Checked' : 'Checked in part'} at level ${sweep.level} in ${elapsedText(sweep.durationMs)}.`;
  return [...(blocks.length === 0 ? [silent] : blocks), closing].join('\n\n');
}
