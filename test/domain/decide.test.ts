import { describe, expect, it } from 'vitest';
import {
  acknowledge,
  endLapsed,
  forgotten,
  ignore,
  nextEnd,
  unacknowledge,
  unignore,
} from '../../domain/decide.ts';
import type { Decision } from '../../domain/decision.ts';
import { isIgnored } from '../../domain/host.ts';
import { SAMPLE_TIME, sampleFinding, sampleHost } from '../support/samples.ts';

const DAY = 86_400_000;
const NOW = SAMPLE_TIME + DAY;
const UNTIL = Date.UTC(2027, 5, 1);

const said = (overrides: Partial<Decision> = {}): Decision => ({
  at: NOW,
  until: null,
  note: null,
  ...overrides,
});
const every = () => true;

const two = sampleHost({
  findings: [
    sampleFinding(),
    sampleFinding({ id: 'f_7h4d2x', rule: 'smb-signing-not-required', title: 'SMB signing is not required' }),
  ],
});
const acked = (until: number | null) =>
  sampleHost({ findings: [sampleFinding({ state: 'acknowledged', acknowledged: said({ until }) })] });

describe('an acknowledgement', () => {
  it('concerns the findings that are meant, and tells until when, by whom and why', () => {
    const decision = said({ until: UNTIL, by: 'Anna', note: 'new NAS is ordered' });
    const decided = acknowledge(two, ({ id }) => id === 'f_3k2m9q', decision);
    expect(decided.findings).toEqual([sampleFinding({ state: 'acknowledged', acknowledged: decision })]);
    expect(decided.hosts).toMatchObject([
      { id: two.id, findings: [{ state: 'acknowledged' }, { state: 'open' }] },
    ]);
    expect(decided.changes).toEqual([
      {
        at: NOW,
        type: 'finding_acknowledged',
        hostId: two.id,
        findingId: 'f_3k2m9q',
        summary:
          'NASLEGACY: SMB 1 is accepted: acknowledged until 2027-06-01T00:00Z by Anna: new NAS is ordered',
        fact: null,
      },
    ]);
  });

  it('of a host with nothing open changes nothing', () => {
    const resolved = sampleHost({ findings: [sampleFinding({ state: 'resolved', resolvedAt: NOW })] });
    expect(acknowledge(resolved, every, said())).toEqual({ hosts: [], findings: [], changes: [] });
  });

  it('in the same words changes nothing, another end or note does', () => {
    const later = said({ at: NOW + DAY, until: UNTIL });
    expect(acknowledge(acked(UNTIL), every, later).changes).toEqual([]);
    expect(acknowledge(acked(null), every, later).findings).toMatchObject([{ acknowledged: later }]);
    expect(acknowledge(acked(UNTIL), every, { ...later, note: 'x' }).changes).toHaveLength(1);
  });

  it('is taken back: the finding is open since it was opened, not since now', () => {
    const decided = unacknowledge(acked(null), every, NOW);
    expect(decided.findings).toEqual([sampleFinding()]);
    expect(decided.changes).toMatchObject([
      { type: 'finding_unacknowledged', summary: 'NASLEGACY: SMB 1 is accepted: no longer acknowledged' },
    ]);
    expect(unacknowledge(two, every, NOW).changes).toEqual([]);
  });

  it('makes a hostile note harmless', () => {
    const { changes } = acknowledge(two, every, said({ note: '\u001b[2J', by: '\u202ex' }));
    expect(changes[0]?.summary).toBe('NASLEGACY: SMB 1 is accepted: acknowledged by \\u202ex: \\x1b[2J');
  });
});

describe('a host', () => {
  it('is ignored from now on, and with another end when that is said', () => {
    const decided = ignore(two, said());
    expect(decided.hosts).toMatchObject([{ ignored: said() }]);
    expect(decided.changes).toMatchObject([
      { type: 'host_ignored', findingId: null, summary: 'NASLEGACY is ignored' },
    ]);
    const [ignored = two] = decided.hosts;
    expect(ignore(ignored, said({ at: NOW + 1 })).changes).toEqual([]);
    expect(ignore(ignored, said({ until: UNTIL })).changes).toMatchObject([
      { summary: 'NASLEGACY is ignored until 2027-06-01T00:00Z' },
    ]);
  });

  it('is no longer ignored', () => {
    const decided = unignore({ ...two, ignored: said() }, NOW);
    expect(decided.hosts).toEqual([two]);
    expect(decided.changes).toMatchObject([{ type: 'host_unignored' }]);
    expect(unignore(two, NOW).changes).toEqual([]);
  });

  it('counts as not ignored from the end on, recorded or not', () => {
    const ignored = { ignored: said({ until: UNTIL }) };
    expect([isIgnored(ignored, UNTIL - 1), isIgnored(ignored, UNTIL)]).toEqual([true, false]);
    expect(isIgnored({ ignored: said() }, Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(isIgnored({ ignored: null }, NOW)).toBe(false);
  });

  it('leaves one sentence behind when it is forgotten, which goes with no host', () => {
    expect(forgotten(two, NOW)).toMatchObject({
      type: 'host_forgotten',
      hostId: null,
      summary: 'NASLEGACY (192.168.1.21) was forgotten',
    });
    const nameless = sampleHost({ facts: { addresses: ['192.168.1.9'] } });
    expect(forgotten(nameless, NOW).summary).toBe('192.168.1.9 was forgotten');
  });
});

describe('what has an end', () => {
  const both = { ...acked(UNTIL), ignored: said({ until: UNTIL - DAY }) };

  it('ends at that moment and not before', () => {
    expect(endLapsed([acked(UNTIL)], UNTIL - 1).changes).toEqual([]);
    const decided = endLapsed([acked(UNTIL)], UNTIL);
    expect(decided.findings).toMatchObject([{ state: 'open', acknowledged: null }]);
    expect(decided.changes).toMatchObject([
      {
        type: 'finding_unacknowledged',
        summary: 'NASLEGACY: SMB 1 is accepted: the acknowledgement has ended',
      },
    ]);
  });

  it('does not end where there is none', () => {
    expect(endLapsed([acked(null), { ...two, ignored: said() }], Number.MAX_SAFE_INTEGER).changes).toEqual(
      [],
    );
  });

  it('ends together for a host and its finding, and each host is named once', () => {
    const decided = endLapsed([both, two], UNTIL);
    expect(decided.changes.map(({ type }) => type)).toEqual(['host_unignored', 'finding_unacknowledged']);
    expect(decided.hosts).toMatchObject([{ ignored: null, findings: [{ state: 'open' }] }]);
  });

  it('ends for a host that has no finding to end', () => {
    expect(endLapsed([both], UNTIL - DAY)).toMatchObject({ hosts: [{ ignored: null }], findings: [] });
  });

  it('is known by the first of its ends', () => {
    expect(nextEnd([two])).toBeNull();
    expect(nextEnd([acked(null), acked(UNTIL)])).toBe(UNTIL);
    expect(nextEnd([acked(UNTIL), both])).toBe(UNTIL - DAY);
  });
});
