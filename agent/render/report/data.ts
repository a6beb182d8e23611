import { PLATFORMS, type Platform } from '../../../domain/advice.ts';
import type { RecordedChange } from '../../../domain/change.ts';
import { type Span, type WorstBand, worstBands } from '../../../domain/exposure.ts';
import { compareSeverity, type Finding, type Severity, worst, worstFirst } from '../../../domain/finding.ts';
import { firstAddress, type HostRecord, hostName, type VendorOf } from '../../../domain/host.ts';
import { platformOf } from '../../../domain/platform.ts';
import { type Presence, presenceRuns } from '../../../domain/runs.ts';
import type { RecordedSweep } from '../../../domain/sweep.ts';
import { type HostHistory, type Track, timelineOf } from '../../../domain/timeline.ts';

/** Everything that a report tells, read from the history in one go. */
export interface ReportData {
  readonly agent: { readonly id: string | null; readonly version: string };
  /** What the report is about; `to` is the moment at which it was made. */
  readonly span: Span;
  /** Every known host, with all its changes and intervals. */
  readonly hosts: readonly HostHistory[];
  /** Those of the span, newest first. */
  readonly changes: readonly RecordedChange[];
  /** Those of the span, checks included, newest first. */
  readonly sweeps: readonly RecordedSweep[];
  /** From when on every sweep is kept; of a day before that there is only one. */
  readonly everySweepSince: number;
  readonly vendorOf: VendorOf;
}

/** One host as the report shows it. */
export interface HostView {
  readonly host: HostRecord;
  /** A stranger's text, not yet made harmless. */
  readonly name: string;
  readonly vendor: string | null;
  /** Kinds of machine that the host can be, by the platforms of the advice; none: no telling. */
  readonly platforms: readonly Platform[];
  /** Not resolved, worst first. */
  readonly open: readonly Finding[];
  /** Worst severity that is open now; null: nothing is. */
  readonly worst: Severity | null;
  /** Worst severity over the span, oldest first. */
  readonly worstBands: readonly WorstBand[];
  readonly there: readonly Span[];
  readonly away: readonly Span[];
  readonly tracks: readonly Track[];
}

/** The hosts that were known in the span, worst first, those of the same severity by number of findings and address. */
export function hostViews({ hosts, span, vendorOf }: ReportData): readonly HostView[] {
  return hosts.map((history) => viewOf(history, span, vendorOf)).sort(byUrgency);
}

function viewOf(history: HostHistory, span: Span, vendorOf: VendorOf): HostView {
  const { host } = history;
  const open = worstFirst(host.findings.filter(({ state }) => state !== 'resolved'));
  return {
    host,
    name: hostName(host),
    vendor: host.mac === null ? null : vendorOf(host.mac),
    platforms: platformsOf(platformOf(host, vendorOf)),
    open,
    worst: worst(open.map(({ severity }) => severity)),
    worstBands: worstBands(history, span),
    there: presenceSpans(history, 'there', span),
    away: presenceSpans(history, 'away', span),
    tracks: timelineOf(history, span),
  };
}

/** The ways to change a setting on one kind of machine: Windows has several, and this machine is a Samba where it serves. */
function platformsOf(platform: Platform | null): readonly Platform[] {
  if (platform === null) return [];
  if (platform === 'This machine') return ['This machine', 'Samba'];
  return platform.startsWith('Windows') ? PLATFORMS.filter((each) => each.startsWith('Windows')) : [platform];
}

function presenceSpans(
  { host, changes }: HostHistory,
  presence: Presence,
  { from, to }: Span,
): readonly Span[] {
  return presenceRuns(host, changes)
    .filter(({ value }) => value === presence)
    .map(({ since, until }) => ({ from: Math.max(since, from), to: Math.min(until ?? to, to) }))
    .filter((each) => each.from < each.to);
}

function byUrgency(a: HostView, b: HostView): number {
  return (
    urgency(b) - urgency(a) ||
    b.open.length - a.open.length ||
    b.worstBands.length - a.worstBands.length ||
    addressOrder(a).localeCompare(addressOrder(b), 'en', { numeric: true })
  );
}

function urgency({ worst: severity }: HostView): number {
  return severity === null ? -1 : compareSeverity(severity, 'info');
}

function addressOrder({ host }: HostView): string {
  return firstAddress(host) ?? host.id;
}

/** Was a finding open on the host at any time in the span? */
export function hadFindings({ worstBands }: HostView): boolean {
  return worstBands.length > 0;
}

/** Can the host be pointed to within the page? Its id is ours, and safe as a fragment. */
export function hostAnchor({ id }: Pick<HostRecord, 'id'>): string {
  return `host-${id}`;
}
