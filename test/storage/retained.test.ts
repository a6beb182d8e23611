import { expect, it } from 'vitest';
import type { RetainedTopic } from '../../domain/history.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { SAMPLE_TIME } from '../support/samples.ts';

const ofHost: RetainedTopic = {
  sha256: 'a'.repeat(64),
  kind: 'discovery',
  owner: 'h001132aabbcc',
  publishedAt: SAMPLE_TIME,
};
const ofAgent: RetainedTopic = { ...ofHost, kind: 'agent', owner: null };

it('remembers what was published under each topic, for hosts that storage does not know as well', () => {
  const file = temporaryFile();
  const { retained } = openTestStorage({ file });
  retained.put('smbwarden/a1b2c3d4e/state', ofAgent);
  retained.put('homeassistant/device/smbwarden_h001132aabbcc/config', ofHost);
  expect(openTestStorage({ file, mode: 'read-only' }).retained.all()).toEqual(
    new Map([
      ['homeassistant/device/smbwarden_h001132aabbcc/config', ofHost],
      ['smbwarden/a1b2c3d4e/state', ofAgent],
    ]),
  );
});

it('keeps the newest entry of a topic, and none once it is removed', () => {
  const { retained } = openTestStorage();
  const newer = { ...ofAgent, sha256: 'b'.repeat(64), publishedAt: SAMPLE_TIME + 1 };
  retained.put('topic', ofAgent);
  retained.put('topic', newer);
  expect([...retained.all()]).toEqual([['topic', newer]]);
  retained.remove('topic');
  expect(retained.all().size).toBe(0);
});
