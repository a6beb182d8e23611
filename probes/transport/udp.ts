import { createSocket, type Socket } from 'node:dgram';
import type { Meter } from './meter.ts';

/** How a question by datagram ended. `refused`: the host said by ICMP that nobody listens there. */
export type DatagramOutcome =
  | { readonly kind: 'answered'; readonly datagram: Uint8Array }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'silent' };

/** Is this datagram a reply to the question? Content is judged later. */
export type ReplyMatch = (datagram: Uint8Array) => boolean;

/** Sends questions to many addresses from a few sockets and hands each reply to the question it answers. */
export interface DatagramDesk {
  /**
   * Sends one datagram and listens for its reply until `withinMs` has passed or `signal` fires. A reply counts only
   * when it comes from the address and port that were asked and `matches` says so.
   */
  ask(
    address: string,
    port: number,
    datagram: Uint8Array,
    options: {
      readonly matches: ReplyMatch;
      readonly withinMs: () => number;
      readonly signal: AbortSignal;
      readonly meter: Meter;
    },
  ): Promise<DatagramOutcome>;
  close(): void;
}

/** One socket stalls at about 277 datagrams for unresolved neighbours (its send buffer); eight do not on a /24. */
const SOCKETS = 8;
const LONGEST_DATAGRAM = 1_500;
/** How long a reply is waited for may change meanwhile: the host shows a sign of life, the subnet proves quick. */
const LOOK_EVERY_MS = 100;

/** Binds the sockets to ephemeral ports. Close the desk when the sweep is over. */
export async function openDesk(): Promise<DatagramDesk> {
  const questions = new Map<string, Set<(datagram: Uint8Array) => void>>();
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => bindSocket()));
  for (const socket of sockets) {
    socket.on('message', (datagram, from) => {
      if (datagram.length > LONGEST_DATAGRAM) return;
      for (const answer of questions.get(`${from.address}:${from.port}`) ?? [])
        answer(Uint8Array.from(datagram));
    });
    socket.on('error', () => {});
  }
  return {
    ask(address, port, datagram, { matches, withinMs, signal, meter }) {
      if (signal.aborted) return Promise.resolve({ kind: 'silent' });
      const key = `${address}:${port}`;
      // One address, one socket: a NAT or firewall on the way sees one flow, however often the address is asked.
      const socket = sockets[lastByte(address) % sockets.length];
      return new Promise((resolve) => {
        const startedAt = performance.now();
        const finish = (outcome: DatagramOutcome): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          questions.get(key)?.delete(listen);
          if (questions.get(key)?.size === 0) questions.delete(key);
          resolve(outcome);
        };
        const giveUp = (): void => finish({ kind: 'silent' });
        const lookAtClock = (): void => {
          const left = startedAt + withinMs() - performance.now();
          if (left <= 0) giveUp();
          else timer = setTimeout(lookAtClock, Math.min(left, LOOK_EVERY_MS));
        };
        const listen = (reply: Uint8Array): void => {
          if (matches(reply)) finish({ kind: 'answered', datagram: reply });
        };
        let timer = setTimeout(lookAtClock, LOOK_EVERY_MS);
        signal.addEventListener('abort', giveUp, { once: true });
        questions.set(key, (questions.get(key) ?? new Set()).add(listen));
        meter.countDatagram(port, datagram.length);
        socket?.send(datagram, port, address, () => {});
      });
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

/** Of an IPv4 address. */
function lastByte(address: string): number {
  return Number(address.slice(address.lastIndexOf('.') + 1));
}

function bindSocket(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4' });
    socket.once('error', reject);
    socket.bind(0, () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/**
 * Asks over a connected socket of its own: only there does Linux tell a refusal by ICMP (udp(7)). For addresses that
 * are known to be there.
 */
export function askConnected(
  address: string,
  port: number,
  datagram: Uint8Array,
  options: {
    readonly matches: ReplyMatch;
    readonly withinMs: number;
    readonly signal: AbortSignal;
    readonly meter: Meter;
  },
): Promise<DatagramOutcome> {
  const { matches, withinMs, signal, meter } = options;
  if (signal.aborted) return Promise.resolve({ kind: 'silent' });
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4' });
    const finish = (outcome: DatagramOutcome): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(outcome);
    };
    const giveUp = (): void => finish({ kind: 'silent' });
    const timer = setTimeout(giveUp, withinMs);
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('message', (reply) => {
      if (reply.length <= LONGEST_DATAGRAM && matches(reply)) {
        finish({ kind: 'answered', datagram: Uint8Array.from(reply) });
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(failureOf(error.code)));
    socket.once('connect', () => {
      meter.countDatagram(port, datagram.length);
      socket.send(datagram, () => {});
    });
    // Without a callback: Node would call it for a failure, too, which so comes as an 'error'.
    socket.connect(port, address);
  });
}

function failureOf(code: string | undefined): DatagramOutcome {
  if (code === 'ECONNREFUSED') return { kind: 'refused' };
  return code === 'EHOSTUNREACH' ? { kind: 'unreachable', code } : { kind: 'silent' };
}
