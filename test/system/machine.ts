import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Station } from '../lab/lan.ts';
import { type Ran, type RunOptions, run, runOrThrow } from '../lab/run.ts';
import { type Suite, userland } from './userlands.ts';

const BOOT_WITHIN_MS = 60_000;
const POWER_OFF_WITHIN_MS = 40_000;
const POLL_MS = 100;

/** What commands on the machine see: nothing of ours. */
const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
];

/** A Debian with a real systemd, at a station of the lab's LAN. */
export class Machine {
  readonly suite: Suite;
  readonly #station: Station;
  readonly #folder: string;
  #nspawn: ChildProcess | null = null;
  #leader: number | null = null;

  private constructor(suite: Suite, station: Station, folder: string) {
    this.suite = suite;
    this.#station = station;
    this.#folder = folder;
  }

  /** A fresh copy of the user land in `folder`, which does not exist yet; switched off. */
  static async make(suite: Suite, station: Station, folder: string): Promise<Machine> {
    await runOrThrow('cp', ['-a', '--reflink=auto', await userland(suite), folder], { timeoutMs: 120_000 });
    await writeFile(join(folder, 'etc/hostname'), `mini-${suite}\n`);
    return new Machine(suite, station, folder);
  }

  /**
   * Resolves when systemd says that everything has been started. `shown`: folders of ours that are seen there, read-only,
   * with the path at which. @throws Error with the console when it does not boot.
   */
  async boot(shown: Readonly<Record<string, string>> = {}): Promise<void> {
    // Its network is its own, so that its root may set up a firewall.
    const namespace = `--network-namespace-path=/run/netns/${this.#station.namespace}`;
    const network = [namespace, '--capability=CAP_NET_ADMIN'];
    const quiet = ['--quiet', '--console=read-only', '--register=no', '--keep-unit'];
    const binds = Object.entries(shown).map(([from, to]) => `--bind-ro=${from}:${to}`);
    const nspawn = spawn('systemd-nspawn', ['-D', this.#folder, '-b', ...quiet, ...binds, ...network], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const console = createWriteStream(`${this.#folder}.console`, { flags: 'a' });
    nspawn.stdout.pipe(console, { end: false });
    nspawn.stderr.pipe(console, { end: false });
    this.#nspawn = nspawn;
    const deadline = performance.now() + BOOT_WITHIN_MS;
    for (;;) {
      // Until the machine is up, the child may be one of those that prepare its system.
      this.#leader = await childOf(nspawn.pid);
      if (this.#leader !== null && /^(running|degraded)$/m.test(await this.#state())) return;
      if (performance.now() > deadline || nspawn.exitCode !== null) {
        throw new Error(`${this.suite} does not boot:\n${await readFile(`${this.#folder}.console`, 'utf8')}`);
      }
      await delay(POLL_MS);
    }
  }

  /** Shuts the machine down in good order. */
  async powerOff(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn === null || nspawn.exitCode !== null) return;
    const gone = once(nspawn, 'exit');
    await this.run('systemctl', 'poweroff').catch(() => {});
    const patience = setTimeout(() => nspawn.kill('SIGKILL'), POWER_OFF_WITHIN_MS);
    await gone;
    clearTimeout(patience);
    this.#nspawn = null;
    this.#leader = null;
  }

  async reboot(): Promise<void> {
    await this.powerOff();
    await this.boot();
  }

  /** Switches it off and removes its disk. */
  async scrap(): Promise<void> {
    await this.powerOff();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Runs a command as root to its end. */
  run(command: string, ...args: readonly string[]): Promise<Ran> {
    return this.#enter([command, ...args], { timeoutMs: 120_000 });
  }

  /** What a command that has to succeed prints. @throws Error with what it printed when it fails. */
  async out(command: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, ...args);
    if (code !== 0) throw new Error(`${[command, ...args].join(' ')}: ${code}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  /** What a shell script that has to succeed prints. */
  sh(script: string): Promise<string> {
    return this.out('sh', '-euc', script);
  }

  async put(file: string, path: string): Promise<void> {
    await copyFile(file, join(this.#folder, path));
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.#folder, path), text);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.#folder, path), 'utf8');
  }

  async #state(): Promise<string> {
    return (await this.run('systemctl', 'is-system-running')).stdout;
  }

  #enter(command: readonly string[], options: RunOptions): Promise<Ran> {
    const inside = ['-t', String(this.#leader), '-a', 'env', '-i', ...ENVIRONMENT];
    return run('nsenter', [...inside, ...command], options);
  }
}

/** systemd, the one child of systemd-nspawn; null: not yet. */
async function childOf(pid: number | undefined): Promise<number | null> {
  const { stdout } = await run('ps', ['--ppid', String(pid), '-o', 'pid=']);
  const [child] = stdout.trim().split(/\s+/).filter(Boolean);
  return child === undefined ? null : Number(child);
}
