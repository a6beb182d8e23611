import { defineConfig } from 'vitest/config';
import { homeAssistantNotRun, missingForHomeAssistant } from './test/ha/missing.ts';

const missing = await missingForHomeAssistant();
if (missing.length > 0) console.warn(`\n${homeAssistantNotRun(missing)}\n`);

/** Tests against a real Home Assistant in the lab. One at a time; `npm run test:ha` runs them for each release. */
export default defineConfig({
  test: {
    include: missing.length > 0 ? [] : ['test/ha/**/*.ha.test.ts'],
    passWithNoTests: missing.length > 0,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
