import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChangeFilter } from '../../domain/history.ts';
import { changesIn } from '../../storage/changes.ts';
import { factsIn } from '../../storage/facts.ts';
import { migrate, readMigrations } from '../../storage/migrations.ts';
import type { Storage } from '../../storage/storage.ts';
import { openTestStorage } from '../support/open-database.ts';
import { firstSight, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleFinding, sampleHost } from '../support/samples.ts';

const NAS = 'h001132aabbcc';
const PRINTER = 'h00a0b0c0d0e0';

/** Four changes, a second apart: 1 sweep failed, 2 NAS finding, 3 printer finding of another rule, 4 NAS fact. */
function recordFourChanges(): Storage {
  const storage = openTestStorage();
  const finding = sampleFinding({ id: 'f_printer', hostId: PRINTER, rule: 'netbios-session-exposed' });
  const printer = sampleHost({ id: PRINTER, mac: '00:a0:b0:c0:d0:e0', findings: [finding] });
  const fact = { name: 'tcp/139', before: null, after: 'closed' } as const;
  const changes = [
    sampleChange({ type: 'sweep_failed', hostId: null, findingId: null }),
    sampleChange(),
    sampleChange({ hostId: PRINTER, findingId: 'f_printer' }),
    sampleChange({ type: 'service_changed', findingId: null, fact }),
  ].map((change, i) => ({ ...change, at: SAMPLE_TIME + i * 1000 }));
  const updates = [firstSight(sampleHost(), []), firstSight(printer, [])];
  storage.history.recordSweep({ ...sweepOf(SAMPLE_TIME, updates), changes });
  return storage;
}

describe('changes', () => {
  const filters: readonly [string, ChangeFilter, number[]][] = [
    ['no filter', {}, [4, 3, 2, 1]],
    ['a host', { hostId: NAS }, [4, 2]],
    ['a rule', { rule: 'netbios-session-exposed' }, [3]],
    ['a finding', { findingId: 'f_3k2m9q' }, [2]],
    ['several types', { types: ['sweep_failed', 'service_changed'] }, [4, 1]],
    ['no type at all', { types: [] }, []],
    ['a time that is included', { since: SAMPLE_TIME + 2000 }, [4, 3]],
    ['a time that is not included', { until: SAMPLE_TIME + 2000 }, [2, 1]],
    ['a limit', { limit: 2 }, [4, 3]],
    ['a limit of none', { limit: 0 }, []],
    ['a host and a time', { hostId: NAS, until: SAMPLE_TIME + 3000 }, [2]],
    ['a host and a rule that do not meet', { hostId: NAS, rule: 'netbios-session-exposed' }, []],
    ['a key that is there and undefined', { hostId: undefined } as unknown as ChangeFilter, [4, 3, 2, 1]],
  ];

  it.each(filters)('are found by %s, newest first', (_name, filter, ids) => {
    const { history } = recordFourChanges();
    expect(history.changes(filter).map((change) => change.id)).toEqual(ids);
  });

  it('come back with both values of a fact', () => {
    const { history } = recordFourChanges();
    expect(history.changes({ limit: 1 })).toEqual([
      {
        id: 4,
        at: SAMPLE_TIME + 3000,
        type: 'service_changed',
        hostId: NAS,
        findingId: null,
        summary: 'NASLEGACY: SMB 1 is accepted',
        fact: { name: 'tcp/139', before: null, after: 'closed' },
      },
    ]);
  });

  it('of the same moment come in the reverse of the order in which they were recorded', () => {
    const { history } = openTestStorage();
    const change = sampleChange({ type: 'sweep_failed', hostId: null, findingId: null });
    history.recordSweep({ ...sweepOf(SAMPLE_TIME), changes: [change, change, change] });
    expect(history.changes({}).map((each) => each.id)).toEqual([3, 2, 1]);
  });
});

describe('a question with a condition', () => {
  const filters: readonly [string, ChangeFilter, string][] = [
    ['a host', { hostId: NAS }, 'changes_by_host'],
    ['a host since a time', { hostId: NAS, since: SAMPLE_TIME }, 'changes_by_host'],
    ['a rule', { rule: 'smb1-enabled' }, 'changes_by_finding'],
    ['a finding', { findingId: 'f_3k2m9q' }, 'changes_by_finding'],
    ['types', { types: ['host_new', 'host_lost'] }, 'changes_by_type'],
    ['a time', { since: SAMPLE_TIME }, 'changes_by_time'],
  ];

  it.each(filters)('about %s is answered from an index', (_name, filter, index) => {
    const { db, plans } = databaseThatTellsItsPlans();
    changesIn(db).find(filter);
    expect(plans().join('\n')).toMatch(new RegExp(`SEARCH changes USING INDEX ${index} `));
  });

  it('about the intervals of a fact is answered from an index, without sorting', () => {
    const { db, plans } = databaseThatTellsItsPlans();
    factsIn(db).intervals(NAS, 'smb.smb1');
    expect(plans()).toEqual(['SEARCH facts USING INDEX facts_by_host (host_id=? AND name=?)']);
  });
});

/** An empty database, and the query plans of whatever is asked of it. */
function databaseThatTellsItsPlans() {
  const asked: string[] = [];
  const db = new Sqlite(':memory:', { verbose: (sql) => asked.push(String(sql)) });
  onTestFinished(() => {
    db.close();
  });
  migrate(db, readMigrations(), ':memory:');
  asked.length = 0;
  const plans = () =>
    [...asked].flatMap((sql) => {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { readonly detail: string }[];
      return steps.map((step) => step.detail);
    });
  return { db, plans };
}
