import type { Severity } from '../../domain/finding.ts';
import type { Quarantined } from '../../domain/history.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';
import { visible } from '../../domain/text.ts';
import type { DaemonStatus } from '../commands/context.ts';
import type { LinkState } from '../publish/publisher.ts';
import { count, grouped, paint, SEVERITY_STYLE, type View } from './text.ts';
import { elapsedText, localTime, relativeTime } from './time.ts';

export interface Status {
  readonly agent: { readonly id: string | null; readonly version: string };
  /** null: no daemon answers. */
  readonly daemon: DaemonStatus | null;
  readonly lastSweep: RecordedSweep | null;
  /** As a person would say it: `every 15 minutes`. */
  readonly cadence: string;
  /** Scheduled sweeps are held; `until` in milliseconds UTC, null: until the owner says so. null: they are not held. */
  readonly pause: { readonly until: number | null } | null;
  /** What counts of the settings that can be changed at run time, and those that were. */
  readonly inForce: {
    /** Minutes. */
    readonly sweepInterval: number;
    /** The cron pattern that counts instead; null: the interval does. */
    readonly schedule: string | null;
    readonly alertThreshold: Severity;
    readonly setAtRunTime: { readonly sweepInterval?: number; readonly alertThreshold?: Severity };
  };
  readonly hostsKnown: number;
  readonly hostsPresent: number;
  readonly mqtt: LinkState;
  /** When quiet hours and maintenance end that count now, milliseconds UTC; null: none count. */
  readonly quietUntil: number | null;
  readonly maintenanceUntil: number | null;
  /** Probes that are held back from hosts. */
  readonly quarantine: readonly Quarantined[];
  /** Findings that are not resolved. */
  readonly findings: Readonly<Record<Severity, number>>;
}

const LABEL_WIDTH = 12;

/** `status` for people: one fact per line. */
export function statusText(status: Status, view: View): string {
  const lines = [
    ['agent', agentWords(status)],
    ...(status.daemon?.problem ? [['problem', visible(status.daemon.problem)]] : []),
    ['last sweep', lastSweepWords(status.lastSweep, view)],
    ['next sweep', nextSweepWords(status, view)],
    ['coverage', coverageWords(status)],
    ['alerts', alertWords(status, view)],
    ['MQTT', mqttWords(status.mqtt, status.daemon !== null)],
    ['findings', findingsWords(status.findings, view)],
    ...(status.quarantine.length === 0 ? [] : [['quarantine', quarantineWords(status.quarantine)]]),
  ] as const;
  return lines
    .map(([label = '', words = '']) => `${paint(label.padEnd(LABEL_WIDTH), ['dim'], view)}${words}`)
    .join('\n');
}

function agentWords({ agent, daemon }: Status): string {
  const running = daemon === null ? 'no daemon is running' : `daemon ${daemon.status} (pid ${daemon.pid})`;
  const id = agent.id === null ? '' : ` ${agent.id},`;
  return `smbwarden ${agent.version},${id} ${running}`;
}

function lastSweepWords(sweep: RecordedSweep | null, view: View): string {
  if (sweep === null) return 'none yet';
  const state = sweep.complete ? 'complete' : 'incomplete';
  const doubt = sweep.suspect === null ? '' : `, suspect: ${visible(sweep.suspect)}`;
  return `${localTime(sweep.startedAt, view)} (${relativeTime(sweep.startedAt, view.now)}), ${state} in ${elapsedText(sweep.durationMs)}${doubt}`;
}

function nextSweepWords({ daemon, cadence, pause, maintenanceUntil }: Status, view: View): string {
  if (pause !== null) return `${pauseText(pause, view)}; then ${cadence}`;
  if (maintenanceUntil !== null)
    return `after maintenance, ${localTime(maintenanceUntil, view)}; then ${cadence}`;
  if (daemon === null) return `none planned without the daemon; it would sweep ${cadence}`;
  if (daemon.nextSweepAt === null) return `not planned; ${cadence}`;
  return `${localTime(daemon.nextSweepAt, view)} (${relativeTime(daemon.nextSweepAt, view.now)}), ${cadence}`;
}

/** `paused until 2026-12-01 00:00 (in 9 days)`. */
export function pauseText({ until }: { readonly until: number | null }, view: View): string {
  if (until === null) return 'paused until "smbwarden resume"';
  return `paused until ${localTime(until, view)} (${relativeTime(until, view.now)})`;
}

function alertWords({ inForce: { alertThreshold, setAtRunTime }, quietUntil }: Status, view: View): string {
  const range = alertThreshold === 'critical' ? 'critical only' : `${alertThreshold} and worse`;
  const set = setAtRunTime.alertThreshold === undefined ? '' : ' (set at run time)';
  const quiet = quietUntil === null ? '' : `; quiet hours, they wait until ${localTime(quietUntil, view)}`;
  return `${range}${set}${quiet}`;
}

function coverageWords({ lastSweep, hostsKnown, hostsPresent }: Status): string {
  const hosts = `${count(hostsKnown, 'host')} known, ${hostsPresent} present`;
  if (lastSweep === null) return hosts;
  const targets = lastSweep.targets.length === 0 ? 'this machine only' : lastSweep.targets.join(', ');
  return `${targets}: ${lastSweep.hostsUp} of ${grouped(lastSweep.addresses)} addresses answered; ${hosts}`;
}

function mqttWords(
  { configured, connected, broker, lastError, outboxSize }: LinkState,
  running: boolean,
): string {
  if (!configured) return 'no broker is configured: alerts go to the log only';
  const waiting = outboxSize === 0 ? '' : `, ${count(outboxSize, 'event')} waiting`;
  const state = running ? (connected ? 'connected to' : 'not connected to') : 'daemon not running, broker';
  const reason = lastError === null ? '' : ` (${visible(lastError)})`;
  const help = running && !connected ? ': see "smbwarden doctor"' : '';
  return `${state} ${visible(broker ?? 'the broker')}${reason}${waiting}${help}`;
}

function quarantineWords(quarantine: readonly Quarantined[]): string {
  const hosts = new Set(quarantine.map(({ hostId }) => hostId)).size;
  return `${count(quarantine.length, 'probe')} held back from ${count(hosts, 'host')}: see "smbwarden quarantine"`;
}

function findingsWords(findings: Status['findings'], view: View): string {
  const words = (['critical', 'high', 'medium', 'low', 'info'] as const)
    .filter((severity) => findings[severity] > 0)
    .map((severity) => paint(`${findings[severity]} ${severity}`, SEVERITY_STYLE[severity], view));
  return words.length === 0 ? 'none open' : `${words.join(', ')} open`;
}
