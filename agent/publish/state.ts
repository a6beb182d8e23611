import { ruleOf } from '../../domain/assess.ts';
import { type Facts, provenDialects, smbPorts, toldName, workgroup } from '../../domain/facts.ts';
import { compareSeverity, type Finding, type RuleId, type Severity, worst } from '../../domain/finding.ts';
import { firstAddress, type HostRecord, hostName } from '../../domain/host.ts';
import { compareTexts } from '../../domain/order.ts';
import { sharesWithoutPassword } from '../../domain/passwordless.ts';
import { plain } from '../../domain/text.ts';
import type { Picture } from './publisher.ts';

/** A yes, a no, or null for unknown, as Home Assistant reads it. Unknown is never "OFF". */
export type Verdict = 'ON' | 'OFF' | null;

/** The rules whose verdicts are facts of the host device. */
const CHECKS: readonly RuleId[] = [
  'smb1-enabled',
  'smb-signing-not-required',
  'netbios-name-service-exposed',
];
const MOST_FINDINGS = 25;
const FINDINGS_BYTES = 12 * 1024;
const ATTRIBUTES_BYTES = 8 * 1024;
const MOST_NAMES = 8;
const MOST_SHARES = 20;

/** The agent's state as JSON: every key always there, null for what is not known, times to the second. */
export function agentState(picture: Picture): string {
  const hosts = [...picture.hosts.values()];
  const open = hosts.flatMap(openFindings);
  const heeded = hosts.filter((host) => !isMuted(host)).flatMap(openFindings);
  const sweep = picture.lastSweep;
  return JSON.stringify({
    v: 1,
    status: picture.status,
    exposure: sweep === null ? null : verdict(heeded.some((each) => alerts(each, picture.alertThreshold))),
    problem: verdict(picture.problem !== null),
    open_findings: open.length,
    unacknowledged: heeded.filter((each) => each.state === 'open').length,
    highest_severity: worst(heeded.map((each) => each.severity)) ?? 'none',
    hosts_online: hosts.filter((host) => host.present).length,
    hosts_smb: hosts.filter((host) => smbPorts(host.facts).length > 0).length,
    hosts_smb1: hosts.filter((host) => verdictOf(host, 'smb1-enabled') === 'ON').length,
    hosts_netbios: hosts.filter((host) => speaksNetbios(host.facts)).length,
    sweeps_enabled: verdict(picture.sweepsEnabled),
    sweep_interval: picture.sweepIntervalMinutes,
    alert_threshold: picture.alertThreshold,
    last_sweep: sweep === null ? null : isoTime(sweep.finishedAt),
    sweep_duration: sweep === null ? null : Math.round(sweep.durationMs / 100) / 10,
    next_sweep: picture.nextSweepAt === null ? null : isoTime(picture.nextSweepAt),
  });
}

/** What hardly ever changes, as JSON. */
export function agentInfo(
  picture: Picture,
  agent: { readonly id: string; readonly version: string },
): string {
  return JSON.stringify({
    v: 1,
    agent: agent.id,
    version: agent.version,
    subnets: picture.targets,
    interfaces: picture.interfaces ?? null,
    capabilities: ['sweep', 'recheck', 'acknowledge', 'ignore', 'settings'],
    set_at_run_time: settingsSet(picture),
  });
}

/** Of the settings that Home Assistant offers, those whose value is not the configuration's. */
function settingsSet({ sweepsEnabled, setAtRunTime: { sweepInterval, alertThreshold } }: Picture) {
  return {
    ...(sweepsEnabled ? {} : { sweeps_enabled: 'OFF' }),
    ...(sweepInterval === undefined ? {} : { sweep_interval: sweepInterval }),
    ...(alertThreshold === undefined ? {} : { alert_threshold: alertThreshold }),
  };
}

/** The worst open findings of all hosts as JSON: at most 25 and 12 KiB; `truncated` tells that some are missing. */
export function agentFindings(picture: Picture): string {
  const all = [...picture.hosts.values()]
    .flatMap((host) => openFindings(host).map((finding) => ({ host, finding })))
    .sort((a, b) => Number(isMuted(a.host)) - Number(isMuted(b.host)) || byWeight(a.finding, b.finding));
  const rows = all.slice(0, MOST_FINDINGS).map(({ host, finding }) => ({
    ...findingRow(finding),
    ignored: isMuted(host),
    host_id: host.id,
    host_name: plain(hostName(host)),
    ip: firstAddress(host),
  }));
  return fitting(rows, FINDINGS_BYTES, (findings) => ({ findings, truncated: findings.length < all.length }));
}

