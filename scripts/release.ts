/**
 * Packs what a machine needs that has neither npm nor Node.js: `npm run release` writes
 * dist/release/smbwarden-VERSION-linux-{x64,arm64}.tar.gz, and SHA256SUMS beside them. The same sources give the same bytes.
 *
 *   node scripts/release.ts [--arch x64|arm64]... [--output DIRECTORY] [--program DIRECTORY]
 *
 * `--program` names another checkout whose built program is packed instead, with the installation of this one.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ARCHITECTURES = ['x64', 'arm64'] as const;
type Architecture = (typeof ARCHITECTURES)[number];

/** Beside the program, from this checkout: how it is installed, and what its owner reads. */
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'install.sh'];
const COMPLETIONS = { bash: 'smbwarden.bash', zsh: '_smbwarden', fish: 'smbwarden.fish' };

const { values } = parseArgs({
  options: {
    arch: { type: 'string', multiple: true, default: [...ARCHITECTURES] },
    output: { type: 'string', default: join(ROOT, 'dist', 'release') },
    program: { type: 'string', default: ROOT },
  },
});
const output = resolve(values.output);
const program = resolve(values.program);
const { version } = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as { version: string };
const scratch = mkdtempSync(join(tmpdir(), 'smbwarden-release-'));
try {
  mkdirSync(output, { recursive: true });
  const tarballs = ARCHITECTURES.filter((each) => values.arch.includes(each)).map(pack);
  writeFileSync(join(output, 'SHA256SUMS'), tarballs.map((file) => sumLine(file, basename(file))).join(''));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Lays one release out and makes a tarball of it; returns its path. */
function pack(architecture: Architecture): string {
  const name = `smbwarden-${version}-linux-${architecture}`;
  const folder = join(scratch, name);
  layOutProgram(folder, architecture);
  layOutInstallation(folder, architecture);
  writeFileSync(join(folder, 'sbom.cdx.json'), billOfMaterials(architecture));
  setModes(folder);
  writeFileSync(join(folder, 'SHA256SUMS'), checksums(folder));
  chmodSync(join(folder, 'SHA256SUMS'), 0o644);
  const tarball = join(output, `${name}.tar.gz`);
  makeTarball(name, tarball);
  console.log(`${tarball}: ${(statSync(tarball).size / 1e6).toFixed(1)} MB`);
  return tarball;
}

/** The launcher, the modules of the program with what lies beside them, SQLite for one architecture, and the runtime. */
function layOutProgram(folder: string, architecture: Architecture): void {
  const take = (path: string, from = program) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(from, path), join(folder, path), { recursive: true });
  };
  take('bin/smbwarden');
  const modules = globSync('*.mjs', { cwd: join(program, 'dist') }).sort();
  for (const part of [...modules, 'vendors.bin', 'migrations']) take(`dist/${part}`);
  const sqlite = 'node_modules/better-sqlite3';
  for (const part of ['package.json', 'LICENSE', 'lib', `prebuilds/linux-${architecture}.node`]) {
    take(`${sqlite}/${part}`, ROOT);
  }
  copyFileSync(runtimeFor(architecture), join(folder, 'node'));
}

function layOutInstallation(folder: string, architecture: Architecture): void {
  for (const name of DOCUMENTS) copyFileSync(join(ROOT, name), join(folder, name));
  cpSync(join(ROOT, 'systemd'), join(folder, 'systemd'), { recursive: true });
  cpSync(join(ROOT, 'schemas'), join(folder, 'share', 'schemas'), { recursive: true });
  mkdirSync(join(folder, 'share', 'completions'), { recursive: true });
  copyFileSync(join(ROOT, 'docs', 'smbwarden.1'), join(folder, 'share', 'smbwarden.1'));
  for (const [shell, name] of Object.entries(COMPLETIONS)) {
    const script = run(process.execPath, [join(ROOT, 'dist', 'smbwarden.mjs'), 'completion', shell]);
    writeFileSync(join(folder, 'share', 'completions', name), script);
  }
  writeFileSync(join(folder, 'share', 'licences.txt'), licences(architecture));
}

/**
 * The binary of the runtime that package-lock.json names: the one that npm installed here, else, for the other
 * architecture, from the registry, with the digest of the lockfile.
 */
function runtimeFor(architecture: Architecture): string {
  const packageName = `node-linux-${architecture}`;
  const installed = join(ROOT, 'node_modules', packageName, 'bin', 'node');
  if (existsSync(installed)) return installed;
  const { version: wanted, integrity } = lockedPackage(`node_modules/${packageName}`);
  const kept = join(ROOT, 'node_modules', '.cache', 'smbwarden', `${packageName}-${wanted}.tgz`);
  if (!existsSync(kept)) {
    mkdirSync(dirname(kept), { recursive: true });
    const to = ['--pack-destination', scratch, '--silent'];
    run('npm', ['pack', `${packageName}@${wanted}`, ...to]);
    copyFileSync(join(scratch, basename(kept)), kept);
  }
  const digest = `sha512-${createHash('sha512').update(readFileSync(kept)).digest('base64')}`;
  if (digest !== integrity) {
    rmSync(kept);
    throw new Error(`${packageName}@${wanted}: digest ${digest}, package-lock.json wants ${integrity}`);
  }
  const binary = join(scratch, packageName, 'package', 'bin', 'node');
  mkdirSync(join(scratch, packageName), { recursive: true });
  run('tar', ['-xzf', kept, '-C', join(scratch, packageName), 'package/bin/node']);
  return binary;
}

interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
  readonly license?: string;
  readonly dev?: true;
  readonly devOptional?: true;
  readonly optional?: true;
}

function lockedPackages(): Readonly<Record<string, LockedPackage>> {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return lock.packages;
}

function lockedPackage(path: string): LockedPackage {
  const found = lockedPackages()[path];
  if (found === undefined) throw new Error(`package-lock.json: no ${path}`);
  return found;
}

/** What a release brings, by its path in the checkout: the runtime dependencies with theirs, and one runtime. */
function broughtPackages(architecture: Architecture): [string, LockedPackage][] {
  const runtime = `node_modules/node-linux-${architecture}`;
  return Object.entries(lockedPackages()).filter(([path, { dev, devOptional, optional }]) => {
    return path === runtime || (path !== '' && !(dev || devOptional || optional));
  });
}

interface Bill {
  readonly serialNumber: string;
  readonly metadata: object;
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * CycloneDX, without what differs from one run to the next. npm lists everything, since with `--omit dev` it leaves out
 * what a development dependency needs as well (npm 11: yaml); what is not brought is taken out here.
 */
function billOfMaterials(architecture: Architecture): string {
  const options = ['--sbom-format', 'cyclonedx', '--package-lock-only'];
  const text = run('npm', ['sbom', '--loglevel', 'error', ...options]);
  const { serialNumber: _, ...bill } = JSON.parse(text) as Bill;
  const names = broughtPackages(architecture).map(([path, { version: of }]) => `${nameAt(path)}@${of}`);
  const brought = new Set([...names, `smbwarden@${version}`]);
  const timestamp = new Date(sourceEpoch() * 1000).toISOString();
  const kept = {
    ...bill,
    metadata: { ...bill.metadata, timestamp },
    components: bill.components.filter((each) => brought.has(each['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => brought.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => brought.has(each)) })),
  };
  return `${JSON.stringify(kept, null, 2)}\n`;
}

/** The licences of everything that a release brings, as the packages state them. */
function licences(architecture: Architecture): string {
  return broughtPackages(architecture)
    .map(([path, { version: of, license = 'see below' }]) => {
      const [file] = globSync('{LICENSE,LICENCE,license,licence}*', { cwd: join(ROOT, path) }).sort();
      const text = file === undefined ? '' : readFileSync(join(ROOT, path, file), 'utf8').trim();
      return `${nameAt(path)} ${of}: ${license}\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(72)}\n\n`);
}

/** `node_modules/a/node_modules/@b/c` is the package `@b/c`. */
function nameAt(path: string): string {
  return path.replace(/^.*node_modules\//, '');
}

function setModes(folder: string): void {
  const executable = ['node', 'bin/smbwarden', 'install.sh'];
  chmodSync(folder, 0o755);
  for (const path of globSync('**', { cwd: folder })) {
    const isDirectory = statSync(join(folder, path)).isDirectory();
    chmodSync(join(folder, path), isDirectory || executable.includes(path) ? 0o755 : 0o644);
  }
}

/** One line a file, as sha256sum(1) writes and checks them, in the order of their names. */
function checksums(folder: string): string {
  return globSync('**', { cwd: folder })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => sumLine(join(folder, path), path))
    .join('');
}

function sumLine(file: string, name: string): string {
  return `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${name}\n`;
}

/** Sorted, owned by root, all of one time; gzip without a name and a time of its own. */
function makeTarball(name: string, tarball: string): void {
  const order = ['--sort=name', '--format=ustar', '--owner=0', '--group=0', '--numeric-owner'];
  const uncompressed = join(scratch, `${name}.tar`);
  run('tar', [...order, `--mtime=@${sourceEpoch()}`, '-C', scratch, '-cf', uncompressed, name]);
  run('gzip', ['-n', '-f', uncompressed]);
  copyFileSync(`${uncompressed}.gz`, tarball);
}

/** SOURCE_DATE_EPOCH, else the time of the last commit, else (no repository) 0. Seconds. */
function sourceEpoch(): number {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  if (given !== undefined) return Number(given);
  if (!existsSync(join(ROOT, '.git'))) return 0;
  return Number(run('git', ['log', '-1', '--format=%ct']));
}

/** Runs a command in the checkout; returns what it wrote. @throws Error when it fails. */
function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
