import { describe, expect, test } from 'vitest';
import { Messages } from '../../../agent/publish/messages.ts';
import { lintContract, type TracedMessage } from '../../support/contract-linter.ts';
import { AGENT_ID, sampleMqtt, samplePicture, TOPICS } from '../../support/publisher-parts.ts';

const OPTIONS = {
  baseTopic: 'smbwarden',
  discoveryPrefix: 'homeassistant',
  agentId: AGENT_ID,
  subscriptions: [TOPICS.commandFilter],
};

/** Parsed JSON: a test reaches into it freely. */
type Json = ReturnType<typeof JSON.parse>;

/** What is published at first, as a trace that keeps the contract. */
function trace(): TracedMessage[] {
  const agent = { id: AGENT_ID, version: '1.0.0' };
  const messages = new Messages(agent, TOPICS, sampleMqtt().homeAssistant, () => 'Synology Incorporated');
  return messages
    .of(samplePicture(), { devices: new Set(), hidden: new Set() })
    .map(({ topic, payload }) => ({ topic, payload, retain: true, qos: 1, t: 0 }));
}

/** The trace with one payload changed. */
function spoilt(topic: string, change: (json: Json) => void): TracedMessage[] {
  return trace().map((message) => {
    if (message.topic !== topic) return message;
    const json = JSON.parse(message.payload);
    change(json);
    return { ...message, payload: JSON.stringify(json) };
  });
}

const CONFIG = TOPICS.agentConfig;
const message = (topic: string, payload: string, rest: Partial<TracedMessage> = {}): TracedMessage => ({
  topic,
  payload,
  retain: false,
  qos: 1,
  t: 0,
  ...rest,
});

describe('the contract linter', () => {
  test('finds nothing in what is published', () => {
    expect(lintContract(trace(), OPTIONS)).toEqual([]);
  });

  const SPOILT: [rule: number, what: string, trace: TracedMessage[]][] = [
    [1, 'a root key that is not known', spoilt(CONFIG, (json) => Object.assign(json, { qos: 1 }))],
    [
      2,
      'a platform that is too new',
      spoilt(CONFIG, (json) => Object.assign(json.components.status, { platform: 'date' })),
    ],
    [
      3,
      'an entity without unique_id',
      spoilt(CONFIG, ({ components }) => delete components.status.unique_id),
    ],
    [
      4,
      'a component key with a blank',
      spoilt(CONFIG, ({ components }) => Object.assign(components, { 'a b': components.sweep })),
    ],
    [
      5,
      'an object_id',
      spoilt(CONFIG, ({ components }) => Object.assign(components.status, { object_id: 'x' })),
    ],
    [
      6,
      'a device class of another platform',
      spoilt(CONFIG, ({ components }) => Object.assign(components.problem, { device_class: 'enum' })),
    ],
    [
      7,
      'a unit on a timestamp',
      spoilt(CONFIG, ({ components }) =>
        Object.assign(components.last_sweep, { state_class: 'measurement' }),
      ),
    ],
    [
      8,
      'a sensor as configuration',
      spoilt(CONFIG, ({ components }) => Object.assign(components.status, { entity_category: 'config' })),
    ],
    [9, 'a component without qos', spoilt(CONFIG, ({ components }) => delete components.status.qos)],
    [10, 'a state topic that nobody publishes', trace().filter(({ topic }) => topic !== TOPICS.state)],
    [
      11,
      'a state that is no option',
      spoilt(TOPICS.state, (json) => Object.assign(json, { status: 'asleep' })),
    ],
    [
      12,
      'an attribute that Home Assistant drops',
      spoilt(TOPICS.findings, (json) => Object.assign(json, { state: 1 })),
    ],
    [13, 'an event of an unknown type', [...trace(), message(TOPICS.event, '{"event_type":"party"}')]],
    [14, 'a payload of 64 KiB', [...trace(), message(TOPICS.commandResult, 'x'.repeat(65_536))]],
    [
      15,
      'a component that leaves without a tombstone',
      [
        ...trace(),
        ...spoilt(CONFIG, ({ components }) => delete components.sweep).map((each) => ({ ...each, t: 5_000 })),
      ],
    ],
    [16, 'a message elsewhere', [...trace(), message('zigbee2mqtt/lamp/set', 'ON')]],
  ];

  test.each(SPOILT)('finds by rule %i %s', (rule, _what, spoiltTrace) => {
    const rules = lintContract(spoiltTrace, OPTIONS).map((violation) => Number(violation.split(' ')[0]));
    expect(rules).toContain(rule);
  });
});
