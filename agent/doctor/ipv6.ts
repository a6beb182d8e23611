import type { Config } from '../config.ts';
import { type Check, ok, unknown } from './check.ts';
import type { DoctorWorld, Recorded } from './doctor-world.ts';

/** Are hosts asked over IPv6, where, and has that come to anything? */
export async function ipv6Check(
  world: Pick<DoctorWorld, 'network' | 'ipv6'>,
  config: Config,
  recorded: Recorded | null,
): Promise<Check[]> {
  const network = world.network(config);
  // Nobody behind a router is asked over IPv6, so that without an attached target there is nothing to tell.
  if (network.kind === 'failed' || network.coverage.onLink.length === 0) return [];
  if (!config.ipv6) return [ok('ipv6', 'switched off in the configuration')];
  const { devices, callable, trouble } = await world.ipv6(config, network.coverage);
  if (devices.length === 0) {
    return [ok('ipv6', 'no interface towards the subnets has a link-local address: nobody is asked')];
  }
  if (trouble !== null) {
    return [
      unknown('ipv6', `nobody is asked, since the neighbours cannot be read: ${trouble}`, {
        advice: 'The program ip tells them. Where it is missing, install it; then this must print no error:',
        commands: ['apt-get install iproute2', 'ip -6 -j neigh show'],
      }),
    ];
  }
  const silent = devices.filter((device) => !callable.includes(device));
  const limit = silent.length === 0 ? '' : `; on ${silent.join(', ')} only those who have talked to us`;
  return [ok('ipv6', `asked on ${devices.join(', ')}${limit}${answers(recorded)}`)];
}

function answers(recorded: Recorded | null): string {
  if (recorded?.lastSweep == null) return '';
  const { hostsOverIpv6: hosts } = recorded;
  if (hosts === 0) return '; no known host has answered there';
  return `; ${hosts} known ${hosts === 1 ? 'host has' : 'hosts have'} answered there`;
}
