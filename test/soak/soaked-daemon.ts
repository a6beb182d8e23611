import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askControl } from '../../agent/control.ts';
import type { Lab } from '../lab/build-lab.ts';
import { type Listener, listenTo } from '../lab/listener.ts';
import { Program, type RunningDaemon, SMBWARDEN } from '../lab/program.ts';
import type { AlteredHost, AlteredWorld } from './alterations.ts';
import { alteredByRestart, Comparison } from './comparison.ts';
import type { DatabaseView } from './drift.ts';
import { unitCommand } from './unit-command.ts';
import { processorMs, type Vitals, vitalsOf } from './vitals.ts';

/** What one sweep took, and what came of it. */
export interface SweptOnce {
  /** Until the answer was there. */
  readonly wallMs: number;
  /** Processor time of the daemon in that time. */
  readonly cpuMs: number;
  /** As they were recorded; `hostId` null: of the network. */
  readonly changes: readonly { readonly hostId: string | null; readonly summary: string }[];
  readonly complete: boolean;
  readonly suspect: string | null;
  readonly datagrams: number;
  readonly connections: number;
}

const CHECKOUT = join(SMBWARDEN, '../..');
/** A sweep that takes longer hangs. */
const SWEEP_WITHIN_MS = 120_000;
const CONNECTED_WITHIN_MS = 60_000;
const COMMAND_WITHIN_MS = 15_000;

/** The bundled daemon with the options of the systemd unit, without privilege, beside a real broker; and who watches it. */
export class SoakedDaemon implements AlteredWorld {
  readonly lab: Lab;
  readonly comparison: Comparison;
  readonly #program: Program;
  readonly #listener: Listener;
  #daemon: RunningDaemon;

  private constructor(parts: {
    readonly lab: Lab;
    readonly program: Program;
    readonly listener: Listener;
    readonly comparison: Comparison;
    readonly daemon: RunningDaemon;
  }) {
    this.lab = parts.lab;
    this.#program = parts.program;
    this.#listener = parts.listener;
    this.comparison = parts.comparison;
    this.#daemon = parts.daemon;
  }

  /** Started, with a first sweep recorded, and settled with the broker. `targets` as in the configuration. */
  static async start(lab: Lab, targets: readonly string[]): Promise<SoakedDaemon> {
    const { url, user, password } = lab.mosquitto;
    const config = [
      `mqtt: { url: "${url}", username: ${user}, password: ${password} }`,
      `targets: ${JSON.stringify(targets)}`,
      // Nobody but the soak orders sweeps.
      'sweepInterval: 1440',
    ];
    const program = await Program.install(lab, 'soak', `${config.join('\n')}\n`);
    // Makes the database without sending a packet, so that everything that enters the outbox is written down.
    for (const command of ['pause', 'resume']) await program.run(command);
    const listener = listenTo(lab);
    const comparison = new Comparison(program, listener);
    await listener.ready();
    const daemon = await program.startDaemon(unitCommand(CHECKOUT));
    const soaked = new SoakedDaemon({ lab, program, listener, comparison, daemon });
    await daemon.says(/sweep finished/, SWEEP_WITHIN_MS);
    await soaked.reconnected();
    return soaked;
  }

  get log(): string {
    return this.#daemon.log;
  }

