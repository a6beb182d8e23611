import type { Finding } from '../../domain/finding.ts';
import { type HostRecord, hostName } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import { decisionObject, detailedFinding } from './json.ts';
import type { View } from './text.ts';
import { localTime, relativeTime } from './time.ts';

/** What a command of the owner has left behind, one line each: `NAS: SMB 1 is accepted (f_3k2m9q): acknowledged`. */

const SCHEMA = 1;
/** Seven days from when the command was given are still seven days when its report is written. */
const COMMAND_TAKES_MS = 10_000;

/** How a finding stands after `ack` and `unack`. */
export function findingLine(host: HostRecord, finding: Finding, view: View): string {
  const what = `${visible(hostName(host))}: ${finding.title} (${finding.id})`;
  const { acknowledged } = finding;
  if (acknowledged === null) return `${what}: ${finding.state}`;
  const { until, note } = acknowledged;
  return `${what}: acknowledged${endText(until, view)}${note === null ? '' : `: ${visible(note)}`}`;
}

/** Whether a host is ignored, after `ignore` and `unignore`. */
export function ignoredLine(host: HostRecord, view: View): string {
  const name = visible(hostName(host));
  if (host.ignored === null) return `${name}: not ignored`;
  return `${name}: ignored${endText(host.ignored.until, view)}. It is still asked and recorded, but raises no alert`;
}

/** ` until 2027-06-01 00:00 (in 191 days)`, or nothing where there is no end. */
function endText(until: number | null, view: View): string {
  if (until === null) return '';
  return ` until ${localTime(until, view)} (${relativeTime(until + COMMAND_TAKES_MS, view.now)})`;
}

/** `ack --json` and `unack --json`. `changed` false: it was so already. */
export function findingsDecidedJson(
  changed: boolean,
  found: readonly { readonly host: HostRecord; readonly finding: Finding }[],
): object {
  const findings = found.map(({ host, finding }) => detailedFinding(host, finding));
  return { schema: SCHEMA, changed, findings };
}

/** `ignore --json` and `unignore --json`. */
export function hostDecidedJson(changed: boolean, host: HostRecord): object {
  const ignored = host.ignored === null ? null : decisionObject(host.ignored);
  return { schema: SCHEMA, changed, host: { id: host.id, name: hostName(host), ignored } };
}
