import { describe, expect, it } from 'vitest';
import type { Change } from '../../domain/change.ts';
import { compareAbsent, compareSeen } from '../../domain/compare.ts';
import { confirmedFacts, needsSecondLook } from '../../domain/confirm.ts';
import type { Facts } from '../../domain/facts.ts';
import type { Finding } from '../../domain/finding.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { SeenHost } from '../../domain/identity.ts';
import type { Moment } from '../../domain/judge.ts';
import { SAMPLE_TIME, sampleFinding, sampleHost, sampleIdentity } from '../support/samples.ts';

const LATER = SAMPLE_TIME + 900_000;
const SMB1_ON: Facts = { 'smb.smb1': 'yes', 'smb.smb1.port': 445 };
const EVIDENCE = ['A negotiate that offered only "NT LM 0.12" was answered by selecting it'];

function moment(at = LATER): Moment {
  let made = 0;
  return { at, newFindingId: () => `f_new${++made}` };
}

/** The sample host as a sweep sees it, at its usual address unless `facts` says otherwise. */
function seen(facts: Facts = {}, overrides: Partial<SeenHost> = {}): SeenHost {
  const { id, mac, isAgent } = sampleHost();
  const here = { addresses: ['192.168.1.21'], ...facts };
  return { id, mac, isAgent, facts: here, systemTime: null, asked: [], ...overrides };
}

/** The sample host with one finding about SMB 1. */
function known(finding: Partial<Finding> = {}, overrides: Partial<HostRecord> = {}): HostRecord {
  return sampleHost({ findings: [sampleFinding({ evidence: EVIDENCE, ...finding })], ...overrides });
}

function typesOf(changes: readonly Change[]): string[] {
  return changes.map((change) => change.type);
}

describe('a host seen for the first time', () => {
  const update = compareSeen(
    null,
    seen(
      { ...SMB1_ON, 'netbios.names': [{ name: 'NAS', suffix: 0x20, group: false }] },
      { asked: ['smb1'], systemTime: 7 },
    ),
    moment(),
  );

  it('is new, with all its facts and its findings opened', () => {
    expect(update).toMatchObject({
      isNew: true,
      host: {
        firstSeenAt: LATER,
        lastSeenAt: LATER,
        present: true,
        missedSweeps: 0,
        askedAt: { smb1: LATER },
        systemTime: 7,
      },
    });
    expect(update.changedFacts).toEqual(update.host.facts);
    expect(update.changedFindings).toEqual(update.host.findings);
    expect(update.host.findings.map(({ id, rule, state, openedAt }) => [id, rule, state, openedAt])).toEqual([
      ['f_new1', 'smb1-enabled', 'open', LATER],
      ['f_new2', 'netbios-name-service-exposed', 'open', LATER],
    ]);
  });

  it('makes one change for itself and one for each finding, none for its facts', () => {
    expect(update.changes.map(({ type, findingId, summary }) => [type, findingId, summary])).toEqual([
      ['host_new', null, 'NAS was seen for the first time'],
      ['finding_opened', 'f_new1', 'NAS: SMB 1 is accepted'],
      ['finding_opened', 'f_new2', 'NAS: NetBIOS name service answers on UDP 137'],
    ]);
  });
});

describe('a host that is as it was', () => {
  it('says nothing, moves last seen and confirms its findings', () => {
    const before = known();
    const update = compareSeen(before, seen(SMB1_ON), moment());
    expect(update).toMatchObject({
      isNew: false,
      changedFindings: [],
      confirmedFindings: ['f_3k2m9q'],
      changes: [],
    });
    expect(update.changedFacts).toEqual({ 'smb.smb1.port': 445 });
    expect(update.host).toMatchObject({ firstSeenAt: SAMPLE_TIME, lastSeenAt: LATER });
    expect(update.host.findings).toEqual([{ ...before.findings[0], confirmedAt: LATER }]);
  });

  it('keeps findings and facts of which nothing was heard, and does not confirm them', () => {
    const before = known();
    const update = compareSeen(before, seen({}), moment());
    expect(update).toMatchObject({ changedFacts: {}, confirmedFindings: [], changes: [] });
    expect(update.host.findings).toEqual(before.findings);
    expect(update.host.facts).toEqual(before.facts);
  });

  it('keeps when it was last asked and what its clock said, unless this sweep knows better', () => {
    const before = known();
    expect(compareSeen(before, seen(), moment()).host).toMatchObject({
      askedAt: { smb1: SAMPLE_TIME },
      systemTime: before.systemTime,
    });
    expect(compareSeen(before, seen({}, { asked: ['smb1'], systemTime: 9 }), moment()).host).toMatchObject({
      askedAt: { smb1: LATER },
      systemTime: 9,
    });
  });
});

