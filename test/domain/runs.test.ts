import { describe, expect, it } from 'vitest';
import { ASPECTS, factAspect } from '../../domain/aspect.ts';
import type { Change, ChangeType } from '../../domain/change.ts';
import type { FactName, FactValue } from '../../domain/facts.ts';
import type { FactInterval } from '../../domain/history.ts';
import { aspectRuns, findingRuns, findingStateAt, presenceAt, presenceRuns } from '../../domain/runs.ts';
import { sampleChange, sampleFinding, sampleHost } from '../support/samples.ts';

function held(name: FactName, value: FactValue, since: number, until: number | null = null): FactInterval {
  return { name, value, since, until };
}

const aspect = (name: string) => ASPECTS.find((each) => each.name === name)!;

describe('the runs of an aspect', () => {
  it('follow the intervals of its one fact, oldest first', () => {
    const intervals = [
      held('tcp/139', 'open', 20),
      held('tcp/139', 'closed', 10, 20),
      held('tcp/445', 'open', 5),
    ];
    expect(aspectRuns(factAspect('tcp/139'), intervals)).toEqual([
      { value: 'closed', since: 10, until: 20 },
      { value: 'open', since: 20, until: null },
    ]);
  });

  it('join what several facts come to, and go on where the sum stays the same', () => {
    const intervals = [
      held('smb.signing.smb2', 'required', 10, 20),
      held('smb.signing.smb2', 'enabled', 20),
      held('smb.signing.smb1', 'disabled', 10, 30),
      held('smb.signing.smb1', null, 30),
    ];
    expect(aspectRuns(aspect('signing'), intervals)).toEqual([
      { value: 'disabled', since: 10, until: 30 },
      { value: 'enabled', since: 30, until: null },
    ]);
  });

  it('have a gap while nothing is known', () => {
    const intervals = [
      held('smb.signing.smb2', 'required', 10),
      held('tcp/139', 'closed', 10),
      held('tcp/445', 'open', 10, 20),
      held('tcp/445', 'closed', 20, 30),
      held('tcp/445', 'open', 30),
    ];
    expect(aspectRuns(aspect('signing'), intervals)).toEqual([
      { value: 'required', since: 10, until: 20 },
      { value: 'required', since: 30, until: null },
    ]);
    expect(aspectRuns(aspect('encryption'), intervals)).toEqual([]);
  });

  it('take no notice of the empty interval that a clock leaves which stepped back', () => {
    const intervals = [held('tcp/139', 'open', 50), held('tcp/139', 'closed', 90, 90)];
    expect(aspectRuns(factAspect('tcp/139'), intervals)).toEqual([{ value: 'open', since: 50, until: null }]);
  });
});

const HOST = sampleHost({ firstSeenAt: 100 });
const changed = (type: ChangeType, at: number): Change =>
  sampleChange({ type, at, findingId: type.startsWith('host') ? null : 'f_3k2m9q' });

describe('presence', () => {
  it('turns with every loss and return, and not with those of other hosts', () => {
    const changes = [
      changed('host_returned', 300),
      changed('host_lost', 200),
      changed('host_new', 100),
      { ...changed('host_lost', 250), hostId: 'hother' },
    ];
    expect(presenceRuns(HOST, changes)).toEqual([
      { value: 'there', since: 100, until: 200 },
      { value: 'away', since: 200, until: 300 },
      { value: 'there', since: 300, until: null },
    ]);
  });

  it('is told back from the first turn that is still on record', () => {
    const changes = [changed('host_returned', 300)];
    expect(presenceRuns(HOST, changes)[0]).toEqual({ value: 'away', since: 100, until: 300 });
    expect([99, 100, 299, 300].map((at) => presenceAt(HOST, changes, at))).toEqual([
      null,
      'away',
      'away',
      'there',
    ]);
  });

  it('without any turn is what the host is now', () => {
    expect(presenceAt(HOST, [], 150)).toBe('there');
    expect(presenceAt({ ...HOST, missedSweeps: 2, present: false }, [], 150)).toBe('there');
    expect(presenceAt({ ...HOST, missedSweeps: 3, present: false }, [], 150)).toBe('away');
  });
});

describe('the states of a finding', () => {
  const finding = sampleFinding({ openedAt: 300, state: 'acknowledged' });
  const changes = [
    changed('finding_opened', 100),
    changed('finding_resolved', 200),
    changed('finding_reopened', 300),
    changed('finding_acknowledged', 400),
    changed('finding_unacknowledged', 500),
    changed('finding_acknowledged', 600),
    changed('severity_raised', 700),
  ];

  it('follow its changes; a raised severity ends an acknowledgement', () => {
    expect(findingRuns(finding, changes).map(({ value, since }) => [since, value])).toEqual([
      [100, 'open'],
      [200, 'resolved'],
      [300, 'open'],
      [400, 'acknowledged'],
      [500, 'open'],
      [600, 'acknowledged'],
      [700, 'open'],
    ]);
  });

  it('at a moment are told by the changes after it as well as by those before', () => {
    const moments = [99, 100, 250, 450, 550];
    const states = [null, 'open', 'resolved', 'acknowledged', 'open'];
    expect(moments.map((at) => findingStateAt(finding, changes, at))).toEqual(states);
    const later = (at: number) => changes.filter((change) => change.at >= at);
    expect(moments.map((at) => findingStateAt(finding, later(at), at))).toEqual(states);
  });

  it('are its own word where no change is on record', () => {
    const resolved = sampleFinding({ openedAt: 100, resolvedAt: 200, state: 'resolved' });
    expect(findingRuns(resolved, [])).toEqual([
      { value: 'open', since: 100, until: 200 },
      { value: 'resolved', since: 200, until: null },
    ]);
    expect([99, 150, 250].map((at) => findingStateAt(resolved, [], at))).toEqual([null, 'open', 'resolved']);
    expect(findingStateAt(sampleFinding({ openedAt: 100, state: 'acknowledged' }), [], 150)).toBe(
      'acknowledged',
    );
  });
});
