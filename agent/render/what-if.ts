import { firstAddress, type HostRecord, hostName } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import { type Consequence, type WhatIfChange, whatIf, whatIfOf } from '../../domain/what-if.ts';
import { byAddress } from './hosts.ts';
import { count, paint, type Style, type View, wrap } from './text.ts';

const SCHEMA = 1;
const MOST_COLUMNS = 100;

interface Judged {
  readonly host: HostRecord;
  readonly consequence: Consequence;
}

/** `explain --what-if CHANGE`: who would stop working, of whom it is not known, and how many go on. */
export function whatIfText(
  change: WhatIfChange,
  hosts: readonly HostRecord[],
  view: Pick<View, 'color' | 'width'>,
): string {
  const page = { ...view, width: Math.min(view.width, MOST_COLUMNS) };
  const { title, onServers, onClients, notSeen } = whatIfOf(change);
  const judged = judge(change, hosts);
  const working = judged.filter(({ consequence }) => consequence.kind === 'works').length;
  const side = (name: string, text: string) => wrap(`${name}: ${text}`, page.width, '  ', '    ');
  const about = [side('On servers', onServers), side('On clients', onClients), side('Not seen', notSeen)];
  return [
    `${paint(`What if ${title}?`, ['bold'], page)}\n${about.join('\n')}`,
    hosts.length === 0
      ? 'No host is known yet. Run: smbwarden sweep'
      : section('Would stop working for clients', ['red'], hostsOf('breaks', judged, page), page),
    section('Not known', ['yellow'], hostsOf('unknown', judged, page), page),
    hosts.length === 0
      ? ''
      : `${count(working, 'host')} ${working === 1 ? 'goes' : 'go'} on as before: newer clients lose nothing.`,
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** `explain --what-if CHANGE --json`, in the same order; text of strangers is as observed: print it with `safeJson`. */
export function whatIfJson(change: WhatIfChange, hosts: readonly HostRecord[]): object {
  return {
    schema: SCHEMA,
    change,
    hosts: judge(change, hosts).map(({ host, consequence }) => ({
      id: host.id,
      name: hostName(host),
      address: firstAddress(host),
      verdict: consequence.kind,
      why: consequence.kind === 'works' ? null : consequence.why,
    })),
  };
}

const ORDER: readonly Consequence['kind'][] = ['breaks', 'unknown', 'works'];

/** Hosts that would break first, then those of which it is not known; by address. */
function judge(change: WhatIfChange, hosts: readonly HostRecord[]): Judged[] {
  return [...hosts]
    .sort(byAddress)
    .map((host) => ({ host, consequence: whatIf(change, host.facts) }))
    .sort((a, b) => ORDER.indexOf(a.consequence.kind) - ORDER.indexOf(b.consequence.kind));
}

function hostsOf(
  kind: 'breaks' | 'unknown',
  judged: readonly Judged[],
  page: Pick<View, 'color' | 'width'>,
): string[] {
  return judged.flatMap(({ host, consequence }) =>
    consequence.kind === kind
      ? [`${hostLine(host, page)}\n${wrap(`${visible(consequence.why)}.`, page.width, '    ')}`]
      : [],
  );
}

function hostLine(host: HostRecord, page: Pick<View, 'color'>): string {
  const name = hostName(host);
  const address = firstAddress(host);
  const words = [
    paint(visible(name), ['bold'], page),
    ...(address === null || address === name ? [] : [address]),
    ...(host.present ? [] : [paint('gone', ['dim'], page)]),
  ];
  return `  ${words.join('  ')}`;
}

function section(
  title: string,
  style: readonly Style[],
  hosts: readonly string[],
  page: Pick<View, 'color'>,
): string {
  return hosts.length === 0 ? '' : `${paint(title, style, page)}\n${hosts.join('\n')}`;
}