describe('a finding', () => {
  it('is resolved by an observation that contradicts it', () => {
    const update = compareSeen(known(), seen({ 'smb.smb1': 'no' }), moment());
    expect(update.changedFindings).toMatchObject([
      { id: 'f_3k2m9q', state: 'resolved', resolvedAt: LATER, openedAt: SAMPLE_TIME },
    ]);
    expect(update.changedFindings[0]!.evidence).not.toEqual(EVIDENCE);
    expect(update.changes.map(({ type, summary }) => [type, summary])).toEqual([
      ['fact_changed', 'NASLEGACY smb.smb1 changed from yes to no'],
      ['finding_resolved', 'NASLEGACY: SMB 1 is accepted: no longer so'],
    ]);
  });

  it('is resolved when it was acknowledged, too', () => {
    const update = compareSeen(known({ state: 'acknowledged' }), seen({ 'smb.smb1': 'no' }), moment());
    expect(update.host.findings).toMatchObject([{ state: 'resolved' }]);
  });

  it('is resolved once', () => {
    const before = known(
      { state: 'resolved', resolvedAt: SAMPLE_TIME },
      { facts: { addresses: ['192.168.1.21'], 'smb.smb1': 'no' } },
    );
    const update = compareSeen(before, seen({ 'smb.smb1': 'no' }), moment());
    expect(update).toMatchObject({ changedFindings: [], changes: [] });
    expect(update.host.findings).toEqual(before.findings);
  });

  it('keeps its id when it is reopened, and is open since now', () => {
    const update = compareSeen(
      known({ state: 'resolved', resolvedAt: SAMPLE_TIME }),
      seen(SMB1_ON),
      moment(),
    );
    expect(update.host.findings).toEqual([
      sampleFinding({ evidence: EVIDENCE, openedAt: LATER, confirmedAt: LATER, resolvedAt: null }),
    ]);
    expect(update.changes).toMatchObject([
      { type: 'finding_reopened', findingId: 'f_3k2m9q', summary: 'NASLEGACY: SMB 1 is accepted again' },
    ]);
  });

  it('stays acknowledged while it is confirmed', () => {
    const update = compareSeen(known({ state: 'acknowledged' }), seen(SMB1_ON), moment());
    expect(update).toMatchObject({ confirmedFindings: ['f_3k2m9q'], changes: [] });
    expect(update.host.findings).toMatchObject([{ state: 'acknowledged' }]);
  });

  it('takes new evidence without a word to the owner', () => {
    const update = compareSeen(known({ evidence: ['something else'] }), seen(SMB1_ON), moment());
    expect(update).toMatchObject({
      changedFindings: [{ id: 'f_3k2m9q', evidence: EVIDENCE }],
      confirmedFindings: [],
      changes: [],
    });
  });

  it('is told again when its severity is raised, and not when it is lowered', () => {
    const raised = compareSeen(known({ severity: 'low' }), seen(SMB1_ON), moment());
    expect(raised.changes).toMatchObject([
      { type: 'severity_raised', summary: 'NASLEGACY: SMB 1 is accepted: now high' },
    ]);
    const lowered = compareSeen(known({ severity: 'critical' }), seen(SMB1_ON), moment());
    expect(lowered).toMatchObject({ changedFindings: [{ severity: 'high' }], changes: [] });
  });

  const acknowledged = { at: SAMPLE_TIME, until: null, note: 'known' };

  it('is acknowledged no longer when its severity is raised, and this is told', () => {
    const before = known({ severity: 'low', state: 'acknowledged', acknowledged });
    const update = compareSeen(before, seen(SMB1_ON), moment());
    expect(update.changedFindings).toMatchObject([{ state: 'open', severity: 'high', acknowledged: null }]);
    expect(update.changes).toMatchObject([
      {
        type: 'severity_raised',
        summary: 'NASLEGACY: SMB 1 is accepted: now high, no longer acknowledged',
      },
    ]);
  });

  it('stays acknowledged when its severity is lowered or its evidence is new', () => {
    for (const difference of [{ severity: 'critical' as const }, { evidence: ['something else'] }]) {
      const before = known({ ...difference, state: 'acknowledged', acknowledged });
      const update = compareSeen(before, seen(SMB1_ON), moment());
      expect(update).toMatchObject({
        changedFindings: [{ state: 'acknowledged', acknowledged }],
        changes: [],
      });
    }
  });

  it('is acknowledged no longer when it is resolved, nor when it comes back', () => {
    const before = known({ state: 'acknowledged', acknowledged });
    const resolved = compareSeen(before, seen({ 'smb.smb1': 'no', 'smb.smb2': 'yes' }), moment());
    expect(resolved.changedFindings).toMatchObject([{ state: 'resolved', acknowledged: null }]);
    const back = compareSeen(resolved.host, seen(SMB1_ON), moment(LATER + 1));
    expect(back.changedFindings).toMatchObject([{ state: 'open', acknowledged: null }]);
  });

  it('of a rule that is no longer built is kept as it is', () => {
    const old = sampleFinding({ id: 'f_old', rule: 'a-rule-of-old' as Finding['rule'] });
    const update = compareSeen(sampleHost({ findings: [old] }), seen(SMB1_ON), moment());
    expect(update.host.findings).toContainEqual(old);
  });
});

