import { describe, expect, it } from 'vitest';
import type { Change, ChangeType } from '../../domain/change.ts';
import { exposureSteps, worstBands } from '../../domain/exposure.ts';
import type { HostHistory } from '../../domain/timeline.ts';
import { sampleChange, sampleFinding, sampleHost } from '../support/samples.ts';

const span = { from: 100, to: 200 };

function history(
  findings: Parameters<typeof sampleFinding>[0][],
  turns: readonly [number, ChangeType, string][],
): HostHistory {
  const changes: Change[] = turns.map(([at, type, findingId]) => sampleChange({ at, type, findingId }));
  return {
    host: sampleHost({ findings: findings.map((each) => sampleFinding(each)) }),
    intervals: [],
    changes,
  };
}

const SIGNING = { id: 'f_a', severity: 'medium', openedAt: 50 } as const;
const SMB1 = { id: 'f_b', severity: 'high', openedAt: 120, state: 'resolved', resolvedAt: 160 } as const;
const both = history(
  [SIGNING, SMB1],
  [
    [50, 'finding_opened', 'f_a'],
    [120, 'finding_opened', 'f_b'],
    [160, 'finding_resolved', 'f_b'],
  ],
);
const nothing = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };

describe('exposure', () => {
  it('is told as steps that cover the span without a gap', () => {
    expect(exposureSteps([both], span)).toEqual([
      { from: 100, to: 120, counts: { ...nothing, medium: 1 } },
      { from: 120, to: 160, counts: { ...nothing, medium: 1, high: 1 } },
      { from: 160, to: 200, counts: { ...nothing, medium: 1 } },
    ]);
  });

  it('is one step of nothing where there are no hosts', () => {
    expect(exposureSteps([], span)).toEqual([{ ...span, counts: nothing }]);
  });

  it('counts a finding that is acknowledged as open', () => {
    const known = history(
      [{ ...SIGNING, state: 'acknowledged' }],
      [
        [50, 'finding_opened', 'f_a'],
        [150, 'finding_acknowledged', 'f_a'],
      ],
    );
    expect(exposureSteps([known], span)).toEqual([{ ...span, counts: { ...nothing, medium: 1 } }]);
  });

  it('counts a finding whose opening is no longer on record from when it was opened', () => {
    expect(exposureSteps([history([SIGNING], [])], span)).toEqual([
      { ...span, counts: { ...nothing, medium: 1 } },
    ]);
  });
});

describe('the worst of a host', () => {
  it('is the worst severity that was open, and no band where nothing was', () => {
    expect(worstBands(both, span)).toEqual([
      { from: 100, to: 120, severity: 'medium' },
      { from: 120, to: 160, severity: 'high' },
      { from: 160, to: 200, severity: 'medium' },
    ]);
    expect(
      worstBands(
        history(
          [SMB1],
          [
            [120, 'finding_opened', 'f_b'],
            [160, 'finding_resolved', 'f_b'],
          ],
        ),
        span,
      ),
    ).toEqual([{ from: 120, to: 160, severity: 'high' }]);
  });
});
