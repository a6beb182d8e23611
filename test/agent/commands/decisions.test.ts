import { describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../agent/commands/context.ts';
import { parseConfig } from '../../../agent/config.ts';
import { carryOut } from '../../../agent/decisions/carry-out.ts';
import type { DecisionWorld } from '../../../agent/decisions/world.ts';
import { homeStorage, runCommand } from '../../support/command-line.ts';
import { random } from '../../support/loopback.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
/** As the command line has it in tests. */
const NOW = SAMPLE_TIME + 600_000;
const UNTIL = '2027-06-01T00:00:00Z';

/** A command line over one database, so that what a command decides is there for the next. */
function decidingLine(config = '') {
  const { history, outbox, settings, commands } = homeStorage();
  const world: DecisionWorld = {
    history,
    settings,
    commands,
    config: parseConfig(config, 'test.yaml'),
    log: recordingLog(),
    now: () => NOW,
    random,
  };
  const overrides: Partial<Omit<CommandContext, 'config'>> & { config: string } = {
    config,
    storage: () => ({ history, outbox, settings, commands, close: () => {} }),
    decide: async (command) => carryOut(command, 'cli', world),
  };
  const run = (...args: string[]) => runCommand(args, overrides);
  const runAsking = (answer: boolean, ...args: string[]) => {
    const asked: string[] = [];
    const confirm = async (question: string) => {
      asked.push(question);
      return answer;
    };
    return runCommand(args, overrides, { confirm }).then((ended) => ({ ...ended, asked }));
  };
  return { run, runAsking, history, settings, commands };
}

describe('every command that changes something', () => {
  it.each([
    ['ack', ['ack', 'f_3k2m9q', '--until', UNTIL, '--note', 'new NAS is ordered']],
    ['ack-host', ['ack', 'naslegacy']],
    ['unack', ['unack', 'f_3k2m9q']],
    ['ignore', ['ignore', '192.168.1.66', '--until', UNTIL]],
    ['unignore', ['unignore', '192.168.1.66']],
    ['forget', ['forget', 'naslegacy', '--yes']],
    ['pause', ['pause', '--until', UNTIL]],
    ['resume', ['resume']],
    ['config-reset', ['config', 'reset']],
  ])('prints what the golden file %s holds, as text and as JSON', async (name, args) => {
    const text = await decidingLine().run(...args);
    expect(text).toMatchObject({ status: 0, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await decidingLine().run(...args, '--json');
    expect(json).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ schema: 1 });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });

  it.each([[['ack', 'nas']], [['ignore', 'nas']], [['pause']]])(
    'says so when it was so already: %j',
    async (args) => {
      const { run } = decidingLine();
      const first = await run(...args);
      const again = await run(...args);
      expect(first.out).not.toContain('Nothing to change');
      expect(again).toMatchObject({
        status: 0,
        out: expect.stringContaining('Nothing to change') as unknown,
      });
      expect(JSON.parse((await run(...args, '--json')).out)).toMatchObject({ changed: false });
    },
  );
});

describe('what was decided', () => {
  it('is shown wherever the finding or the host is', async () => {
    const { run } = decidingLine();
    await run('ack', 'f_3k2m9q', '--until', UNTIL, '--note', 'new NAS is ordered');
    await run('ignore', '192.168.1.66');
    await run('pause', '--until', UNTIL);
    const shown = [];
    for (const args of [
      ['findings'],
      ['hosts'],
      ['host', '192.168.1.66'],
      ['finding', 'f_3k2m9q'],
      ['history'],
      ['status'],
    ])
      shown.push(`$ smbwarden ${args.join(' ')}`, (await run(...args)).out);
    await expect(shown.join('\n')).toMatchFileSnapshot(new URL('decided.txt', GOLDEN).pathname);
  });

  it('is remembered to whoever sweeps or checks by hand while sweeps are paused', async () => {
    const { run } = decidingLine();
    expect((await run('sweep')).err).toBe('');
    await run('pause');
    for (const args of [['sweep'], ['check', 'nas']]) {
      const { status, err } = await run(...args);
      expect(status).toBe(0);
      expect(err).toBe('This was asked for; scheduled sweeps are paused until "smbwarden resume".\n');
      expect((await run(...args, '--json')).err).toBe('');
    }
  });
});

describe('what was set at run time', () => {
  it('is in force, is shown as such, and can be taken back', async () => {
    const { run, settings } = decidingLine('schedule: "0 * * * *"');
    settings.set('sweep_interval', '30');
    settings.set('alert_threshold', 'high');
    const shown = await run('config', 'show');
    expect(shown.out.split('\n').slice(0, 3)).toEqual([
      '# test.yaml',
      '# sweepInterval was set at run time; "smbwarden config reset" goes back to the schedule 0 * * * *',
      '# alertThreshold was set at run time; "smbwarden config reset" goes back to medium',
    ]);
    expect(shown.out).toMatch(/sweepInterval: 30\n(.*\n)*alertThreshold: high/);
    const status = (await run('status')).out;
    expect(status).toContain('every 30 minutes (set at run time)');
    expect(status).toContain('high and worse (set at run time)');
    expect(JSON.parse((await run('status', '--json')).out).inForce).toEqual({
      sweepInterval: 30,
      schedule: null,
      alertThreshold: 'high',
      setAtRunTime: { sweepInterval: 30, alertThreshold: 'high' },
    });
    await run('config', 'reset', 'sweepInterval');
    expect((await run('status')).out).toContain('by the pattern 0 * * * *');
    expect((await run('status')).out).toContain('high and worse (set at run time)');
    expect(await run('config', 'reset', 'pace')).toMatchObject({ status: 2 });
  });
});

describe('forget', () => {
  it('asks on a terminal, and says what will go', async () => {
    const { runAsking, history } = decidingLine();
    const refused = await runAsking(false, 'forget', 'nas');
    expect(refused).toMatchObject({ status: 1, out: '', asked: ['Forget this host?'] });
    await expect(refused.err).toMatchFileSnapshot(new URL('forget-question.txt', GOLDEN).pathname);
    expect(history.hosts().has('h001132aabbcc')).toBe(true);
    expect(await runAsking(true, 'forget', 'nas')).toMatchObject({ status: 0 });
    expect(history.hosts().has('h001132aabbcc')).toBe(false);
  });

  it('does nothing without --yes where there is nobody to ask', async () => {
    const { run, history } = decidingLine();
    const { status, err } = await run('forget', 'nas');
    expect({ status, err }).toEqual({
      status: 2,
      err: 'smbwarden: forget NASLEGACY: this deletes its history; add --yes, since there is no terminal to ask on\n',
    });
    expect(history.hosts().has('h001132aabbcc')).toBe(true);
  });
});

describe('wrong usage', () => {
  it.each([
    [
      ['ack', 'f_zzzzzz'],
      1,
      'finding "f_zzzzzz": not known; "smbwarden findings --all" lists those that are',
    ],
    [['ack', 'f_'], 2, '6 findings match; name one of them'],
    [['ack', '192.168.1'], 2, '4 hosts match; name one of them'],
    [['ack', 'naslegcy'], 1, 'host "naslegcy": not known; did you mean "NASLEGACY"?'],
    [['ack', 'f_0q9w8e'], 1, 'resolved since 2026-11-21T22:41:05.000Z, so there is nothing to acknowledge'],
    [
      ['ack', 'nas', '--until', 'soon'],
      2,
      '--until "soon": not understood. Write an ISO 8601 time (2027-06-01',
    ],
    [['ack', 'nas', '--until', '2020-01-01'], 2, '--until "2020-01-01": that moment has passed'],
    [['ack', 'nas', '--note', 'x'.repeat(501)], 2, '--note: 501 characters; write at most 500'],
    [['ack'], 2, "missing required argument 'finding-or-host'"],
    [['ignore', 'nobody'], 1, 'host "nobody": not known'],
    [['ignore', 'nas', '--until', '0d'], 2, 'that moment has passed'],
    [['pause', '--until', 'yesterday'], 2, 'not understood'],
    [['forget', 'nobody', '--yes'], 1, 'host "nobody": not known'],
  ])('is explained, and changes nothing: %.60j', async (args, status, message) => {
    const { run, history, commands } = decidingLine();
    const before = history.hosts();
    const ended = await run(...args);
    expect(ended).toMatchObject({ status, out: '', err: expect.stringContaining(message) as unknown });
    expect(history.hosts()).toEqual(before);
    expect(commands.newest(9).filter(({ outcome }) => outcome === 'done')).toEqual([]);
  });
});

describe('ID or HOST', () => {
  it('is a finding by its id, even without f_, and a host by any of its names', async () => {
    const acked = async (which: string) => {
      const { findings } = JSON.parse((await decidingLine().run('ack', which, '--json')).out);
      return (findings as { id: string; state: string }[])
        .filter(({ state }) => state === 'acknowledged')
        .map(({ id }) => id);
    };
    expect(await acked('f_3k')).toEqual(['f_3k2m9q']);
    expect(await acked('3k2m')).toEqual(['f_3k2m9q']);
    expect(await acked('192.168.1.66')).toEqual(['f_4z4z4z']);
    expect((await acked('00:11:32')).length).toBe(4);
    expect((await acked('STUDY')).length).toBe(0);
  });
});