describe('a change of a fact', () => {
  it('names both values, and tells services, moves and other facts apart', () => {
    const facts: Facts = { addresses: ['192.168.1.40'], 'tcp/139': 'closed', 'smb.smb1': 'no' };
    const update = compareSeen(sampleHost({ findings: [] }), seen(facts), moment());
    expect(update.changedFacts).toEqual(facts);
    expect(update.changes).toEqual(
      [
        {
          type: 'host_moved',
          name: 'addresses',
          before: ['192.168.1.21'],
          after: ['192.168.1.40'],
          summary: 'NASLEGACY moved from 192.168.1.21 to 192.168.1.40',
        },
        {
          type: 'fact_changed',
          name: 'smb.smb1',
          before: 'yes',
          after: 'no',
          summary: 'NASLEGACY smb.smb1 changed from yes to no',
        },
        {
          type: 'service_changed',
          name: 'tcp/139',
          before: 'open',
          after: 'closed',
          summary: 'NASLEGACY tcp/139 changed from open to closed',
        },
      ].map(({ type, summary, ...fact }) => ({
        at: LATER,
        type,
        hostId: 'h001132aabbcc',
        findingId: null,
        summary,
        fact,
      })),
    );
  });

  it('is not made by a fact that is learnt for the first time', () => {
    const update = compareSeen(sampleHost({ findings: [] }), seen({ 'smb.dialect': '3.1.1' }), moment());
    expect(update).toMatchObject({ changedFacts: { 'smb.dialect': '3.1.1' }, changes: [] });
  });

  it("shows NetBIOS names with their suffix, and a stranger's characters made visible", () => {
    const update = compareSeen(
      sampleHost({ findings: [] }),
      seen({ 'netbios.names': [{ name: 'EVIL\x1b[2J', suffix: 0x20, group: false }] }),
      moment(),
    );
    expect(update.changes[0]!.summary).toBe(
      'EVIL\\x1b[2J netbios.names changed from NASLEGACY<20> to EVIL\\x1b[2J<20>',
    );
  });

  it('says none for lists that are empty and values that are not there', () => {
    const before = sampleHost({
      findings: [],
      facts: { addresses: ['192.168.1.21'], 'smb.compression': [], 'smb.serverGuid': 'A' },
    });
    const update = compareSeen(
      before,
      seen({ 'smb.compression': ['LZ77'], 'smb.serverGuid': null }),
      moment(),
    );
    expect(update.changes.map((change) => change.summary)).toEqual([
      '192.168.1.21 smb.compression changed from none to LZ77',
      '192.168.1.21 smb.serverGuid changed from A to none',
    ]);
  });
});

