/** The tarball of a release. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { run, runOrThrow } from '../lab/run.ts';
import { packBuilt } from './releases.ts';

let folder: string;
/** Where the tarball is unpacked. */
let release: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smbwarden-release-'));
  const { today } = inject('releases');
  await runOrThrow('tar', ['-xzf', today, '-C', folder]);
  release = join(folder, basename(today, '.tar.gz'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('is the same to the byte when it is packed again', async () => {
  const again = await packBuilt(join(folder, 'again'));
  const sums = await Promise.all(
    [inject('releases').today, again].map((tarball) => readFile(join(tarball, '../SHA256SUMS'), 'utf8')),
  );
  expect(sums[1]).toBe(sums[0]);
});

test('lists every file that it holds with its digest, and no other', async () => {
  expect(await run('sha256sum', ['--quiet', '-c', 'SHA256SUMS'], { cwd: release })).toMatchObject({
    code: 0,
  });
  const listed = (await readFile(join(release, 'SHA256SUMS'), 'utf8')).trim().split('\n');
  const { stdout } = await runOrThrow('find', ['.', '-type', 'f', '!', '-name', 'SHA256SUMS'], {
    cwd: release,
  });
  expect(listed.map((line) => `./${line.slice(66)}`).sort()).toEqual(stdout.trim().split('\n').sort());
});

test('belongs to root, and nobody else may write in it', async () => {
  const { stdout } = await runOrThrow('tar', ['-tvzf', inject('releases').today]);
  const entries = stdout.trim().split('\n');
  expect(entries.filter((line) => !/^[-d]r[w-][x-]r-[x-]r-[x-] 0\/0 /.test(line))).toEqual([]);
});

test('runs without anything beside it', async () => {
  const { stdout } = await runOrThrow(join(release, 'bin/smbwarden'), ['--json', 'version'], {
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(JSON.parse(stdout)).toMatchObject({
    version: packageJson.version,
    node: expect.stringMatching(/^24\./),
  });
});

test('names each library that it brings, in its bill of materials and with its licence', async () => {
  const bill = JSON.parse(await readFile(join(release, 'sbom.cdx.json'), 'utf8')) as {
    components: { name: string; version: string }[];
  };
  const named = new Set(bill.components.map(({ name, version }) => `${name} ${version}`));
  const licences = await readFile(join(release, 'share/licences.txt'), 'utf8');
  for (const [name, version] of Object.entries(packageJson.dependencies)) {
    expect(named).toContain(`${name} ${version}`);
    expect(licences).toContain(`\n${name} ${version}: `);
  }
  expect(bill.components.filter(({ name }) => name.startsWith('node-linux-'))).toHaveLength(1);
  expect(
    bill.components.filter(({ name }) => name in packageJson.devDependencies && !name.startsWith('@types/')),
  ).toEqual([]);
});
