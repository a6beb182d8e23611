import { describe, expect, it } from 'vitest';
import type { FactInterval } from '../../domain/history.ts';
import { timelineOf } from '../../domain/timeline.ts';
import { sampleChange, sampleHost } from '../support/samples.ts';

const HOST = sampleHost({ firstSeenAt: 100, missedSweeps: 3, present: false });
const LOST = sampleChange({ type: 'host_lost', at: 500, findingId: null });
const INTERVALS: readonly FactInterval[] = [
  { name: 'tcp/445', value: 'open', since: 100, until: null },
  { name: 'tcp/139', value: 'open', since: 300, until: null },
  { name: 'tcp/139', value: 'closed', since: 100, until: 300 },
  { name: 'udp/137', value: 'unknown', since: 100, until: null },
  { name: 'smb.smb1', value: 'yes', since: 100, until: 400 },
  { name: 'smb.smb1', value: 'no', since: 400, until: null },
];

describe('the timeline of a host', () => {
  const tracks = timelineOf({ host: HOST, intervals: INTERVALS, changes: [LOST] }, { from: 200, to: 600 });

  it('has presence, services by transport and port, and what is known of the posture of SMB', () => {
    expect(tracks.map(({ name, label }) => [name, label])).toEqual([
      ['presence', 'presence'],
      ['tcp/139', 'TCP 139'],
      ['tcp/445', 'TCP 445'],
      ['udp/137', 'UDP 137'],
      ['smb1', 'SMB 1'],
    ]);
  });

  it('is cut to the span, with words and tone for each band', () => {
    const bands = Object.fromEntries(tracks.map((track) => [track.name, track.bands]));
    expect(bands).toMatchObject({
      presence: [
        { from: 200, to: 500, state: 'there', tone: 'neutral' },
        { from: 500, to: 600, state: 'away', tone: 'unknown' },
      ],
      'tcp/139': [
        { from: 200, to: 300, state: 'closed', tone: 'guarded' },
        { from: 300, to: 600, state: 'open', tone: 'exposed' },
      ],
      'tcp/445': [{ from: 200, to: 600, state: 'open', tone: 'neutral' }],
      'udp/137': [{ from: 200, to: 600, state: 'unknown', tone: 'unknown' }],
      smb1: [
        { from: 200, to: 400, state: 'accepted', tone: 'exposed' },
        { from: 400, to: 600, state: 'not accepted', tone: 'guarded' },
      ],
    });
  });

  it('leaves out what begins after the span', () => {
    const early = timelineOf({ host: HOST, intervals: INTERVALS, changes: [LOST] }, { from: 0, to: 100 });
    expect(early).toEqual([]);
  });
});
