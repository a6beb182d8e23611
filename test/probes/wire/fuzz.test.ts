import { describe, expect, test } from 'vitest';
import { mutate, randomNumbers } from '../../fuzz/mutate.ts';
import { TARGETS } from '../../fuzz/targets.ts';
import { verdict } from '../../support/codec-contract.ts';
import { plain } from '../../support/hex-file.ts';

/** For all targets together; CI gives it ten seconds. `npm run fuzz` is the long one. */
const BUDGET_MS = Number(process.env.FUZZ_MS ?? 2_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 0x1_0000_0000);

describe(`mutated fixtures, FUZZ_SEED=${SEED}`, () => {
  test.each(TARGETS)(
    '$name: nothing but DecodeError gets out',
    { timeout: BUDGET_MS + 10_000 },
    ({ decode, corpus }) => {
      const random = randomNumbers(SEED);
      const end = performance.now() + BUDGET_MS / TARGETS.length;
      do {
        for (let i = 0; i < 100; i += 1) {
          const bytes = mutate(corpus, random);
          if (verdict(decode, bytes) === 'another error') expect.fail(`FUZZ_SEED=${SEED}: ${plain(bytes)}`);
        }
      } while (performance.now() < end);
    },
  );
});