describe('a host that was asked and did not show', () => {
  const missed = (missedSweeps: number, present: boolean) => sampleHost({ missedSweeps, present });

  it('keeps facts and findings; one missed answer changes nothing', () => {
    const before = sampleHost();
    const update = compareAbsent(before, LATER);
    expect(update).toMatchObject({
      isNew: false,
      changedFacts: {},
      changedFindings: [],
      confirmedFindings: [],
      changes: [],
    });
    expect(update.host).toEqual({ ...before, missedSweeps: 1 });
  });

  it('is no longer present after the second sweep', () => {
    expect(compareAbsent(missed(1, true), LATER)).toMatchObject({
      host: { present: false, missedSweeps: 2 },
      changes: [],
    });
  });

  it('is lost after the third, which is told once', () => {
    expect(compareAbsent(missed(2, false), LATER).changes).toMatchObject([
      { type: 'host_lost', hostId: 'h001132aabbcc', summary: 'NASLEGACY has not answered for 3 sweeps' },
    ]);
    expect(compareAbsent(missed(3, false), LATER).changes).toEqual([]);
  });

  it('returns with a word only when its loss was told', () => {
    const back = (before: HostRecord) => compareSeen(before, seen(SMB1_ON), moment());
    expect(typesOf(back(known({}, { missedSweeps: 1 })).changes)).toEqual([]);
    expect(typesOf(back(known({}, { missedSweeps: 2, present: false })).changes)).toEqual([]);
    const returned = back(known({}, { missedSweeps: 3, present: false }));
    expect(returned.host).toMatchObject({ present: true, missedSweeps: 0 });
    expect(returned.changes).toMatchObject([{ type: 'host_returned', summary: 'NASLEGACY answers again' }]);
  });
});

describe('an identity', () => {
  const before = known({}, { facts: { ...sampleHost().facts, ...sampleIdentity({ dnsDomain: null }) } });

  it('that changed is told in words, what is not told left out', () => {
    const { changes } = compareSeen(before, seen(sampleIdentity({ version: '10.0.18363' })), moment());
    expect(changes.map(({ summary }) => summary)).toContain(
      'NASLEGACY smb.identity changed from NASLEGACY, WORKGROUP, naslegacy.home.arpa, 6.1.0 to ' +
        'NASLEGACY, WORKGROUP, naslegacy.home.arpa, home.arpa, 10.0.18363',
    );
    const { changes: gone } = compareSeen(before, seen({ 'smb.identity': null }), moment());
    expect(gone.map(({ summary }) => summary)).toContain(
      'NASLEGACY smb.identity changed from NASLEGACY, WORKGROUP, naslegacy.home.arpa, 6.1.0 to none',
    );
  });

  it('opens a finding on the day that support ends, without having changed', () => {
    const windows = sampleIdentity({ version: '10.0.22631' });
    const host = sampleHost({ facts: { ...sampleHost().facts, ...windows }, findings: [] });
    const on = (day: string) => typesOf(compareSeen(host, seen(windows), moment(Date.parse(day))).changes);
    expect(on('2026-11-10')).toEqual([]);
    expect(on('2026-11-11')).toEqual(['finding_opened']);
  });
});

