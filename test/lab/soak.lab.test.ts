/**
 * The soak in small: the same code as `npm run soak`, a few dozen sweeps instead of thousands. It finds what goes wrong at
 * once (a topic left behind, a descriptor a sweep, a change that nobody sees); what grows slowly needs the full length.
 */
import { expect, test } from 'vitest';
import { ALTERATIONS } from '../soak/alterations.ts';
import { runPhase } from '../soak/phase.ts';
import { fastHosts, NO_LIMITS, wholeLab } from '../soak/phases.ts';
import { complaints, type Reported, reportText } from '../soak/report.ts';

/** Each thing that is altered once, but for what makes sweeps slow. */
const IN_SMALL = {
  idleMs: 1_000,
  measureEvery: 3,
  compareEvery: 5,
  alterEvery: 3,
  alterations: ALTERATIONS.filter(({ isBrief }) => isBrief !== true),
};

test('nothing is left behind, and database and broker say the same, while hosts and owner keep changing something', {
  timeout: 600_000,
}, async () => {
  const plans = [
    { ...fastHosts(3 * IN_SMALL.alterations.length), ...IN_SMALL },
    { ...wholeLab(3), ...IN_SMALL, alterations: [] },
  ];
  const reported = await Promise.all(
    plans.map(
      async (plan): Promise<Reported> => ({ result: await runPhase(plan, () => {}), limits: NO_LIMITS }),
    ),
  );
  console.log(reportText(reported));
  expect(complaints(reported)).toEqual([]);
  expect(reported.map(({ result }) => result.comparisons)).toEqual([7, 2]);
});
