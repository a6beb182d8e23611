import type { RecordedChange } from '../../domain/change.ts';
import { compareSeverity, type Finding } from '../../domain/finding.ts';
import { type HostRecord, hostName, type VendorOf } from '../../domain/host.ts';
import type { SkippedSubnet } from '../../domain/target.ts';
import { visible } from '../../domain/text.ts';
import type { SweepReport } from '../sweep/report.ts';
import { hostBlock, openFindings, titleLine } from './host.ts';
import { severitiesInWords } from './hosts.ts';
import { speaksSmb } from './posture.ts';
import { addressCount, count, paint, type View, wrap } from './text.ts';
import { elapsedText } from './time.ts';

export interface SweepShown {
  readonly report: SweepReport;
  /** Subnets of this machine that were left alone, with the reason. */
  readonly skipped: readonly SkippedSubnet[];
  readonly brokerConfigured: boolean;
  readonly vendorOf: VendorOf;
}

const MOST_COLUMNS = 100;

/** The report of one sweep: a block per host that shows something, one line for each other, changes, and what to do next. */
export function sweepText(shown: SweepShown, view: View): string {
  const { report, skipped, brokerConfigured, vendorOf } = shown;
  const { sweep, hosts, changes } = report;
  const [exposed, quiet] = partition(hosts, (host) => openFindings(host).length > 0 || speaksSmb(host.facts));
  const sections = [
    headline(report, view),
    ...exposed.map((host) => hostBlock(host, view, vendorOf)),
    quietLines(quiet, view, vendorOf),
    changeLines(changes, view),
    skipped.map((each) => `Not swept: ${each.cidr} on ${each.interface} (${each.reason})`).join('\n'),
    sweep.suspect === null
      ? ''
      : paint(`This sweep is not to be believed: ${sweep.suspect}. Nothing was resolved.`, ['yellow'], view),
    [closing(report), brokerLine(brokerConfigured, view)].filter((line) => line !== '').join('\n'),
    nextSteps(hosts, view),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function partition<Each>(all: readonly Each[], test: (each: Each) => boolean): [Each[], Each[]] {
  return [all.filter(test), all.filter((each) => !test(each))];
}

function headline({ sweep }: SweepReport, view: View): string {
  if (sweep.targets.length === 0) {
    const text =
      'No private subnet is attached, so only this machine was looked at. Name one with `--subnet 192.168.1.0/24`, ' +
      'or see a simulated network with `npm run demo`.';
    return wrap(text, Math.min(view.width, MOST_COLUMNS));
  }
  return paint(`Sweep ${sweep.id} of ${sweep.targets.join(', ')} at level ${sweep.level}`, ['dim'], view);
}

function quietLines(hosts: readonly HostRecord[], view: View, vendorOf: VendorOf): string {
  if (hosts.length === 0) return '';
  const title = paint(`${count(hosts.length, 'host')} without NetBIOS or SMB`, ['bold'], view);
  const indented = { ...view, color: false, width: view.width - 2 };
  return [title, ...hosts.map((host) => `  ${titleLine(host, indented, vendorOf)}`)].join('\n');
}

const MOST_CHANGES = 12;
const TOLD_ABOVE = ['baseline', 'fact_changed'];

/** What is new since the last sweep; a baseline repeats the report and is left out. */
function changeLines(changes: readonly RecordedChange[], view: View): string {
  if (changes.some(({ type }) => type === 'baseline')) return '';
  const told = changes.filter(({ type }) => !TOLD_ABOVE.includes(type));
  if (told.length === 0) return '';
  const more = told.length - MOST_CHANGES;
  return [
    paint('Since the last sweep', ['bold'], view),
    ...told.slice(0, MOST_CHANGES).map(({ summary }) => `  ${visible(summary)}`),
    ...(more > 0 ? [`  and ${more} more: smbwarden history`] : []),
  ].join('\n');
}

function closing({ sweep, hosts }: SweepReport): string {
  const findings = hosts.flatMap(openFindings);
  const words =
    findings.length === 0
      ? 'no findings'
      : `${count(findings.length, 'finding')} (${severitiesInWords(findings.map(({ severity }) => severity))})`;
  const coverage = `${count(sweep.hostsUp, 'host')} of ${addressCount(sweep.addresses)} answered`;
  const end = sweep.complete ? 'Complete' : 'Incomplete: some addresses were not settled';
  return `${coverage}, ${words}. ${end} after ${elapsedText(sweep.durationMs)}.`;
}

function brokerLine(brokerConfigured: boolean, view: View): string {
  return brokerConfigured ? '' : paint('No MQTT broker is configured: nothing was published.', ['dim'], view);
}

/** What to do about the worst finding. */
function nextSteps(hosts: readonly HostRecord[], view: View): string {
  const worst = hosts
    .flatMap((host) => openFindings(host).map((finding) => ({ host, finding })))
    .sort((a, b) => compareSeverity(b.finding.severity, a.finding.severity))[0];
  if (worst === undefined) return '';
  const steps = stepsFor(worst.finding, worst.host);
  const widest = Math.max(...steps.map(([command]) => command.length));
  return [
    paint('Next', ['bold'], view),
    ...steps.map(([command, what]) => `  ${command.padEnd(widest)}  ${paint(what, ['dim'], view)}`),
  ].join('\n');
}

function stepsFor(finding: Finding, host: HostRecord): [string, string][] {
  return [
    [`smbwarden explain ${finding.rule}`, 'what it means and how to fix it'],
    [`smbwarden finding ${finding.id}`, `the evidence on ${visible(hostName(host))}`],
  ];
}
