import type { VendorOf } from '../domain/host.ts';
import { isAskingLevel } from '../domain/level.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import type { DaemonStatus } from './commands/context.ts';
import type { Config } from './config.ts';
import { type ControlRequest, controlPath, serveControl } from './control.ts';
import { databaseFile, makeDataDir } from './data-dir.ts';
import { newAgentId } from './ids.ts';
import type { Log } from './log.ts';
import { notifySystemd, watchdogIntervalMs } from './notify.ts';
import { damageText, openPublisher, pictureOf } from './outside.ts';
import type { AgentStatus, Publisher } from './publish/publisher.ts';
import { Schedule } from './schedule.ts';
import { SweepStopped } from './sweep/sweep.ts';
import { Sweeper, type SweepOrder } from './sweep/sweeper.ts';
import { logReport, sweepOnce } from './sweep-once.ts';
import { random, scopeOf } from './wiring.ts';

export interface DaemonOptions {
  readonly config: Config;
  /** Reads the configuration anew, for SIGHUP. @throws ConfigError */
  readonly reloadConfig: () => Config;
  readonly dataDir: string;
  readonly version: string;
  readonly vendorOf: VendorOf;
  readonly log: Log;
  readonly now: () => number;
}

/** A sweep is shown as such only when it lasts. */
const SHOW_SWEEPING_AFTER_MS = 10_000;

/**
 * The daemon: builds the parts, serves until SIGTERM or SIGINT, and takes them apart in order. SIGHUP reads the
 * configuration again; a wrong one is reported and the old one stays in force.
 * @throws StorageError, ControlTaken, TargetError when it cannot begin.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  let { config } = options;
  for (;;) {
    const ended = await serve({ ...options, config });
    if (ended === 'stop') return;
    try {
      config = options.reloadConfig();
      options.log.info({}, 'configuration read again');
    } catch (error) {
      options.log.error({ error }, 'configuration not read again: it is wrong, the old one stays in force');
    }
  }
}

async function serve(options: DaemonOptions): Promise<'stop' | 'reload'> {
  const { dataDir, log, now, version } = options;
  makeDataDir(dataDir);
  const daemon: { current: Daemon | null } = { current: null };
  const control = await serveControl(controlPath(dataDir), (request, report) => {
    if (daemon.current === null) throw new Error('the daemon is starting; try again in a moment');
    return daemon.current.answer(request, report);
  });
  let storage: Storage | null = null;
  try {
    storage = openStorage({ file: databaseFile(dataDir), mode: 'read-write', version, now });
    daemon.current = new Daemon(options, storage);
    daemon.current.start();
    notifySystemd(['--ready'], process.env);
    log.info({ version, dataDir, pid: process.pid }, 'smbwarden is running');
    const ended = await askedToEnd();
    notifySystemd([ended === 'stop' ? 'STOPPING=1' : 'RELOADING=1'], process.env);
    await daemon.current.stop();
    log.info({ reason: ended }, 'smbwarden has ended its work');
    return ended;
  } finally {
    storage?.close();
    await control.close();
  }
}

function askedToEnd(): Promise<'stop' | 'reload'> {
  return new Promise((resolve) => {
    const end = (how: 'stop' | 'reload') => () => {
      for (const [name, listener] of listeners) process.removeListener(name, listener);
      resolve(how);
    };
    const listeners = [
      ['SIGTERM', end('stop')],
      ['SIGINT', end('stop')],
      ['SIGHUP', end('reload')],
    ] as const;
    for (const [name, listener] of listeners) process.once(name, listener);
  });
}

/** The running parts between one start and one stop. */
class Daemon {
  readonly #options: DaemonOptions;
  readonly #storage: Storage;
  readonly #publisher: Publisher;
  readonly #sweeper: Sweeper;
  readonly #schedule: Schedule;
  #status: AgentStatus = 'starting';
  /** Of the last sweep. */
  #problem: string | null = null;
  /** As long as the daemon lives. */
  readonly #standingProblem: string | null;
  #targets: readonly string[];
  #watchdog: NodeJS.Timeout | null = null;

