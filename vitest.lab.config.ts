import { defineConfig } from 'vitest/config';
import { labNotRun, missingForLab } from './test/lab/requirements.ts';

const missing = await missingForLab();
if (missing.length > 0) {
  if (process.env.CI === 'true') throw new Error(labNotRun(missing));
  console.warn(`\n${labNotRun(missing)}\n`);
}

/** Tests against real peers in network namespaces. One lab at a time; in CI a missing prerequisite fails. */
export default defineConfig({
  test: {
    include: missing.length > 0 ? [] : ['test/lab/**/*.lab.test.ts'],
    passWithNoTests: missing.length > 0,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
