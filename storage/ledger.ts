import type { Database } from 'better-sqlite3';
import type { LedgerFilter } from '../domain/history.ts';
import { dayOf, type LedgerEntry } from '../domain/ledger.ts';

interface LedgerRow {
  readonly day: string;
  readonly host_id: string | null;
  readonly address: string;
  readonly transport: LedgerEntry['transport'];
  readonly port: number;
  readonly probe: string;
  readonly connections: number;
  readonly datagrams: number;
  readonly bytes: number;
}

/** In place of the addresses at which nobody was met. */
const NOBODY = '';
/** Sorts behind every day. */
const NO_END = '~';

/** The ledger: what was sent, summed up by day, address, port and probe. */
export function ledgerIn(db: Database) {
  // The host that was met at an address last has the row; one that was forgotten meanwhile has none.
  const add = db.prepare<LedgerRow>(`
    INSERT INTO ledger (day, host_id, address, transport, port, probe, connections, datagrams, bytes)
    VALUES (:day, (SELECT id FROM hosts WHERE id = :host_id), :address, :transport, :port, :probe,
      :connections, :datagrams, :bytes)
    ON CONFLICT (day, address, transport, port, probe) DO UPDATE SET
      host_id = coalesce(excluded.host_id, host_id), connections = connections + excluded.connections,
      datagrams = datagrams + excluded.datagrams, bytes = bytes + excluded.bytes`);
  const order = 'ORDER BY day DESC, address, transport, port, probe';
  const all = db.prepare<Period, LedgerRow>(
    `SELECT * FROM ledger WHERE day BETWEEN :first AND :last ${order}`,
  );
  const ofHost = db.prepare<Period & { hostId: string }, LedgerRow>(
    `SELECT * FROM ledger WHERE host_id = :hostId AND day BETWEEN :first AND :last ${order}`,
  );
  return {
    add: (entries: readonly LedgerEntry[]): void => {
      for (const { hostId, address, ...entry } of entries) {
        add.run({ ...entry, host_id: hostId, address: address ?? NOBODY });
      }
    },
    /** Newest day first. */
    find: ({ hostId, since, until }: LedgerFilter): readonly LedgerEntry[] => {
      const first = since === undefined ? '' : dayOf(since);
      const last = until === undefined ? NO_END : dayOf(until);
      const rows = hostId === undefined ? all.all({ first, last }) : ofHost.all({ hostId, first, last });
      return rows.map(toEntry);
    },
  };
}

function toEntry({ host_id, address, ...row }: LedgerRow): LedgerEntry {
  return { ...row, hostId: host_id, address: address === NOBODY ? null : address };
}

interface Period {
  readonly first: string;
  readonly last: string;
}
