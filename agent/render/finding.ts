import { adviceOn } from '../../domain/advice.ts';
import type { RecordedChange } from '../../domain/change.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostRecord, VendorOf } from '../../domain/host.ts';
import { platformOf } from '../../domain/platform.ts';
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
    [heading('What to do'), ...fixLines(host, finding, vendorOf, width)].join('\n'),
    changes.length === 0 ? '' : `${heading('Timeline')}\n${historyText(changes, view)}`,
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

/** The steps for the machine that it most likely is, and where those for all others are. */
function fixLines(host: HostRecord, { rule }: Finding, vendorOf: VendorOf, width: number): string[] {
  const platform = platformOf(host, vendorOf);
  const fix = adviceOn(rule).fixes.find((each) => each.platform === platform);
  const explain = `  smbwarden explain ${rule}`;
  if (fix === undefined) return [explain];
  const steps = fix.steps.map((step) => wrap(step, width, '    - ', '      '));
  return [`  ${fix.platform}`, ...steps, `  Other machines, and how to verify:${explain.slice(1)}`];
}

function stateLine(finding: Finding, view: View): string {
  const { openedAt, resolvedAt, confirmedAt, acknowledged } = finding;
  const opened = `open since ${localTime(openedAt, view)} (${relativeTime(openedAt, view.now)})`;
  if (resolvedAt !== null) return `resolved ${localTime(resolvedAt, view)}; ${opened}`;
  const line = `${opened}; last confirmed ${relativeTime(confirmedAt, view.now)}`;
  if (acknowledged === null) return line;
  const { at, until, note, by } = acknowledged;
  const end = until === null ? '' : ` until ${localTime(until, view)}`;
  const who = by === undefined ? '' : ` by ${visible(by)}`;
  return `${line}\nacknowledged ${localTime(at, view)}${end}${who}${note === null ? '' : `: ${visible(note)}`}`;
}
