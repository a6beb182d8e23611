import type { LoopbackMosquitto } from '../lab/loopback-mosquitto.ts';
import { TOPICS } from '../support/publisher-parts.ts';

/** Home Assistant says that it is there, or goes; alerts wait for it meanwhile. */
export async function homeAssistantSays(
  broker: LoopbackMosquitto,
  status: 'online' | 'offline',
): Promise<void> {
  const client = await broker.join();
  await client.publishAsync(TOPICS.status, status, { qos: 1 });
  await client.endAsync();
}
