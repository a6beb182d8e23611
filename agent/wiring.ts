import { randomFillSync } from 'node:crypto';
import { type Address, isLoopback, toNumber } from '../domain/address.ts';
import type { History } from '../domain/history.ts';
import type { Level } from '../domain/level.ts';
import { ownersHosts, withOwnersWord } from '../domain/owners-hosts.ts';
import {
  type AttachedSubnet,
  type Coverage,
  coversWhole,
  expandTargets,
  parseTarget,
  type SkippedSubnet,
  surroundingsOf,
} from '../domain/target.ts';
import { discover, isStillThere, MOST_UNRESOLVED } from '../probes/discover.ts';
import { listenToMdns, type MdnsListener } from '../probes/mdns-listener.ts';
import type { ServicePorts } from '../probes/probe.ts';
import { PROBES } from '../probes/registry.ts';
import {
  type ListeningSocket,
  readInterfaces,
  readListeningSockets,
  readNeighbourLimit,
} from '../probes/transport/kernel.ts';
import { HostLine } from '../probes/transport/line.ts';
import { Meter } from '../probes/transport/meter.ts';
import { neighbourLister } from '../probes/transport/neighbours4.ts';
import { learnPatience, learnReplyPatience } from '../probes/transport/patience.ts';
import { openDesk } from '../probes/transport/udp.ts';
import type { PlannedQuestion } from './commands/context.ts';
import type { Config } from './config.ts';
import type { Random } from './ids.ts';
import type { Log } from './log.ts';
import { Asker } from './sweep/asker.ts';
import { PACES, type PaceName } from './sweep/pace.ts';

/** Puts the real network behind the interfaces that a sweep is written against. Shared by daemon and command line. */

/** Cryptographic randomness. */
export const random: Random = (bytes) => randomFillSync(new Uint8Array(bytes));

/** What will be swept and what will not. */
export interface Scope {
  readonly coverage: Coverage;
  /** As a person writes them. */
  readonly targets: readonly string[];
  /** Subnets of this machine that are left alone, when the targets were not named by the owner. */
  readonly skipped: readonly SkippedSubnet[];
}

/**
 * The addresses to ask: `named` targets, else those of the configuration, else the attached private subnets. Without
 * any of these, this machine alone.
 * @throws TargetError for bad, public or too large targets.
 */
export function scopeOf(config: Config, named: readonly string[]): Scope {
  const interfaces = readInterfaces();
  const surroundings = surroundingsOf(interfaces);
  const ownAddresses = interfaces.map((each) => each.address);
  const written = named.length > 0 ? named : config.targets;
  const targets = [...new Set(written ?? surroundings.targets.map((subnet) => subnet.cidr))].map(parseTarget);
  const coverage = expandTargets(targets, {
    exclude: config.exclude.map(parseTarget),
    attached: surroundings.attached,
    ownAddresses: ownAddresses.filter((address) => !isLoopback(address)),
    force: config.force,
  });
  const wholeMachine = written === null && targets.length === 0;
  const own = wholeMachine ? ownAddresses.filter((address) => !isLoopback(address)) : coverage.own;
  return {
    coverage: { ...coverage, own },
    targets: targets.map((t) => t.text),
    skipped: written === null ? surroundings.skipped : [],
  };
}

/** Of subnets in CIDR notation, those that this machine is not attached to now. */
export function notAttached(subnets: readonly string[]): string[] {
  const { attached } = surroundingsOf(readInterfaces());
  return subnets.filter((subnet) => !attached.some(({ cidr }) => cidr === subnet));
}

/** Our own addresses on the attached subnets that a sweep covers: there mDNS is listened to. */
export function ownAddressesAmong(coverage: Coverage): Address[] {
  return attachedAmong(coverage).map(({ address }) => address);
}

/** Names of the interfaces to the attached subnets that a sweep covers, each once, and whether it covers all behind it. */
export function interfacesAmong(coverage: Coverage): { readonly name: string; readonly isWhole: boolean }[] {
  const { attached } = surroundingsOf(readInterfaces());
  const names = new Set(attachedAmong(coverage).map((subnet) => subnet.interface));
  return [...names].map((name) => {
    const subnets = attached.filter((subnet) => subnet.interface === name);
    return { name, isWhole: subnets.every((subnet) => coversWhole(coverage, subnet)) };
  });
}

