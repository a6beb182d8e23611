import type { RecordedChange } from '../../domain/change.ts';
import type { FactName } from '../../domain/facts.ts';
import { type Finding, worstFirst } from '../../domain/finding.ts';
import { type HostRecord, hostName, type VendorOf } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import type { SweepReport } from '../sweep/report.ts';
import { historyText } from './history.ts';
import {
  identityInWords,
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
    ...postureLines(host, view),
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
  const notes = [host.isAgent ? 'this machine' : '', host.present ? '' : 'not present'];
  const room = view.width - textWidth(joined([name, ...rest, ...notes])) - GAP.length;
  const details = joined([...rest, vendorWithin(room, host, vendorOf), ...notes]);
  return `${paint(name, ['bold'], view)}${details === '' ? '' : `${GAP}${paint(details, ['dim'], view)}`}`;
}

const GAP = '  ';

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(GAP);
}

function vendorWithin(columns: number, { mac }: HostRecord, vendorOf: VendorOf): string {
  const vendor = mac === null ? null : vendorOf(mac);
  return vendor === null || columns < FEWEST_VENDOR_COLUMNS ? '' : clip(visible(vendor), columns);
}

function postureLines({ facts }: HostRecord, view: View): string[] {
  const lines = [
    ['ports', portsInWords(facts)],
    ['SMB', smbInWords(facts)],
    ['NetBIOS', netbiosInWords(facts)],
    ['identity', identityInWords(facts)],
    ['shares', sharesInWords(facts)],
  ] as const;
  return lines.flatMap(([label, words]) => (words === null ? [] : [labelled(label, words, view)]));
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
    readonly vendorOf: VendorOf;
  },
  view: View,
): string {
  const { host, since, changes, vendorOf } = shown;
  const seen = `  ${paint('seen'.padEnd(LABEL_WIDTH), ['dim'], view)}first ${localTime(host.firstSeenAt, view)}, last ${localTime(host.lastSeenAt, view)} (${relativeTime(host.lastSeenAt, view.now)})`;
  const resolved = host.findings.filter(({ state }) => state === 'resolved').length;
  const sections = [
    [
      titleLine(host, view, vendorOf),
      `  ${paint('id'.padEnd(LABEL_WIDTH), ['dim'], view)}${host.id}`,
      seen,
      ...postureLines(host, view),
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
    .filter(([name]) => /^(tcp|udp)\//.test(name))
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
  shown: { readonly report: SweepReport; readonly asked: string; readonly vendorOf: VendorOf },
  view: View,
): string {
  const { report, asked, vendorOf } = shown;
  const { sweep, hosts } = report;
  const blocks = hosts.map((host) => {
    const findings = openFindings(host);
    const lines = findings.length === 0 ? ['  nothing found'] : evidenceLines(findings, view);
    return [titleLine(host, view, vendorOf), ...postureLines(host, view), ...lines].join('\n');
  });
  const silent = `${visible(asked)} did not answer. Silence is not safety: it may sleep, or a firewall may hide it.`;
  const closing = `${sweep.complete ? 'Checked' : 'Checked in part'} at level ${sweep.level} in ${elapsedText(sweep.durationMs)}.`;
  return [...(blocks.length === 0 ? [silent] : blocks), closing].join('\n\n');
}
