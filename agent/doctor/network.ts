import { type AddressRange, liesWithin } from '../../domain/address.ts';
import { type Coverage, parseTarget } from '../../domain/target.ts';
import type { Config } from '../config.ts';
import { PACES } from '../sweep/pace.ts';
import { type Check, fault, ok, unknown, warning } from './check.ts';
import type { DoctorWorld, NetworkState } from './doctor-world.ts';

/** What will be swept: is it there, is it ours, and what is left out for which reason? */
export function subnetChecks(world: Pick<DoctorWorld, 'network'>, config: Config): Check[] {
  const network = world.network(config);
  if (network.kind === 'failed') {
    return [fault('subnets', network.message, { commands: ['smbwarden config show', 'ip -4 address'] })];
  }
  const { targets, coverage, attached } = network;
  const left = network.skipped.map(({ interface: name, cidr, reason }) =>
    ok('left-out', `${cidr} on ${name}: ${reason}`),
  );
  if (targets.length === 0) return [nothingAttached(), ...left];
  if (count(coverage) + coverage.own.length === 0) return [nothingLeft(targets), ...left];
  return [...targets.map((target) => targetCheck(target, attached, config)), ...left];
}

function count({ onLink, routed, loopback }: Coverage): number {
  return onLink.length + routed.length + loopback.length;
}

function nothingAttached(): Check {
  return warning('subnets', 'no private subnet is attached: nobody but this machine is looked at', {
    advice: 'Connect it, or name your subnet under targets in the configuration; what is attached shows:',
    commands: ['ip -4 address', 'smbwarden sweep --dry-run'],
  });
}

function nothingLeft(targets: readonly string[]): Check {
  return fault('subnets', `${targets.join(', ')}: exclude leaves not one address of it`, {
    advice: 'Take out of exclude, or of targets, what is wrong:',
    commands: ['smbwarden config show', 'smbwarden sweep --dry-run'],
  });
}

type Attached = Extract<NetworkState, { kind: 'known' }>['attached'];

function targetCheck(text: string, attached: Attached, config: Config): Check {
  const target = parseTarget(text);
  const subnet = attached.find((each) => liesWithin(target, [each]));
  if (subnet !== undefined) return ok('subnets', `${text}: attached to ${subnet.interface}`);
  if (text.startsWith('127.')) return ok('subnets', `${text}: loopback, as the configuration says`);
  const part = attached.find((each) => overlaps(each, target));
  if (part !== undefined) {
    return ok(
      'subnets',
      `${text}: in part attached to ${part.interface} (${part.cidr}), else behind a router`,
    );
  }
  const origin = config.targets === null ? '' : ', though the configuration names it';
  return warning('subnets', `${text}: no interface is attached to it${origin}`, {
    advice:
      'Behind a router, whoever answers neither TCP nor NetBIOS is not seen. Is the interface up, and the subnet right?',
    commands: ['ip -4 address', `ip route get ${text.split(/[/-]/)[0]}`],
  });
}

function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** Kernel's default of gc_thresh3. */
const USUAL_LIMIT = 1_024;
/** Entries that a sweep leaves to everybody else on this machine. */
const RESERVE = 128;
/** An address where nobody is holds its entry for so long. */
const HELD_FOR_S = 3.2;
/** However many addresses there are, a sweep has no more unresolved ones in hand than that (probes/discover.ts). */
const MOST_AT_ONCE = 16_384;
/** Hosts that were found hold theirs for up to 45 s: room for many of them. */
const FOUND_AT_ONCE = 4_096;
const DROP_IN = '/etc/sysctl.d/60-smbwarden.conf';

/** Does the kernel's neighbour table hold the attached targets, and what would a larger one gain? */
export async function neighbourCheck(
  world: Pick<DoctorWorld, 'network' | 'neighbours'>,
  config: Config,
): Promise<Check[]> {
  const network = world.network(config);
  if (network.kind === 'failed' || network.coverage.onLink.length === 0) return [];
  const addresses = network.coverage.onLink.length;
  const { macs, limit } = await world.neighbours();
  const most = limit ?? USUAL_LIMIT;
  const swept = new Set(network.coverage.onLink);
  const others = [...macs.keys()].filter((address) => !swept.has(address)).length;
  const room = most - RESERVE - others;
  const told = `room for ${inWords(most)} entries${limit === null ? ' by default; the limit cannot be read here' : ''}`;
  const entries = Math.min(addresses, MOST_AT_ONCE + FOUND_AT_ONCE);
  if (entries <= room) return [ok('neighbour-table', `${told}, ${inWords(addresses)} addresses to sweep`)];
  const needed = 2 ** Math.ceil(Math.log2(entries + others + USUAL_LIMIT));
  const seconds = (perSecond: number) => Math.ceil(addresses / perSecond + HELD_FOR_S);
  const { addressesPerSecond } = PACES[config.pace];
  const now = Math.min(addressesPerSecond, Math.max(1, room) / HELD_FOR_S);
  const then = Math.min(addressesPerSecond, Math.min(MOST_AT_ONCE, needed - RESERVE - others) / HELD_FOR_S);
  const slow = `${told}, ${inWords(addresses)} addresses to sweep: that takes ${seconds(now)} s instead of ${seconds(then)} s`;
  const mend = {
    advice: 'The limits belong to the whole machine, so set them on the host and not in a container:',
    commands: [
      `printf 'net.ipv4.neigh.default.gc_thresh2 = ${needed / 2}\\nnet.ipv4.neigh.default.gc_thresh3 = ${needed}\\n' > ${DROP_IN}`,
      `sysctl -p ${DROP_IN}`,
    ],
  };
  return [limit === null ? unknown('neighbour-table', slow, mend) : warning('neighbour-table', slow, mend)];
}

function inWords(number: number): string {
  return number.toLocaleString('en');
}

/** File-service ports of this very machine that are open to others. */
export async function ownPortsCheck(world: Pick<DoctorWorld, 'listening'>): Promise<Check> {
  const listening = await world.listening();
  if (listening.length === 0)
    return ok('own-ports', 'none of 135, 137 to 139 and 445 is open beyond loopback');
  return warning('own-ports', `this machine offers file services to the network: ${listening.join(', ')}`, {
    advice:
      'Where that is not wanted, switch the service off; where it is, read how to narrow it. Who listens there:',
    commands: [
      "ss -tulpn '( sport = :135 or sport = :137 or sport = :138 or sport = :139 or sport = :445 )'",
      'systemctl disable --now smbd nmbd',
      'smbwarden explain agent-host-exposed',
    ],
  });
}
