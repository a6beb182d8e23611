import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from '../lab/run.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x64';

/** A release of this checkout in `folder`; returns its tarball. SHA256SUMS is beside it. */
export async function packThis(folder: string): Promise<string> {
  await node(ROOT, 'scripts/build.mjs');
  return packBuilt(folder);
}

/** The same of what has been built already. */
export function packBuilt(folder: string): Promise<string> {
  return pack(folder, ROOT);
}

/**
 * A release of the program as it was before the newest migration, with today's installation. The commit is found in the
 * history of the repository; null where that is not there, as in a shallow clone.
 */
export async function packOlder(folder: string): Promise<string | null> {
  const migrations = (await readdir(join(ROOT, 'storage/migrations'))).sort();
  const newest = `storage/migrations/${migrations.at(-1)}`;
  const commit = await commitBefore(newest);
  if (commit === null) return null;
  const checkout = join(folder, 'checkout');
  await mkdir(checkout, { recursive: true });
  const archive = join(folder, 'checkout.tar');
  await git('archive', '--output', archive, commit);
  await runOrThrow('tar', ['-xf', archive, '-C', checkout]);
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
  await node(checkout, 'scripts/build.mjs');
  return pack(join(folder, 'release'), checkout);
}

async function commitBefore(file: string): Promise<string | null> {
  try {
    const added = (await git('log', '--diff-filter=A', '--format=%H', '--', file)).trim().split('\n').at(-1);
    return (await git('rev-parse', '--verify', `${added}^`)).trim();
  } catch {
    return null;
  }
}

async function pack(folder: string, program: string): Promise<string> {
  const options = ['--arch', ARCHITECTURE, '--output', folder, '--program', program];
  await node(ROOT, 'scripts/release.ts', ...options);
  const [name] = (await readdir(folder)).filter((each) => each.endsWith('.tar.gz'));
  return join(folder, name ?? '');
}

async function node(cwd: string, ...args: readonly string[]): Promise<void> {
  await runOrThrow(process.execPath, args, { cwd, timeoutMs: 180_000 });
}

async function git(...args: readonly string[]): Promise<string> {
  return (await runOrThrow('git', ['-C', ROOT, ...args])).stdout;
}
