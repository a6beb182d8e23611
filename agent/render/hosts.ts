import { compareAddresses } from '../../domain/address.ts';
import { provenDialects } from '../../domain/facts.ts';
import { type Severity, worst } from '../../domain/finding.ts';
import { heldAt } from '../../domain/held.ts';
import { firstAddress, type HostRecord, hostName, isIgnored } from '../../domain/host.ts';
import { openFindings } from './host.ts';
import { dialectsInWords } from './posture.ts';
import { tableText } from './table.ts';
import { type Cell, cell, count, SEVERITY_STYLE, type View } from './text.ts';
import { relativeTime } from './time.ts';

/** The inventory as a table, by address. */
export function hostsText(hosts: readonly HostRecord[], view: View): string {
  if (hosts.length === 0) return 'No host is known yet. Run: smbwarden sweep';
  const rows = [...hosts].sort(byAddress).map((host) => rowOf(host, view));
  const table = tableText(
    [
      { title: 'HOST', shrinkTo: 12 },
      { title: 'ADDRESS' },
      { title: 'MAC', dropped: 1 },
      { title: 'SMB', shrinkTo: 8, dropped: 3 },
      { title: 'FINDINGS', shrinkTo: 10 },
      { title: 'SEEN', dropped: 2 },
    ],
    rows,
    view,
  );
  const present = hosts.filter((host) => host.present).length;
  return `${table}\n\n${count(hosts.length, 'host')}, ${present} present`;
}

/** By first address; hosts without one come last. */
export function byAddress(a: HostRecord, b: HostRecord): number {
  const [first, second] = [firstAddress(a), firstAddress(b)];
  if (first === null || second === null) return Number(first === null) - Number(second === null);
  return compareAddresses(first, second);
}

function rowOf(host: HostRecord, view: View): Cell[] {
  const dialects = provenDialects(host.facts);
  const newer = dialectsInWords(dialects.filter((dialect) => dialect !== 'NT LM 0.12'));
  const spoken = [dialects.includes('NT LM 0.12') ? 'SMB 1' : '', newer].filter((words) => words !== '');
  return [
    cell(hostName(host), 'bold'),
    cell(firstAddress(host)),
    cell(host.mac, 'dim'),
    cell(spoken.join(', ')),
    isIgnored(host, view.now) ? cell('ignored', 'dim') : findingsCell(host),
    cell(seenInWords(host, view), 'dim'),
  ];
}

/** What is shown of a sleeper is as old as the last look at it. */
function seenInWords(host: HostRecord, view: View): string {
  const held = heldAt(host, null);
  if (held !== null && held.lastAskedAt !== null)
    return `asleep, asked ${relativeTime(held.lastAskedAt, view.now)}`;
  return `${host.present ? '' : 'gone, '}${relativeTime(host.lastSeenAt, view.now)}`;
}

/** `2 high, 1 low` coloured as the worst. */
function findingsCell(host: HostRecord): Cell {
  const severities = openFindings(host).map(({ severity }) => severity);
  const top = worst(severities);
  if (top === null) return cell(null, 'dim');
  return { text: severitiesInWords(severities), style: SEVERITY_STYLE[top] };
}

/** `2 high, 1 low`, worst first; empty for none. */
export function severitiesInWords(severities: readonly Severity[]): string {
  return (['critical', 'high', 'medium', 'low', 'info'] as const)
    .map((severity) => ({ severity, number: severities.filter((each) => each === severity).length }))
    .filter(({ number }) => number > 0)
    .map(({ severity, number }) => `${number} ${severity}`)
    .join(', ');
}
