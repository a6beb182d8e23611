import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { agentDiscovery } from '../../../agent/publish/home-assistant.ts';
import type { OutgoingMessage } from '../../../agent/publish/link.ts';
import { Messages, type RetainedMessage } from '../../../agent/publish/messages.ts';
import { RetainedTopics } from '../../../agent/publish/retained.ts';
import {
  AGENT_ID,
  memoryLedger,
  recordingLog,
  sampleMqtt,
  samplePicture,
  TOPICS,
} from '../../support/publisher-parts.ts';
import { sampleHost } from '../../support/samples.ts';

const AGENT = { id: AGENT_ID, version: '1.0.0' };
const NAS = 'h001132aabbcc';
const GAP_MS = 60;

function retainedTopics(ledger = memoryLedger()) {
  const sent: (OutgoingMessage & { readonly at: number })[] = [];
  const homeAssistant = { here: true };
  const retained = new RetainedTopics({
    ledger,
    link: { publish: async (message) => void sent.push({ ...message, at: Date.now() }) },
    topics: TOPICS,
    timing: { pace: 0, deviceGap: GAP_MS },
    log: recordingLog(),
    now: Date.now,
    canRemove: () => homeAssistant.here,
  });
  const settle = async () => {
    while (retained.busy) await sleep(1);
  };
  const drainSent = async () => {
    await settle();
    return sent.splice(0).map(({ topic, payload }) => ({ topic, payload }));
  };
  return { retained, ledger, sent, homeAssistant, settle, drainSent };
}

function wanted(hosts = [sampleHost()]): RetainedMessage[] {
  const messages = new Messages(AGENT, TOPICS, sampleMqtt().homeAssistant, () => null);
  return messages.of(samplePicture(hosts), { devices: new Set(), hidden: new Set() });
}

function found(messages: readonly RetainedMessage[]): Map<string, string> {
  return new Map(messages.map(({ topic, payload }) => [topic, payload]));
}

describe('a host that is forgotten', () => {
  test('takes its device and its states along', async () => {
    const { retained, drainSent, ledger } = retainedTopics();
    retained.want(wanted());
    retained.open(new Map());
    await drainSent();
    retained.want(wanted([]));
    const cleared = (await drainSent()).filter(({ payload }) => payload === '').map(({ topic }) => topic);
    expect(cleared.sort()).toEqual(
      [TOPICS.hostConfig(NAS), TOPICS.hostState(NAS), TOPICS.hostAttributes(NAS)].sort(),
    );
    expect([...ledger.entries.values()].filter(({ owner }) => owner === NAS)).toEqual([]);
  });

  test('is a device again when it comes back, even one that was deleted before', () => {
    const { retained, ledger } = retainedTopics();
    retained.hide(NAS);
    retained.unhideAllBut(new Set([NAS]));
    expect([...retained.hidden()]).toEqual([NAS]);
    retained.unhideAllBut(new Set());
    expect([...retained.hidden(), ...ledger.entries.keys()]).toEqual([]);
  });
});

describe('at a new connection', () => {
  test('everything is sent to a broker that holds nothing, "online" last', async () => {
    const { retained, drainSent, ledger } = retainedTopics();
    retained.want(wanted());
    retained.open(new Map());
    const sent = await drainSent();
    expect(sent).toEqual(wanted().map(({ topic, payload }) => ({ topic, payload })));
    expect([...ledger.entries.keys()]).toEqual(sent.map(({ topic }) => topic));
  });

  test('identical discovery is not sent again; states are', async () => {
    const { retained, drainSent } = retainedTopics();
    retained.want(wanted());
    retained.open(found(wanted()));
    const topics = (await drainSent()).map(({ topic }) => topic);
    expect(topics).toContain(TOPICS.hostState(NAS));
    expect(topics.filter((topic) => topic.endsWith('/config'))).toEqual([]);
  });

  test('devices and states of hosts that nobody knows are cleared first', async () => {
    const { retained, drainSent } = retainedTopics();
    retained.want(wanted([]));
    const stale = [TOPICS.hostConfig('h000000000001'), TOPICS.hostState('h000000000002')];
    retained.open(new Map(stale.map((topic) => [topic, '{}'])));
    const sent = await drainSent();
    expect(sent.slice(0, 5)).toEqual(
      [
        TOPICS.hostConfig('h000000000001'),
        TOPICS.hostState('h000000000001'),
        TOPICS.hostAttributes('h000000000001'),
        TOPICS.hostState('h000000000002'),
        TOPICS.hostAttributes('h000000000002'),
      ].map((topic) => ({ topic, payload: '' })),
    );
  });

  test('topics of an earlier base topic are cleared first', async () => {
    const ledger = memoryLedger();
    ledger.put('old/a1b2c3d4e/state', { sha256: 'x', kind: 'agent', owner: null, publishedAt: 0 });
    const { retained, drainSent } = retainedTopics(ledger);
    retained.want(wanted([]));
    retained.open(new Map());
    expect((await drainSent())[0]).toEqual({ topic: 'old/a1b2c3d4e/state', payload: '' });
    expect(ledger.entries.has('old/a1b2c3d4e/state')).toBe(false);
  });

  test('a component that was taken away leaves a tombstone, and is left out later', async () => {
    const { retained, sent, settle } = retainedTopics();
    const earlier = JSON.parse(agentDiscovery(AGENT, TOPICS));
    earlier.components.old = { platform: 'sensor', unique_id: 'x' };
    retained.want(wanted([]));
    retained.open(new Map([[TOPICS.agentConfig, JSON.stringify(earlier)]]));
    await settle();
    const [first, second] = sent.filter(({ topic }) => topic === TOPICS.agentConfig);
    expect(JSON.parse(first!.payload).components.old).toEqual({ platform: 'sensor' });
    expect(second!.payload).toBe(agentDiscovery(AGENT, TOPICS));
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(GAP_MS);
  });
});

