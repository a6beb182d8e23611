import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { askControl, controlPath } from '../../agent/control.ts';
import { unitSetting } from './program.ts';

/** One line of the daemon's log. What it writes on standard error, before its log begins, has the level `stderr`. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** One end of the daemon that nobody asked for. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** By the monotonic clock, milliseconds. */
  readonly at: number;
  /** From the death until it ran again, milliseconds; null: it did not. */
  aliveAfterMs: number | null;
}

const LASTING_EXIT_CODES = unitSetting('RestartPreventExitStatus').split(' ').map(Number);
const START_LIMIT = Number(unitSetting('StartLimitBurst'));
/** The unit waits 5 s; a suite of hundreds of kills cannot. */
const RESTART_AFTER_MS = 300;
const LOOK_AT_MEMORY_EVERY_MS = 250;
const STARTS_WITHIN_MS = 60_000;

/**
 * The daemon under a supervisor that behaves as the unit does (Restart=always): it is started again after every death
 * but those that help nothing, and given up after ten starts in a row that came to nothing.
 */
export class SupervisedDaemon {
  readonly dataDir: string;
  /** Of all its lives, in order. */
  readonly log: LogLine[] = [];
  readonly deaths: Death[] = [];
  /** Largest VmHWM of its lives, kB. */
  peakKb = 0;
  /** `given-up`: by the supervisor, see above. */
  state: 'stopped' | 'starting' | 'running' | 'given-up' = 'stopped';
  readonly #spawn: () => ChildProcess;
  #child: ChildProcess | null = null;
  #memory: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isWanted = false;
  #vainStarts = 0;

  /**
   * `spawn` starts the process with its standard output and error piped, and must exec, so that the child is the daemon
   * itself: `ip netns exec`, `unshare` and `prlimit` do. Its log is JSON (`log.format`).
   */
  constructor(dataDir: string, spawn: () => ChildProcess) {
    this.dataDir = dataDir;
    this.#spawn = spawn;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the daemon is not alive');
    return pid;
  }

  /** Starts it and waits until it runs. @throws Error with its log when it does not. */
  async start(): Promise<void> {
    this.begin();
    await this.untilRunning();
  }

  /** Starts it and waits for nothing. */
  begin(): void {
    this.#isWanted = true;
    this.#vainStarts = 0;
    this.#launch();
  }

  /** @throws Error with the last of its log when it does not run `withinMs`. */
  async untilRunning(withinMs = STARTS_WITHIN_MS): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.state !== 'running') {
      if (this.state === 'given-up' || performance.now() > deadline) throw this.#silence('it does not run');
      await sleep(20);
    }
  }

  /** Resolves when its process is there, whatever it does. */
  async untilLaunched(): Promise<void> {
    while (this.#child === null) await sleep(5);
  }

  /** Sends a signal to the present life; nothing when there is none. */
  signal(name: NodeJS.Signals): void {
    this.#lookAtMemory();
    this.#child?.kill(name);
  }

  /** Kills the present life, and resolves when it is dead; the supervisor starts the next. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const dead = once(child, 'exit');
    this.signal('SIGKILL');
    await dead;
  }

  /** Nobody reads the log of the present life any more. */
  closeLog(): void {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
  }

  /** Ends it for good, by SIGTERM unless told otherwise. Resolves with its exit code. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    this.#isWanted = false;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null) return null;
    const dead = once(child, 'exit');
    this.signal(signal);
    const [code] = (await dead) as [number | null];
    return code;
  }

  /** What it answers on its control socket. @throws Error when it answers with one, or nobody answers. */
  async ask(command: string, args: object = {}): Promise<unknown> {
    const answer = await askControl(controlPath(this.dataDir), { command, args });
    if (answer === null) throw new Error(`${command}: no daemon answers`);
    return answer.result;
  }

  /** The first line from `from` on whose JSON text matches; waits for it. @throws Error with the log after `withinMs`. */
  async says(pattern: RegExp, { from = 0, withinMs = 30_000 } = {}): Promise<LogLine> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const line = this.said(pattern, from);
      if (line !== undefined) return line;
      if (performance.now() > deadline) throw this.#silence(`it never said ${String(pattern)}`);
      await sleep(5);
    }
  }

  /** The first line from `from` on whose JSON text matches. */
  said(pattern: RegExp, from = 0): LogLine | undefined {
    return this.log.slice(from).find((line) => pattern.test(JSON.stringify(line)));
  }

  #launch(): void {
    this.state = 'starting';
    const child = this.#spawn();
    this.#child = child;
    child.on('error', (error) => this.log.push({ level: 'stderr', message: error.message }));
    readLines(child.stdout, (line) => this.#hear(line));
    readLines(child.stderr, (line) => this.log.push({ level: 'stderr', message: line }));
    child.on('exit', (code, signal) => this.#died(code, signal));
    this.#memory = setInterval(() => this.#lookAtMemory(), LOOK_AT_MEMORY_EVERY_MS);
  }

  #hear(text: string): void {
    const line = parsed(text);
    this.log.push(line);
    if (line.message !== 'smbwarden is running') return;
    this.state = 'running';
    this.#vainStarts = 0;
    for (const death of this.deaths) death.aliveAfterMs ??= performance.now() - death.at;
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    clearInterval(this.#memory);
    this.#child = null;
    const wasRunning = this.state === 'running';
    this.state = 'stopped';
    if (!this.#isWanted) return;
    this.deaths.push({ code, signal, at: performance.now(), aliveAfterMs: null });
    this.#vainStarts = wasRunning ? 0 : this.#vainStarts + 1;
    if (LASTING_EXIT_CODES.includes(code ?? -1) || this.#vainStarts >= START_LIMIT) this.state = 'given-up';
    else this.#restart = setTimeout(() => this.#launch(), RESTART_AFTER_MS);
  }

  #lookAtMemory(): void {
    const peak = /VmHWM:\s+(\d+)/.exec(readStatus(this.#child?.pid))?.[1];
    this.peakKb = Math.max(this.peakKb, Number(peak ?? 0));
  }

  #silence(what: string): Error {
    const last = this.log.slice(-30).map((line) => JSON.stringify(line));
    return new Error(`the daemon: ${what}; state ${this.state}; its last lines:\n${last.join('\n')}`);
  }
}

function readStatus(pid: number | undefined): string {
  try {
    return pid === undefined ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

function parsed(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'stdout', message: text };
  }
}

function readLines(stream: NodeJS.ReadableStream | null, hear: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}
