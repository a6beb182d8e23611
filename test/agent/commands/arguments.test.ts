import { describe, expect, it } from 'vitest';
import { commandNamed } from '../../../agent/commands/program.ts';
import { runCommand, runWith } from '../../support/command-line.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);

describe('the command that is named', () => {
  it.each([
    [['run'], 'run'],
    [['--data-dir', 'hosts', '--verbose', 'run', '--config', 'c.yaml'], 'run'],
    [['run', '--help'], 'run'],
    [['host', 'run'], 'host'],
    [['help', 'run'], 'help'],
    [['--config', 'run'], null],
    [['--config'], null],
    [['--quiet', '--verbose', 'run'], 'run'],
    [['--no-such-option', 'run'], null],
    [['runn'], 'runn'],
    [[], null],
  ])('of %j is %s', (args, name) => {
    const silent = { out: () => expect.fail(), err: () => expect.fail(), write: async () => expect.fail() };
    const terminal = {
      isTty: false,
      errIsTty: false,
      columns: 80,
      env: {},
      timeZone: 'UTC',
      version: '1.0.0',
    };
    expect(commandNamed(args, { ...silent, ...terminal })).toBe(name);
  });
});

describe('options', () => {
  it('of the program work before and after the command', async () => {
    const globals: unknown[] = [];
    for (const args of [
      ['--config', 'c.yaml', '--data-dir', 'd', '--json', 'hosts'],
      ['hosts', '--config', 'c.yaml', '--data-dir', 'd', '--json'],
    ]) {
      await runWith(args, (given, { json }) => {
        globals.push({ ...given, json });
        throw new Error('enough');
      });
    }
    expect(globals).toEqual(Array(2).fill({ config: 'c.yaml', dataDir: 'd', json: true }));
  });

  it('of findings choose by severity and state', async () => {
    const list = async (...args: string[]) =>
      (
        JSON.parse((await runCommand(['findings', '--json', ...args])).out) as { findings: { id: string }[] }
      ).findings.map(({ id }) => id);
    expect(await list()).toEqual(['f_3k2m9q', 'f_5t1s8v', 'f_7h4d2x', 'f_9c6n3r', 'f_4z4z4z']);
    expect(await list('--severity', 'high')).toEqual(['f_3k2m9q', 'f_5t1s8v']);
    expect(await list('--all', '--host', 'nas')).toEqual([
      'f_3k2m9q',
      'f_5t1s8v',
      'f_7h4d2x',
      'f_9c6n3r',
      'f_0q9w8e',
    ]);
  });

  it('of history choose by host, rule and time', async () => {
    const { status, out } = await runCommand([
      'history',
      '--json',
      '--since',
      '12h',
      '--rule',
      'smb1-o',
      '--host',
      'nas',
    ]);
    expect({ status, ...JSON.parse(out) }).toEqual({ status: 0, schema: 1, changes: [] });
    expect((await runCommand(['history', '--since', 'soon'])).err).toContain(
      'time "soon": not understood. Write',
    );
    const backwards = await runCommand(['history', '--since', '1h', '--until', '2h']);
    expect(backwards).toMatchObject({
      status: 2,
      err: expect.stringContaining('ends before it begins') as unknown,
    });
    expect(await runCommand(['history', '--limit', '0'])).toMatchObject({ status: 2 });
  });
});

describe('a host argument', () => {
  it.each([
    'h001132aabbcc',
    'H0011',
    'NASLEGACY',
    'nas',
    '192.168.1.21',
    '192.168.1.2',
    '00:11:32:aa:bb:cc',
    '00-11-32',
    '001132',
  ])('is recognised as %s', async (text) => {
    const { out } = await runCommand(['host', text, '--json']);
    expect(JSON.parse(out)).toMatchObject({ host: { id: 'h001132aabbcc' } });
  });

  it('that fits several hosts is answered with the candidates', async () => {
    const { status, err } = await runCommand(['host', '192.168.1']);
    expect(status).toBe(2);
    expect(err).toContain('4 hosts match; name one of them');
    expect(err).toContain('  NASLEGACY  192.168.1.21  00:11:32:aa:bb:cc  h001132aabbcc');
    expect(err).not.toContain('\u001b');
  });

  it('that fits none is answered with the nearest name', async () => {
    expect(await runCommand(['host', 'naslegcy'])).toMatchObject({
      status: 1,
      err: 'smbwarden: host "naslegcy": not known; did you mean "NASLEGACY"?\n',
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['hsots'], 'Did you mean hosts?'],
    [['hosts', '--jsn'], 'Did you mean --json?'],
    [['host'], "missing required argument 'host'"],
    [['hosts', 'nas'], 'too many arguments'],
    [['explain', 'smb1'], 'that can be smb1-only or smb1-enabled'],
    [['explain', 'smb1-enbled'], 'did you mean "smb1-enabled"?'],
    [['--quiet', '--verbose', 'hosts'], 'cannot be used with'],
  ])('exits 2 with a suggestion: %j', async (args, message) => {
    expect(await runCommand(args)).toEqual({
      status: 2,
      out: '',
      err: expect.stringContaining(message) as unknown,
    });
  });
});

describe('no arguments', () => {
  it('print the help, and exit 0', async () => {
    const { status, out } = await runCommand([]);
    expect(status).toBe(0);
    await expect(out).toMatchFileSnapshot(new URL('help.txt', GOLDEN).pathname);
  });

  it('run the default command where one is set, as npm start does', async () => {
    const { out } = await runCommand([], {}, { env: { SMBWARDEN_DEFAULT_COMMAND: 'sweep' } });
    expect(out).toContain('Sweep 12 of 192.168.1.0/24');
    const version = await runCommand(['version'], {}, { env: { SMBWARDEN_DEFAULT_COMMAND: 'sweep' } });
    expect(version.out).toContain('smbwarden 1.0.0');
  });
});
