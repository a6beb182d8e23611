import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askControl, controlPath } from '../../agent/control.ts';
import type { Lab } from '../lab/build-lab.ts';
import type { Place } from './crowded-home.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** This checkout's bundle, or with SMBWARDEN_BENCH_PROGRAM another one. */
const PROGRAM = process.env.SMBWARDEN_BENCH_PROGRAM ?? join(ROOT, 'dist', 'smbwarden.mjs');
const START_WITHIN_MS = 20_000;

/** How the service starts Node.js: its options, and what the unit lays over the environment. */
export interface UnitFlags {
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** As systemd/smbwarden.service has them. @throws Error when it starts something else. */
export function unitFlags(): UnitFlags {
  const unit = readFileSync(join(ROOT, 'systemd', 'smbwarden.service'), 'utf8');
  const options = /^ExecStart=\S*\/node (.*) \S+smbwarden\.mjs run$/m.exec(unit)?.[1];
  if (options === undefined) throw new Error('systemd/smbwarden.service: no ExecStart that is understood');
  const env = [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  return { options: options.split(' '), env: Object.fromEntries(env) };
}

/** Starts one command at the agent's station of a lab, by the runtime of this checkout, as an unprivileged user. */
export function startProgram(
  lab: Lab,
  { configFile, dataDir }: Place,
  { options, env }: UnitFlags,
  command: readonly string[],
): ChildProcess {
  const args = [...options, PROGRAM, '--config', configFile, '--data-dir', dataDir, ...command];
  return lab.agent.spawn(process.execPath, args, {
    as: 'nobody',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

/** A daemon at the agent's station of a lab, run by the runtime of this checkout as an unprivileged user. */
export class MeasuredDaemon {
  readonly #child: ChildProcess;
  readonly #place: Place;
  #log = '';

  private constructor(child: ChildProcess, place: Place) {
    this.#child = child;
    this.#place = place;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log += chunk.toString();
      });
    }
  }

  /** Starts it and waits until it says that it runs. */
  static async start(lab: Lab, place: Place, flags: UnitFlags): Promise<MeasuredDaemon> {
    const daemon = new MeasuredDaemon(startProgram(lab, place, flags, ['run']), place);
    await daemon.says(/smbwarden is running/);
    return daemon;
  }

  /** Of the daemon itself: everything between us and it replaced itself by it. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has written to standard output and standard error. */
  get log(): string {
    return this.#log;
  }

  /** Waits until the log holds a match. @throws Error with the log when it does not in time. */
  async says(pattern: RegExp, withinMs = START_WITHIN_MS): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!pattern.test(this.#log)) {
      if (performance.now() > deadline || this.#child.exitCode !== null) {
        throw new Error(`the daemon never said ${pattern}; it said:\n${this.#log}`);
      }
      await delay(5);
    }
  }

  /** Waits until it is connected and everything that is retained has been taken. */
  async isConnected(): Promise<void> {
    const deadline = performance.now() + START_WITHIN_MS;
    for (;;) {
      const status = (await this.ask('status')) as { mqtt?: { connected?: boolean } };
      if (status.mqtt?.connected === true) return;
      if (performance.now() > deadline) throw new Error(`never connected: ${JSON.stringify(status)}`);
      await delay(50);
    }
  }

  /** One whole sweep of the attached subnet; its report. */
  async sweep(): Promise<unknown> {
    return this.ask('sweep', { targets: [], level: null });
  }

  async ask(command: string, args: object = {}): Promise<unknown> {
    const answer = await askControl(controlPath(this.#place.dataDir), { command, args });
    if (answer === null) throw new Error(`the daemon does not answer; it said:\n${this.#log}`);
    return answer.result;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGTERM');
    await exited;
  }
}

/** MB (1,000 kB as /proc tells them) that a process has in memory now: all, its own alone, and the most it ever had. */
export function memoryOf(pid: number): { rss: number; rssAnon: number; highWater: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1_000;
  return { rss: read('VmRSS'), rssAnon: read('RssAnon'), highWater: read('VmHWM') };
}

/** Milliseconds that the threads of a process have been on a processor so far, by name; those of one name together. */
export function cpuByThread(pid: number): ReadonlyMap<string, number> {
  const spent = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const read = (file: string) => readFileSync(`/proc/${pid}/task/${thread}/${file}`, 'utf8');
    const name = read('comm').trim();
    spent.set(name, (spent.get(name) ?? 0) + Number(read('schedstat').split(' ')[0]) / 1e6);
  }
  return spent;
}

/** Milliseconds that all threads of a process have been on a processor so far. */
export function cpuOf(pid: number): number {
  return [...cpuByThread(pid).values()].reduce((sum, ms) => sum + ms, 0);
}
