import { describe, expect, it } from 'vitest';
import { BLOCK_SIZE } from './block.ts';
import { type FuzzOutcome, fuzz } from './run.ts';
import { TARGETS } from './targets.ts';

/** Fuzzes one decoder, given as JavaScript, on two threads. */
function fuzzing(decode: string): Promise<FuzzOutcome> {
  const module = `export const TARGETS = [{ name: 'sample', corpus: [new Uint8Array(8)], decode: ${decode} }];`;
  return fuzz({
    targets: new URL(`data:text/javascript,${encodeURIComponent(module)}`),
    executions: 40_000,
    limitMs: 8_000,
    seed: 1,
    threads: 2,
    stallMs: 1_500,
  });
}

describe('fuzzing on threads', () => {
  it('decodes every input of every target once', async () => {
    const executions = TARGETS.length * BLOCK_SIZE + 1;
    const outcome = await fuzz({
      targets: new URL('targets.ts', import.meta.url),
      executions,
      limitMs: 8_000,
      seed: 1,
      threads: 2,
      stallMs: 8_000,
    });
    expect(outcome).toMatchObject({ executions, failures: [] });
    for (const { accepted, slowest } of outcome.tallies) {
      expect(accepted).toBeGreaterThan(0);
      expect(slowest).toHaveLength(3);
    }
  });

  it('stops at an input for which something other than a DecodeError is thrown', async () => {
    const { failures } = await fuzzing('(bytes) => { if (bytes.length === 5) throw new TypeError(); }');
    expect(failures.length).toBeGreaterThan(0);
    expect(failures[0]).toMatchObject({ target: 'sample', kind: 'threw', bytes: { length: 5 } });
  });

  it('names the input that a decoder never returns from', async () => {
    const { failures } = await fuzzing('(bytes) => { while (bytes.length === 5); }');
    expect(failures[0]).toMatchObject({ target: 'sample', kind: 'hung', bytes: { length: 5 } });
  });

  it('names the input that takes the thread down', async () => {
    const { failures } = await fuzzing('(bytes) => { if (bytes.length === 5) process.exit(7); }');
    expect(failures[0]).toMatchObject({ target: 'sample', kind: 'crashed', bytes: { length: 5 } });
  });
});
