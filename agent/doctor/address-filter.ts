import { BlockList, isIP } from 'node:net';
import type { Config } from '../config.ts';
import { type Check, fault, ok } from './check.ts';
import type { DoctorWorld, Unit } from './doctor-world.ts';
import { dropIn } from './service.ts';

/**
 * Does systemd's IPAddressAllow= let the service reach its broker and its name servers? The kernel drops what it does not
 * allow, so that a broker on a public address looks as if it were switched off.
 */
export async function addressFilterChecks(
  world: Pick<DoctorWorld, 'resolve' | 'nameServers'>,
  unit: Unit | null,
  config: Config,
): Promise<Check[]> {
  if (unit === null || unit.loadState !== 'loaded' || unit.denied.length === 0) return [];
  const blocked = await blockedPeers(world, unit, config);
  if (blocked.length === 0)
    return [ok('address-filter', 'broker and name servers are inside IPAddressAllow=')];
  return blocked.map(({ who, address }) =>
    fault(
      'address-filter',
      `the unit keeps the service from reaching ${who} at ${address} (IPAddressAllow=)`,
      {
        commands: [
          dropIn(`allow-${address.replaceAll(/[.:]/g, '-')}`, `IPAddressAllow=${address}`),
          'systemctl daemon-reload',
          'systemctl restart smbwarden',
        ],
      },
    ),
  );
}

async function blockedPeers(
  world: Pick<DoctorWorld, 'resolve' | 'nameServers'>,
  unit: Unit,
  { mqtt }: Config,
): Promise<{ readonly who: string; readonly address: string }[]> {
  const host = mqtt.url === null ? null : new URL(mqtt.url).hostname.replace(/^\[(.*)\]$/, '$1');
  const found = host === null ? null : await world.resolve(host);
  const broker = found?.kind === 'done' ? found.value : [];
  const needsNames = host !== null && isIP(host) === 0;
  return [
    ...broker.map((address) => ({ who: `the broker ${host}`, address })),
    ...(needsNames ? world.nameServers().map((address) => ({ who: 'the name server', address })) : []),
  ].filter(({ address }) => !mayReach(unit, address));
}

/** As systemd.resource-control(5) has it: what is allowed passes, then what is denied does not. */
function mayReach({ allowed, denied }: Pick<Unit, 'allowed' | 'denied'>, address: string): boolean {
  return holds(allowed, address) || !holds(denied, address);
}

function holds(cidrs: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix] = cidr.split('/');
    const family = isIP(network);
    if (family === 0) continue;
    const whole = family === 4 ? 32 : 128;
    list.addSubnet(network, prefix === undefined ? whole : Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
