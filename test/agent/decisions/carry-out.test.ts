import { describe, expect, it } from 'vitest';
import { carryOut, endWhatIsOver, nextToEnd } from '../../../agent/decisions/carry-out.ts';
import { DecisionRefused } from '../../../agent/decisions/world.ts';
import type { AckScope, OwnerCommand } from '../../../domain/owner-command.ts';
import { DECIDED_ON, decisionWorld } from '../../support/decision-world.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

const DAY = 86_400_000;
const UNTIL = SAMPLE_TIME + 30 * DAY;
const HOST = DECIDED_ON.id;

const ack = (scope: AckScope, overrides: Partial<Extract<OwnerCommand, { kind: 'ack' }>> = {}) =>
  ({ kind: 'ack', scope, until: null, note: null, by: null, ...overrides }) as const;

function open(yaml?: string) {
  const parts = decisionWorld(yaml);
  const { world, storage } = parts;
  return {
    ...parts,
    tell: (command: OwnerCommand) => carryOut(command, 'cli', world),
    states: () =>
      Object.fromEntries(
        [...storage.history.hosts().values()].flatMap((host) =>
          host.findings.map(({ id, state }) => [id, state]),
        ),
      ),
    events: () => storage.outbox.waiting(100).map(({ type, findingId }) => [type, findingId]),
  };
}

describe('ack', () => {
  it('of a finding is kept, told and audited', () => {
    const { tell, storage, events, states } = open();
    const outcome = tell(ack({ findingId: 'f_3k2m9q' }, { until: UNTIL, note: 'ordered' }));
    expect(outcome).toEqual({ changed: true, forgotten: null });
    expect(states()).toMatchObject({ f_3k2m9q: 'acknowledged', f_7h4d2x: 'open' });
    expect(storage.history.changes({ types: ['finding_acknowledged'] })).toMatchObject([
      { findingId: 'f_3k2m9q', at: SAMPLE_TIME + 60_000 },
    ]);
    expect(events()).toEqual([['finding_acknowledged', 'f_3k2m9q']]);
    expect(storage.commands.newest(1)).toEqual([
      {
        at: SAMPLE_TIME + 60_000,
        source: 'cli',
        command: 'ack',
        args: { scope: { findingId: 'f_3k2m9q' }, until: UNTIL, note: 'ordered', by: null },
        outcome: 'done',
      },
    ]);
  });

  it('of a host is of its open findings; those below the threshold raise no event', () => {
    const { tell, events, states } = open();
    tell(ack({ hostId: HOST }));
    expect(states()).toEqual({
      f_3k2m9q: 'acknowledged',
      f_7h4d2x: 'acknowledged',
      f_1e2n3c: 'acknowledged',
      f_0q9w8e: 'resolved',
    });
    expect(
      events()
        .map(([, finding]) => finding)
        .sort(),
    ).toEqual(['f_3k2m9q', 'f_7h4d2x']);
  });

  it('of a host or of all leaves the end and note of what was acknowledged before', () => {
    for (const scope of [{ hostId: HOST }, { all: true } as const]) {
      const { tell, storage } = open();
      tell(ack({ findingId: 'f_3k2m9q' }, { until: UNTIL, note: 'ordered' }));
      tell(ack(scope));
      const findings = storage.history.hosts().get(HOST)?.findings ?? [];
      expect(findings.find(({ id }) => id === 'f_3k2m9q')?.acknowledged).toMatchObject({
        until: UNTIL,
        note: 'ordered',
      });
      expect(findings.filter(({ state }) => state === 'open')).toEqual([]);
    }
  });

  it('said twice changes nothing the second time', () => {
    const { tell, events } = open();
    tell(ack({ findingId: 'f_3k2m9q' }));
    expect(tell(ack({ findingId: 'f_3k2m9q' })).changed).toBe(false);
    expect(events()).toHaveLength(1);
  });

  it('keeps who it was from', () => {
    const { tell, storage } = open();
    tell(ack({ findingId: 'f_3k2m9q' }, { by: 'Anna' }));
    const findings = storage.history.hosts().get(HOST)?.findings ?? [];
    expect(findings.find(({ id }) => id === 'f_3k2m9q')?.acknowledged?.by).toBe('Anna');
  });

  it.each([
    [ack({ findingId: 'f_none' }), 'finding f_none: not known'],
    [ack({ hostId: 'h_none' }), 'host h_none: not known'],
    [
      ack({ findingId: 'f_0q9w8e' }),
      'finding f_0q9w8e: resolved since 2026-11-21T22:41:05.000Z, so there is nothing to acknowledge',
    ],
    [
      ack({ findingId: 'f_3k2m9q' }, { until: SAMPLE_TIME }),
      'until 2026-11-21T22:41:05.000Z: that moment has passed',
    ],
  ])('is refused, and that is audited: %j', (command, message) => {
    const { tell, storage } = open();
    expect(() => tell(command)).toThrow(new DecisionRefused(message));
    expect(storage.commands.newest(1)).toMatchObject([{ command: 'ack', outcome: message }]);
    expect(storage.history.changes({ types: ['finding_acknowledged'] })).toEqual([]);
  });

  it('leaves no event behind where no broker is configured', () => {
    const { tell, events } = open('');
    tell(ack({ all: true }));
    expect(events()).toEqual([]);
  });

  it('obeys the threshold that was set at run time', () => {
    const { tell, events } = open();
    tell({ kind: 'set-threshold', severity: 'high' });
    tell(ack({ all: true }));
    expect(events()).toEqual([['finding_acknowledged', 'f_3k2m9q']]);
  });
});

