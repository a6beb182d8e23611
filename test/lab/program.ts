/** The program under test, run in the lab as its owner would run it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { Lab } from './build-lab.ts';
import type { Ran } from './run.ts';

const DAY_MS = 86_400_000;
/** This checkout's, or with SMBWARDEN_LAB_PROGRAM another copy that must not change while the tests run. */
export const SMBWARDEN =
  process.env.SMBWARDEN_LAB_PROGRAM ?? fileURLToPath(new URL('../../bin/smbwarden', import.meta.url));

/** One installation of smbwarden at the agent's station: a configuration, a data directory, and no privilege. */
export class Program {
  readonly dataDir: string;
  readonly configFile: string;
  readonly #lab: Lab;

  private constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.dataDir = join(folder, 'data');
    this.configFile = join(folder, 'config.yaml');
  }

  /** `config` is the text of the configuration file. */
  static async install(lab: Lab, name: string, config = ''): Promise<Program> {
    const folder = join(lab.folder, name);
    const program = new Program(lab, folder);
    await mkdir(program.dataDir, { recursive: true });
    for (const each of [lab.folder, folder, program.dataDir]) await chmod(each, 0o777);
    await program.configure(config);
    return program;
  }

  configure(config: string): Promise<void> {
    return writeFile(this.configFile, config, { mode: 0o644 });
  }

  /** Runs one command to its end, as an ordinary user. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.#lab.agent.run(SMBWARDEN, [...this.#places(), ...args], { as: 'nobody', timeoutMs: 90_000 });
  }

  /** One command as a shell takes it, for whoever runs it by himself. */
  commandLine(...args: readonly string[]): string {
    return [SMBWARDEN, ...this.#places(), ...args].join(' ');
  }

  /** The JSON that a command prints. @throws Error with what it said on standard error when it prints none. */
  async json<Shape>(...args: readonly string[]): Promise<Shape> {
    const { stdout, stderr, code } = await this.run(...args, '--json');
    try {
      return JSON.parse(stdout) as Shape;
    } catch {
      throw new Error(`smbwarden ${args.join(' ')} printed no JSON (exit ${code}): ${stdout}${stderr}`);
    }
  }

  /** Moves the clock of the cadence on: every question, or every other one, was put so many days earlier than it was. */
  daysPass(days: number, { exceptFor = '' }: { readonly exceptFor?: string } = {}): void {
    const earlier = 'iif(key = @exceptFor, value, value - @ms)';
    this.inDatabase((database) =>
      database
        .prepare(
          `UPDATE hosts SET asked_at = (SELECT json_group_object(key, ${earlier}) FROM json_each(asked_at))`,
        )
        .run({ exceptFor, ms: days * DAY_MS }),
    );
  }

  /** Work on its database, which no daemon has open meanwhile. */
  inDatabase<Result>(work: (database: Database.Database) => Result): Result {
    const database = new Database(join(this.dataDir, 'smbwarden.db'));
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  /** Starts the daemon and waits until it says that it runs. `command`: another way to start the program. */
  async startDaemon(command: readonly string[] = [SMBWARDEN]): Promise<RunningDaemon> {
    const [program = SMBWARDEN, ...args] = command;
    const child = this.#lab.agent.spawn(program, [...args, ...this.#places(), 'run'], {
      as: 'nobody',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const daemon = new RunningDaemon(child);
    await daemon.says(/smbwarden is running/);
    return daemon;
  }

  #places(): string[] {
    return ['--config', this.configFile, '--data-dir', this.dataDir];
  }
}

export class RunningDaemon {
  readonly #child: ChildProcess;
  #log = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
  }

  get log(): string {
    return this.#log;
  }

  /** Process id of the daemon itself, below `ip netns exec` and the launcher, which both exec. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the log holds a match. @throws Error with the log after `withinMs`. */
  async says(pattern: RegExp, withinMs = 20_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!pattern.test(this.#log)) {
      if (performance.now() > deadline || this.#child.exitCode !== null) {
        throw new Error(`the daemon never said ${pattern}; it said:\n${this.#log}`);
      }
      await delay(50);
    }
  }

  /** Sends SIGTERM and resolves with the exit status and how long the end took. */
  async stop(): Promise<{ code: number | null; tookMs: number }> {
    const begun = performance.now();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    return { code: this.#child.exitCode, tookMs: Math.round(performance.now() - begun) };
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

export async function memoryOf(pid: number): Promise<{ rssKb: number; peakKb: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return { rssKb: read('VmRSS'), peakKb: read('VmHWM') };
}
