import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';

/** A message as a subscriber received it. */
export interface Received {
  readonly topic: string;
  readonly payload: string;
}

/** A broker, and a subscriber that listens where Home Assistant would. */
export interface DemoBroker {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Events and device discovery: what Home Assistant subscribes to. */
const FILTERS = ['smbwarden/+/event', 'homeassistant/device/+/+/config'];

/** Starts both on loopback, on a free port. */
export async function startBroker(): Promise<DemoBroker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const received: Received[] = [];
  const homeAssistant = await mqtt.connectAsync(url, { clientId: 'home-assistant' });
  homeAssistant.on('message', (topic, payload) => {
    received.push({ topic, payload: payload.toString() });
  });
  await homeAssistant.subscribeAsync(FILTERS, { qos: 1 });
  return {
    url,
    received,
    close: async () => {
      await homeAssistant.endAsync(true);
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
