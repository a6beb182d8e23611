import { defineConfig } from 'vitest/config';
import { missingForSystem } from './test/system/userlands.ts';

const missing = await missingForSystem();
if (missing.length > 0) {
  const sentence = `The system test was NOT run: ${missing.join('; ')}`;
  if (process.env.CI === 'true') throw new Error(sentence);
  console.warn(`\n${sentence}\n`);
}

/**
 * The installation on a Debian with a real systemd, two machines at a time: they wait for clocks most of the time. In CI a
 * missing prerequisite fails.
 */
export default defineConfig({
  test: {
    include: missing.length > 0 ? [] : ['test/system/**/*.system.test.ts'],
    passWithNoTests: missing.length > 0,
    globalSetup: 'test/system/prepare.ts',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
