import { createConnection, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A TCP port that leaves every further SYN unanswered, as a firewall that drops does. */
export interface SilentPort {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens with the shortest queue that there is, and then never accepts: its thread sleeps. */
const LISTEN_AND_SLEEP = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer();
  server.listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
/** With a backlog of 1 Linux queues two connections; one more stays in the dark. */
const MORE_THAN_THE_QUEUE = 4;
const FILL_MS = 100;

/**
 * Fills the listen queue of a port whose owner never accepts: Linux then drops further SYNs (listen(2)), which needs
 * neither a firewall nor root.
 */
export async function openSilentPort(address: string, port = 0): Promise<SilentPort> {
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true, workerData: { host: address, port } });
  const bound = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fillers: Socket[] = [];
  for (let i = 0; i < MORE_THAN_THE_QUEUE; i += 1) {
    const filler = createConnection({ host: address, port: bound });
    filler.on('error', () => {});
    fillers.push(filler);
  }
  await new Promise((resolve) => setTimeout(resolve, FILL_MS));
  return {
    address,
    port: bound,
    close: async () => {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}
