import { describe, expect, it } from 'vitest';
import type { BrokerTools, Tended } from '../../../agent/commands/context.ts';
import type { Trial, TrialStep } from '../../../agent/publish/publisher.ts';
import { runCommand } from '../../support/command-line.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
const CONFIG = 'mqtt: {url: "mqtt://192.168.1.5:1883"}';
const BROKER = 'mqtt://192.168.1.5:1883';

const TOOK: Readonly<Record<TrialStep['step'], number>> = {
  reach: 2,
  login: 5,
  subscribe: 1,
  publish: 3,
  return: 1,
};

/** A trial that ended with `error` at its last step, or came through. */
function trial(last: TrialStep['step'], error: string | null): Trial {
  const all = Object.entries(TOOK) as [TrialStep['step'], number][];
  const taken = all.slice(0, Object.keys(TOOK).indexOf(last) + 1);
  return {
    broker: BROKER,
    username: 'smbwarden',
    protocolVersion: last === 'login' ? null : 5,
    steps: taken.map(([step, tookMs]) => ({ step, tookMs, error: step === last ? error : null })),
  };
}

function tended(overrides: Partial<Tended> = {}): Tended {
  const link = { configured: true, connected: true, broker: BROKER, lastError: null, outboxSize: 0 };
  return { settled: true, retained: 0, byDaemon: true, link, ...overrides };
}

const AWAY = tended({
  settled: false,
  retained: 17,
  link: { ...tended().link, connected: false, lastError: 'connect ECONNREFUSED 192.168.1.5:1883' },
});

function tools(parts: Partial<BrokerTools>): BrokerTools {
  const unasked = async () => expect.fail('not asked for');
  return { test: unasked, republish: unasked, removeAll: unasked, ...parts };
}

describe('mqtt', () => {
  it.each([
    ['mqtt-test', ['test'], { test: async () => trial('return', null) }, 0],
    [
      'mqtt-test-refused',
      ['test'],
      { test: async () => trial('login', 'Not authorized; check user name and password') },
      1,
    ],
    ['mqtt-test-lost', ['test'], { test: async () => trial('return', 'no answer within 10 s') }, 1],
    ['mqtt-republish', ['republish'], { republish: async () => tended({ retained: 17 }) }, 0],
    ['mqtt-republish-away', ['republish'], { republish: async () => AWAY }, 1],
    ['mqtt-remove-all', ['remove-all', '--yes'], { removeAll: async () => tended() }, 0],
    ['mqtt-remove-all-waits', ['remove-all', '--yes'], { removeAll: async () => tended({ retained: 3 }) }, 1],
  ])('prints what the golden file %s holds, as text and as JSON', async (name, args, parts, status) => {
    const broker = tools(parts);
    const text = await runCommand(['mqtt', ...args], { broker, config: CONFIG });
    expect(text).toMatchObject({ status, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await runCommand(['mqtt', ...args, '--json'], { broker, config: CONFIG });
    expect(json).toMatchObject({ status, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ schema: 1 });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });

  it('sends the test alert with the severity that was asked for', async () => {
    const sent: string[] = [];
    const broker = tools({
      test: async (severity) => {
        sent.push(severity);
        return trial('return', null);
      },
    });
    await runCommand(['mqtt', 'test'], { broker, config: CONFIG });
    await runCommand(['mqtt', 'test', '--severity', 'critical'], { broker, config: CONFIG });
    expect(sent).toEqual(['high', 'critical']);
    expect(await runCommand(['mqtt', 'test', '--severity', 'bad'], { broker, config: CONFIG })).toMatchObject(
      { status: 2 },
    );
  });

  it.each([['test'], ['republish'], ['remove-all', '--yes']])('%s wants a broker', async (...args) => {
    const { status, err } = await runCommand(['mqtt', ...args], { broker: tools({}) });
    expect({ status, err }).toMatchObject({
      status: 2,
      err: expect.stringContaining('set mqtt.url in test.yaml'),
    });
  });

  it('removes nothing unless it was confirmed', async () => {
    const broker = tools({});
    const refused = await runCommand(['mqtt', 'remove-all'], { broker, config: CONFIG });
    expect(refused).toMatchObject({ status: 2, err: expect.stringContaining('add --yes') });
    const confirm = async () => false;
    const asked = await runCommand(['mqtt', 'remove-all'], { broker, config: CONFIG }, { confirm });
    expect(asked).toMatchObject({ status: 1, err: 'nothing was removed\n' });
  });
});
