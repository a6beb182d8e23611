import { createConnection, type Socket } from 'node:net';
import type { Meter } from './meter.ts';

/**
 * TCP for probes: connect, write, read one frame, close with FIN. The guard for print ports sits here, below every
 * setting: nothing that runs through this file can reach one.
 */

/** How an attempt to connect ended. `silent`: no answer in time. `local-fault`: trouble on this machine, says nothing. */
export type ConnectOutcome =
  | { readonly kind: 'accepted'; readonly connection: Connection; readonly tookMs: number }
  | { readonly kind: 'refused'; readonly tookMs: number }
  | { readonly kind: 'unreachable'; readonly code: string; readonly tookMs: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'local-fault'; readonly code: string };

/** How a read ended. `hung-up` carries how many bytes of the frame had come. */
export type ReadOutcome =
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  | { readonly kind: 'silent'; readonly received: number }
  | { readonly kind: 'hung-up'; readonly received: number };

/**
 * Length of the whole frame at the start of `bytes`, or null while that cannot be told yet. Throws when no frame of
 * this protocol can begin so, or when it is longer than we are willing to read.
 */
export type FrameLength = (bytes: Uint8Array) => number | null;

/** An open connection. Exactly one read may be under way at a time. */
export interface Connection {
  readonly address: string;
  readonly port: number;
  /** Sends `bytes`. @throws Error on a connection that was opened for zero bytes. */
  write(bytes: Uint8Array): void;
  /** The next whole frame, copied. @throws whatever `frameLength` throws; the connection is then of no more use. */
  readFrame(frameLength: FrameLength, timeoutMs: number): Promise<ReadOutcome>;
  /** Ends with FIN and waits shortly for the other side's. Safe to call twice; never rejects. */
  close(): Promise<void>;
}

/**
 * 515 (LPD), 9100 to 9116 (raw print and the vendor ranges beside it), 9999 (some HP): any byte is a print job. The
 * configuration refuses the same ports.
 */
export function isPrintPort(port: number): boolean {
  return port === 515 || (port >= 9100 && port <= 9116) || port === 9999;
}

/** Lower ports are privileged: the kernel gives none of them to a socket that has not asked for it. */
const LEAST_GIVEN_OUT = 1_024;
const LINGER_MS = 250;
/** Patience may shrink or grow while an attempt is under way, as other hosts of the subnet answer. */
const LOOK_EVERY_MS = 50;

/** Errors of this machine, not of the host: never recorded as a state of the host. */
const LOCAL_FAULTS = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAGAIN',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENETUNREACH',
  'EPERM',
]);

/** An attempt to connect that is under way. */
export interface Attempt {
  readonly outcome: Promise<ConnectOutcome>;
  /** Ends it as silent, unless it has ended. */
  readonly recall: () => void;
}

/**
 * Begins one attempt to connect. `patienceMs` is asked again and again, so that it may change while we wait.
 * `silentConnection`: no byte may be written, because the protocol of that port is not known to us.
 * @throws Error for a print port.
 */
export function connect(
  address: string,
  port: number,
  options: {
    readonly patienceMs: () => number;
    readonly signal: AbortSignal;
    readonly meter: Meter;
    readonly silentConnection?: boolean;
    /** Called when the SYN has gone out, which is later the more is begun at the same time. */
    readonly onSent?: () => void;
  },
): Attempt {
  if (isPrintPort(port)) throw new Error(`tcp ${address}:${port} is a print port and is never touched`);
  const { patienceMs, signal, meter } = options;
  const { promise, resolve } = Promise.withResolvers<ConnectOutcome>();
  if (signal.aborted) {
    resolve({ kind: 'silent' });
    return { outcome: promise, recall: () => {} };
  }
  const startedAt = performance.now();
  const family = address.includes(':') ? 6 : 4;
  const socket = createConnection({ host: address, port, family, noDelay: true });
  const { onSent } = options;
  // The event comes before the kernel is called.
  if (onSent !== undefined) socket.once('connectionAttempt', () => process.nextTick(onSent));
  meter.countConnection(port);
  let hasEnded = false;
  const finish = (outcome: ConnectOutcome): void => {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    if (outcome.kind !== 'accepted') socket.destroy();
    resolve(outcome);
  };
  const giveUp = (): void => finish({ kind: 'silent' });
  const lookAtClock = (): void => {
    const left = startedAt + patienceMs() - performance.now();
    // An answer that waits to be read, because our own event loop was busy, is no silence.
    if (left <= 0) setImmediate(giveUp);
    else timer = setTimeout(lookAtClock, Math.min(left, LOOK_EVERY_MS));
  };
  let timer = setTimeout(lookAtClock, LOOK_EVERY_MS);
  signal.addEventListener('abort', giveUp, { once: true });
  socket.once('connect', () => {
    const tookMs = performance.now() - startedAt;
    // Loopback's trap: it connects to itself where the kernel happens to give out the very port that is asked for.
    if (port >= LEAST_GIVEN_OUT && socket.localPort === port && socket.localAddress === address)
      return finish({ kind: 'refused', tookMs });
    const connection = new OpenConnection(socket, address, port, meter, options.silentConnection ?? false);
    finish({ kind: 'accepted', connection, tookMs });
  });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    finish(failureOf(error, performance.now() - startedAt)),
  );
  return { outcome: promise, recall: giveUp };
}

function failureOf(error: NodeJS.ErrnoException, tookMs: number): ConnectOutcome {
  const code = error.code ?? error.message;
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return { kind: 'refused', tookMs };
  if (LOCAL_FAULTS.has(code)) return { kind: 'local-fault', code };
  if (code === 'ETIMEDOUT') return { kind: 'silent' };
  return { kind: 'unreachable', code, tookMs };
}

class OpenConnection implements Connection {
  readonly address: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #meter: Meter;
  readonly #silent: boolean;
  #buffered: Uint8Array = new Uint8Array(0);
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, address: string, port: number, meter: Meter, silent: boolean) {
    this.#socket = socket;
    this.address = address;
    this.port = port;
    this.#meter = meter;
    this.#silent = silent;
    socket.on('data', (chunk: Buffer) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      if (this.#buffered.length > MOST_BUFFERED) socket.destroy();
      this.#wake();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  write(bytes: Uint8Array): void {
    if (this.#silent) throw new Error(`tcp ${this.address}:${this.port} was opened for zero bytes`);
    if (this.#ended || this.#socket.destroyed) return;
    this.#meter.countBytes(this.port, bytes.length);
    this.#socket.write(bytes);
  }

  async readFrame(frameLength: FrameLength, timeoutMs: number): Promise<ReadOutcome> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const length = frameLength(this.#buffered);
      if (length !== null && length <= this.#buffered.length)
        return { kind: 'frame', bytes: this.#take(length) };
      if (this.#ended) return { kind: 'hung-up', received: this.#buffered.length };
      const left = deadline - performance.now();
      if (left <= 0) return { kind: 'silent', received: this.#buffered.length };
      await this.#somethingHappens(left);
    }
  }

  #take(length: number): Uint8Array {
    const frame = Uint8Array.from(this.#buffered.subarray(0, length));
    this.#buffered = this.#buffered.subarray(length);
    return frame;
  }

  #somethingHappens(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => setImmediate(resolve), withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.end();
    });
  }
}

/** A frame may be 64 KiB; whoever sends more than a frame unasked is cut off. */
const MOST_BUFFERED = 128 * 1024;
