import ipaddr from 'ipaddr.js';
import {
  type Address,
  type AddressRange,
  cidrRange,
  fromNumber,
  isAddress,
  isLoopback,
  liesWithin,
  PRIVATE_RANGES,
  rangeText,
  toNumber,
} from './address.ts';

/** What the owner asked to cover, before expansion. `subnet`: written as a CIDR, so its edges are no hosts. */
export interface Target extends AddressRange {
  readonly text: string;
  readonly subnet: boolean;
}

/** A subnet that an interface of this machine is attached to. */
export interface AttachedSubnet extends AddressRange {
  readonly interface: string;
  /** Our own address in it. */
  readonly address: Address;
  readonly mac: string;
  readonly cidr: string;
}

/** A subnet of this machine that is left alone, and the reason, as a person would say it. */
export interface SkippedSubnet {
  readonly interface: string;
  readonly cidr: string;
  readonly reason: string;
}

/** A sweep larger than this needs `force`. */
export const MOST_ADDRESSES = 4096;

/** What the owner asked for cannot be swept. The message says what was asked, why not, and what to do. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
}

/**
 * One target as it is written in the configuration or after `--subnet`: `192.168.1.0/24`, `192.168.1.10-192.168.1.40`,
 * `192.168.1.10-40` or `192.168.1.20`.
 * @throws TargetError for anything else and for ranges outside private address space.
 */
export function parseTarget(text: string): Target {
  const target = readTarget(text.trim());
  if (!liesWithin(target, PRIVATE_RANGES)) {
    throw new TargetError(
      `target ${text}: not a private range. smbwarden sweeps only your own network ` +
        '(10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16, 127.0.0.0/8)',
    );
  }
  return target;
}

function readTarget(text: string): Target {
  const refuse = (why: string): never => {
    throw new TargetError(
      `target "${text}": ${why}. Write a subnet (192.168.1.0/24), a range (192.168.1.10-192.168.1.40) or an address`,
    );
  };
  if (text.includes(':')) refuse('IPv6 targets are not supported');
  if (text.includes('/')) {
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text)) refuse('not a subnet in CIDR notation');
    return { ...cidrRange(text), text, subnet: true };
  }
  const [from = '', to = from, ...rest] = text.split('-').map((part) => part.trim());
  const end = /^\d{1,3}$/.test(to) ? from.replace(/\d+$/, to) : to;
  if (rest.length > 0 || !isAddress(from) || !isAddress(end)) refuse('not an address, range or subnet');
  const range = { first: toNumber(from), last: toNumber(end) };
  if (range.last < range.first) refuse('the range ends before it begins');
  return { ...range, text, subnet: false };
}

/** Which addresses a sweep will ask, and how each is reached. Lists are in ascending order. */
export interface Coverage {
  /** On a subnet that this machine is attached to: the kernel's neighbour table helps. */
  readonly onLink: readonly Address[];
  /** Behind a router: TCP and node status alone tell. */
  readonly routed: readonly Address[];
  /** 127.0.0.0/8, only when named explicitly. */
  readonly loopback: readonly Address[];
  /** Our own addresses within the targets: looked at from the inside, never probed. */
  readonly own: readonly Address[];
}

/**
 * Expands targets to addresses. Network and broadcast addresses (of the targets' own CIDRs and of attached subnets),
 * our own addresses and the excluded ones are left out; overlaps count once.
 * @throws TargetError when more than 4,096 addresses remain and `force` is not set.
 */
export function expandTargets(
  targets: readonly Target[],
  options: {
    readonly exclude: readonly AddressRange[];
    readonly attached: readonly AttachedSubnet[];
    readonly ownAddresses: readonly Address[];
    readonly force: boolean;
  },
): Coverage {
  const { exclude, attached, ownAddresses, force } = options;
  const own = new Set(ownAddresses.map(toNumber));
  const edges = new Set(
    [...targets.filter((target) => target.subnet), ...attached]
      .filter((range) => range.last - range.first >= 3)
      .flatMap((range) => [range.first, range.last]),
  );
  const numbers = new Set<number>();
  const ownCovered = new Set<number>();
  for (const target of targets) {
    for (let number = target.first; number <= target.last; number += 1) {
      if (own.has(number)) ownCovered.add(number);
      else if (!edges.has(number) && !exclude.some((out) => isIn(number, out))) numbers.add(number);
      if (!force && numbers.size > MOST_ADDRESSES) throw tooMany(targets);
    }
  }
  const coverage = { onLink: [] as Address[], routed: [] as Address[], loopback: [] as Address[] };
  const loopback = cidrRange('127.0.0.0/8');
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const reach = isIn(number, loopback)
      ? 'loopback'
      : attached.some((s) => isIn(number, s))
        ? 'onLink'
        : 'routed';
    coverage[reach].push(fromNumber(number));
  }
  return { ...coverage, own: [...ownCovered].sort((a, b) => a - b).map(fromNumber) };
}

