import { describe, expect, it } from 'vitest';
import type { Decision } from '../../domain/decision.ts';
import type { DecisionRecord } from '../../domain/history.ts';
import { openTestStorage } from '../support/open-database.ts';
import { firstSight, firstSweep, seenAgain, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleEvent, sampleFinding, sampleHost } from '../support/samples.ts';

const MINUTE_MS = 60_000;
/** In the middle of a sweep that starts 812 ms before `LATER` and ends then. */
const DURING = SAMPLE_TIME + 15 * MINUTE_MS - 400;
const LATER = SAMPLE_TIME + 15 * MINUTE_MS;
const ID = 'h001132aabbcc';

const DECISION: Decision = {
  at: SAMPLE_TIME + MINUTE_MS,
  until: SAMPLE_TIME + 1e9,
  note: 'until the new NAS',
};

function acknowledging(decision: Decision | null): DecisionRecord {
  const state = decision === null ? 'open' : 'acknowledged';
  const at = decision?.at ?? DURING;
  return {
    findings: [{ id: 'f_3k2m9q', state, acknowledged: decision }],
    changes: [sampleChange({ at, type: 'finding_acknowledged' })],
    events: [sampleEvent({ id: `e-${at}`, type: 'finding_acknowledged' })],
  };
}

function ignoring(decision: Decision | null): DecisionRecord {
  return { hosts: [{ id: ID, ignored: decision }], changes: [], events: [] };
}

function recorded() {
  const storage = openTestStorage();
  storage.history.recordSweep(firstSweep());
  const findings = () => storage.history.hosts().get(ID)?.findings;
  return { ...storage, findings };
}

describe('a decision of the owner', () => {
  it('is kept with its change and its event', () => {
    const { history, outbox, findings } = recorded();
    const changes = history.recordDecision({
      ...acknowledging(DECISION),
      ...{ hosts: [{ id: ID, ignored: DECISION }] },
    });
    expect(changes).toMatchObject([{ id: 3, type: 'finding_acknowledged' }]);
    expect(findings()).toEqual([sampleFinding({ state: 'acknowledged', acknowledged: DECISION })]);
    expect(history.hosts().get(ID)?.ignored).toEqual(DECISION);
    expect(outbox.waiting(9).map((event) => event.type)).toEqual(['finding_opened', 'finding_acknowledged']);
  });

  it('is kept as a whole or not at all', () => {
    const { history, findings } = recorded();
    const record = { ...acknowledging(DECISION), events: [sampleEvent()] };
    expect(() => history.recordDecision(record)).toThrow(/constraint failed/);
    expect(findings()).toEqual([sampleFinding()]);
    expect(history.changes({})).toHaveLength(2);
  });

  it('stands when a sweep goes on that began before it', () => {
    const { history, findings } = recorded();
    const given = { at: DURING, until: null, note: null };
    history.recordDecision(acknowledging(given));
    history.recordDecision(ignoring(given));
    history.recordSweep(sweepOf(LATER, [altered(sampleHost())]));
    expect(findings()).toMatchObject([{ severity: 'critical', state: 'acknowledged', acknowledged: given }]);
    expect(history.hosts().get(ID)?.ignored).toEqual(given);
  });

  it('that was taken back stays so when a sweep goes on that began before', () => {
    const { history, findings } = recorded();
    history.recordDecision(acknowledging(DECISION));
    history.recordDecision(ignoring(DECISION));
    const known = history.hosts().get(ID)!;
    history.recordDecision(acknowledging(null));
    history.recordDecision(ignoring(null));
    history.recordSweep(sweepOf(LATER, [altered(known)]));
    expect(findings()).toMatchObject([{ severity: 'critical', state: 'open', acknowledged: null }]);
    expect(history.hosts().get(ID)?.ignored).toBeNull();
  });

  it('ends when a later sweep says so', () => {
    const { history, findings } = recorded();
    history.recordDecision(acknowledging(DECISION));
    const known = history.hosts().get(ID)!;
    history.recordSweep(sweepOf(LATER, [altered(known, { state: 'open', acknowledged: null })]));
    expect(findings()).toMatchObject([{ state: 'open', acknowledged: null }]);
  });

  it('ends with the finding, although it was given while the sweep was under way', () => {
    const { history, findings } = recorded();
    history.recordDecision(acknowledging({ at: DURING, until: null, note: null }));
    const resolved = { state: 'resolved', resolvedAt: LATER, acknowledged: null } as const;
    history.recordSweep(sweepOf(LATER, [altered(sampleHost(), resolved)]));
    expect(findings()).toMatchObject([{ state: 'resolved', acknowledged: null }]);
  });
});

describe('a host that is forgotten', () => {
  it('takes along everything that is kept about it, and nothing of others', () => {
    const { history } = recorded();
    const other = sampleHost({ id: 'u0123456789ab', findings: [] });
    const sending = {
      transport: 'tcp',
      port: 445,
      probe: 'smb1',
      connections: 1,
      datagrams: 0,
      bytes: 51,
    } as const;
    const entry = (hostId: string, address: string) => ({ ...sending, day: '2026-11-21', hostId, address });
    history.recordSweep({
      ...sweepOf(LATER, [firstSight(other)]),
      ledger: [entry(ID, '192.168.1.21'), entry(other.id, '192.168.1.22')],
      quarantined: [{ hostId: ID, probe: 'smb1', since: LATER, reason: 'it restarted' }],
    });
    expect(history.forgetHost(ID)).toEqual({ facts: 6, findings: 1, changes: 1, ledger: 1, quarantine: 1 });
    expect([...history.hosts().keys()]).toEqual([other.id]);
    expect(history.intervals(ID)).toEqual([]);
    expect(history.changes({ hostId: ID })).toEqual([]);
    expect(history.ledger({})).toEqual([entry(other.id, '192.168.1.22')]);
    expect(history.quarantine()).toEqual([]);
    expect(history.sweeps(9)).toHaveLength(2);
  });

  it('is not one that nobody knows', () => {
    expect(openTestStorage().history.forgetHost('h000000000000')).toBeNull();
  });

  it('is left out by a sweep that was asking it, and met as a new one by the next', () => {
    const { history } = recorded();
    history.forgetHost(ID);
    const ledger = [
      {
        day: '2026-11-21',
        hostId: ID,
        address: '192.168.1.21',
        transport: 'udp',
        port: 137,
        probe: 'nbstat',
        connections: 0,
        datagrams: 1,
        bytes: 50,
      } as const,
    ];
    const { changes } = history.recordSweep({ ...sweepOf(LATER, [altered(sampleHost())]), ledger });
    expect(changes).toEqual([]);
    expect(history.hosts().size).toBe(0);
    expect(history.ledger({})).toEqual([{ ...ledger[0], hostId: null }]);
    history.recordSweep(sweepOf(LATER, [firstSight()]));
    expect(history.hosts().get(ID)).toEqual(sampleHost());
  });
});

/** The host as a sweep at `LATER` left it that saw its finding get worse. */
function altered(known: ReturnType<typeof sampleHost>, finding: object = {}) {
  const changed = { ...known.findings[0]!, severity: 'critical' as const, confirmedAt: LATER, ...finding };
  return {
    ...seenAgain({ ...known, findings: [changed] }, LATER),
    confirmedFindings: [],
    changedFindings: [changed],
    changes: [sampleChange({ at: LATER, type: 'severity_raised' })],
  };
}
