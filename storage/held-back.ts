import type { RecordedChange } from '../domain/change.ts';
import type { SecurityEvent } from '../domain/event.ts';
import type { Quarantined, RetainedTopic, SweepRecord } from '../domain/history.ts';
import type { HostId, HostRecord } from '../domain/host.ts';
import type { LedgerEntry } from '../domain/ledger.ts';
import type { RecordedSweep } from '../domain/sweep.ts';

/** More sweeps than this are not held; a day of them, at five minutes each, and some more. */
const MOST_SWEEPS = 500;
/** The number of a sweep or change that the file has not taken yet. */
const NO_NUMBER = 0;

/**
 * What the file could not take, until it can: whole sweeps, oldest first, with the events that announce them, and what
 * else was to be written. Nothing of it outlives the process; the next sweep after a restart then finds the same anew.
 */
export class HeldBack {
  readonly sweeps: SweepRecord[] = [];
  /** Events that were to be added outside a sweep. */
  readonly events: SecurityEvent[] = [];
  /** When the broker acknowledged, milliseconds UTC, by event id. */
  readonly acknowledged = new Map<string, number>();
  /** Ids of events in the file that have left the outbox. */
  readonly removed = new Set<string>();
  /** Retained topics as they are now; null: no longer ours. */
  readonly retained = new Map<string, RetainedTopic | null>();
  /** Hosts as the held sweeps left them. */
  readonly #hosts = new Map<HostId, HostRecord>();
  #lost = 0;

  isEmpty(): boolean {
    const { sweeps, events, acknowledged, removed, retained } = this;
    return sweeps.length + events.length + acknowledged.size + removed.size + retained.size === 0;
  }

  /** Sweeps that had to be given up because too many were held. */
  get lost(): number {
    return this.#lost;
  }

  /** Keeps a sweep in memory, and tells of it as if it had been recorded, without numbers. */
  holdSweep(record: SweepRecord): { sweep: RecordedSweep; changes: readonly RecordedChange[] } {
    const ledger = summedUp([...this.#slimLast(), ...(record.ledger ?? [])]);
    this.sweeps.push({ ...record, ledger });
    for (const { host } of record.updates) this.#hosts.set(host.id, host);
    if (this.sweeps.length > MOST_SWEEPS) this.#giveOneUp();
    const changes = [...record.changes, ...record.updates.flatMap((update) => update.changes)];
    return {
      sweep: { ...record.summary, id: NO_NUMBER },
      changes: changes.map((change) => ({ ...change, id: NO_NUMBER })),
    };
  }

  /** The oldest sweep has been recorded. */
  sweepRecorded(): void {
    this.sweeps.shift();
    if (this.sweeps.length === 0) this.#hosts.clear();
  }

  /** The newest held sweeps, newest first. */
  newestSweeps(limit: number): RecordedSweep[] {
    return this.sweeps
      .slice(-limit)
      .map(({ summary }) => ({ ...summary, id: NO_NUMBER }))
      .reverse();
  }

  /** `stored`, as the held sweeps left them. */
  hostsOver(stored: ReadonlyMap<HostId, HostRecord>): ReadonlyMap<HostId, HostRecord> {
    return this.#hosts.size === 0 ? stored : new Map([...stored, ...this.#hosts]);
  }

  /** What the held sweeps put into quarantine, oldest first. */
  quarantined(): Quarantined[] {
    return this.sweeps.flatMap((sweep) => sweep.quarantined ?? []);
  }

  /** Events that wait in memory, oldest first. */
  waiting(): SecurityEvent[] {
    return [...this.sweeps.flatMap((sweep) => sweep.events), ...this.events];
  }

  /** Lets events in memory go, and what is held about them; the ids of those that are not there. */
  removeEvents(ids: readonly string[]): string[] {
    const leaving = new Set(ids);
    for (const id of leaving) this.acknowledged.delete(id);
    const held = new Set(this.waiting().map((event) => event.id));
    const stays = (event: SecurityEvent) => !leaving.has(event.id);
    for (const [n, sweep] of this.sweeps.entries()) {
      this.sweeps[n] = { ...sweep, events: sweep.events.filter(stays) };
    }
    this.events.splice(0, this.events.length, ...this.events.filter(stays));
    return ids.filter((id) => !held.has(id));
  }

  /**
   * Of a sweep that is no longer the last, hosts that did not change need not be kept. Its ledger, which is returned, goes
   * on with the next one: it is the largest part of a sweep, and sums up to little.
   */
  #slimLast(): readonly LedgerEntry[] {
    const last = this.sweeps.at(-1);
    if (last === undefined) return [];
    const updates = last.updates.filter(
      (update) =>
        update.isNew ||
        update.changes.length > 0 ||
        update.changedFindings.length > 0 ||
        Object.keys(update.changedFacts).length > 0,
    );
    this.sweeps[this.sweeps.length - 1] = { ...last, updates, ledger: [] };
    return last.ledger ?? [];
  }

  /** The oldest sweep that taught nothing, else the oldest. */
  #giveOneUp(): void {
    const dull = this.sweeps.findIndex(
      ({ updates, changes, events }) => updates.length + changes.length + events.length === 0,
    );
    this.sweeps.splice(Math.max(0, dull), 1);
    this.#lost += 1;
  }
}

/** The entries, those of the same day, address, port and probe added up. */
function summedUp(entries: readonly LedgerEntry[]): LedgerEntry[] {
  const sums = new Map<string, LedgerEntry>();
  for (const entry of entries) {
    const key = [entry.day, entry.address, entry.transport, entry.port, entry.probe].join(' ');
    const { connections = 0, datagrams = 0, bytes = 0 } = sums.get(key) ?? {};
    sums.set(key, {
      ...entry,
      connections: connections + entry.connections,
      datagrams: datagrams + entry.datagrams,
      bytes: bytes + entry.bytes,
    });
  }
  return [...sums.values()];
}
