import { createServer, type Server, type Socket } from 'node:net';

/** One connection as a fake saw it. Times are from the monotonic clock, milliseconds. */
export interface SeenConnection {
  readonly port: number;
  readonly beganAt: number;
  /** When the other side's FIN, or the end without one, came; null: it is still open. */
  endedAt: number | null;
  /** Every byte that came. */
  readonly received: number[];
}

/** Connections in order of their beginning; hand the same log to all services of one host. */
export type ConnectionLog = SeenConnection[];

/** Talks on one accepted connection. */
export type Converse = (socket: Socket) => void;

export interface FakeTcpServer {
  readonly address: string;
  readonly port: number;
  readonly connections: ConnectionLog;
  close(): Promise<void>;
}

/** Listens on loopback and writes down every connection and byte, whatever `converse` does. `port` 0: any. */
export async function startFakeTcpServer(
  converse: Converse,
  options: { readonly address?: string; readonly port?: number; readonly log?: ConnectionLog } = {},
): Promise<FakeTcpServer> {
  const { address = '127.0.0.1', log = [] } = options;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    writeDown(socket, log);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    converse(socket);
  });
  await listen(server, address, options.port ?? 0);
  return {
    address,
    port: portOf(server),
    connections: log,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function writeDown(socket: Socket, log: ConnectionLog): void {
  const seen: SeenConnection = {
    port: socket.localPort ?? 0,
    beganAt: performance.now(),
    endedAt: null,
    received: [],
  };
  log.push(seen);
  socket.on('data', (chunk) => seen.received.push(...Buffer.from(chunk)));
  for (const ending of ['end', 'close'] as const) {
    socket.on(ending, () => {
      seen.endedAt ??= performance.now();
    });
  }
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
}

function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the fake does not listen on a TCP port');
  return bound.port;
}

/** The largest number of connections that were open at the same time. */
export function mostAtOnce(log: ConnectionLog): number {
  const counts = log.map(
    ({ beganAt }) =>
      log.filter((other) => other.beganAt <= beganAt && (other.endedAt ?? Number.POSITIVE_INFINITY) > beganAt)
        .length,
  );
  return Math.max(0, ...counts);
}

/** The shortest time from the end of one connection to the beginning of the next, milliseconds. */
export function shortestPause(log: ConnectionLog): number {
  const pauses = log.slice(1).map((next, i) => next.beganAt - (log[i]?.endedAt ?? Number.POSITIVE_INFINITY));
  return Math.min(Number.POSITIVE_INFINITY, ...pauses);
}
