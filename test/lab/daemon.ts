import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Station } from './lan.ts';
import { killHard } from './processes.ts';

export interface DaemonPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** It is ready when it listens on all of these TCP and is bound to all of these UDP ports. */
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
  /** File that collects what it prints. */
  readonly log: string;
  /** Names of further processes that it starts and may leave behind. */
  readonly family?: RegExp;
}

const START_DEADLINE_MS = 15_000;
const STOP_DEADLINE_MS = 5_000;
/** Of processes that were killed hard: on a machine with much other work the kernel takes its time. */
const DEAD_WITHIN_MS = 30_000;
const POLL_MS = 15;
const LOG_TAIL_BYTES = 2_000;

/** A server in the foreground at a station. */
export class Daemon {
  readonly #station: Station;
  readonly #plan: () => DaemonPlan;
  #child: ChildProcess | null = null;

  /** `plan` is asked at each start, so that it may follow the station's address. */
  constructor(station: Station, plan: () => DaemonPlan) {
    this.#station = station;
    this.#plan = plan;
  }

  get isRunning(): boolean {
    return this.#child !== null && isAlive(this.#child);
  }

  /** Starts it and waits until it listens. @throws Error with the end of its log when it does not within 15 s. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const plan = this.#plan();
    const log = openSync(plan.log, 'a');
    // Its own process group: Ctrl-C at a terminal must reach the lab only, which then stops its servers in order.
    this.#child = this.#station.spawn(plan.command, plan.args, {
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!this.#listens(plan)) {
      const late = performance.now() > deadline;
      if (late || !this.isRunning) {
        const what = late ? 'is not ready after 15 s' : `ended with exit status ${this.#child.exitCode}`;
        await this.kill();
        throw new Error(`${plan.command} at ${this.#station.name} ${what}: ${tailOf(plan.log)}`);
      }
      await delay(POLL_MS);
    }
  }

  /** Asks it to end, and waits; a process that does not within 5 s is killed. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child !== null && isAlive(child)) {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await gone;
      clearTimeout(patience);
    }
    const { family } = this.#plan();
    if (family !== undefined) await this.#killFamily(family);
  }

  async #killFamily(family: RegExp): Promise<void> {
    const deadline = performance.now() + DEAD_WITHIN_MS;
    for (;;) {
      const pids = await this.#station.pidsOf(family);
      if (pids.length === 0) return;
      if (performance.now() > deadline) throw new Error(`${this.#station.name}: ${pids} do not die`);
      pids.forEach(killHard);
      await delay(POLL_MS);
    }
  }

  #listens({ tcp, udp }: DaemonPlan): boolean {
    const pid = this.#child?.pid;
    if (pid === undefined || !isInside(pid, this.#station.inode)) return false;
    const listening = socketPorts(pid, 'tcp', TCP_LISTEN);
    const bound = socketPorts(pid, 'udp', UDP_UNCONNECTED);
    return tcp.every((port) => listening.has(port)) && udp.every((port) => bound.has(port));
  }
}

/** Socket states in /proc/net/tcp and /proc/net/udp (Linux include/net/tcp_states.h). */
const TCP_LISTEN = '0A';
const UDP_UNCONNECTED = '07';

/** Local IPv4 and IPv6 ports of all sockets in the state, in the namespace of the process. */
function socketPorts(pid: number, transport: 'tcp' | 'udp', state: string): Set<number> {
  const lines = ['', '6'].flatMap((family) =>
    readOrEmpty(`/proc/${pid}/net/${transport}${family}`).split('\n'),
  );
  const ports = lines.flatMap((line) => {
    const [, local, , socketState] = line.trim().split(/\s+/);
    return socketState === state ? [Number.parseInt(local?.split(':')[1] ?? '', 16)] : [];
  });
  return new Set(ports);
}

/** False while `ip netns exec` has not yet entered the namespace, and when the process is gone. */
function isInside(pid: number, inode: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === `net:[${inode}]`;
  } catch {
    return false;
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function tailOf(file: string): string {
  return readOrEmpty(file).slice(-LOG_TAIL_BYTES).trim() || '(it printed nothing)';
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
