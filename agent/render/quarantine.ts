import type { Quarantined } from '../../domain/history.ts';
import { type HostId, type HostRecord, hostName } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import { quarantinedObject } from './json.ts';
import { tableText } from './table.ts';
import { cell, type View } from './text.ts';
import { localTime } from './time.ts';

const SCHEMA = 1;

/** `quarantine`: the probes that are held back as a table, in the order given. */
export function quarantineText(
  quarantine: readonly Quarantined[],
  hosts: ReadonlyMap<HostId, HostRecord>,
  view: View,
): string {
  if (quarantine.length === 0) return 'No probe is held back from any host.';
  const rows = quarantine.map(({ hostId, probe, since, reason }) => [
    cell(nameIn(hosts, hostId), 'bold'),
    cell(probe),
    cell(localTime(since, view)),
    cell(reason),
  ]);
  const columns = [
    { title: 'HOST', shrinkTo: 12 },
    { title: 'PROBE' },
    { title: 'SINCE', dropped: 1 },
    { title: 'REASON', shrinkTo: 20 },
  ];
  return `${tableText(columns, rows, view)}\n\nLift one with: smbwarden quarantine lift HOST [PROBE]`;
}

/** `quarantine --json`, in the order given. */
export function quarantineJson(
  quarantine: readonly Quarantined[],
  hosts: ReadonlyMap<HostId, HostRecord>,
): object {
  return {
    schema: SCHEMA,
    quarantine: quarantine.map((each) => ({
      ...quarantinedObject(each),
      hostName: nameIn(hosts, each.hostId),
    })),
  };
}

/** What is still held back from the host after `quarantine lift`. */
export function liftedLine(host: HostRecord, left: readonly Quarantined[]): string {
  const name = visible(hostName(host));
  if (left.length === 0) return `${name}: no probe is held back`;
  return `${name}: still held back: ${left.map(({ probe }) => visible(probe)).join(', ')}`;
}

/** `quarantine lift --json`. `changed` false: it was so already. */
export function liftedJson(changed: boolean, host: HostRecord, left: readonly Quarantined[]): object {
  const quarantine = left.map(quarantinedObject);
  return { schema: SCHEMA, changed, host: { id: host.id, name: hostName(host), quarantine } };
}

function nameIn(hosts: ReadonlyMap<HostId, HostRecord>, id: HostId): string {
  const host = hosts.get(id);
  return host === undefined ? id : hostName(host);
}
