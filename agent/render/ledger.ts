import type { HostId, HostRecord } from '../../domain/host.ts';
import { hostName } from '../../domain/host.ts';
import type { LedgerEntry } from '../../domain/ledger.ts';
import { tableText } from './table.ts';
import { cell, count, type View } from './text.ts';

/** What was sent to whom as a table, in the order given, with the sum. */
export function ledgerText(
  entries: readonly LedgerEntry[],
  hosts: ReadonlyMap<HostId, HostRecord>,
  view: View,
): string {
  if (entries.length === 0) return 'Nothing was sent in that time.';
  const rows = entries.map((entry) => {
    const host = entry.hostId === null ? undefined : hosts.get(entry.hostId);
    return [
      cell(entry.day, 'dim'),
      cell(host === undefined ? null : hostName(host), 'bold'),
      cell(entry.address ?? 'where nobody was met'),
      cell(`${entry.transport}/${entry.port}`),
      cell(entry.probe),
      cell(String(entry.connections)),
      cell(String(entry.datagrams)),
      cell(String(entry.bytes)),
    ];
  });
  const table = tableText(
    [
      { title: 'DAY' },
      { title: 'HOST', shrinkTo: 12 },
      { title: 'ADDRESS', dropped: 2 },
      { title: 'PORT' },
      { title: 'PROBE', shrinkTo: 10, dropped: 1 },
      { title: 'CONNECTIONS', align: 'right' },
      { title: 'DATAGRAMS', align: 'right' },
      { title: 'BYTES', align: 'right', dropped: 3 },
    ],
    rows,
    view,
  );
  const sum = (pick: (entry: LedgerEntry) => number) =>
    entries.reduce((total, entry) => total + pick(entry), 0);
  const words = [
    count(
      sum(({ connections }) => connections),
      'connection',
    ),
    count(
      sum(({ datagrams }) => datagrams),
      'datagram',
    ),
    count(
      sum(({ bytes }) => bytes),
      'byte',
    ),
  ];
  return `${table}\n\n${words.join(', ')}`;
}

/** `ledger --json`, in the order given. */
export function ledgerJson(entries: readonly LedgerEntry[]): object {
  return {
    schema: 1,
    entries: entries.map(
      ({ hostId, address, day, transport, port, probe, connections, datagrams, bytes }) => ({
        hostId,
        address,
        day,
        transport,
        port,
        probe,
        connections,
        datagrams,
        bytesSent: bytes,
      }),
    ),
  };
}
