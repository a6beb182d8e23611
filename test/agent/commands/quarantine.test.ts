import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import { carryOut } from '../../../agent/decisions/carry-out.ts';
import type { Quarantined } from '../../../domain/history.ts';
import { homeStorage, runCommand } from '../../support/command-line.ts';
import { random } from '../../support/loopback.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { sweepOf } from '../../support/sample-history.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';

const GOLDEN = new URL('../../golden/cli/', import.meta.url);
const NOW = SAMPLE_TIME + 600_000;
const NAS = 'h001132aabbcc';

const HELD: readonly Quarantined[] = ['smb1', 'ciphers'].map((probe) => ({
  hostId: NAS,
  probe,
  since: SAMPLE_TIME,
  reason: `TCP 445 stopped answering within seconds of the question "${probe}"`,
}));

/** A command line over a home network in which two probes are held back from the NAS. */
function line(quarantined = HELD) {
  const { history, outbox, settings, commands } = homeStorage();
  history.recordSweep({ ...sweepOf(SAMPLE_TIME + 1_000), quarantined });
  const log = recordingLog();
  const config = parseConfig('', 'test.yaml');
  const world = { history, settings, commands, config, log, now: () => NOW, random };
  const run = (...args: string[]) =>
    runCommand(args, {
      storage: () => ({ history, outbox, settings, commands, close: () => {} }),
      decide: async (command) => carryOut(command, 'cli', world),
    });
  return { run, history, commands };
}

describe('quarantine', () => {
  it.each([
    ['quarantine', ['quarantine']],
    ['quarantine-lift', ['quarantine', 'lift', 'naslegacy', 'smb1']],
  ])('prints what the golden file %s holds, as text and as JSON', async (name, args) => {
    const text = await line().run(...args);
    expect(text).toMatchObject({ status: 0, err: '' });
    await expect(text.out).toMatchFileSnapshot(new URL(`${name}.txt`, GOLDEN).pathname);
    const json = await line().run(...args, '--json');
    expect(json).toMatchObject({ status: 0, err: '' });
    await expect(json.out).toMatchFileSnapshot(new URL(`${name}.json`, GOLDEN).pathname);
  });

  it('is shown with the host, with a check of it, and in the status', async () => {
    const { run } = line();
    const shown = [];
    for (const args of [['host', 'naslegacy'], ['check', '192.168.1.21'], ['status']])
      shown.push(`$ smbwarden ${args.join(' ')}`, (await run(...args)).out);
    await expect(shown.join('\n')).toMatchFileSnapshot(new URL('quarantined.txt', GOLDEN).pathname);
    for (const args of [['host', 'naslegacy'], ['status']]) {
      const { quarantine } = JSON.parse((await run(...args, '--json')).out);
      expect(quarantine).toMatchObject([
        { hostId: NAS, probe: 'ciphers', since: '2026-11-21T22:41:05.000Z' },
        { hostId: NAS, probe: 'smb1' },
      ]);
    }
  });

  it('says so when nothing is held back', async () => {
    const { run } = line([]);
    expect(await run('quarantine')).toMatchObject({ out: 'No probe is held back from any host.\n' });
    expect(JSON.parse((await run('quarantine', '--json')).out)).toEqual({ schema: 1, quarantine: [] });
    expect((await run('status')).out).not.toContain('quarantine');
  });
});

describe('quarantine lift', () => {
  it('lifts one probe, or all of the host, and is recorded and audited', async () => {
    const { run, history, commands } = line();
    await run('quarantine', 'lift', 'naslegacy', 'SMB1');
    expect(history.quarantine().map(({ probe }) => probe)).toEqual(['ciphers']);
    expect(await run('quarantine', 'lift', 'naslegacy')).toMatchObject({
      out: 'NASLEGACY: no probe is held back\n',
    });
    expect(history.quarantine()).toEqual([]);
    expect(history.changes({ types: ['quarantine_lifted'] }).map(({ summary }) => summary)).toEqual([
      'NASLEGACY: quarantine lifted for "ciphers"',
      'NASLEGACY: quarantine lifted for "smb1"',
    ]);
    expect(commands.newest(2)).toMatchObject([
      { source: 'cli', command: 'lift-quarantine', args: { hostId: NAS, probe: null }, outcome: 'done' },
      { command: 'lift-quarantine', args: { hostId: NAS, probe: 'smb1' }, outcome: 'done' },
    ]);
  });

  it('says so when there was nothing to lift', async () => {
    const { run, history } = line();
    const { status, out } = await run('quarantine', 'lift', 'naslegacy', 'guest');
    expect({ status, out }).toEqual({
      status: 0,
      out: 'Nothing to change:\nNASLEGACY: still held back: ciphers, smb1\n',
    });
    expect(history.changes({ types: ['quarantine_lifted'] })).toEqual([]);
    expect(JSON.parse((await run('quarantine', 'lift', 'naslegacy', 'guest', '--json')).out)).toMatchObject({
      changed: false,
    });
  });

  it.each([
    [['lift'], 2, "missing required argument 'host'"],
    [['lift', 'nobody'], 1, 'host "nobody": not known'],
    [['lift', 'naslegacy', 'smb9'], 2, 'probe "smb9": unknown; known are smb1, dialects'],
  ])('explains wrong usage, and lifts nothing: %j', async (args, status, message) => {
    const { run, history } = line();
    const ended = await run('quarantine', ...args);
    expect(ended).toMatchObject({ status, out: '', err: expect.stringContaining(message) as unknown });
    expect(history.quarantine()).toHaveLength(2);
  });
});
