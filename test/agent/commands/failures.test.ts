import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../agent/config.ts';
import { TargetError } from '../../../domain/target.ts';
import { StorageError } from '../../../storage/storage-error.ts';
import { runCommand, runWith } from '../../support/command-line.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** No context may be built: the command needs neither configuration nor database. */
const wrongConfig = () => {
  throw new ConfigError('configuration x.yaml: one mistake\n  line 1: foo: unknown key');
};

describe('config', () => {
  it('check reports every mistake and exits 2', async () => {
    expect(await runWith(['config', 'check'], wrongConfig)).toEqual({
      status: 2,
      out: '',
      err: 'smbwarden: configuration x.yaml: one mistake\n  line 1: foo: unknown key\n',
    });
  });

  it('show never prints a password', async () => {
    const secret = { config: 'mqtt: { password: canary-secret }' };
    for (const args of [
      ['config', 'show'],
      ['config', 'show', '--json'],
    ]) {
      const { out } = await runCommand(args, secret);
      expect(out).toContain('***');
      expect(out).not.toContain('canary-secret');
    }
  });

  it('init writes a file, needs no correct configuration for it, and never overwrites one', async () => {
    const file = join(temporaryDirectory(), 'config.yaml');
    expect(await runWith(['config', 'init', file], wrongConfig)).toMatchObject({ status: 0, out: '' });
    expect(readFileSync(file, 'utf8')).toContain('#sweepInterval: 15');
    writeFileSync(file, 'mine');
    const again = await runWith(['config', 'init', file], wrongConfig);
    expect(again).toMatchObject({ status: 2, err: expect.stringContaining('not overwritten') as unknown });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const nowhere = join(temporaryDirectory(), 'none', 'config.yaml');
    expect(await runWith(['config', 'init', nowhere], wrongConfig)).toMatchObject({ status: 1 });
    expect(existsSync(nowhere)).toBe(false);
  });
});

describe('what needs no configuration', () => {
  it.each([[['version']], [['explain', 'smb1-enabled']], [['config', 'init']], [['--help']]])(
    'works with a wrong one: %j',
    async (args) => {
      expect(await runWith(args, wrongConfig)).toMatchObject({ status: 0, err: '' });
    },
  );
});

describe('a failure', () => {
  it.each([
    [new TargetError('target 8.8.8.8: not a private range'), 2],
    [new ConfigError('reading mqtt.passwordFile /x: everybody may read it'), 2],
    [new StorageError('locked', 'open the history: /data/smbwarden.db: locked'), 1],
    [new Error('no route'), 1],
  ])('is said on standard error, without a stack trace: %s', async (error, status) => {
    const sweep = async () => {
      throw error;
    };
    expect(await runCommand(['sweep'], { sweep })).toEqual({
      status,
      out: '',
      err: `smbwarden: ${error.message}\n`,
    });
    expect((await runCommand(['sweep', '--verbose'], { sweep })).err).toMatch(/\n {4}at /);
  });

  it('that was not foreseen says so', async () => {
    const run = async () => {
      throw new TypeError('x is not a function');
    };
    expect((await runCommand(['run'], { run })).err).toContain('Run it again with --verbose');
  });

  it('for want of a history names the command that makes one', async () => {
    const storage = () => {
      throw new StorageError('missing', 'open the history: no such file');
    };
    expect(await runCommand(['hosts'], { storage })).toMatchObject({
      status: 1,
      err: expect.stringContaining(
        'reading the history in /data: there is none. Run "smbwarden sweep"',
      ) as unknown,
    });
  });

  it('closes the database', async () => {
    let closed = 0;
    const storage = () => {
      const broken = {
        hosts: () => {
          throw new StorageError('corrupt', 'read the hosts: damaged');
        },
      };
      return {
        history: broken,
        close: () => {
          closed += 1;
        },
      } as never;
    };
    expect((await runCommand(['hosts'], { storage })).status).toBe(1);
    expect(closed).toBe(1);
  });
});
