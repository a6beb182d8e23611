import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '../../domain/ledger.ts';
import { openTestStorage } from '../support/open-database.ts';
import { firstSight, firstSweep, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleHost } from '../support/samples.ts';

const DAY_MS = 86_400_000;
const ID = 'h001132aabbcc';

function entry(overrides: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    day: '2026-11-21',
    hostId: ID,
    address: '192.168.1.21',
    transport: 'tcp',
    port: 445,
    probe: 'smb-dialects',
    connections: 1,
    datagrams: 0,
    bytes: 180,
    ...overrides,
  };
}

/** A history of one host, and a way to record that something was sent. */
function ledgerOf(...sweeps: readonly (readonly LedgerEntry[])[]) {
  const { history } = openTestStorage();
  history.recordSweep(firstSweep());
  for (const [n, ledger] of sweeps.entries()) {
    history.recordSweep({ ...sweepOf(SAMPLE_TIME + n), ledger });
  }
  return history;
}

describe('the ledger', () => {
  it('sums up a day by address, port and probe', () => {
    const nobody = entry({
      hostId: null,
      address: null,
      transport: 'udp',
      port: 137,
      datagrams: 506,
      bytes: 25_300,
    });
    const history = ledgerOf([entry(), nobody], [entry({ connections: 2, bytes: 20 }), nobody]);
    expect(history.ledger({})).toEqual([
      { ...nobody, connections: 2, datagrams: 1012, bytes: 50_600 },
      entry({ connections: 3, bytes: 200 }),
    ]);
  });

  it('shows the newest day first, of one host, and between two moments', () => {
    const days = ['2026-11-20', '2026-11-21', '2026-11-22'].map((day) => entry({ day }));
    const history = ledgerOf([...days, entry({ hostId: null, address: null })]);
    const daysOf = (filter: object) => history.ledger(filter).map(({ day }) => day);
    expect(daysOf({ hostId: ID })).toEqual(['2026-11-22', '2026-11-21', '2026-11-20']);
    expect(daysOf({ hostId: ID, since: SAMPLE_TIME })).toEqual(['2026-11-22', '2026-11-21']);
    expect(daysOf({ since: SAMPLE_TIME - DAY_MS, until: SAMPLE_TIME - DAY_MS })).toEqual(['2026-11-20']);
    expect(daysOf({ hostId: 'h000000000000' })).toEqual([]);
  });

  it('gives an address to the host that was met there last', () => {
    const history = ledgerOf([entry()]);
    const other = sampleHost({ id: 'u0123456789ab', findings: [] });
    history.recordSweep({
      ...sweepOf(SAMPLE_TIME, [firstSight(other)]),
      ledger: [entry({ hostId: other.id })],
    });
    expect(history.ledger({})).toEqual([entry({ hostId: other.id, connections: 2, bytes: 360 })]);
  });
});

describe('the quarantine', () => {
  const quarantined = (probe: string, since: number) => ({
    hostId: ID,
    probe,
    since,
    reason: `${probe} hurt it`,
  });

  it('outlasts the process, and a second harm does not make it younger', () => {
    const history = ledgerOf();
    const [first, second] = [quarantined('smb1', SAMPLE_TIME), quarantined('nbstat', SAMPLE_TIME + 5)];
    history.recordSweep({ ...sweepOf(SAMPLE_TIME), quarantined: [first, second] });
    history.recordSweep({ ...sweepOf(SAMPLE_TIME), quarantined: [quarantined('smb1', SAMPLE_TIME + 9)] });
    expect(history.quarantine()).toEqual([first, second]);
  });

  it('is lifted for one probe, or for all of a host', () => {
    const history = ledgerOf();
    const all = [quarantined('a', 1), quarantined('b', 2), quarantined('c', 3)];
    history.recordSweep({ ...sweepOf(SAMPLE_TIME), quarantined: all });
    expect(history.liftQuarantine(ID, 'b')).toEqual([all[1]]);
    expect(history.liftQuarantine('h000000000000', null)).toEqual([]);
    expect(history.liftQuarantine(ID, null)).toEqual([all[0], all[2]]);
    expect(history.quarantine()).toEqual([]);
  });
});

describe('the log of commands', () => {
  it('keeps what was given by whom with what outcome, newest first', () => {
    const { commands } = openTestStorage();
    const given = [
      { at: SAMPLE_TIME, source: 'cli', command: 'ack', args: { id: 'f_3k2m9q' }, outcome: 'done' },
      { at: SAMPLE_TIME + 1, source: 'mqtt', command: 'pause', args: null, outcome: 'done' },
    ] as const;
    for (const each of given) commands.add(each);
    expect(commands.newest(9)).toEqual(given.toReversed());
    expect(commands.newest(1)).toEqual([given[1]]);
  });
});
