/**
 * Home Assistant as its users have it, in folders that stay from run to run: a Debian with the right Python for each
 * release, made by debootstrap, and a virtual environment in it. Nothing of it is part of the machine or the repository.
 */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runOrThrow } from '../lab/run.ts';

/** A release of Home Assistant, and where its Python comes from. */
export interface Release {
  readonly homeAssistant: string;
  readonly debian: 'trixie' | 'testing';
  /** Of that Debian, for the record. */
  readonly python: string;
}

/** The newest release, and the newest one that runs on Python 3.13, with MQTT 3.1.1 as its default. Newest first. */
export const RELEASES: readonly Release[] = [
  { homeAssistant: '2026.11.0', debian: 'testing', python: '3.14' },
  { homeAssistant: '2026.2.3', debian: 'trixie', python: '3.13' },
];

/** Where the environments are kept: about 1.5 GB each. */
export const CACHE = process.env.SMBWARDEN_HA_CACHE ?? '/var/cache/smbwarden-ha';

const REQUIREMENTS = fileURLToPath(new URL('requirements.py', import.meta.url));
/** Some packages come without a binary for the newest Python. */
const PACKAGES = ['python3', 'python3-venv', 'python3-dev', 'g++', 'ca-certificates'];
const DEBOOTSTRAP = '/usr/sbin/debootstrap';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
const MINUTES_MS = 60_000;

/** A built environment. */
export interface Environment {
  readonly release: Release;
  /** The Debian's root, for chroot. */
  readonly root: string;
}

/** The release with this version. @throws Error that names those there are. */
export function releaseOf(version: string): Release {
  const release = RELEASES.find(({ homeAssistant }) => homeAssistant === version);
  if (release !== undefined) return release;
  const known = RELEASES.map(({ homeAssistant }) => homeAssistant).join(', ');
  throw new Error(`no environment for Home Assistant ${version}; there are ${known}`);
}

/** The environment of a release, or null while it is not built. */
export function builtEnvironment(release: Release): Environment | null {
  const root = join(CACHE, release.debian);
  return existsSync(markerOf(root, release)) ? { release, root } : null;
}

/**
 * Builds the environment where it is missing, which takes some minutes and the internet: Debian's mirror and PyPI. `say`
 * tells how it goes on. A half-built one is begun anew. @throws Error with what the failing command printed.
 */
export async function buildEnvironment(release: Release, say: (step: string) => void): Promise<Environment> {
  const built = builtEnvironment(release);
  if (built !== null) return built;
  if (!existsSync(DEBOOTSTRAP)) throw new Error('missing package: apt-get install debootstrap');
  const root = join(CACHE, release.debian);
  const unfinished = `${root}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  say(`Debian ${release.debian}`);
  await bootstrap(release, unfinished);
  say(`Home Assistant ${release.homeAssistant}`);
  await installHomeAssistant(release, unfinished);
  await writeFile(markerOf(unfinished, release), '');
  await rm(root, { recursive: true, force: true });
  await rename(unfinished, root);
  return { release, root };
}

async function bootstrap({ debian }: Release, root: string): Promise<void> {
  const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`];
  // An older debootstrap does not know the newest Debian by name; its recipe is sid's.
  const recipe = '/usr/share/debootstrap/scripts/sid';
  await runOrThrow(DEBOOTSTRAP, [...options, debian, root, await mirror(), recipe], {
    timeoutMs: 10 * MINUTES_MS,
  });
  await rm(join(root, 'var/cache/apt/archives'), { recursive: true, force: true });
  await mkdir(join(root, 'config'));
  await chmod(root, 0o755);
  await copyFile('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  if (existsSync(CERTIFICATES)) await copyFile(CERTIFICATES, join(root, CERTIFICATES));
}

async function installHomeAssistant({ homeAssistant }: Release, root: string): Promise<void> {
  const inside = async (command: string, args: readonly string[], input = ''): Promise<string> => {
    const ran = await runOrThrow('chroot', [root, command, ...args], { timeoutMs: 10 * MINUTES_MS, input });
    return ran.stdout;
  };
  const pip = (...args: readonly string[]) =>
    inside('/ha/bin/pip', ['install', '--quiet', '--no-cache-dir', ...args]);
  await inside('/usr/bin/python3', ['-m', 'venv', '/ha']);
  await pip(`homeassistant==${homeAssistant}`);
  const listed = await inside('/ha/bin/python', ['-'], await readFile(REQUIREMENTS, 'utf8'));
  const [constraints = '', ...requirements] = listed.split('\n').filter(Boolean);
  await pip('--constraint', constraints, ...requirements);
}

/** The mirror that apt is configured with. */
async function mirror(): Promise<string> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
  ]);
  return stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri)) ?? DEFAULT_MIRROR;
}

/** A file that says: this release is installed here, completely. */
function markerOf(root: string, { homeAssistant }: Release): string {
  return join(root, 'ha', `complete-${homeAssistant}`);
}
