/** What is written for other programs than Node.js, in the eyes of those programs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../lab/run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smbwarden-shells-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await run(process.execPath, ['agent/cli.ts', 'completion', shell], { cwd: ROOT });
    await writeFile(join(folder, `_smbwarden.${shell}`), stdout);
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const SILENT = { code: 0, stdout: '', stderr: '' };

test.each(['install.sh', 'bin/smbwarden', '.ci/run'])(
  'ShellCheck has nothing to say of %s',
  async (script) => {
    expect(await run('shellcheck', [script], { cwd: ROOT })).toMatchObject(SILENT);
  },
);

test('dash, the shell of Debian, reads install.sh', async () => {
  expect(await run('dash', ['-n', 'install.sh'], { cwd: ROOT })).toMatchObject(SILENT);
});

test('man formats the page without a warning', async () => {
  const env = { LC_ALL: 'C.UTF-8', MANWIDTH: '80' };
  const page = await run('man', ['--warnings', '-l', join(ROOT, 'docs/smbwarden.1')], { env });
  expect(page).toMatchObject({ code: 0, stderr: '' });
  expect(page.stdout).toMatch(/smbwarden sweep\n/);
});

describe('completion', () => {
  test('is ShellCheck-clean for bash', async () => {
    const script = join(folder, '_smbwarden.bash');
    expect(await run('shellcheck', ['--shell', 'bash', script])).toMatchObject(SILENT);
  });

  test('is read by zsh', async () => {
    expect(await run('zsh', ['-n', join(folder, '_smbwarden.zsh')])).toMatchObject(SILENT);
  });

  test.each([
    ['smbwarden hos', ['host', 'hosts']],
    ['smbwarden db v', ['vacuum']],
    ['smbwarden sweep --fail-on cr', ['critical']],
    ['smbwarden --config hosts swe', ['sweep']],
    ['smbwarden explain smb1-o', ['smb1-only']],
  ])('offers in fish what may follow "%s"', async (line, offered) => {
    const script = `source ${join(folder, '_smbwarden.fish')}; complete --do-complete '${line}'`;
    const { stdout } = await run('fish', ['--no-config', '-c', script], { env: { HOME: folder } });
    const words = stdout
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0]);
    expect(words.sort()).toEqual(offered);
  });
});
