import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MqttConfig, TrialStep } from '../../../agent/publish/publisher.ts';
import { tryBroker } from '../../../agent/publish/trial.ts';
import { startBroker } from '../../support/aedes-broker.ts';
import { AGENT_ID, sampleMqtt, TOPICS } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

function trialAt(url: string, mqtt: Partial<MqttConfig> = {}) {
  return tryBroker({
    mqtt: sampleMqtt({ url, ...mqtt }),
    agentId: AGENT_ID,
    severity: 'critical',
    eventId: '01JTEST',
    now: () => SAMPLE_TIME,
    patience: 300,
  });
}

const told = (steps: readonly TrialStep[]) => steps.map(({ step, error }) => [step, error]);

/** A server that takes every connection and says nothing. */
async function muteServer(): Promise<string> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a test alert', () => {
  it('comes back from a broker that speaks MQTT 3.1.1 only, and fires the device triggers', async () => {
    const broker = await startBroker();
    const { steps, protocolVersion, username } = await trialAt(broker.url);
    expect(told(steps)).toEqual([
      ['reach', null],
      ['login', null],
      ['subscribe', null],
      ['publish', null],
      ['return', null],
    ]);
    expect({ protocolVersion, username }).toEqual({ protocolVersion: 4, username: null });
    await vi.waitFor(() => expect(broker.trace).toHaveLength(3));
    const [alert, ...others] = broker.trace;
    expect(alert).toMatchObject({ topic: TOPICS.event, retain: false, qos: 1 });
    expect(JSON.parse(alert!.payload)).toMatchObject({
      event_type: 'finding_opened',
      id: '01JTEST',
      severity: 'critical',
      title: 'Test alert',
      finding_id: null,
      acknowledge_topic: null,
    });
    expect(new Set(others.map(({ topic }) => topic))).toEqual(new Set([TOPICS.trigger]));
    expect(others.map(({ payload }) => payload)).toEqual(['finding_opened', 'finding_critical']);
  });

  it('tells a broker that is not there from one that refuses the password', async () => {
    const closed = await startBroker();
    await closed.stop();
    expect(told((await trialAt(closed.url)).steps)).toEqual([
      ['reach', expect.stringContaining('ECONNREFUSED')],
    ]);
    const strict = await startBroker({ authenticate: (_user, password) => password === 'right' });
    const { steps } = await trialAt(strict.url, { username: 'warden', password: 'wrong' });
    expect(told(steps)).toEqual([
      ['reach', null],
      ['login', expect.stringMatching(/; check user name and password$/)],
    ]);
    expect((await trialAt(strict.url, { username: 'warden', password: 'right' })).steps).toHaveLength(5);
  });

  it('gives up on somebody who takes the connection and says nothing', async () => {
    expect(told((await trialAt(await muteServer())).steps)).toEqual([
      ['reach', null],
      ['login', 'no answer within 0.3 s'],
    ]);
  });

  it('is not sent when a certificate cannot be read', async () => {
    const { steps } = await trialAt('mqtts://127.0.0.1:1', { ca: '/nowhere/ca.pem' });
    expect(told(steps)).toEqual([['login', expect.stringContaining('/nowhere/ca.pem')]]);
  });
});
