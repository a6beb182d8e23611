import { type Check, fault, ok } from './check.ts';
import type { DoctorWorld } from './doctor-world.ts';

const LEAST_NODE = [22, 14] as const;
/** Of better-sqlite3 13, which crashes on an older one instead of refusing it. */
const LEAST_NODE_API = 10;

/** Is Node.js new enough? Looked at before the database is touched. */
export function runtimeCheck(world: Pick<DoctorWorld, 'runtime'>): Check {
  const { node, nodeApi } = world.runtime();
  const seen = `Node.js ${node}, Node-API ${nodeApi}`;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor);
  if (!isOld && nodeApi >= LEAST_NODE_API) return ok('runtime', seen);
  return fault(
    'runtime',
    `${seen}: the database needs Node.js ${LEAST_NODE.join('.')} and Node-API ${LEAST_NODE_API} at least`,
    {
      advice: 'Start it by the command smbwarden, which takes the Node.js that came with it; in a checkout:',
      commands: ['npm ci'],
    },
  );
}