/** One host's state as JSON. `lastSeenAt` (milliseconds UTC) is what is shown, which may be older than what is known. */
export function hostState(host: HostRecord, threshold: Severity, lastSeenAt: number): string {
  const open = openFindings(host);
  return JSON.stringify({
    v: 1,
    exposure: hostExposure(host, threshold),
    severity: (isMuted(host) ? null : worst(open.map((each) => each.severity))) ?? 'none',
    findings: open.length,
    smb1: verdictOf(host, 'smb1-enabled'),
    signing_optional: verdictOf(host, 'smb-signing-not-required'),
    guest_access: guestAccess(host),
    netbios: verdictOf(host, 'netbios-name-service-exposed'),
    reachable: verdict(host.present),
    ip_address: firstAddress(host),
    dialect: provenDialects(host.facts).at(-1) ?? null,
    last_seen: isoTime(lastSeenAt),
    ignore: verdict(isMuted(host)),
  });
}

/** On where any share is given away, off where none is; null while either is unknown. */
function guestAccess(host: HostRecord): 'ON' | 'OFF' | null {
  const verdicts = [verdictOf(host, 'smb-guest-readable-share'), verdictOf(host, 'smb-guest-writable-share')];
  if (verdicts.includes('ON')) return 'ON';
  return verdicts.includes(null) ? null : 'OFF';
}

/** One host's details as JSON, at most 8 KiB, stable data only. `shares` null: not asked, or not told. */
export function hostAttributes(host: HostRecord): string {
  const rows = openFindings(host).sort(byWeight).map(findingRow);
  return fitting(rows, ATTRIBUTES_BYTES, (findings) => ({
    mac: host.mac,
    first_seen: isoTime(host.firstSeenAt),
    names: harmlessNames(host.facts),
    workgroup: harmless(workgroup(host.facts)),
    shares: shareNames(host.facts),
    findings,
  }));
}

/** Milliseconds UTC as `2026-11-21T22:41:05+00:00`. */
export function isoTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}+00:00`;
}

function findingRow(finding: Finding) {
  return {
    id: finding.id,
    rule: finding.rule,
    severity: finding.severity,
    title: plain(finding.title),
    since: isoTime(finding.openedAt),
    acknowledged: finding.state === 'acknowledged',
  };
}

/** JSON with as many of `rows` from the front as fit into `limit` bytes. */
function fitting<Row>(rows: readonly Row[], limit: number, shape: (rows: readonly Row[]) => object): string {
  for (let count = rows.length; count > 0; count -= 1) {
    const json = JSON.stringify(shape(rows.slice(0, count)));
    if (byteLength(json) <= limit) return json;
  }
  return JSON.stringify(shape([]));
}

/** Length in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Worst first, then those nobody has acknowledged, then the newest. */
function byWeight(a: Finding, b: Finding): number {
  return (
    compareSeverity(b.severity, a.severity) ||
    Number(a.state === 'acknowledged') - Number(b.state === 'acknowledged') ||
    b.openedAt - a.openedAt ||
    compareTexts(a.id, b.id)
  );
}

/** Acknowledged findings are open too. */
function openFindings(host: HostRecord): Finding[] {
  return host.findings.filter((finding) => finding.state !== 'resolved');
}

function alerts(finding: Finding, threshold: Severity): boolean {
  return finding.state === 'open' && compareSeverity(finding.severity, threshold) >= 0;
}

/** Ignored by the owner. What ends by itself is recorded as ended when its time comes, so the end is not looked at. */
function isMuted(host: HostRecord): boolean {
  return host.ignored !== null;
}

/** Unknown only where nothing is open and some check has no answer. */
function hostExposure(host: HostRecord, threshold: Severity): Verdict {
  const open = openFindings(host);
  if (open.length > 0) return verdict(!isMuted(host) && open.some((each) => alerts(each, threshold)));
  return CHECKS.some((rule) => verdictOf(host, rule) === null) ? null : 'OFF';
}

/** What a rule last said of the host: its finding knows; without one, the rule judges what is known. */
function verdictOf(host: HostRecord, rule: RuleId): Verdict {
  const finding = host.findings.find((each) => each.rule === rule);
  if (finding !== undefined) return verdict(finding.state !== 'resolved');
  const { answer } = ruleOf(rule).judge(host.facts, host.lastSeenAt);
  return answer === 'unknown' ? null : verdict(answer === 'yes');
}

function speaksNetbios(facts: Facts): boolean {
  return (facts['netbios.names'] ?? null) !== null || facts['netbios.session'] !== undefined;
}

function harmlessNames(facts: Facts): string[] {
  const names = [
    toldName(facts),
    ...(facts['netbios.names'] ?? []).filter((e) => !e.group).map((e) => e.name),
  ];
  return [...new Set(names.flatMap((name) => harmless(name) ?? []))].slice(0, MOST_NAMES);
}

/** What sessions without a password are told, in the server's order. */
function shareNames(facts: Facts): string[] | null {
  const shares = sharesWithoutPassword(facts) ?? null;
  return shares === null ? null : shares.slice(0, MOST_SHARES).map(({ name }) => plain(name));
}

function harmless(text: string | null): string | null {
  return text === null ? null : plain(text);
}

function verdict(yes: boolean): 'ON' | 'OFF' {
  return yes ? 'ON' : 'OFF';
}
