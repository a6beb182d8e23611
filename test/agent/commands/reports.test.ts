import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { homeReport } from '../../support/home-network.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);

describe('every reading command', () => {
  it.each([
    ['hosts', ['hosts']],
    ['host', ['host', 'naslegacy']],
    ['host-history', ['host', '192.168.1.21', '--history']],
    ['findings', ['findings']],
    ['findings-all', ['findings', '--all', '--host', 'NASLEGACY']],
    ['finding', ['finding', 'f_3k2m9q']],
    ['history', ['history']],
    ['status', ['status']],
    ['explain', ['explain']],
    ['explain-smb1-enabled', ['explain', 'smb1-enabled']],
    ['sweep', ['sweep']],
    ['sweep-dry-run', ['sweep', '--dry-run']],
    ['check', ['check', '192.168.1.21']],
    ['config-show', ['config', 'show']],
  ])('prints what the golden file %s holds, as text and as JSON', async (name, args) => {
    const text = await runCommand(args);
    expect(text).toMatchObject({ status: 0, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await runCommand([...args, '--json']);
    expect(json).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ schema: 1 });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });

  it('prints no character that a terminal acts upon, except colours of its own', async () => {
    for (const args of [['hosts'], ['sweep'], ['host', '192.168.1.66'], ['finding', 'f_4z'], ['findings']]) {
      const plain = await runCommand(args);
      expect(plain.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      const json = await runCommand([...args, '--json']);
      expect(json.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      const colored = await runCommand(args, {}, { isTty: true });
      expect(colored.out.replaceAll(/\u001b\[\d+m/g, '')).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/,
      );
    }
  });
});

describe('the terminal', () => {
  it('gets colours, unless --no-color, NO_COLOR or TERM=dumb says otherwise', async () => {
    const isColored = async (args: string[], env = {}) =>
      (await runCommand(args, {}, { isTty: true, env })).out.includes('\u001b[');
    expect(await isColored(['hosts'])).toBe(true);
    expect(await isColored(['hosts', '--no-color'])).toBe(false);
    expect(await isColored(['hosts'], { NO_COLOR: '1' })).toBe(false);
    expect(await isColored(['hosts'], { TERM: 'dumb' })).toBe(false);
    expect(await isColored(['--json', 'hosts'])).toBe(false);
  });

  it.each([60, 80, 100])('gets tables of at most %i columns', async (columns) => {
    for (const command of ['hosts', 'findings', 'history']) {
      const { out } = await runCommand([command], {}, { isTty: true, columns, env: { NO_COLOR: '1' } });
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });

  it('gets as much of a manufacturer as the line has room for, or nothing', async () => {
    const titleAt = async (columns: number) => {
      const shown = await runCommand(['host', 'nas'], {}, { isTty: true, columns, env: { NO_COLOR: '1' } });
      return shown.out.split('\n')[0];
    };
    const known = 'NASLEGACY  192.168.1.21  00:11:32:aa:bb:cc';
    expect(await titleAt(80)).toBe(`${known}  Synology Incorporated`);
    expect(await titleAt(60)).toBe(`${known}  Synology Incorp…`);
    expect(await titleAt(50)).toBe(known);
  });

  it('sees the progress of a sweep on standard error, and it is removed at the end', async () => {
    const sweep: Parameters<typeof runCommand>[1] = {
      sweep: async ({ onProgress }) => {
        onProgress({ addresses: 254, asked: 127, hostsUp: 4, hostsDone: 1, stage: 'asking hosts' });
        return homeReport();
      },
    };
    const shown = await runCommand(['sweep'], sweep, { errIsTty: true });
    expect(shown.err).toContain('127/254  4 hosts up, 1 done  asking hosts');
    expect(shown.err.endsWith('\r\u001b[2K')).toBe(true);
    expect((await runCommand(['sweep'], sweep)).err).toBe('');
    expect((await runCommand(['sweep', '--quiet'], sweep, { errIsTty: true })).err).toBe('');
  });
});

describe('status', () => {
  it('shows the word of a running daemon', async () => {
    const daemonStatus = async () => ({
      version: '1.0.0',
      pid: 4711,
      status: 'idle' as const,
      problem: 'database was damaged',
      nextSweepAt: Date.UTC(2026, 10, 21, 23, 6),
      mqtt: {
        configured: true,
        connected: false,
        broker: 'mqtt://192.168.1.5',
        lastError: 'Not authorized',
        outboxSize: 3,
      },
    });
    const { out } = await runCommand(['status'], { daemonStatus });
    await expect(out).toMatchFileSnapshot(new URL('status-daemon.txt', GOLDEN).pathname);
  });
});
