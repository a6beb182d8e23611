import { defineConfig } from 'vitest/config';

/** The README's test command: no root, loopback only, under a minute. What needs more has a configuration of its own. */
export default defineConfig({
  // Most tests wait for deadlines and not for the processor, so there are more workers than a small machine has cores.
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/lab/**',
      'test/browser/**',
      'test/ha/**',
      'test/system/**',
      'test/faults/*.faults.test.ts',
    ],
    testTimeout: 10_000,
    maxWorkers: 4,
  },
});
