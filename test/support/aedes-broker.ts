import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Aedes } from 'aedes';
import { onTestFinished } from 'vitest';
import type { TracedMessage } from './contract-linter.ts';

/** A broker on loopback that speaks MQTT 3.1.1 only, with a record of what it was sent. */
export interface TestBroker {
  readonly url: string;
  readonly port: number;
  /** Every message, in order, with the retain flag that it was sent with. */
  readonly trace: TracedMessage[];
  /** Filters that clients subscribed to. */
  readonly subscriptions: Set<string>;
  /** Speaks as Home Assistant, or anybody else. */
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
  /** What is retained on `topic`, or null. */
  retained(topic: string): string | null;
  /** Empties the trace, once what is acknowledged has arrived in it. */
  forget(): Promise<void>;
  /** Breaks every connection and takes no new ones. */
  stop(): Promise<void>;
}

interface BrokerOptions {
  /** 0: any free one. */
  readonly port?: number;
  readonly authenticate?: (username: string | undefined, password: string | undefined) => boolean;
}

/** Starts a broker that knows nothing yet; it is stopped when the test ends. */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const trace: TracedMessage[] = [];
  const subscriptions = new Set<string>();
  const retained = new Map<string, string>();
  const aedes = await Aedes.createBroker({
    authenticate: (_client, username, password, done) =>
      done(null, options.authenticate?.(username, password?.toString()) ?? true),
    preConnect: (_client, _packet, done) => done(null, true),
  });
  aedes.on('publish', ({ topic, payload: bytes, retain, qos }, client) => {
    const payload = bytes.toString();
    if (client !== null) trace.push({ topic, payload, retain, qos, t: Date.now() });
    if (retain && payload !== '') retained.set(topic, payload);
    else if (retain) retained.delete(topic);
  });
  aedes.on('subscribe', (list) => {
    for (const { topic } of list) subscriptions.add(topic);
  });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    aedes.handle(socket);
  });
  const port = await listen(server, options.port ?? 0);
  const stop = stopOnce(server, sockets, () => aedes.close());
  onTestFinished(stop);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    trace,
    subscriptions,
    publish: (topic, payload, retain = false) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload, retain, qos: 1, dup: false } as const;
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    retained: (topic) => retained.get(topic) ?? null,
    forget: async () => {
      await sleep(30);
      trace.length = 0;
    },
    stop,
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function stopOnce(server: Server, sockets: Set<Socket>, closeBroker: () => void): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  return () => {
    stopped ??= new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
      closeBroker();
    });
    return stopped;
  };
}