describe('unack', () => {
  it('opens the findings again and tells so', () => {
    const { tell, states, events } = open();
    tell(ack({ hostId: HOST }));
    expect(tell({ kind: 'unack', scope: { findingId: 'f_3k2m9q' } }).changed).toBe(true);
    expect(states()).toMatchObject({ f_3k2m9q: 'open', f_7h4d2x: 'acknowledged' });
    expect(events().at(-1)).toEqual(['finding_reopened', 'f_3k2m9q']);
    tell({ kind: 'unack', scope: { hostId: HOST } });
    expect(states()).toMatchObject({ f_7h4d2x: 'open', f_1e2n3c: 'open', f_0q9w8e: 'resolved' });
    expect(tell({ kind: 'unack', scope: { all: true } }).changed).toBe(false);
  });
});

describe('ignore', () => {
  it('is kept until it is taken back, and silences the host', () => {
    const { tell, storage, events } = open();
    expect(tell({ kind: 'ignore', hostId: HOST, until: UNTIL, by: null }).changed).toBe(true);
    expect(storage.history.hosts().get(HOST)?.ignored).toEqual({
      at: SAMPLE_TIME + 60_000,
      until: UNTIL,
      note: null,
    });
    tell(ack({ all: true }));
    expect(events()).toEqual([]);
    expect(tell({ kind: 'unignore', hostId: HOST }).changed).toBe(true);
    expect(storage.history.hosts().get(HOST)?.ignored).toBeNull();
    expect(tell({ kind: 'unignore', hostId: HOST }).changed).toBe(false);
  });
});

describe('forget', () => {
  it('deletes the host with all its rows and leaves one sentence', () => {
    const { tell, storage } = open();
    tell(ack({ all: true }));
    const { changed, forgotten } = tell({ kind: 'forget', hostId: HOST });
    expect(changed).toBe(true);
    expect(forgotten).toMatchObject({ findings: 4, changes: 3 });
    expect(storage.history.hosts().size).toBe(0);
    expect(storage.history.changes({}).map(({ summary }) => summary)).toEqual([
      'NASLEGACY (192.168.1.21) was forgotten',
    ]);
    expect(() => tell({ kind: 'forget', hostId: HOST })).toThrow('host h001132aabbcc: not known');
  });
});

describe('settings', () => {
  it('are kept, and taken back by name', () => {
    const { tell, storage } = open();
    tell({ kind: 'set-interval', minutes: 30 });
    tell({ kind: 'set-threshold', severity: 'low' });
    expect(tell({ kind: 'set-interval', minutes: 30 }).changed).toBe(false);
    expect(tell({ kind: 'reset', settings: ['sweepInterval'] }).changed).toBe(true);
    expect(storage.settings.get('sweep_interval')).toBeNull();
    expect(storage.settings.get('alert_threshold')).toBe('low');
  });

  it('hold the sweeps until they are resumed', () => {
    const { tell, storage } = open();
    expect(tell({ kind: 'pause', until: null }).changed).toBe(true);
    expect(tell({ kind: 'pause', until: null }).changed).toBe(false);
    expect(tell({ kind: 'pause', until: UNTIL }).changed).toBe(true);
    expect(tell({ kind: 'resume' }).changed).toBe(true);
    expect(storage.settings.get('sweeps_enabled')).toBeNull();
    expect(tell({ kind: 'resume' }).changed).toBe(false);
  });
});

describe('what has an end', () => {
  it('ends by itself, is told, and is no longer known as something to end', () => {
    const { tell, world, clock, states, events, storage } = open();
    tell(ack({ findingId: 'f_3k2m9q' }, { until: UNTIL }));
    tell({ kind: 'pause', until: UNTIL + DAY });
    expect(nextToEnd(world)).toBe(UNTIL);
    expect(endWhatIsOver(world)).toBe(false);
    clock.now = UNTIL;
    expect(endWhatIsOver(world)).toBe(true);
    expect(states()).toMatchObject({ f_3k2m9q: 'open' });
    expect(events().at(-1)).toEqual(['finding_reopened', 'f_3k2m9q']);
    expect(nextToEnd(world)).toBe(UNTIL + DAY);
    clock.now = UNTIL + 2 * DAY;
    // The pause ended while nobody looked.
    expect(nextToEnd(world)).toBe(UNTIL + DAY);
    expect(endWhatIsOver(world)).toBe(true);
    expect(storage.settings.get('sweeps_enabled')).toBeNull();
    expect(nextToEnd(world)).toBeNull();
    expect(endWhatIsOver(world)).toBe(false);
  });
});
