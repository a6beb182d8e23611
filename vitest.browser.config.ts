import { defineConfig } from 'vitest/config';
import { browserNotRun, missingForBrowser } from './test/browser/chromium.ts';

const missing = missingForBrowser();
if (missing.length > 0) {
  if (process.env.CI === 'true') throw new Error(browserNotRun(missing));
  console.warn(`\n${browserNotRun(missing)}\n`);
}

/** The report, looked at in a real browser. In CI a missing browser fails. */
export default defineConfig({
  test: {
    include: missing.length > 0 ? [] : ['test/browser/**/*.browser.test.ts'],
    passWithNoTests: missing.length > 0,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
