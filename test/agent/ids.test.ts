import { describe, expect, it } from 'vitest';
import { newAgentId, newEventId, newFindingId, newHostId } from '../../agent/ids.ts';
import { random } from '../support/loopback.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes);
const ones = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(0xff);

describe('ids', () => {
  it('have the shape that topics and entity ids allow', () => {
    expect(newAgentId(random)).toMatch(/^a[0-9a-f]{8}$/);
    expect(newHostId(random)).toMatch(/^u[0-9a-f]{12}$/);
    expect(newFindingId(random, () => false)).toMatch(/^f_[0-9a-hjkmnp-tv-z]{6}$/);
    expect(newEventId(random, SAMPLE_TIME)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it('keep leading zeros', () => {
    expect(newAgentId(zeros)).toBe('a00000000');
    expect(newHostId(zeros)).toBe('u000000000000');
    expect(newHostId(ones)).toBe('uffffffffffff');
    expect(newFindingId(zeros, () => false)).toBe('f_000000');
  });

  it('of findings are never given twice', () => {
    const taken = new Set(['f_000000']);
    let turn = 0;
    const id = newFindingId(
      (bytes) => new Uint8Array(bytes).fill(turn++),
      (each) => taken.has(each),
    );
    expect(id).toBe('f_111111');
  });

  it('of events sort by time, to the millisecond', () => {
    const ids = [SAMPLE_TIME, SAMPLE_TIME + 1, SAMPLE_TIME + 32, SAMPLE_TIME + 86_400_000];
    const made = ids.map((at, i) => newEventId(i % 2 === 0 ? ones : zeros, at));
    expect([...made].sort()).toEqual(made);
  });

  it('of events are ULIDs: the time of the sample, known from another implementation', () => {
    // Crockford's base 32 of 1469918176385, the example of the ULID specification.
    expect(newEventId(zeros, 1_469_918_176_385)).toBe('01ARYZ6S410000000000000000');
  });
});
