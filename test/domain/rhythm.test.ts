import { describe, expect, it } from 'vitest';
import { rhythmOf } from '../../domain/rhythm.ts';
import { sampleSummary } from '../support/samples.ts';

const sweepsAt = (...starts: readonly number[]) =>
  starts.map((startedAt, id) => ({ id, ...sampleSummary({ startedAt, finishedAt: startedAt + 1 }) }));

describe('the rhythm of sweeps', () => {
  it('is the usual time between two, and names what was missed', () => {
    expect(rhythmOf(sweepsAt(0, 10, 20, 31, 70, 80), 85)).toEqual({
      everyMs: 10,
      gaps: [{ from: 31, to: 70, missed: 3 }],
    });
  });

  it('counts what was missed at the end', () => {
    expect(rhythmOf(sweepsAt(0, 10, 20, 30), 75).gaps).toEqual([{ from: 30, to: 75, missed: 4 }]);
  });

  it('takes a sweep that began late for no gap', () => {
    expect(rhythmOf(sweepsAt(0, 10, 20, 38, 48), 50).gaps).toEqual([]);
  });

  it('is not told from fewer than four sweeps, checks left out', () => {
    const checks = sweepsAt(40, 50).map((sweep) => ({ ...sweep, kind: 'check' as const }));
    expect(rhythmOf([...sweepsAt(0, 10, 20), ...checks], 100)).toEqual({ everyMs: null, gaps: [] });
  });

  it('does not depend on the order in which sweeps are given', () => {
    expect(rhythmOf(sweepsAt(30, 0, 20, 10), 35)).toEqual({ everyMs: 10, gaps: [] });
  });
});