  vitals(): Vitals {
    return vitalsOf(this.#daemon.pid);
  }

  /** Asks for a sweep of the configured targets, as `smbwarden sweep` does. @throws Error when it fails or hangs. */
  async sweep(): Promise<SweptOnce> {
    const { pid } = this.#daemon;
    const cpuBefore = processorMs(pid);
    const begun = performance.now();
    const report = (await this.#ask('sweep', { targets: [], level: null }, SWEEP_WITHIN_MS)) as {
      readonly sweep: Pick<SweptOnce, 'complete' | 'suspect'> & {
        readonly sent: { readonly datagrams: number; readonly connections: number };
      };
      readonly changes: SweptOnce['changes'];
    };
    const wallMs = performance.now() - begun;
    const { complete, suspect, sent } = report.sweep;
    const { datagrams, connections } = sent;
    const changes = report.changes.map(({ hostId, summary }) => ({ hostId, summary }));
    const cpuMs = processorMs(pid) - cpuBefore;
    return { wallMs, cpuMs, changes, complete, suspect, datagrams, connections };
  }

  /** Milliseconds until the daemon answers a question that costs it next to nothing. */
  async answersAfterMs(): Promise<number> {
    const begun = performance.now();
    await this.#ask('status', null, SWEEP_WITHIN_MS);
    return performance.now() - begun;
  }

  /** Stops the daemon and starts it again; it must find nothing that it would have said otherwise. */
  async driftOverRestart(): Promise<string[]> {
    const before = await this.comparison.retained();
    const { code } = await this.#daemon.stop();
    if (code !== 0) return [`the daemon ended with exit status ${code}`];
    await this.restart();
    const drift = await this.comparison.drift();
    const after = await this.comparison.retained();
    return [...drift, ...alteredByRestart(before, after)];
  }

  async restart(): Promise<void> {
    await this.#daemon.stop();
    this.#daemon = await this.#program.startDaemon(unitCommand(CHECKOUT));
    await this.reconnected();
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
    this.#listener.stop();
  }

  async reconnected(): Promise<void> {
    const deadline = performance.now() + CONNECTED_WITHIN_MS;
    await this.#listener.ready();
    for (;;) {
      const { mqtt } = (await this.#ask('status', null, SWEEP_WITHIN_MS)) as {
        readonly mqtt: { readonly connected: boolean };
      };
      if (mqtt.connected) break;
      if (performance.now() > deadline) throw new Error('the daemon does not connect to the broker again');
      await delay(100);
    }
    // Subscriptions come right after the connection.
    await delay(500);
    await this.#listener.say('homeassistant/status', 'online');
  }

  async command(name: string, payload: string): Promise<void> {
    const id = await this.#agentId();
    const from = this.#listener.count();
    await this.#listener.say(`smbwarden/${id}/cmd/${name}`, payload);
    const answer = await this.#listener.hears(
      (message) => message.topic === `smbwarden/${id}/cmd/result` && JSON.parse(message.payload).cmd === name,
      { from, withinMs: COMMAND_WITHIN_MS },
    );
    if (JSON.parse(answer.payload).ok !== true) throw new Error(`${name} ${payload}: ${answer.payload}`);
  }

  async forget(name: AlteredHost): Promise<void> {
    const { code, stderr } = await this.#program.run('forget', this.hostId(name), '--yes');
    if (code !== 0) throw new Error(`forget ${name}: ${stderr}`);
  }

  /** Made of the MAC, as docs/mqtt.md says, for all of these have one of their own. */
  hostId(name: AlteredHost): string {
    return `h${this.lab.host(name).member.mac.replaceAll(':', '')}`;
  }

  async acknowledged(hostId: string): Promise<readonly string[]> {
    const { findings } = await this.#program.json<Pick<DatabaseView, 'findings'>>('findings');
    return findings
      .filter((each) => each.hostId === hostId && each.state === 'acknowledged')
      .map(({ id }) => id);
  }

  async #agentId(): Promise<string> {
    return (await this.#program.json<{ agent: { id: string } }>('status')).agent.id;
  }

  async #ask(command: string, args: unknown, withinMs: number): Promise<unknown> {
    const late = new AbortController();
    const deadline = delay(withinMs, null, { signal: late.signal }).then(() => {
      throw new Error(`${command}: no answer from the daemon within ${withinMs} ms`);
    });
    try {
      const path = join(this.#program.dataDir, 'control.sock');
      const answer = await Promise.race([askControl(path, { command, args }), deadline]);
      if (answer === null)
        throw new Error(`${command}: the daemon is gone; it said:\n${this.log.slice(-2_000)}`);
      return answer.result;
    } finally {
      late.abort();
      deadline.catch(() => {});
    }
  }
}