describe('while connected', () => {
  async function opened() {
    const parts = retainedTopics();
    parts.retained.want(wanted());
    parts.retained.open(new Map());
    await parts.drainSent();
    return parts;
  }

  test('nothing is sent when nothing differs', async () => {
    const { retained, drainSent } = await opened();
    retained.want(wanted());
    expect(await drainSent()).toEqual([]);
  });

  test('only what differs is sent', async () => {
    const { retained, drainSent } = await opened();
    retained.want(wanted([sampleHost({ present: false })]));
    expect((await drainSent()).map(({ topic }) => topic)).toEqual([TOPICS.state, TOPICS.hostState(NAS)]);
  });

  test('a device that changes often is sent seldom, with time between', async () => {
    const { retained, sent, settle } = await opened();
    for (const name of ['A', 'B', 'C']) {
      const names = [{ name, suffix: 0x20, group: false }];
      retained.want(wanted([sampleHost({ facts: { 'netbios.names': names } })]));
      await sleep(1);
    }
    await settle();
    const configs = sent.filter(({ topic }) => topic === TOPICS.hostConfig(NAS));
    expect(JSON.parse(configs.at(-1)!.payload).device.name).toBe('C');
    for (const [n, { at }] of configs.slice(1).entries())
      expect(at - configs[n]!.at).toBeGreaterThanOrEqual(GAP_MS);
  });

  test('a host that is gone loses its device and its states', async () => {
    const { retained, drainSent, ledger } = await opened();
    retained.want(wanted([]));
    const sent = await drainSent();
    expect(sent.filter(({ payload }) => payload === '').map(({ topic }) => topic)).toEqual([
      TOPICS.hostConfig(NAS),
      TOPICS.hostAttributes(NAS),
      TOPICS.hostState(NAS),
    ]);
    expect([...ledger.entries.keys()].filter((topic) => topic.includes(NAS))).toEqual([]);
  });

  test('removals wait until Home Assistant is there', async () => {
    const { retained, drainSent, homeAssistant } = await opened();
    homeAssistant.here = false;
    retained.want(wanted([]));
    expect((await drainSent()).map(({ payload }) => payload)).not.toContain('');
    homeAssistant.here = true;
    retained.repeat(() => false);
    expect(await drainSent()).toHaveLength(3);
  });

  test('a host whose device was deleted stays hidden, in this run and the next', async () => {
    const { retained, ledger } = await opened();
    retained.hide(NAS);
    expect(retained.hidden()).toEqual(new Set([NAS]));
    expect(retained.devices()).toEqual(new Set());
    expect(retainedTopics(ledger).retained.hidden()).toEqual(new Set([NAS]));
  });
});

test('a device whose state alone is left was deleted while we were away; an empty broker lost its data', async () => {
  const { retained, drainSent, ledger } = retainedTopics();
  retained.want(wanted());
  retained.open(new Map());
  await drainSent();
  const next = retainedTopics(ledger).retained;
  expect(next.deletedMeanwhile(new Map([[TOPICS.hostState(NAS), '{}']]))).toEqual([NAS]);
  expect(next.deletedMeanwhile(new Map())).toEqual([]);
  expect(next.deletedMeanwhile(found(wanted()))).toEqual([]);
});
