import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../probes/wire/reader.ts';
import { fuzzBlock } from './block.ts';

const CORPUS = [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)];

/** A block of 200 inputs for `decode`, on a clock that decoders may move. */
function blockOf(
  decode: (bytes: Uint8Array) => unknown,
  given: { seed?: number; clock?: () => number } = {},
) {
  const announced: string[] = [];
  const outcome = fuzzBlock(
    { name: 'sample', decode, corpus: CORPUS },
    {
      seed: given.seed ?? 1,
      block: 0,
      size: 200,
      clock: given.clock ?? (() => 0),
      announce: (bytes) => announced.push(hex(bytes)),
    },
  );
  return { outcome, announced };
}

describe('a block of mutated inputs', () => {
  it('counts what was accepted and what was answered with a DecodeError', () => {
    const { outcome } = blockOf((bytes) => {
      if (bytes.length % 2 === 1) throw sampleDecodeError();
    });
    expect(outcome).toMatchObject({ failure: null });
    expect(outcome.accepted).toBeGreaterThan(0);
    expect(outcome.refused).toBeGreaterThan(0);
    expect(outcome.accepted + outcome.refused).toBe(200);
  });

  it('ends at the first input for which anything else is thrown, and returns it', () => {
    const { outcome, announced } = blockOf((bytes) => {
      if (bytes.length > 8) throw new RangeError('out of bounds');
    });
    expect(outcome.failure!.length).toBeGreaterThan(8);
    expect(hex(outcome.failure!)).toBe(announced.at(-1));
    expect(outcome.accepted).toBe(announced.length - 1);
  });

  it('is the same for the same seed, and another for another', () => {
    const inputs = (seed: number) => blockOf(() => {}, { seed }).announced;
    expect(inputs(7)).toEqual(inputs(7));
    expect(inputs(7)).not.toEqual(inputs(8));
  });

  it('keeps the inputs that are slow each time, not those that were held up once', () => {
    let now = 0;
    let decoded = 0;
    const { outcome } = blockOf(
      (bytes) => {
        decoded += 1;
        now += bytes.length + (decoded === 50 ? 1_000 : 0);
      },
      { clock: () => now },
    );
    expect(outcome.slowest).toHaveLength(3);
    for (const { bytes, ms } of outcome.slowest) expect(ms).toBe(bytes.length);
    expect(outcome.slowest[0]!.ms).toBeGreaterThan(8);
  });
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function sampleDecodeError(): DecodeError {
  return new DecodeError({ structure: 'SAMPLE', field: 'length', offset: 0, wanted: 'even', present: 'odd' });
}
