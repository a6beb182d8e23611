import { describe, expect, it } from 'vitest';
import type { ChangeType, RecordedChange } from '../../domain/change.ts';
import { withoutFlapping } from '../../domain/flapping.ts';
import { sampleChange } from '../support/samples.ts';

const change = (type: ChangeType, findingId: string | null = 'f_1'): RecordedChange =>
  ({ ...sampleChange(), type, findingId, summary: type }) as RecordedChange;

const told = (changes: readonly RecordedChange[], lately: readonly RecordedChange[]) =>
  withoutFlapping(changes, lately).map((each) => each.summary);

describe('what goes back and forth', () => {
  const [opened, resolved, reopened] = [
    change('finding_opened'),
    change('finding_resolved'),
    change('finding_reopened'),
  ];

  it('is announced three times', () => {
    expect(told([reopened], [opened, resolved])).toEqual(['finding_reopened']);
  });

  it('is announced a fourth time with the word that it keeps changing', () => {
    expect(told([resolved], [opened, resolved, reopened])).toEqual([
      'finding_resolved; it keeps changing, and is announced no more until it has kept still',
    ]);
  });

  it('is announced no more after that', () => {
    expect(told([reopened], [opened, resolved, reopened, resolved])).toEqual([]);
  });

  it('is counted for each finding, and for each host that comes and goes', () => {
    const other = change('finding_opened', 'f_2');
    const gone = change('host_lost', null);
    const flapped = [opened, resolved, reopened, resolved];
    expect(told([other, gone], flapped)).toEqual(['finding_opened', 'host_lost']);
    expect(told([gone], [gone, change('host_returned', null), gone, gone])).toEqual([]);
    expect(told([change('host_moved', null)], [gone, gone, gone, gone])).toEqual(['host_moved']);
  });

  it('does not hold back what changes one way only', () => {
    const raised = change('severity_raised');
    expect(told([raised], [opened, resolved, reopened, resolved])).toEqual(['severity_raised']);
  });
});
