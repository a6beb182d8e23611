import { describe, expect, test } from 'vitest';
import { Commands } from '../../../agent/publish/commands.ts';
import type { IncomingMessage, OutgoingMessage } from '../../../agent/publish/link.ts';
import type { AgentCommand } from '../../../agent/publish/publisher.ts';
import { recordingLog, TOPICS } from '../../support/publisher-parts.ts';

const SWEEP = `${TOPICS.commands}/sweep`;

function intake() {
  const sent: OutgoingMessage[] = [];
  const carriedOut: AgentCommand[] = [];
  const clock = { now: 0 };
  const log = recordingLog();
  const commands = new Commands({
    topics: TOPICS,
    baseTopic: 'smbwarden',
    link: { publish: async (message) => void sent.push(message) },
    onCommand: async (command) => {
      carriedOut.push(command);
      return { ok: true };
    },
    log,
    now: () => clock.now,
    random: () => 0.5,
  });
  const receive = async (message: Partial<IncomingMessage>) => {
    const whole = {
      topic: SWEEP,
      payload: '{}',
      retain: false,
      responseTopic: null,
      correlation: null,
      ...message,
    };
    commands.receive(whole);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { receive, sent, carriedOut, clock, log };
}

describe('a command', () => {
  test('is carried out and answered', async () => {
    const { receive, sent, carriedOut } = intake();
    await receive({ payload: '{"level":"L3"}' });
    expect(carriedOut).toEqual([{ kind: 'sweep', level: 'L3' }]);
    expect(sent).toEqual([
      { topic: TOPICS.commandResult, payload: '{"cmd":"sweep","id":"80000000","ok":true}', retain: false },
    ]);
  });

  test('that is retained is dropped, with a line that says why', async () => {
    const { receive, sent, carriedOut, log } = intake();
    await receive({ retain: true });
    expect([carriedOut, sent]).toEqual([[], []]);
    expect(log.lines).toEqual([
      'warn Ignored a retained command: it would be carried out at every connection',
    ]);
  });

  test('that nobody knows is answered with an error', async () => {
    const { receive, sent } = intake();
    await receive({ topic: `${TOPICS.commands}/finding/f_3k2m9q/forget` });
    expect(JSON.parse(sent[0]!.payload)).toMatchObject({ ok: false, error: 'no such command' });
  });

  test('never is our own answer coming back', async () => {
    const { receive, sent } = intake();
    await receive({ topic: TOPICS.commandResult, payload: '{"cmd":"sweep"}' });
    expect(sent).toEqual([]);
  });

  test('to sweep passes once in 30 seconds', async () => {
    const { receive, carriedOut, clock } = intake();
    await receive({});
    clock.now = 29_999;
    await receive({});
    expect(carriedOut).toHaveLength(1);
    clock.now = 30_000;
    await receive({});
    expect(carriedOut).toHaveLength(2);
  });

  test('to sweep passes again after the clock was set back', async () => {
    const { receive, carriedOut, clock } = intake();
    await receive({});
    clock.now = -86_400_000;
    await receive({});
    expect(carriedOut).toHaveLength(2);
  });

  test('to check a host passes once in 30 seconds for each host', async () => {
    const { receive, carriedOut, sent } = intake();
    const recheck = (host: string) => receive({ topic: `${TOPICS.hostCommands(host)}/recheck` });
    await recheck('h001132aabbcc');
    await recheck('h001132aabbcc');
    await recheck('h00aabb112233');
    expect(carriedOut).toMatchObject([{ hostId: 'h001132aabbcc' }, { hostId: 'h00aabb112233' }]);
    expect(JSON.parse(sent[1]!.payload).error).toMatch(/30 s ago/);
  });

  test('to acknowledge may come in quick succession', async () => {
    const { receive, carriedOut } = intake();
    for (const finding of ['f_3k2m9q', 'f_7h4d2x'])
      await receive({ topic: TOPICS.acknowledge(finding), payload: '{}' });
    expect(carriedOut).toHaveLength(2);
  });

  test('beyond 20 in a minute is refused', async () => {
    const { receive, sent } = intake();
    for (let n = 0; n < 21; n += 1) await receive({ topic: `${TOPICS.commands}/nothing` });
    expect(JSON.parse(sent.at(-1)!.payload).error).toMatch(/too many/);
  });

  test('is answered where its sender wants, with what the sender sent along', async () => {
    const { receive, sent } = intake();
    await receive({ responseTopic: 'smbwarden/answers/x', correlation: Uint8Array.of(1, 2) });
    expect(sent[1]).toMatchObject({ topic: 'smbwarden/answers/x', correlation: Uint8Array.of(1, 2) });
  });

  test.each(['elsewhere/x', 'smbwarden/#', TOPICS.availability, TOPICS.event, `${TOPICS.commands}/sweep`])(
    'is not answered on %s, whoever asks',
    async (responseTopic) => {
      const { receive, sent } = intake();
      await receive({ responseTopic });
      expect(sent).toHaveLength(1);
    },
  );
});