function attachedAmong({ onLink }: Coverage): AttachedSubnet[] {
  const numbers = onLink.map(toNumber);
  return surroundingsOf(readInterfaces()).attached.filter(({ first, last }) =>
    numbers.some((number) => first <= number && number <= last),
  );
}

/** Hears what hosts announce of themselves. `close` it afterwards. */
export function openMdns(log: Log): MdnsListener {
  const onTrouble = (attempt: string, code: string) => log.debug({ attempt, code }, 'mDNS is not heard');
  return listenToMdns({ onTrouble, clock: () => performance.now() });
}

/** The same storage, whose hosts bear what the configuration says of them. */
export function withOwnersWordOn<Kept extends { readonly history: History }>(
  storage: Kept,
  config: Config,
): Kept {
  const { history } = storage;
  const owners = ownersHosts(config.hosts);
  return { ...storage, history: { ...history, hosts: () => withOwnersWord(history.hosts(), owners) } };
}

/** What every sweep may take, however few addresses: slow hosts, second looks. */
const LEAST_DEADLINE_MS = 120_000;
/** An address of an attached subnet, at half the rate that the neighbour table of a kernel with its defaults allows. */
const ON_LINK_MS = 10;
/** A visit in which every attempt runs into its longest timeout, with some to spare. */
const LONG_VISIT_MS = 6_000;
/** More hosts than this are not expected on an attached subnet. */
const MOST_HOSTS = 4_096;

/**
 * When a sweep of these addresses is given up, milliseconds after its start: far beyond what it takes, so that only one
 * that hangs is. What has not settled by then counts neither as present nor as absent.
 */
export function sweepDeadlineMs({ onLink, routed, loopback }: Coverage, pace: PaceName): number {
  const { addressesPerSecond, hostsAtOnce } = PACES[pace];
  const asking = onLink.length * Math.max(ON_LINK_MS, 2_000 / addressesPerSecond);
  const visits = Math.min(onLink.length, MOST_HOSTS) + routed.length + loopback.length;
  return Math.ceil(LEAST_DEADLINE_MS + asking + (visits * LONG_VISIT_MS) / hostsAtOnce);
}

/** Everything that asks hosts, for one sweep. `close` it afterwards. */
export async function openAsker(
  config: Config,
  coverage: Coverage,
  log: Log,
): Promise<{ asker: Asker; close: () => void }> {
  const neighbourLimit = await readNeighbourLimit();
  const desk = await openDesk(Math.min(coverage.onLink.length, neighbourLimit, MOST_UNRESOLVED));
  const asker = new Asker(
    {
      probes: PROBES,
      discover,
      isStillThere,
      listNeighbours: neighbourLister(),
      neighbourLimit,
      desk,
      newLine: (address, options) => new HostLine(address, options),
      newPatience: learnPatience,
      newReplyPatience: learnReplyPatience,
      newMeter: (probe) => new Meter(probe),
      random,
      log,
    },
    {
      pace: PACES[config.pace],
      ports: servicePorts(config),
      extraPorts: config.ports.extra,
      deadlineMs: sweepDeadlineMs(coverage, config.pace),
    },
  );
  return { asker, close: () => desk.close() };
}

/** Where each service listens, by the configuration. */
export function servicePorts({ ports }: Config): ServicePorts {
  return {
    smb: ports.map.smb,
    session: ports.map['netbios-session'],
    nameService: ports.map['netbios-name-service'],
    endpointMapper: ports.map['rpc-endpoint-mapper'],
  };
}

const WATCHED_TCP: readonly number[] = [135, 139, 445];
const WATCHED_UDP: readonly number[] = [137, 138];

/** This machine from the inside: its MAC, and the sockets that listen on the watched ports beyond loopback. */
export async function lookInside(): Promise<{ mac: string | null; listening: string[] }> {
  const { attached, targets } = surroundingsOf(readInterfaces());
  const sockets = (await readListeningSockets()).filter(
    (socket) => isWatched(socket) && !isInternal(socket.address),
  );
  const listening = sockets.map(({ transport, port, address }) => `${transport}/${port} on ${address}`);
  return { mac: (targets[0] ?? attached[0])?.mac ?? null, listening: [...new Set(listening)].sort() };
}

