import type { VendorOf } from '../domain/host.ts';
import { isAskingLevel } from '../domain/level.ts';
import { type DecisionOutcome, type OwnerCommand, readOwnerCommand } from '../domain/owner-command.ts';
import type { MdnsListener } from '../probes/mdns-listener.ts';
import type { SteadyStorage } from '../storage/steady-storage.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { DaemonStatus } from './commands/context.ts';
import { configInForce, type Pause, pauseOf } from './config/in-force.ts';
import { maintenanceUntil } from './config/windows.ts';
import type { Config } from './config.ts';
import type { ControlRequest } from './control.ts';
import { carryOut } from './decisions/carry-out.ts';
import { Ends } from './decisions/ends.ts';
import { type Hands, obey } from './decisions/obey.ts';
import type { DecisionWorld } from './decisions/world.ts';
import type { Housekeeping } from './housekeeping.ts';
import { newAgentId } from './ids.ts';
import type { Log } from './log.ts';
import type { MemoryKeeper } from './memory.ts';
import { notifySystemd, watchdogIntervalMs } from './notify.ts';
import { damageText, openPublisher, pictureOf, RETENTION_WITHIN_MS } from './outside.ts';
import type { AgentStatus, Publisher, Retention } from './publish/publisher.ts';
import { ChangingSchedule, type Rhythm } from './schedule.ts';
import { SweepStopped } from './sweep/request.ts';
import { Sweeper, type SweepOrder } from './sweep/sweeper.ts';
import { logReport, sweepOnce } from './sweep-once.ts';
import { type Signs, Watchdog } from './watchdog.ts';
import { openMdns, ownAddressesAmong, random, scopeOf, sweepDeadlineMs } from './wiring.ts';

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

