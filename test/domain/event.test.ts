import { describe, expect, it } from 'vitest';
import { CHANGE_TYPES, type Change } from '../../domain/change.ts';
import { EVENT_TYPES, eventsFor } from '../../domain/event.ts';
import type { Severity } from '../../domain/finding.ts';
import type { HostRecord } from '../../domain/host.ts';
import { SAMPLE_TIME, sampleChange, sampleEvent, sampleFinding, sampleHost } from '../support/samples.ts';

function eventsAbout(
  changes: readonly Change[],
  host: HostRecord = sampleHost(),
  threshold: Severity = 'medium',
) {
  let made = 0;
  return eventsFor(changes, {
    hosts: new Map([[host.id, host]]),
    threshold,
    newId: (at) => `e${at - SAMPLE_TIME}_${++made}`,
  });
}

function hostChange(type: Change['type']): Change {
  return sampleChange({ type, findingId: null, summary: 'NASLEGACY …' });
}

it('tells everything about a finding that opened', () => {
  expect(eventsAbout([sampleChange()])).toEqual([sampleEvent({ id: 'e0_1' })]);
});

it('tells about the sweep as a whole without a host', () => {
  const baseline = sampleChange({
    type: 'baseline',
    hostId: null,
    findingId: null,
    summary: 'First sweep: 1 host',
  });
  expect(eventsAbout([baseline])).toEqual([
    sampleEvent({
      id: 'e0_1',
      type: 'baseline',
      message: 'First sweep: 1 host',
      severity: null,
      findingId: null,
      rule: null,
      title: null,
      hostId: null,
      hostName: null,
      address: null,
      mac: null,
    }),
  ]);
});

it('keeps the order of the changes and gives each event an id of its own', () => {
  const changes = [hostChange('host_moved'), sampleChange({ at: SAMPLE_TIME + 1 }), hostChange('host_lost')];
  expect(eventsAbout(changes).map(({ id, type }) => [id, type])).toEqual([
    ['e0_1', 'host_moved'],
    ['e1_2', 'finding_opened'],
    ['e0_3', 'host_lost'],
  ]);
});

it('tells of findings at or above the threshold only', () => {
  const told = (severity: Severity, threshold: Severity) =>
    eventsAbout([sampleChange()], sampleHost({ findings: [sampleFinding({ severity })] }), threshold).length;
  expect([
    told('low', 'medium'),
    told('medium', 'medium'),
    told('critical', 'medium'),
    told('info', 'info'),
  ]).toEqual([0, 1, 1, 1]);
});

it('does not tell of a finding that it cannot find', () => {
  expect(eventsAbout([sampleChange({ findingId: 'f_gone' }), sampleChange({ hostId: 'h_gone' })])).toEqual(
    [],
  );
});

it('never tells of facts and services that changed', () => {
  expect(eventsAbout([hostChange('fact_changed'), hostChange('service_changed')])).toEqual([]);
});

describe('news of a host', () => {
  const unexposed = sampleHost({ findings: [] });

  it.each(['host_new', 'host_moved', 'host_lost', 'host_returned'] as const)(
    'is told of one that ever had a finding: %s',
    (type) => {
      const once = sampleHost({ findings: [sampleFinding({ state: 'resolved', severity: 'low' })] });
      expect(eventsAbout([hostChange(type)], once)).toMatchObject([{ type, hostName: 'NASLEGACY' }]);
    },
  );

  it.each(['host_moved', 'host_lost', 'host_returned'] as const)(
    'is not told of one that never had: %s',
    (type) => {
      expect(eventsAbout([hostChange(type)], unexposed)).toEqual([]);
    },
  );

  it('is told when a machine with a burnt-in MAC is new, not for the random MACs of phones', () => {
    const isNew = [hostChange('host_new')];
    expect(eventsAbout(isNew, unexposed)).toHaveLength(1);
    expect(eventsAbout(isNew, { ...unexposed, mac: 'da:a1:19:00:00:01' })).toEqual([]);
    expect(eventsAbout(isNew, { ...unexposed, mac: null })).toEqual([]);
  });
});

describe('what the owner says', () => {
  const decision = { at: SAMPLE_TIME, until: SAMPLE_TIME + 1, note: null };

  it('is told when a finding is acknowledged, and as open again when that ends', () => {
    const changes = [
      sampleChange({ type: 'finding_acknowledged' }),
      sampleChange({ type: 'finding_unacknowledged' }),
    ];
    expect(eventsAbout(changes).map(({ type }) => type)).toEqual([
      'finding_acknowledged',
      'finding_reopened',
    ]);
  });

  it('silences a host that is ignored, until the end of that', () => {
    const ignored = sampleHost({ ignored: decision });
    expect(eventsAbout([sampleChange(), hostChange('host_lost')], ignored)).toEqual([]);
    expect(eventsAbout([sampleChange({ at: SAMPLE_TIME + 1 })], ignored)).toHaveLength(1);
  });

  it('is no event of its own where it concerns a host', () => {
    const said = [hostChange('host_ignored'), hostChange('host_unignored'), hostChange('quarantine_lifted')];
    expect(eventsAbout(said)).toEqual([]);
  });
});

describe('what harm feedback has quarantined', () => {
  it('is told as a problem, of a host without findings, too, but not of one that is ignored', () => {
    const changes = [hostChange('probe_quarantined')];
    const typesAbout = (host: HostRecord) => eventsAbout(changes, host).map(({ type }) => type);
    expect(typesAbout(sampleHost({ findings: [] }))).toEqual(['agent_problem']);
    expect(typesAbout(sampleHost({ ignored: { at: SAMPLE_TIME, until: null, note: null } }))).toEqual([]);
  });
});

it('knows an event for every type of change but those of facts, services and what the owner says of a host', () => {
  const untold = [
    'fact_changed',
    'service_changed',
    'finding_unacknowledged',
    'host_ignored',
    'host_unignored',
    'host_forgotten',
    'probe_quarantined',
    'quarantine_lifted',
  ];
  const told = CHANGE_TYPES.filter((type) => !untold.includes(type));
  expect(told.filter((type) => !(EVENT_TYPES as readonly string[]).includes(type))).toEqual([]);
});