/** Is every host address of the subnet asked, or our own? Its first and last address are no hosts, where it has that many. */
export function coversWhole({ onLink, own }: Coverage, { first, last }: AddressRange): boolean {
  const edges = last - first >= 3 ? 2 : 0;
  const covered = [...onLink, ...own].map(toNumber).filter((number) => isIn(number, { first, last }));
  return covered.length + edges >= sizeOf({ first, last });
}

function tooMany(targets: readonly Target[]): TargetError {
  const wanted = targets.reduce((sum, target) => sum + target.last - target.first + 1, 0);
  return new TargetError(
    `targets ${targets.map((target) => target.text).join(', ')}: ${wanted.toLocaleString('en')} addresses are more than ` +
      `${MOST_ADDRESSES.toLocaleString('en')}. Name a smaller subnet, or set "force: true" in the configuration`,
  );
}

function isIn(number: number, range: AddressRange): boolean {
  return range.first <= number && number <= range.last;
}

/** An interface as the kernel shows it, IPv4 only. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: Address;
  readonly cidr: string;
  /** `00:00:00:00:00:00` where the interface has none (tun, wg, lo). */
  readonly mac: string;
}

/** Bridges that container and VM software makes for itself. A bridge that carries the LAN (vmbr0, br0) is not among them. */
const SOFTWARE_BRIDGES =
  /^(docker\d+|docker_gwbridge|br-[0-9a-f]{12}|virbr\d+.*|podman\d+|cni-podman\d+|lxcbr\d+|lxdbr\d+)$/;
const NO_MAC = '00:00:00:00:00:00';

/** What the interfaces of this machine are attached to. */
export interface Surroundings {
  /** Every subnet in which the kernel resolves neighbours, container bridges included. */
  readonly attached: readonly AttachedSubnet[];
  /** Those that are swept when the owner names nothing. */
  readonly targets: readonly AttachedSubnet[];
  /** Those that are not, with the reason; that is no error. */
  readonly skipped: readonly SkippedSubnet[];
}

/**
 * The default targets are the attached private subnets of interfaces that have a MAC, container bridges left out, at
 * most 4,096 addresses in all.
 */
export function surroundingsOf(interfaces: readonly InterfaceAddress[]): Surroundings {
  const attached: AttachedSubnet[] = [];
  const targets: AttachedSubnet[] = [];
  const skipped: SkippedSubnet[] = [];
  let left = MOST_ADDRESSES;
  for (const each of interfaces.filter(({ address }) => !isLoopback(address))) {
    const range = cidrRange(each.cidr);
    const { interface: name, address, mac } = each;
    const subnet: AttachedSubnet = { ...range, interface: name, address, mac, cidr: rangeText(range) };
    if (mac !== NO_MAC) attached.push(subnet);
    const reason = reasonToSkip(subnet, left);
    if (reason === null) {
      targets.push(subnet);
      left -= sizeOf(subnet);
    } else {
      skipped.push({ interface: name, cidr: subnet.cidr, reason });
    }
  }
  return { attached, targets, skipped };
}

/** null: sweep it. `left`: how many addresses may still be added. */
function reasonToSkip(subnet: AttachedSubnet, left: number): string | null {
  if (SOFTWARE_BRIDGES.test(subnet.interface)) return 'bridge that container or VM software made for itself';
  if (subnet.mac === NO_MAC) return 'tunnel: the interface has no MAC';
  if (!liesWithin(subnet, PRIVATE_RANGES)) return 'not a private range';
  if (subnet.first === subnet.last) return 'a single address';
  if (sizeOf(subnet) <= left) return null;
  // Not before it is wanted: a first formatted number brings 8 MB of the languages' tables into the daemon's memory.
  const most = MOST_ADDRESSES.toLocaleString('en');
  const together = sizeOf(subnet) > MOST_ADDRESSES ? '' : ' together with the others';
  return `more than ${most} addresses${together}`;
}

function sizeOf({ first, last }: AddressRange): number {
  return last - first + 1;
}