function isWatched({ transport, port }: ListeningSocket): boolean {
  return (transport === 'tcp' ? WATCHED_TCP : WATCHED_UDP).includes(port);
}

function isInternal(address: string): boolean {
  return isLoopback(address) || address === '0:0:0:0:0:0:0:1';
}

/** What a sweep at `deepest` asks, in order, for `--dry-run` and the documentation of what is sent. */
export function plannedQuestions(config: Config, deepest: Level): PlannedQuestion[] {
  const { ports } = config;
  const tcp = (level: Level, port: number, asks: string, to: string, atMost: number): PlannedQuestion => ({
    level,
    transport: 'tcp',
    port,
    asks,
    to,
    atMost,
  });
  const all: PlannedQuestion[] = [
    {
      level: 'L1',
      transport: 'udp',
      port: ports.map['netbios-name-service'],
      asks: PROBES.nodeStatus.asks,
      to: 'every address',
      atMost: 2,
    },
    tcp('L1', ports.map.smb, 'Do you accept connections?', 'hosts that are there', 2),
    tcp('L2', ports.map.smb, PROBES.smbDialects.asks, 'hosts with this port open', 1),
    tcp('L1', ports.map['netbios-session'], PROBES.netbiosSession.asks, 'hosts with this port open', 3),
    tcp('L1', ports.map['rpc-endpoint-mapper'], PROBES.endpointMapper.asks, 'hosts with this port open', 2),
    ...ports.extra.map((port) =>
      tcp('L1', port, 'Do you accept connections? (zero bytes)', 'hosts that are there', 2),
    ),
    ...(config.ipv6 ? questionsOverIpv6(config) : []),
    ...(config.levels.smb1Check
      ? [tcp('L3', ports.map.smb, PROBES.smb1.asks, 'hosts that speak SMB, when due', 1)]
      : []),
    tcp('L3', ports.map.smb, PROBES.smbIdentity.asks, 'hosts that speak SMB 2 or 3, when due', 1),
    tcp('L3', ports.map.smb, PROBES.smbDialectRange.asks, 'hosts that speak SMB 2 or 3, when due', 6),
    tcp('L3', ports.map.smb, PROBES.smbCiphers.asks, 'hosts that speak SMB 3.1.1, when due', 4),
    tcp('L4', ports.map.smb, PROBES.smbAnonymous.asks, 'hosts that speak SMB 2 or 3, once a day', 2),
    ...(config.levels.guestTest
      ? [tcp('L4', ports.map.smb, PROBES.smbGuest.asks, 'the same hosts, in turn with that', 2)]
      : []),
    ...(config.levels.smb1Check
      ? [
          tcp('L3', ports.map.smb, PROBES.smb1Identity.asks, 'hosts that speak SMB 1 only, when due', 1),
          tcp('L4', ports.map.smb, PROBES.smb1Anonymous.asks, 'hosts that speak SMB 1 only, once a day', 1),
        ]
      : []),
    ...(config.levels.smb1Check && config.levels.ms17010
      ? [tcp('L4', ports.map.smb, PROBES.ms17010.asks, 'hosts that accept SMB 1, at most once a day', 1)]
      : []),
    tcp('L3', ports.map.smb, 'Do you still answer?', 'hosts that were just put a question of L3 or L4', 1),
  ];
  return all.filter((question) => question.level <= deepest);
}

function questionsOverIpv6({ ports }: Config): PlannedQuestion[] {
  const once = { level: 'L1', to: 'everybody on a link with IPv6, by multicast', atMost: 1 } as const;
  const each = { transport: 'tcp', to: 'IPv6 addresses of hosts that are there, four at most' } as const;
  const connects = 'Do you accept connections, over IPv6, too?';
  return [
    { ...once, transport: 'udp', port: 5353, asks: 'Who offers SMB?' },
    { ...once, transport: 'udp', port: 3702, asks: 'Which devices are there?' },
    { ...each, level: 'L1', port: ports.map.smb, asks: connects, atMost: 2 },
    { ...each, level: 'L2', port: ports.map.smb, asks: PROBES.smbDialects.asks, atMost: 1 },
    { ...each, level: 'L1', port: ports.map['netbios-session'], asks: connects, atMost: 3 },
    { ...each, level: 'L1', port: ports.map['rpc-endpoint-mapper'], asks: connects, atMost: 2 },
  ];
}
