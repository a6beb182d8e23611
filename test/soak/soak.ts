/**
 * Soaks the daemon: `npm run soak [-- --sweeps N --lab-sweeps N]`, as root. Thousands of sweeps of four fast hosts, and at
 * the same time hundreds of the whole lab, while hosts, the owner and the broker keep changing something. Memory, file
 * descriptors and threads must stay where they are, and database and broker must say the same. 0 leaves a part out. A run
 * of full length writes its figures into docs/reliability.md. Exit status 1 when anything does not hold.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { labNotRun, missingForLab } from '../lab/requirements.ts';
import { runPhase } from './phase.ts';
import { FULL, fastHosts, LIMITS, NO_LIMITS, wholeLab } from './phases.ts';
import { complaints, type Reported, reportPage, reportText, writeSection } from './report.ts';

const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

const { values } = parseArgs({
  options: {
    sweeps: { type: 'string', default: String(FULL.sweeps) },
    'lab-sweeps': { type: 'string', default: String(FULL.labSweeps) },
  },
});
const [sweeps, labSweeps] = [values.sweeps, values['lab-sweeps']].map(Number) as [number, number];
if (![sweeps, labSweeps].every((count) => Number.isInteger(count) && count >= 0)) {
  console.error('soak: --sweeps and --lab-sweeps are whole numbers, 0 or more');
  process.exit(2);
}
const missing = await missingForLab();
if (missing.length > 0) {
  console.error(labNotRun(missing));
  process.exit(process.env.CI === 'true' ? 1 : 0);
}

const isFull = { fastHosts: sweeps >= FULL.sweeps, wholeLab: labSweeps >= FULL.labSweeps };
const phases = [
  { plan: fastHosts(sweeps), limits: isFull.fastHosts ? LIMITS.fastHosts : NO_LIMITS },
  { plan: wholeLab(labSweeps), limits: isFull.wholeLab ? LIMITS.wholeLab : NO_LIMITS },
].filter(({ plan }) => plan.sweeps > 0);

const reported = await Promise.all(
  phases.map(async ({ plan, limits }): Promise<Reported> => {
    const say = (text: string) =>
      console.error(`${new Date().toISOString().slice(11, 19)} ${plan.name}: ${text}`);
    return { result: await runPhase(plan, say), limits };
  }),
);
console.log(reportText(reported));
const wrong = complaints(reported);
for (const each of wrong) console.log(`DOES NOT HOLD: ${each}`);
if (isFull.fastHosts && isFull.wholeLab) writeSection(PAGE, reportPage(reported, Date.now()));
process.exitCode = wrong.length === 0 ? 0 : 1;
