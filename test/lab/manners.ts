/**
 * Judges of conduct: what they find wrong on the wire, one sentence for each breach of docs/probing.md. They know the rules
 * by number and not by the program's own tables. Machines are told apart by MAC. Pure.
 */
import type { Mac } from '../../domain/host.ts';
import { allows, type Level } from '../../domain/level.ts';
import type { Packet } from './packets.ts';
import { isLogon, levelOf } from './questions.ts';

const PAUSE_MS = 100;
/** The clock of timers is a millisecond coarse, and so may a pause be short of one, or of two where it began and ended. */
const TIMER_TOLERANCE_MS = 2;
/** So long the other side's FIN is waited for; a server that sends it later has not been kept from pausing. */
const LINGER_MS = 250;
const NAME_SERVICE = 137;
const MOST_DATAGRAMS = 3;

/** One attempt to connect, repeats of its SYN by the kernel included. Times as in `Packet`; Infinity: not seen. */
interface Attempt {
  readonly mac: Mac;
  /** `10.77.0.20:445`. */
  readonly to: string;
  readonly askedAt: number;
  /** We acknowledged that it was accepted, without which nothing is established. */
  readonly openedAt: number;
  /** We sent FIN or RST, or were sent RST: nothing is said any more. */
  readonly closedAt: number;
  /** And the other side's FIN, where it was worth waiting for, had come. */
  readonly endedAt: number;
  /** How we ended it: by FIN, by RST, or not at all. */
  readonly farewell: 'F' | 'R' | null;
}

/** Ports of raw printing, and those that some printers treat so (docs/probing.md): nothing goes there at all. */
export function printPortsTouched(packets: readonly Packet[]): string[] {
  return packets
    .filter(({ isOurs, port }) => isOurs && isPrintPort(port))
    .map((packet) => `${packet.protocol} to ${told(packet)}`);
}

function isPrintPort(port: number): boolean {
  return port === 515 || (port >= 9100 && port <= 9116) || port === 9999;
}

/** Connections to one machine while another one to it was established. */
export function connectionsAtOnce(packets: readonly Packet[]): string[] {
  return byMachine(packets).flatMap((attempts) => {
    const opened = attempts.filter(wasOpened).toSorted((a, b) => a.openedAt - b.openedAt);
    return opened
      .filter(({ openedAt }, i) => opened.slice(0, i).some(({ closedAt }) => openedAt < closedAt))
      .map(({ to }) => `${to} while another connection was open`);
  });
}

/** Attempts that came too soon after the attempt before, or after the end of a connection, to the same machine. */
export function hastyAttempts(packets: readonly Packet[]): string[] {
  return byMachine(packets).flatMap((attempts) =>
    attempts.flatMap(({ to, askedAt }, i) => {
      const before = attempts.slice(0, i);
      const ends = before.filter(({ openedAt }) => openedAt < askedAt).map(({ endedAt }) => endedAt);
      const last = Math.max(...before.map((each) => each.askedAt), ...ends);
      const pauseMs = askedAt - last;
      if (i === 0 || pauseMs >= PAUSE_MS - TIMER_TOLERANCE_MS) return [];
      return [`${to} after ${pauseMs.toFixed(1)} ms`];
    }),
  );
}

/** Connections that we ended by a reset, as no server should see one that has done nothing wrong. */
export function connectionsReset(packets: readonly Packet[]): string[] {
  return byMachine(packets)
    .flat()
    .filter((attempt) => wasOpened(attempt) && attempt.farewell === 'R')
    .map(({ to }) => to);
}

/** Questions that go deeper than that level. */
export function questionsBeyond(level: Level, packets: readonly Packet[]): string[] {
  return said(packets)
    .filter(({ payload }) => !allows(level, levelOf(payload)))
    .map((packet) => `${levelOf(packet.payload)} to ${told(packet)}`);
}

/** How many attempts to connect were made at that machine, over both families. */
export function attemptsAt(mac: Mac, packets: readonly Packet[]): number {
  return byMachine(packets)
    .flat()
    .filter((attempt) => attempt.mac === mac).length;
}

/** How often each machine was logged on to, by MAC; those that were not are left out. */
export function logonsByMac(packets: readonly Packet[]): Map<Mac, number> {
  const logons = said(packets).filter(({ payload }) => isLogon(payload));
  return new Map([...Map.groupBy(logons, ({ mac }) => mac)].map(([mac, each]) => [mac, each.length]));
}

/** Datagrams to any port but that of the node status question, and more of those to one address than it may get. */
export function datagramsTooMany(packets: readonly Packet[]): string[] {
  const datagrams = packets.filter(({ isOurs, protocol }) => isOurs && protocol === 'udp');
  const strange = datagrams.filter(({ port }) => port !== NAME_SERVICE).map((each) => `to ${told(each)}`);
  const crowded = [...Map.groupBy(datagrams, ({ address }) => address)]
    .filter(([, each]) => each.length > MOST_DATAGRAMS)
    .map(([address, each]) => `${each.length} to ${address}`);
  return [...strange, ...crowded];
}

/** Bytes to any other port than these. */
export function bytesBeside(ports: readonly number[], packets: readonly Packet[]): string[] {
  return said(packets)
    .filter(({ port }) => !ports.includes(port))
    .map((packet) => `${packet.payload.length} bytes to ${told(packet)}`);
}

/** Segments of ours with something in them. */
function said(packets: readonly Packet[]): Packet[] {
  return packets.filter(
    ({ isOurs, protocol, payload }) => isOurs && protocol === 'tcp' && payload.length > 0,
  );
}

function told({ address, port }: Packet): string {
  return `${address}:${port}`;
}

function wasOpened({ openedAt }: Attempt): boolean {
  return openedAt < Number.POSITIVE_INFINITY;
}

/** The attempts at each machine, in order of time. */
function byMachine(packets: readonly Packet[]): Attempt[][] {
  const segments = packets.filter(({ protocol }) => protocol === 'tcp');
  const flows = Map.groupBy(segments, ({ address, port, ourPort }) => `${address} ${port} ${ourPort}`);
  const attempts = [...flows.values()].filter(([first]) => first?.isOurs === true).map(attemptIn);
  return [...Map.groupBy(attempts, ({ mac }) => mac).values()].map((each) =>
    each.toSorted((a, b) => a.askedAt - b.askedAt),
  );
}

function attemptIn(flow: readonly Packet[]): Attempt {
  const [first] = flow as [Packet];
  const timeOf = (matches: (packet: Packet) => boolean) => flow.find(matches)?.at ?? Number.POSITIVE_INFINITY;
  const farewell = flow.find(({ isOurs, flags }) => isOurs && /[FR]/.test(flags));
  const closedAt = Math.min(
    farewell?.at ?? Number.POSITIVE_INFINITY,
    timeOf(({ isOurs, flags }) => !isOurs && flags.includes('R')),
  );
  const theirFarewell = timeOf(({ isOurs, flags }) => !isOurs && flags.includes('F'));
  return {
    mac: first.mac,
    to: told(first),
    askedAt: first.at,
    openedAt: timeOf(({ isOurs, flags }) => isOurs && flags.includes('A') && !flags.includes('R')),
    closedAt,
    endedAt: theirFarewell <= closedAt + LINGER_MS ? Math.max(closedAt, theirFarewell) : closedAt,
    farewell: farewell === undefined ? null : farewell.flags.includes('R') ? 'R' : 'F',
  };
}
