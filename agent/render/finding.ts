import { adviceOn } from '../../domain/advice.ts';
import type { RecordedChange } from '../../domain/change.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostRecord, VendorOf } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import { historyText } from './history.ts';
import { titleLine } from './host.ts';
import { paint, SEVERITY_STYLE, type View, wrap } from './text.ts';
import { localTime, relativeTime } from './time.ts';

const MOST_COLUMNS = 100;

/** `finding ID`: what, where, since when, on what evidence, what it means, and where the fix is explained. */
export function findingText(
  shown: {
    readonly host: HostRecord;
    readonly finding: Finding;
    readonly changes: readonly RecordedChange[];
    readonly vendorOf: VendorOf;
  },
  view: View,
): string {
  const { host, finding, changes, vendorOf } = shown;
  const width = Math.min(view.width, MOST_COLUMNS);
  const heading = (text: string) => paint(text, ['bold'], view);
  const sections = [
    [
      `${paint(finding.severity, SEVERITY_STYLE[finding.severity], view)}  ${heading(finding.title)}  ${paint(finding.id, ['dim'], view)}`,
      `on ${titleLine(host, { ...view, width: view.width - 'on '.length }, vendorOf)}`,
      stateLine(finding, view),
    ].join('\n'),
    [heading('Evidence'), ...finding.evidence.map((each) => wrap(visible(each), width, '  '))].join('\n'),
    [heading('What it means'), ...adviceOn(finding.rule).means.map((each) => wrap(each, width, '  '))].join(
      '\n',
    ),
    `${heading('What to do')}\n  smbwarden explain ${finding.rule}`,
    changes.length === 0 ? '' : `${heading('Timeline')}\n${historyText(changes, view)}`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function stateLine(finding: Finding, view: View): string {
  const opened = `since ${localTime(finding.openedAt, view)} (${relativeTime(finding.openedAt, view.now)})`;
  if (finding.resolvedAt !== null) return `resolved ${localTime(finding.resolvedAt, view)}; open ${opened}`;
  return `${finding.state} ${opened}; last confirmed ${relativeTime(finding.confirmedAt, view.now)}`;
}