/** The running parts between one start and one stop. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #storage: SteadyStorage;
  readonly #housekeeping: Housekeeping;
  readonly #memory: MemoryKeeper;
  readonly #publisher: Publisher;
  readonly #sweeper: Sweeper;
  readonly #schedule: ChangingSchedule;
  readonly #decisions: DecisionWorld;
  readonly #ends: Ends;
  /** Hears for as long as the daemon lives: hosts announce themselves rarely. */
  readonly #mdns: MdnsListener;
  #status: AgentStatus = 'starting';
  /** Of the last sweep. */
  #problem: string | null = null;
  #targets: readonly string[];
  /** `since` by the monotonic clock, milliseconds. */
  #underWay: { readonly since: number; readonly deadlineMs: number } | null = null;
  /** What the database said when it would neither record the last sweep nor let it be held. */
  #refusal: string | null = null;
  #watchdog: Watchdog | null = null;

  constructor(
    options: DaemonOptions,
    storage: SteadyStorage,
    housekeeping: Housekeeping,
    memory: MemoryKeeper,
  ) {
    const { config, log, now, version, vendorOf } = options;
    this.#options = options;
    this.#storage = storage;
    this.#housekeeping = housekeeping;
    this.#memory = memory;
    const scope = scopeOf(config, []);
    this.#targets = scope.targets;
    const agentId = config.agent.id ?? storage.history.agentId(() => newAgentId(random));
    // What may be refused is behind us: from here on sockets are opened, and `stop` closes them.
    this.#mdns = openMdns(log);
    this.#mdns.listenOn(ownAddressesAmong(scope.coverage));
    this.#publisher = openPublisher({
      config,
      storage,
      agentId,
      version,
      vendorOf,
      log,
      now,
      onCommand: async (command) => obey(command, this.#hands(), this.#decisions),
    });
    const { history, settings, commands } = storage;
    this.#decisions = { history, settings, commands, config, log, now, random };
    this.#ends = new Ends(this.#decisions, () => this.#followDecision());
    this.#schedule = new ChangingSchedule({
      lastSweepAt: () => history.sweeps(20).find((sweep) => sweep.kind === 'sweep')?.startedAt ?? null,
      onDue: () => {
        if (maintenanceUntil(config, now()) === null)
          this.#sweepLater({ kind: 'sweep', targets: [], level: null });
        else log.debug({}, 'a sweep was due, and is left out: maintenance');
      },
      log,
      now,
      monotonic: () => performance.now(),
      random: Math.random,
    });
    this.#sweeper = new Sweeper(
      (order, signal, onProgress) => this.#carryOut(order, signal, onProgress),
      log,
    );
  }

  start(): void {
    this.#status = 'idle';
    this.#ends.look();
    this.#ends.start();
    this.#keepSchedule();
    this.#publish();
    this.#publisher.eventsWaiting();
    this.#startWatchdog();
  }

  /** In this order: no new sweeps, the one under way given up, housekeeping ended, the outside told, the broker left. */
  async stop(): Promise<void> {
    this.#watchdog?.stop();
    this.#ends.stop();
    this.#schedule.stop();
    await this.#sweeper.stop();
    await this.#mdns.close();
    await this.#housekeeping.stop();
    await this.#publisher.close();
  }

  #startWatchdog(): void {
    const everyMs = watchdogIntervalMs(process.env);
    if (everyMs === null) return;
    const { log } = this.#options;
    const monotonic = () => performance.now();
    const ping = () => notifySystemd(['WATCHDOG=1'], process.env);
    this.#watchdog = new Watchdog({ everyMs, monotonic, look: () => this.#signs(), ping, log });
  }

  #signs(): Omit<Signs, 'lagMs'> {
    const underWay = this.#underWay;
    const sweep =
      underWay === null
        ? null
        : { deadlineMs: underWay.deadlineMs, ageMs: performance.now() - underWay.since };
    return { sweep, refusal: this.#refusal };
  }

  async answer({ command, args }: ControlRequest, report: (progress: unknown) => void): Promise<unknown> {
    switch (command) {
      case 'status':
        return this.#ownStatus();
      case 'vacuum':
        return this.#storage.vacuum();
      case 'republish':
      case 'remove-all':
        return this.#tendBroker(command);
      case 'sweep':
      case 'check':
        return this.#sweeper.sweep(orderOf(command, args), report);
      default: {
        const decision = readOwnerCommand(command, args);
        if (decision !== null) return this.#decide(decision, 'cli');
        throw new Error(`the daemon does not know the command "${command}"; is it of another version?`);
      }
    }
  }

  #hands(): Hands {
    return {
      sweepLater: (order) => this.#sweepLater(order),
      republish: () => this.#publisher.republish(),
      removeAll: () => this.#publisher.removeAll(),
      decide: (command, source) => this.#decide(command, source),
    };
  }

  async #tendBroker(command: 'republish' | 'remove-all'): Promise<Retention> {
    if (command === 'republish') this.#publisher.republish();
    else this.#publisher.removeAll();
    const at = this.#options.now();
    this.#storage.commands.add({ at, source: 'cli', command, args: {}, outcome: 'done' });
    return this.#publisher.retention(RETENTION_WITHIN_MS);
  }

  #decide(command: OwnerCommand, source: 'cli' | 'mqtt'): DecisionOutcome {
    const outcome = carryOut(command, source, this.#decisions);
    this.#ends.renew();
    this.#followDecision();
    return outcome;
  }

  /** What was decided, or has ended by itself, counts at once and is published. */
  #followDecision(): void {
    this.#keepSchedule();
    this.#publish();
    this.#publisher.eventsWaiting();
  }

  #keepSchedule(): void {
    this.#schedule.follow(this.#pause() === null ? rhythmOf(this.#inForce()) : null);
  }

  /** The configuration with what was set at run time in place. */
  #inForce(): Config {
    return configInForce(this.#options.config, this.#storage.settings);
  }

  #pause(): Pause | null {
    return pauseOf(this.#storage.settings, this.#options.now());
  }

  #ownStatus(): DaemonStatus {
    return {
      version: this.#options.version,
      pid: process.pid,
      status: this.#sweeper.isSweeping() ? 'sweeping' : this.#shownStatus(),
      problem: this.#worstProblem(),
      nextSweepAt: this.#nextSweepAt(),
      mqtt: this.#publisher.link(),
    };
  }

  #shownStatus(): AgentStatus {
    return this.#status === 'idle' && this.#pause() !== null ? 'paused' : this.#status;
  }

  #nextSweepAt(): number | null {
    return this.#schedule.nextAt() ?? this.#pause()?.until ?? null;
  }

  /** Of the last sweep, else of the database. */
  #worstProblem(): string | null {
    return this.#problem ?? this.#storage.trouble() ?? damageText(this.#storage);
  }

  #sweepLater(order: SweepOrder): void {
    this.#sweeper.sweep(order).catch(() => {});
  }

  async #carryOut(...[order, signal, onProgress]: Parameters<ConstructorParameters<typeof Sweeper>[0]>) {
    const { vendorOf, log, now } = this.#options;
    this.#ends.look();
    const showSweeping = setTimeout(() => {
      this.#status = 'sweeping';
      this.#publish();
    }, SHOW_SWEEPING_AFTER_MS);
    try {
      const config = this.#inForce();
      const deadlineMs = sweepDeadlineMs(scopeOf(config, order.targets).coverage, config.pace);
      this.#underWay = { since: performance.now(), deadlineMs };
      const report = await sweepOnce(order, {
        config,
        history: this.#storage.history,
        vendorOf,
        mdns: this.#mdns,
        log,
        now,
        signal,
        onProgress,
      });
      logReport(report, log);
      this.#status = 'idle';
      this.#problem = null;
      this.#refusal = null;
      if (order.kind === 'sweep' && order.targets.length === 0) this.#targets = report.sweep.targets;
      return report;
    } catch (error) {
      if (!(error instanceof SweepStopped)) {
        this.#status = 'degraded';
        this.#problem = `last sweep failed: ${error instanceof Error ? error.message : String(error)}`;
        this.#refusal = error instanceof StorageError ? error.message : null;
      }
      throw error;
    } finally {
      clearTimeout(showSweeping);
      this.#underWay = null;
      this.#ends.renew();
      if (!signal.aborted) {
        this.#publish();
        this.#publisher.eventsWaiting();
        this.#housekeeping.afterSweep(this.#storage);
        const problem = this.#storage.trouble();
        if (problem !== null) log.error({ problem }, 'the database does not take what was swept');
        this.#memory.afterSweep();
      }
    }
  }

  #publish(): void {
    const { config } = this.#options;
    const picture = {
      config,
      status: this.#shownStatus(),
      problem: this.#worstProblem(),
      nextSweepAt: this.#nextSweepAt(),
      sweepsEnabled: this.#pause() === null,
      targets: this.#targets,
    };
    this.#publisher.publish(pictureOf(this.#storage, picture));
  }
}

function rhythmOf({ schedule, sweepInterval }: Config): Rhythm {
  return schedule === null
    ? { kind: 'interval', minutes: sweepInterval }
    : { kind: 'cron', pattern: schedule };
}

function orderOf(kind: 'sweep' | 'check', args: unknown): SweepOrder {
  const { targets, level } = (args ?? {}) as { targets?: unknown; level?: unknown };
  const texts = Array.isArray(targets) ? targets.filter((each) => typeof each === 'string') : [];
  return { kind, targets: texts, level: isAskingLevel(level) ? level : null };
}