describe('a second look', () => {
  const wantsOne = (before: HostRecord | null, facts: Facts): boolean => {
    const host = seen(facts);
    return needsSecondLook(compareSeen(before, host, moment()), host, moment());
  };

  it('is needed before an alert that rests on an ambiguous answer', () => {
    expect(wantsOne(null, { 'netbios.session': 'accepted' })).toBe(true);
    const resolved = sampleFinding({
      rule: 'netbios-session-exposed',
      state: 'resolved',
      resolvedAt: SAMPLE_TIME,
    });
    expect(wantsOne(sampleHost({ findings: [resolved] }), { 'netbios.session': 'accepted' })).toBe(true);
  });

  it('is not needed when the server itself selected SMB 1', () => {
    expect(wantsOne(null, SMB1_ON)).toBe(false);
    expect(wantsOne(known({ state: 'resolved', resolvedAt: SAMPLE_TIME }), SMB1_ON)).toBe(false);
  });

  it('is not needed for shares that the server itself gave away', () => {
    const open = { name: 'public', type: 'disk', comment: '', readable: 'yes', writable: 'yes' } as const;
    expect(wantsOne(null, { 'smb.anonymous.session': 'yes', 'smb.anonymous.shares': [open] })).toBe(false);
  });

  it('is needed before a finding is resolved or a service recorded as changed', () => {
    expect(wantsOne(known(), { 'smb.smb1': 'no' })).toBe(true);
    expect(wantsOne(sampleHost({ findings: [] }), { 'tcp/445': 'closed' })).toBe(true);
  });

  it('is not needed for a new host without findings, a move, or no change at all', () => {
    expect(wantsOne(null, {})).toBe(false);
    expect(wantsOne(known(), { addresses: ['192.168.1.40'] })).toBe(false);
    expect(wantsOne(known(), SMB1_ON)).toBe(false);
  });
});

describe('facts after a second look', () => {
  it('are those that both looks agree on', () => {
    const first: Facts = { 'tcp/445': 'closed', 'tcp/139': 'closed' };
    expect(
      confirmedFacts({ 'tcp/445': 'open', 'tcp/139': 'open' }, first, {
        'tcp/445': 'closed',
        'tcp/139': 'open',
      }),
    ).toEqual({
      'tcp/445': 'closed',
    });
  });

  it('are also those that say nothing new, heard again or not', () => {
    expect(confirmedFacts({ 'smb.dialect': '3.1.1' }, { 'smb.dialect': '3.1.1' }, {})).toEqual({
      'smb.dialect': '3.1.1',
    });
  });

  it('are those that a server proved by selecting SMB 1: the question is not put twice', () => {
    const first: Facts = {
      ...SMB1_ON,
      'smb.signing.smb1': 'disabled',
      'smb.smb2': 'no',
      'smb.signing.smb2': null,
      'tcp/445': 'open',
    };
    expect(confirmedFacts({}, first, {})).toEqual({
      ...SMB1_ON,
      'smb.signing.smb1': 'disabled',
      'smb.smb2': 'no',
      'smb.signing.smb2': null,
    });
  });

  it('are not those about a refused SMB 1: that needs both looks', () => {
    expect(confirmedFacts({ 'smb.smb1': 'yes' }, { 'smb.smb1': 'no' }, {})).toEqual({});
  });

  it('are those of the guest test: nobody logs on a second time', () => {
    const accepted: Facts = { 'smb.guest.session': 'yes', 'smb.guest.shares': [] };
    expect(confirmedFacts({}, accepted, {})).toEqual(accepted);
  });

  it('are those of the anonymous session: nobody logs on a second time', () => {
    const refused: Facts = { 'smb.anonymous.session': 'no', 'smb.anonymous.shares': null };
    const open = { name: 'public', type: 'disk', comment: '', readable: 'yes', writable: 'no' } as const;
    const accepted: Facts = { 'smb.anonymous.session': 'yes', 'smb.anonymous.shares': [open] };
    expect(confirmedFacts(refused, accepted, {})).toEqual(accepted);
    expect(confirmedFacts(accepted, refused, {})).toEqual(refused);
  });

  it('keep where the host was met, even when it stayed silent the second time', () => {
    expect(confirmedFacts({}, { addresses: ['10.9.0.5'], 'netbios.session': 'accepted' }, {})).toEqual({
      addresses: ['10.9.0.5'],
    });
  });
});
