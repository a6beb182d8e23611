import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import type { Meter } from './meter.ts';

/** How a question by datagram ended. `refused`: the host said by ICMP that nobody listens there. */
export type DatagramOutcome =
  | { readonly kind: 'answered'; readonly datagram: Uint8Array }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'silent' };

/** Is this datagram a reply to the question? Content is judged later. */
export type ReplyMatch = (datagram: Uint8Array) => boolean;

/** A question by datagram, and the test for its replies. */
export interface Question {
  readonly datagram: Uint8Array;
  readonly matches: ReplyMatch;
}

/**
 * A question that has been sent, perhaps to nobody: it costs neither a timer nor a promise until somebody waits for the
 * reply. One that came before is kept for him.
 */
export interface Letter {
  /** Bytes of payload that were sent. */
  readonly bytes: number;
  /** By the monotonic clock, milliseconds. */
  readonly sentAt: number;
  /**
   * The reply; silence when `withinMs`, counted from the sending, has passed or `signal` fires. A reply counts only when it
   * comes from the address and port that were asked and matches the question. Asked for once.
   */
  reply(options: { readonly withinMs: () => number; readonly signal: AbortSignal }): Promise<DatagramOutcome>;
  /** Nobody wants to know any more. */
  drop(): void;
}

/** Sends questions and hands each reply to the question it answers. */
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

/** The desk for many addresses, which shares a few sockets among them. */
export interface PostingDesk extends DatagramDesk {
  /** Sends one datagram. The caller counts it, and waits for the reply or drops the letter. */
  post(address: string, port: number, question: Question): Letter;
}

/**
 * A socket stalls at about 277 datagrams for unresolved neighbours, which fill its send buffer until they fail; so many
 * are put upon each at most, as far as chance spreads the addresses evenly.
 */
const DATAGRAMS_OF_A_SOCKET = 96;
const FEWEST_SOCKETS = 8;
const MOST_SOCKETS = 192;
const LONGEST_DATAGRAM = 1_500;
/** How long a reply is waited for may change meanwhile: the host shows a sign of life, the subnet proves quick. */
const LOOK_EVERY_MS = 100;

/** Binds the sockets to ephemeral ports: enough for so many unresolved addresses. Close the desk when the sweep is over. */
export async function openDesk(unresolvedAtMost = 0): Promise<PostingDesk> {
  const letters = new Letters();
  const wanted = Math.ceil(unresolvedAtMost / DATAGRAMS_OF_A_SOCKET);
  const length = Math.min(MOST_SOCKETS, Math.max(FEWEST_SOCKETS, wanted));
  const sockets = await Promise.all(Array.from({ length }, () => bindSocket()));
  for (const socket of sockets) {
    socket.on('message', (datagram, from) => {
      if (datagram.length > LONGEST_DATAGRAM) return;
      letters.deliver(`${from.address}:${from.port}`, datagram);
    });
    socket.on('error', () => {});
  }
  const post: PostingDesk['post'] = (address, port, question) => {
    const letter = new PostedLetter(`${address}:${port}`, question, letters);
    letters.add(letter);
    // One address, one socket: a NAT or firewall on the way sees one flow, however often the address is asked.
    sockets[lastTwoBytes(address) % length]?.send(question.datagram, port, address, () => {});
    return letter;
  };
  return {
    post,
    ask(address, port, datagram, { matches, withinMs, signal, meter }) {
      if (signal.aborted) return Promise.resolve({ kind: 'silent' });
      meter.countDatagram(port, datagram.length);
      return post(address, port, { datagram, matches }).reply({ withinMs, signal });
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

/** The open letters by whom they were sent to. Nearly all are alone there, and cost no list of their own. */
class Letters {
  readonly #first = new Map<string, PostedLetter>();

  add(letter: PostedLetter): void {
    letter.next = this.#first.get(letter.key) ?? null;
    this.#first.set(letter.key, letter);
  }

  remove(letter: PostedLetter): void {
    let before: PostedLetter | null = null;
    for (let each = this.#first.get(letter.key) ?? null; each !== null; before = each, each = each.next) {
      if (each !== letter) continue;
      if (before !== null) before.next = each.next;
      else if (each.next !== null) this.#first.set(letter.key, each.next);
      else this.#first.delete(letter.key);
      return;
    }
  }

  deliver(key: string, datagram: Uint8Array): void {
    let each = this.#first.get(key) ?? null;
    while (each !== null) {
      // The letter is closed by its reply.
      const { next } = each;
      each.receive(datagram);
      each = next;
    }
  }
}

class PostedLetter implements Letter {
  readonly key: string;
  readonly bytes: number;
  readonly sentAt = performance.now();
  /** A further letter to the same address and port. */
  next: PostedLetter | null = null;
  readonly #matches: ReplyMatch;
  readonly #letters: Letters;
  /** Came before anybody waited for it. */
  #kept: Uint8Array | null = null;
  #waiting: ((reply: Uint8Array) => void) | null = null;

  constructor(key: string, { datagram, matches }: Question, letters: Letters) {
    this.key = key;
    this.bytes = datagram.length;
    this.#matches = matches;
    this.#letters = letters;
  }

  receive(datagram: Uint8Array): void {
    if (this.#kept !== null || !this.#matches(datagram)) return;
    this.#kept = Uint8Array.from(datagram);
    this.#waiting?.(this.#kept);
  }

  drop(): void {
    this.#letters.remove(this);
  }

  reply({ withinMs, signal }: Parameters<Letter['reply']>[0]): Promise<DatagramOutcome> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (outcome: DatagramOutcome): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.drop();
        resolve(outcome);
      };
      const giveUp = (): void => finish({ kind: 'silent' });
      const lookAtClock = (): void => {
        const left = this.sentAt + withinMs() - performance.now();
        // A reply that waits to be read, because our own event loop was busy, is no silence.
        if (left <= 0) setImmediate(giveUp);
        else timer = setTimeout(lookAtClock, Math.min(left, LOOK_EVERY_MS));
      };
      if (this.#kept !== null) return finish({ kind: 'answered', datagram: this.#kept });
      if (signal.aborted) return giveUp();
      this.#waiting = (datagram) => finish({ kind: 'answered', datagram });
      signal.addEventListener('abort', giveUp, { once: true });
      timer = setTimeout(lookAtClock, LOOK_EVERY_MS);
    });
  }
}

/** Of an IPv4 address, as a number. */
function lastTwoBytes(address: string): number {
  const [, , third, last] = address.split('.');
  return Number(third) * 256 + Number(last);
}

/** There are no names to look up: a datagram leaves when it is sent and not a turn of the event loop later. */
const atOnce: SocketOptions['lookup'] = (address, _, told) => told(null, address, 4);

function bindSocket(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: atOnce });
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
    let hasEnded = false;
    const finish = (outcome: DatagramOutcome): void => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      resolve(outcome);
    };
    const giveUp = (): void => finish({ kind: 'silent' });
    const timer = setTimeout(() => setImmediate(giveUp), withinMs);
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
