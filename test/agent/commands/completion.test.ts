import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { RULE_IDS, SEVERITIES } from '../../../domain/finding.ts';
import { runCommand } from '../../support/command-line.ts';

/** What bash offers when Tab is pressed behind these words; the last one is being typed. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const { out } = await runCommand(['completion', 'bash']);
  const script = `${out}
    compopt() { :; }
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _smbwarden
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const typed = execFileSync('bash', ['-euc', script, 'bash', 'smbwarden', ...words], { encoding: 'utf8' });
  return typed.split('\n').filter((word) => word !== '');
}

test('offers the commands that begin as typed', async () => {
  expect(await offered('hos')).toEqual(['hosts', 'host']);
  expect(await offered('db', '')).toEqual(expect.arrayContaining(['backup', 'restore', 'check', 'vacuum']));
});

test('offers the options of a command and those of all commands', async () => {
  expect(await offered('sweep', '--')).toEqual(expect.arrayContaining(['--subnet', '--dry-run', '--json']));
  expect(await offered('hosts', '--')).not.toContain('--subnet');
});

test('offers the values of an option and of an argument', async () => {
  expect(await offered('sweep', '--fail-on', '')).toEqual([...SEVERITIES]);
  expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  expect(await offered('explain', 'smb1-')).toEqual(RULE_IDS.filter((rule) => rule.startsWith('smb1-')));
});

test('does not take the value of an option for a command', async () => {
  expect(await offered('--config', 'hosts', 'swe')).toEqual(['sweep']);
});

test('offers files where a file is wanted', async () => {
  expect(await offered('--config', 'test/agent/commands/compl')).toEqual([
    'test/agent/commands/completion.test.ts',
  ]);
  expect(await offered('db', 'restore', 'package.j')).toEqual(['package.json']);
});

test.each(['zsh', 'fish'])('knows every command in %s as well', async (shell) => {
  const { out } = await runCommand(['completion', shell]);
  for (const name of ['sweep', 'quarantine', 'vacuum', 'remove-all']) expect(out).toContain(`'${name}`);
});

test('names the shells when asked for another', async () => {
  const { status, err } = await runCommand(['completion', 'tcsh']);
  expect({ status, err }).toMatchObject({ status: 2, err: expect.stringContaining('bash, zsh, fish') });
});
