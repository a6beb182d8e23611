/** The installation from a clone of the repository, by an owner who works as an ordinary user and calls sudo. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab } from '../lab/build-lab.ts';
import { castOf } from '../lab/hosts.ts';
import { run, runOrThrow } from '../lab/run.ts';
import { Installed } from './installed.ts';
import { Machine } from './machine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHECKOUT = '/home/anna/smbwarden';
/** What a clone does not have. */
const NOT_CLONED = ['.git', 'node_modules', 'dist', 'data', '.vitest'];

let lab: Lab;
let machine: Machine;
let installed: Installed;

beforeAll(async () => {
  lab = await buildLab(castOf('nas'));
  const folder = join(lab.folder, 'bookworm');
  machine = await Machine.make('bookworm', lab.agent, folder);
  installed = new Installed(machine);
  await runOrThrow('mkdir', ['-p', join(folder, CHECKOUT, 'node_modules'), join(folder, 'usr/lib/npm')]);
  const excluded = NOT_CLONED.map((name) => `--exclude=./${name}`);
  const archive = join(lab.folder, 'clone.tar');
  await runOrThrow('tar', [...excluded, '-C', ROOT, '-cf', archive, '.']);
  await runOrThrow('tar', ['-xf', archive, '-C', join(folder, CHECKOUT)]);
  // There is no network that "npm ci" could use: what it has fetched here is shown there.
  await machine.boot({
    [join(ROOT, 'node_modules')]: `${CHECKOUT}/node_modules`,
    [await folderOfNpm()]: '/usr/lib/npm',
  });
  await machine.sh(`
    ln -s ${CHECKOUT}/node_modules/.bin/node /usr/local/bin/node
    ln -s /usr/lib/npm/bin/npm-cli.js /usr/local/bin/npm
    useradd --shell /bin/sh anna
    chown -R anna:anna /home/anna 2>/dev/null || chown anna:anna /home/anna ${CHECKOUT}`);
});
afterAll(async () => {
  await machine?.scrap();
  await lab?.close();
});

async function folderOfNpm(): Promise<string> {
  const { stdout } = await run('sh', ['-c', 'dirname "$(dirname "$(readlink -f "$(command -v npm)")")"']);
  return stdout.trim();
}

test('says with --dry-run that it would build a release, and builds none', async () => {
  const { code, stdout } = await machine.run('sh', `${CHECKOUT}/install.sh`, '--dry-run');
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('not done: Building a release'),
  });
  expect(await machine.run('ls', `${CHECKOUT}/dist`)).toMatchObject({ code: 2 });
});

test('builds a release as the owner of the checkout, installs and starts it', async () => {
  const { code, stderr, durationMs } = await machine.run('sh', `${CHECKOUT}/install.sh`, '--yes');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await installed.property('ActiveState')).toBe('active');
  const files = await machine.sh(`find ${CHECKOUT} -path '*/node_modules' -prune -o ! -user anna -print`);
  expect(files).toBe('');
  expect(await machine.sh('ls /var/tmp')).not.toMatch(/^smbwarden\./m);
  console.log(`installed from a checkout in ${(durationMs / 1_000).toFixed(1)} s`);
});

test('finds nothing to do when it is run again', async () => {
  const pid = await installed.property('MainPID');
  const { code, stdout } = await machine.run('sh', `${CHECKOUT}/install.sh`, '--yes');
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('is installed in /opt/smbwarden already'),
  });
  expect(await installed.property('MainPID')).toBe(pid);
});
