import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { missingForLab } from './test/lab/requirements.ts';

const missing = await missingForLab();
const notRun = `The fault suite was NOT run: ${missing.join('; ')}`;
if (missing.length > 0) {
  if (process.env.CI === 'true') throw new Error(notRun);
  console.warn(`\n${notRun}\n`);
}

/** Begun first, so that nobody waits for them at the end. */
const LONGEST = ['hostile', 'kills-publishing', 'kills', 'broker', 'network', 'power'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.faults.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

/** Faults done to the real daemon, as root. In CI a missing prerequisite fails. */
export default defineConfig({
  test: {
    include: missing.length > 0 ? [] : ['test/faults/**/*.faults.test.ts'],
    passWithNoTests: missing.length > 0,
    // Most of the time is waiting. Each file has machines, brokers and directories of its own.
    maxWorkers: 8,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
