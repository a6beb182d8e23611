import { beforeEach, describe, expect, it } from 'vitest';
import { LinkTrouble } from '../../../agent/publish/link-trouble.ts';
import { recordingLog } from '../../support/publisher-parts.ts';

let log: ReturnType<typeof recordingLog>;
let now: number;
let trouble: LinkTrouble;

beforeEach(() => {
  log = recordingLog();
  now = 0;
  trouble = new LinkTrouble({ broker: 'mqtt://broker', log, now: () => now });
});

const error = (message: string, code?: number) => Object.assign(new Error(message), { code });
const TRYING = 'warn No connection to the MQTT broker; trying again';

describe('trouble with the link', () => {
  it('is told once as long as it is the same, and again after a connection', () => {
    trouble.failed(error('refused'));
    trouble.failed(error('refused'));
    expect(log.lines).toEqual([TRYING]);
    trouble.failed(error('no route'));
    expect(log.lines).toEqual([TRYING, TRYING]);
    trouble.over();
    expect(trouble.last).toBeNull();
    trouble.failed(error('no route'));
    expect(log.lines).toHaveLength(3);
  });

  it('names the credentials when the broker refuses them', () => {
    trouble.failed(error('Not authorized', 0x87));
    expect(trouble.last).toBe('Not authorized; check user name and password');
  });

  it('keeps the reason when the connection closes behind it', () => {
    trouble.failed(error('refused'));
    trouble.closed(false);
    expect(trouble.last).toBe('refused');
    trouble.over();
    trouble.closed(true);
    expect(trouble.last).toBe('the broker closed the connection');
  });

  it('is another one with our id when a connection drops five times in a minute', () => {
    for (let drop = 0; drop < 6; drop += 1) trouble.closed(true);
    expect(trouble.last).toMatch(/is another smbwarden with the same id connected\?/);
    expect(log.lines).toEqual([
      'warn The connection to the MQTT broker was lost; events wait until it is back',
      'warn The connection to the MQTT broker drops again and again: another smbwarden with the same id may be connected',
    ]);
  });

  it('is no accident at the second time that our session is taken over within a minute', () => {
    expect(trouble.takenOver()).toBe(false);
    now = 59_000;
    expect(trouble.takenOver()).toBe(true);
    expect(trouble.last).toMatch(/MQTT is stopped$/);
  });
});
