import type { Finding } from '../../domain/finding.ts';
import { type HostRecord, hostName } from '../../domain/host.ts';
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
    cell(finding.state === 'open' ? localTime(finding.openedAt, view) : finding.state, 'dim'),
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
