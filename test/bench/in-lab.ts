import { buildLab, type Lab } from '../lab/build-lab.ts';
import { CAST, type CastMember } from '../lab/hosts.ts';
import { missingForLab } from '../lab/requirements.ts';

const HOSTILE_FROM = '10.77.0.50';

/** The lab's machines as they are found in homes: without those that lie, stall or flood. */
export const HOME: readonly CastMember[] = CAST.filter(({ address }) => address < HOSTILE_FROM);

/** What keeps a section from being measured in the lab here, and how to mend it. */
export const missingInLab = missingForLab;

/** Builds a lab of these hosts, measures in it, and removes it however that ends. */
export async function measureInLab<Result>(
  cast: readonly CastMember[],
  measure: (lab: Lab) => Promise<Result>,
): Promise<Result> {
  const lab = await buildLab(cast);
  try {
    return await measure(lab);
  } finally {
    await lab.close();
  }
}

/** The agent's neighbour table is empty afterwards, as on a machine that has just started. */
export async function forgetNeighbours(lab: Lab): Promise<void> {
  await lab.agent.run('ip', ['neigh', 'flush', 'all']);
}
