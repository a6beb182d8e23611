/** What went over the wire, and when, as test/bench/capture.py writes it. Pure. */
import type { Address } from '../../domain/address.ts';

export interface Packet {
  /** Milliseconds since 1970, with the kernel's microseconds. */
  readonly at: number;
  readonly isOurs: boolean;
  readonly protocol: 'arp' | 'udp' | 'tcp';
  /** The other side's; for ARP the address that is asked for, or that answers. */
  readonly address: Address;
  /** The other side's. */
  readonly port: number;
  /** Our own. */
  readonly ourPort: number;
  /** Of `FSRPA`; `U`: refused by ICMP. */
  readonly flags: string;
  /** Bytes of payload. */
  readonly length: number;
}

/** Lines that are not yet complete are left out. */
export function packetsIn(text: string): Packet[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .filter((fields) => fields.length === 8)
    .map(([at, way, protocol, address = '', port, ourPort, flags = '', length]) => ({
      at: Number(at) * 1_000,
      isOurs: way === '>',
      protocol: protocol as Packet['protocol'],
      address,
      port: Number(port),
      ourPort: Number(ourPort),
      flags,
      length: Number(length),
    }));
}

/** One attempt to connect, and what came of it. Times as in `Packet`. */
export interface Attempt {
  readonly port: number;
  readonly askedAt: number;
  /** A SYN+ACK, an RST or a refusal by ICMP; null: there was no answer. */
  readonly answeredAt: number | null;
  /** The connection was accepted. */
  readonly accepted: boolean;
  /** The last packet of it, of either side. */
  readonly endedAt: number;
}

/** All attempts at one address, in order of time. */
export function attemptsAt(address: Address, packets: readonly Packet[]): Attempt[] {
  const flows = Map.groupBy(
    packets.filter((packet) => packet.protocol === 'tcp' && packet.address === address),
    ({ port, ourPort }) => `${port} ${ourPort}`,
  );
  return [...flows.values()]
    .map((flow): Attempt => {
      const answer = flow.find(({ isOurs, flags }) => !isOurs && /[SRU]/.test(flags));
      return {
        port: flow[0]?.port ?? 0,
        askedAt: flow[0]?.at ?? Number.NaN,
        answeredAt: answer?.at ?? null,
        accepted: answer?.flags.includes('S') === true,
        endedAt: flow.at(-1)?.at ?? Number.NaN,
      };
    })
    .sort((a, b) => a.askedAt - b.askedAt);
}

/** How a visit spent its time, milliseconds; the three add up to the time from its first attempt to its end. */
export interface Spent {
  /** A connection was being made or was open. */
  readonly connected: number;
  /** Nothing but attempts that nobody answered was under way. */
  readonly waiting: number;
  /** Nothing was. */
  readonly paused: number;
  /** Its end; times as in `Packet`. */
  readonly endedAt: number;
}

/** An attempt is given up after so long where handshakes are quick (docs/probing.md), which no packet shows. */
const ATTEMPT_MS = 400;

/** How the attempts of one visit, of which there is one at least, spent its time. */
export function spentOn(attempts: readonly Attempt[]): Spent {
  const spans = attempts.map(({ askedAt, answeredAt, endedAt }) => ({
    isAnswered: answeredAt !== null,
    span: [askedAt, answeredAt === null ? askedAt + ATTEMPT_MS : endedAt] as const,
  }));
  const begun = Math.min(...spans.map(({ span }) => span[0]));
  const endedAt = Math.max(...spans.map(({ span }) => span[1]));
  const connected = covered(spans.filter(({ isAnswered }) => isAnswered).map(({ span }) => span));
  const busy = covered(spans.map(({ span }) => span));
  return { connected, waiting: busy - connected, paused: endedAt - begun - busy, endedAt };
}

/** How much of the time line the spans cover together. */
function covered(spans: readonly (readonly [from: number, to: number])[]): number {
  let sum = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, reached));
    reached = Math.max(reached, to);
  }
  return sum;
}