  constructor(options: DaemonOptions, storage: Storage) {
    const { config, log, now, version, vendorOf } = options;
    this.#options = options;
    this.#storage = storage;
    this.#targets = scopeOf(config, []).targets;
    this.#standingProblem = damageText(storage);
    if (this.#standingProblem !== null) log.error({}, this.#standingProblem);
    const agentId = config.agent.id ?? storage.history.agentId(() => newAgentId(random));
    this.#publisher = openPublisher({
      config,
      storage,
      agentId,
      version,
      vendorOf,
      log,
      now,
      onCommand: async ({ level }) => {
        this.#sweepLater({ kind: 'sweep', targets: [], level });
        return { ok: true };
      },
    });
    this.#sweeper = new Sweeper(
      (order, signal, onProgress) => this.#carryOut(order, signal, onProgress),
      log,
    );
    this.#schedule = new Schedule({
      rhythm:
        config.schedule === null
          ? { kind: 'interval', minutes: config.sweepInterval }
          : { kind: 'cron', pattern: config.schedule },
      lastSweepAt: storage.history.sweeps(20).find((sweep) => sweep.kind === 'sweep')?.startedAt ?? null,
      onDue: () => this.#sweepLater({ kind: 'sweep', targets: [], level: null }),
      log,
      now,
      random: Math.random,
    });
  }

  start(): void {
    this.#status = 'idle';
    this.#schedule.start();
    this.#publish();
    this.#publisher.eventsWaiting();
    const every = watchdogIntervalMs(process.env);
    if (every !== null) this.#watchdog = setInterval(() => notifySystemd(['WATCHDOG=1'], process.env), every);
  }

  /** In this order: no new sweeps, the one under way given up, the outside told, the broker left. */
  async stop(): Promise<void> {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#schedule.stop();
    await this.#sweeper.stop();
    await this.#publisher.close();
  }

  async answer({ command, args }: ControlRequest, report: (progress: unknown) => void): Promise<unknown> {
    switch (command) {
      case 'status':
        return this.#ownStatus();
      case 'sweep':
      case 'check':
        return this.#sweeper.sweep(orderOf(command, args), report);
      default:
        throw new Error(`the daemon does not know the command "${command}"; is it of another version?`);
    }
  }

  #ownStatus(): DaemonStatus {
    return {
      version: this.#options.version,
      pid: process.pid,
      status: this.#sweeper.isSweeping() ? 'sweeping' : this.#status,
      problem: this.#problem ?? this.#standingProblem,
      nextSweepAt: this.#schedule.nextAt(),
      mqtt: this.#publisher.link(),
    };
  }

  #sweepLater(order: SweepOrder): void {
    this.#sweeper.sweep(order).catch(() => {});
  }

  async #carryOut(...[order, signal, onProgress]: Parameters<ConstructorParameters<typeof Sweeper>[0]>) {
    const { config, log, now } = this.#options;
    const showSweeping = setTimeout(() => {
      this.#status = 'sweeping';
      this.#publish();
    }, SHOW_SWEEPING_AFTER_MS);
    try {
      const report = await sweepOnce(order, {
        config,
        history: this.#storage.history,
        log,
        now,
        signal,
        onProgress,
      });
      logReport(report, log);
      this.#status = 'idle';
      this.#problem = null;
      if (order.kind === 'sweep' && order.targets.length === 0) this.#targets = report.sweep.targets;
      return report;
    } catch (error) {
      if (!(error instanceof SweepStopped)) {
        this.#status = 'degraded';
        this.#problem = `last sweep failed: ${error instanceof Error ? error.message : String(error)}`;
      }
      throw error;
    } finally {
      clearTimeout(showSweeping);
      if (!signal.aborted) {
        this.#publish();
        this.#publisher.eventsWaiting();
      }
    }
  }

  #publish(): void {
    const { config } = this.#options;
    const picture = {
      config,
      status: this.#status,
      problem: this.#problem ?? this.#standingProblem,
      nextSweepAt: this.#schedule.nextAt(),
      targets: this.#targets,
    };
    this.#publisher.publish(pictureOf(this.#storage, picture));
  }
}

function orderOf(kind: 'sweep' | 'check', args: unknown): SweepOrder {
  const { targets, level } = (args ?? {}) as { targets?: unknown; level?: unknown };
  const texts = Array.isArray(targets) ? targets.filter((each) => typeof each === 'string') : [];
  return { kind, targets: texts, level: isAskingLevel(level) ? level : null };
}
