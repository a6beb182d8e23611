import type { Finding } from '../../domain/finding.ts';
import { type HostRecord, hostName, isIgnored } from '../../domain/host.ts';
import { severitiesInWords } from './hosts.ts';
import { tableText } from './table.ts';
import { cell, count, SEVERITY_STYLE, type View } from './text.ts';
import { localTime } from './time.ts';

/** Findings as a table, in the order given. */
export function findingsText(
  found: readonly { readonly host: HostRecord; readonly finding: Finding }[],
  view: View,
): string {
  if (found.length === 0) return 'No findings.';
  const rows = found.map(({ host, finding }) => [
    cell(finding.severity, ...SEVERITY_STYLE[finding.severity]),
    cell(hostName(host), 'bold'),
    cell(finding.title),
    cell(stateInWords(host, finding, view), 'dim'),
    cell(finding.id, 'dim'),
  ]);
  const columns = [
    { title: 'SEVERITY' },
    { title: 'HOST', shrinkTo: 12 },
    { title: 'FINDING', shrinkTo: 20 },
    { title: 'SINCE', dropped: 1 },
    { title: 'ID' },
  ];
  const words = severitiesInWords(found.map(({ finding }) => finding.severity));
  return `${tableText(columns, rows, view)}\n\n${count(found.length, 'finding')}: ${words}`;
}

/** Since when it is open, or why nobody is to be alarmed by it. */
function stateInWords(host: HostRecord, finding: Finding, view: View): string {
  if (finding.state === 'open') {
    return isIgnored(host, view.now) ? 'host ignored' : localTime(finding.openedAt, view);
  }
  const until = finding.acknowledged?.until ?? null;
  return until === null ? finding.state : `${finding.state} until ${localTime(until, view)}`;
}
