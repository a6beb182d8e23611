import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connectAsync } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { examineBroker } from '../../../agent/publish/examination.ts';
import type { MqttConfig } from '../../../agent/publish/publisher.ts';
import { startBroker } from '../../support/aedes-broker.ts';
import { AGENT_ID, sampleMqtt, TOPICS } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

function examine(url: string, mqtt: Partial<MqttConfig> = {}) {
  return examineBroker({
    mqtt: sampleMqtt({ url, ...mqtt }),
    agentId: AGENT_ID,
    token: 'c0ffee',
    now: () => SAMPLE_TIME,
    patience: 300,
    birthWithinMs: 150,
  });
}

/** The steps that were taken, and the error of the last one. */
const told = ({ steps }: Awaited<ReturnType<typeof examine>>) => [
  steps.map(({ step }) => step).join(' '),
  steps.at(-1)?.error,
];

describe('an examination of the broker', () => {
  it('sends itself a message on a topic of its own, and leaves nothing behind', async () => {
    const broker = await startBroker();
    const examined = await examine(broker.url);
    expect(told(examined)).toEqual(['reach login subscribe publish return', null]);
    expect(examined).toMatchObject({ protocolVersion: 4, homeAssistant: 'unknown' });
    expect(broker.trace).toMatchObject([{ topic: `${TOPICS.doctor}/c0ffee`, retain: false, qos: 1 }]);
  });

  it.each(['online', 'offline'] as const)(
    'hears that Home Assistant is %s from what is retained',
    async (state) => {
      const broker = await startBroker();
      await broker.publish('homeassistant/status', state, true);
      expect((await examine(broker.url)).homeAssistant).toBe(state);
    },
  );

  it('hears a birth message that comes while it waits', async () => {
    const broker = await startBroker();
    const examined = examine(broker.url);
    await expect.poll(() => broker.subscriptions.has('homeassistant/status')).toBe(true);
    await broker.publish('homeassistant/status', 'online');
    expect((await examined).homeAssistant).toBe('online');
  });

  it('tells a wrong password from a broker that is not there', async () => {
    const strict = await startBroker({ authenticate: (_user, password) => password === 'right' });
    const refused = await examine(strict.url, { username: 'warden', password: 'wrong' });
    expect(told(refused)).toEqual(['reach login', expect.stringMatching(/; check user name and password$/)]);
    expect(refused).toMatchObject({ protocolVersion: null, homeAssistant: 'unknown' });
    expect(strict.trace).toEqual([]);
    expect(told(await examine(strict.url, { username: 'warden', password: 'right' }))[1]).toBeNull();
    await strict.stop();
    expect(told(await examine(strict.url))).toEqual(['reach', expect.stringContaining('ECONNREFUSED')]);
  });

  it('ends with a broker that takes the connection and says nothing', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(told(await examine(`mqtt://127.0.0.1:${port}`))).toEqual([
      'reach login',
      'no answer within 0.3 s',
    ]);
  });

  it('leaves the session of a running daemon alone', async () => {
    const broker = await startBroker();
    const daemon = await connectAsync(broker.url, { clientId: `smbwarden-${AGENT_ID}`, reconnectPeriod: 0 });
    expect(told(await examine(broker.url))[1]).toBeNull();
    expect(daemon.connected).toBe(true);
    await daemon.endAsync();
  });
});
