import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingForLab } from '../lab/requirements.ts';
import { runOrThrow } from '../lab/run.ts';

/** The Debians that the installation is tried on: 12 with systemd 252, 13 with 257. */
export const SUITES = ['bookworm', 'trixie'] as const;
export type Suite = (typeof SUITES)[number];

/** A minimal system, and nftables for one of the example files. No Node.js, no npm, no compiler. */
const PACKAGES = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'nftables'];
const MIRROR = process.env.SMBWARDEN_SYSTEM_MIRROR ?? 'http://deb.debian.org/debian';
/** Outside the repository, so that the next run finds them. */
const CACHE = process.env.SMBWARDEN_SYSTEM_CACHE ?? '/var/cache/smbwarden-system';

const TOOLS: Readonly<Record<string, string>> = {
  '/usr/sbin/debootstrap': 'debootstrap',
  '/usr/bin/systemd-nspawn': 'systemd-container',
  '/usr/bin/shellcheck': 'shellcheck',
  '/usr/bin/man': 'man-db',
  '/usr/bin/zsh': 'zsh',
  '/usr/bin/fish': 'fish',
  '/usr/bin/ps': 'procps',
};

/** Debian packages that are needed beside those of the lab, and are not here. */
export function missingTools(): string[] {
  return Object.entries(TOOLS)
    .filter(([file]) => !isExecutable(file))
    .map(([, name]) => name);
}

/** What keeps the system test from being run here, one sentence each; empty: nothing does. */
export async function missingForSystem(): Promise<string[]> {
  const tools = missingTools();
  const packages = tools.length === 0 ? [] : [`missing packages: apt-get install ${tools.join(' ')}`];
  return [...(await missingForLab()), ...packages];
}

/** A pristine user land of that Debian, made at its first use, which takes 40 s and needs the network. Do not write in it. */
export async function userland(suite: Suite): Promise<string> {
  const folder = join(CACHE, suite);
  const recipe = `${MIRROR} ${PACKAGES.join(',')}\n`;
  const recipeFile = join(CACHE, `${suite}.recipe`);
  if (existsSync(folder) && (await contentOf(recipeFile)) === recipe) return folder;
  const unfinished = `${folder}.unfinished`;
  await mkdir(CACHE, { recursive: true });
  for (const each of [folder, unfinished]) await rm(each, { recursive: true, force: true });
  const variant = ['--variant=minbase', `--include=${PACKAGES.join(',')}`];
  await runOrThrow('debootstrap', [...variant, suite, unfinished, MIRROR], { timeoutMs: 600_000 });
  await rm(join(unfinished, 'var/cache/apt/archives'), { recursive: true, force: true });
  await rename(unfinished, folder);
  await writeFile(recipeFile, recipe);
  return folder;
}

async function contentOf(file: string): Promise<string | null> {
  return existsSync(file) ? readFile(file, 'utf8') : null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
