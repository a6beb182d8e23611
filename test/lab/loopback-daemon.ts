import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { askControl, controlPath } from '../../agent/control.ts';
import type { HostRecord } from '../../domain/host.ts';
import { openTestStorage } from '../support/open-database.ts';
import { firstSight, sweepOf } from '../support/sample-history.ts';
import type { LoopbackMosquitto } from './loopback-mosquitto.ts';

/** The daemon as a process of its own, with a history that was made for it. Its sweeps are paused: no packet goes out. */
export class LoopbackDaemon {
  readonly directory: string;
  #child: ChildProcess | null = null;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Writes its configuration and a history of one sweep that found `hosts`. */
  prepare(
    agentId: string,
    broker: LoopbackMosquitto,
    hosts: readonly HostRecord[],
    user = broker.user,
  ): void {
    mkdirSync(this.directory, { recursive: true });
    const login = `url: "${broker.url}", username: ${user}, password: ${broker.password}`;
    writeFileSync(join(this.directory, 'config.yaml'), `targets: [127.0.0.99]\nmqtt: {${login}}\n`, {
      mode: 0o600,
    });
    const storage = openTestStorage({ file: join(this.directory, 'smbwarden.db'), now: Date.now });
    storage.history.agentId(() => agentId);
    storage.settings.set('sweeps_enabled', 'OFF');
    const updates = hosts.map((host) => firstSight(host, []));
    storage.history.recordSweep(sweepOf(Date.now(), updates));
    storage.close();
  }

  async start(): Promise<void> {
    const args = ['--config', join(this.directory, 'config.yaml'), '--data-dir', this.directory];
    this.#child = spawn(process.execPath, ['agent/cli.ts', 'run', ...args], { stdio: 'ignore' });
    await vi.waitFor(() => this.ask('status'), { timeout: 20_000, interval: 50 });
  }

  /** What it answers on its control socket. @throws Error when nobody does. */
  async ask(command: string, args: object = {}): Promise<unknown> {
    const answer = await askControl(controlPath(this.directory), { command, args });
    if (answer === null) return expect.fail('no daemon answers');
    return answer.result;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}
