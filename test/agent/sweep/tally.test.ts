import { describe, expect, it } from 'vitest';
import type { SweepProgress } from '../../../agent/sweep/report.ts';
import type { Visit } from '../../../agent/sweep/stay.ts';
import { Tally } from '../../../agent/sweep/tally.ts';
import { recordingLog } from '../../support/publisher-parts.ts';

const [FIRST, SECOND] = ['192.168.1.1', '192.168.1.2'];
const MAC = '00:11:32:aa:bb:cc';
const VISIT: Visit = { observations: [], answered: true, asked: ['smb1'], localFaults: [] };

function tallyOf(addresses: number, signal = new AbortController().signal) {
  const steps: SweepProgress[] = [];
  const onProgress = (step: SweepProgress): void => void steps.push(step);
  return { tally: new Tally({ addresses, signal, onProgress, log: recordingLog() }), steps };
}

describe('the tally of a sweep', () => {
  it('is complete when every address was met or has settled', () => {
    const { tally } = tallyOf(2);
    tally.noteVisit(FIRST, MAC, VISIT, true);
    expect(tally.finish().complete).toBe(false);
    tally.noteSilent(SECOND);
    const asked = tally.finish();
    expect(asked).toMatchObject({ addresses: 2, complete: true });
    expect(asked.sightings).toEqual([
      { address: FIRST, mac: MAC, isAgent: false, observations: [], asked: ['smb1'], losses: [] },
    ]);
    expect([...asked.settled]).toEqual([FIRST, SECOND]);
  });

  it('does not let trouble of our own settle that nobody is there', () => {
    const { tally } = tallyOf(1);
    tally.noteVisit(FIRST, null, { ...VISIT, answered: false, localFaults: ['ENETUNREACH'] }, false);
    expect(tally.finish().settled.size).toBe(0);
    expect(tally.finish().complete).toBe(false);
  });

  it('does not let a visit that was cut short settle that nobody is there', () => {
    const { tally } = tallyOf(1, AbortSignal.abort());
    tally.noteVisit(FIRST, null, { ...VISIT, answered: false }, false);
    expect(tally.finish().settled.size).toBe(0);
  });

  it('says nothing about a doubtful address, unless its host was met at another one', () => {
    const { tally } = tallyOf(2);
    tally.noteDoubt(FIRST, MAC);
    expect(tally.finish().settled.has(FIRST)).toBe(false);
    tally.noteVisit(SECOND, MAC, VISIT, true);
    expect(tally.finish().settled.has(FIRST)).toBe(true);
  });

  it('reports how far the sweep has come, not more often than anybody can read', async () => {
    const { tally, steps } = tallyOf(2);
    tally.noteAsked();
    tally.noteAsked();
    tally.noteFound();
    await new Promise((resolve) => setTimeout(resolve, 120));
    tally.noteVisit(FIRST, MAC, VISIT, true);
    expect(steps.map(({ asked, hostsUp, hostsDone, stage }) => [asked, hostsUp, hostsDone, stage])).toEqual([
      [1, 0, 0, 'asking hosts'],
      [2, 1, 1, 'settling silent addresses'],
    ]);
  });
});
