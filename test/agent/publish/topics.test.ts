import { describe, expect, test } from 'vitest';
import { assertPublishable, idIn, topicsOf } from '../../../agent/publish/topics.ts';
import { TOPICS } from '../../support/publisher-parts.ts';

const NAMES = {
  baseTopic: 'home/smbwarden',
  discoveryPrefix: 'homeassistant',
  statusTopic: 'homeassistant/status',
  agentId: 'a1b2c3d4e',
};

describe('topics', () => {
  test('lie below the base topic and the discovery prefix', () => {
    const topics = topicsOf(NAMES);
    expect(topics.hostState('h001132aabbcc')).toBe('home/smbwarden/a1b2c3d4e/host/h001132aabbcc/state');
    expect(topics.hostConfig('h001132aabbcc')).toBe(
      'homeassistant/device/smbwarden_a1b2c3d4e/h001132aabbcc/config',
    );
  });

  test.each(['', 'a//b', '/a', 'a/', 'a/+', '#', '$SYS', 'a b', 'a\u0000', 'ä'])(
    'refuse %j as a base topic, and right before publishing',
    (text) => {
      expect(() => topicsOf({ ...NAMES, baseTopic: text })).toThrow(TypeError);
      expect(() => assertPublishable(text)).toThrow(TypeError);
    },
  );

  test.each(['NAS', 'a/b', '+', '', 'a-b', '\u001b[31m'])('refuse %j as the id of a host', (id) => {
    expect(() => TOPICS.hostState(id)).toThrow(TypeError);
    expect(() => TOPICS.hostConfig(id)).toThrow(TypeError);
    expect(() => TOPICS.acknowledge(id)).toThrow(TypeError);
  });

  test('are read back: the id of a host is found in its topic, and nowhere else', () => {
    expect(idIn(TOPICS.hostState('h001132aabbcc'), TOPICS.hostStateFilter)).toBe('h001132aabbcc');
    expect(idIn(TOPICS.hostAttributes('h001132aabbcc'), TOPICS.hostStateFilter)).toBeNull();
    expect(idIn(TOPICS.hostState('h001132aabbcc').replace('h0', 'X/'), TOPICS.hostStateFilter)).toBeNull();
    expect(idIn('homeassistant/device/smbwarden_other/agent/config', TOPICS.configFilter)).toBeNull();
  });
});
