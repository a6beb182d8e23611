import { existsSync } from 'node:fs';
import type { Address } from '../domain/address.ts';
import type { HostRecord, VendorOf } from '../domain/host.ts';
import type { DecisionOutcome, OwnerCommand } from '../domain/owner-command.ts';
import { ownersHosts } from '../domain/owners-hosts.ts';
import type { Coverage } from '../domain/target.ts';
import { readNeighbours } from '../probes/transport/neighbours4.ts';
import type { SteadyStorage } from '../storage/steady-storage.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import { brokerTools } from './broker-tools.ts';
import { type DaemonStatus, type SweepOptions, type SweepPlan, UsageError } from './commands/context.ts';
import { configInForce, pauseOf } from './config/in-force.ts';
import type { Config } from './config.ts';
import { askControl, ControlTaken, controlPath, serveControl } from './control.ts';

import { databaseFile, makeDataDir } from './data-dir.ts';
import { carryOut, endWhatIsOver } from './decisions/carry-out.ts';
import type { DecisionWorld } from './decisions/world.ts';
import { Housekeeping } from './housekeeping.ts';
import { newAgentId } from './ids.ts';
import type { Log } from './log.ts';
import { openPublisher, pictureOf } from './outside.ts';
import { openOwnStorage } from './own-storage.ts';
import type { LinkState } from './publish/publisher.ts';
import type { Timing } from './publish/timing.ts';
import { runDaemon } from './service.ts';
import type { SweepProgress, SweepReport } from './sweep/report.ts';
import { restOf } from './sweep/rest.ts';
import type { SweepOrder } from './sweep/sweeper.ts';
import { sweepOnce } from './sweep-once.ts';
import { plannedQuestions, random, scopeOf } from './wiring.ts';

export interface RuntimeOptions {
  readonly config: Config;
  /** Reads the configuration anew. @throws ConfigError */
  readonly reloadConfig: () => Config;
  readonly dataDir: string;
  readonly version: string;
  readonly vendorOf: VendorOf;
  readonly log: Log;
  readonly now: () => number;
  /** Waits at the broker; for tests. */
  readonly timing?: Partial<Timing>;
}

type OnProgress = (progress: SweepProgress) => void;

const BUSY = 'another command is at work; try again in a moment';
/** How long a sweep from the command line waits for the broker when all else is done. */
const PUBLISH_WITHIN_MS = 5_000;

/** What commands do: through the process that owns the control socket where there is one, else by themselves. */
export function createRuntime(options: RuntimeOptions) {
  const { config, dataDir, log } = options;
  return {
    sweep: ({ subnets, level, mqtt, onProgress }: SweepOptions): Promise<SweepReport> => {
      if (level === 'L0') throw new UsageError('--level L0: nothing would be sent; write one of L1 to L4');
      return order(options, { kind: 'sweep', targets: subnets, level }, mqtt, onProgress);
    },

    check: (host: HostRecord | { readonly address: string }): Promise<SweepReport> => {
      const targets = 'address' in host ? [host.address] : [...(host.facts.addresses ?? [])];
      return order(options, { kind: 'check', targets, level: null }, true, () => {});
    },

    plan: async ({ subnets, level }: Pick<SweepOptions, 'subnets' | 'level'>): Promise<SweepPlan> => {
      const { coverage: wanted, targets, skipped } = scopeOf(config, subnets);
      const { coverage, asleep } = await withoutSleepers(wanted, options);
      const deepest = level ?? config.levels.deepest;
      const questions = plannedQuestions(config, deepest);
      return { level: deepest, targets, coverage, asleep, skipped, questions };
    },

    decide: (command: OwnerCommand): Promise<DecisionOutcome> => decide(options, command),

    broker: brokerTools(options, (work) => asOwner(options, BUSY, work)),

    daemonStatus: async (): Promise<DaemonStatus | null> => {
      try {
        const answer = await askControl(controlPath(dataDir), { command: 'status', args: null });
        return answer === null ? null : (answer.result as DaemonStatus);
      } catch (error) {
        log.debug({ error }, 'no answer on the control socket');
        return null;
      }
    },

    run: (): Promise<void> => runDaemon(options),
  };
}

/** Whom a sweep would leave asleep now, by what is known so far. */
async function withoutSleepers(
  wanted: Coverage,
  { config, dataDir, version, now }: RuntimeOptions,
): Promise<{ readonly coverage: Coverage; readonly asleep: readonly Address[] }> {
  const owners = ownersHosts(config.hosts);
  if (owners.size === 0) return { coverage: wanted, asleep: [] };
  const file = databaseFile(dataDir);
  const storage = existsSync(file) ? openStorage({ file, mode: 'read-only', version, now }) : null;
  try {
    const known = storage?.history.hosts() ?? new Map();
    const neighbours = await readNeighbours();
    const { coverage } = restOf(wanted, { known, owners, neighbours, now: now() });
    const asked = new Set(addressesOf(coverage));
    return { coverage, asleep: addressesOf(wanted).filter((address) => !asked.has(address)) };
  } finally {
    storage?.close();
  }
}

function addressesOf({ onLink, routed, loopback }: Coverage): Address[] {
  return [...onLink, ...routed, ...loopback];
}

async function order(
  options: RuntimeOptions,
  wanted: SweepOrder,
  mqtt: boolean,
  onProgress: OnProgress,
): Promise<SweepReport> {
  const request = { command: wanted.kind, args: { targets: wanted.targets, level: wanted.level } };
  const report = (progress: unknown) => onProgress(progress as SweepProgress);
  const answer = await askControl(controlPath(options.dataDir), request, report);
  if (answer !== null) {
    if (!mqtt)
      options.log.warn(
        {},
        'the running daemon made this sweep and publishes it as always, in spite of --no-mqtt',
      );
    return answer.result as SweepReport;
  }
  return sweepHere(options, wanted, mqtt, onProgress);
}

function sweepHere(
  options: RuntimeOptions,
  wanted: SweepOrder,
  mqtt: boolean,
  onProgress: OnProgress,
): Promise<SweepReport> {
  const busy = 'a sweep from the command line is under way; try again when it is done';
  return asOwner(options, busy, async (storage, housekeeping) => {
    const report = await sweepAndPublish(options, storage, wanted, mqtt, onProgress);
    housekeeping.afterSweep(storage);
    await housekeeping.idle();
    const problem = storage.trouble();
    if (problem !== null) options.log.error({ problem }, 'the database does not take what was swept');
    return report;
  });
}

/** Through the daemon, where it counts at once; else here, and the events wait in the outbox. */
async function decide(options: RuntimeOptions, command: OwnerCommand): Promise<DecisionOutcome> {
  const { kind, ...args } = command;
  const answer = await askControl(controlPath(options.dataDir), { command: kind, args });
  if (answer !== null) return answer.result as DecisionOutcome;
  return asOwner(options, BUSY, async (storage) => carryOut(command, 'cli', decisionWorld(options, storage)));
}

function decisionWorld({ config, log, now }: RuntimeOptions, storage: Storage): DecisionWorld {
  const { history, settings, commands } = storage;
  return { history, settings, commands, config, log, now, random };
}

/** Nobody owns the data directory: we do as long as `work` lasts, so that there is one writer. Others are told `busy`. */
async function asOwner<Value>(
  options: RuntimeOptions,
  busy: string,
  work: (storage: SteadyStorage, housekeeping: Housekeeping) => Promise<Value>,
): Promise<Value> {
  const { config, dataDir, log, now } = options;
  makeDataDir(dataDir);
  const control = await serveControl(controlPath(dataDir), async () => {
    throw new ControlTaken(busy);
  });
  try {
    const housekeeping = new Housekeeping({ keep: config.retention, log, now });
    const storage = openOwnStorage(options, housekeeping);
    try {
      return await work(storage, housekeeping);
    } finally {
      storage.close();
    }
  } finally {
    await control.close();
  }
}

/** The way to the broker is opened first, so that fresh alerts leave as such and not as replayed ones. */
async function sweepAndPublish(
  options: RuntimeOptions,
  storage: Storage,
  wanted: SweepOrder,
  mqtt: boolean,
  onProgress: OnProgress,
): Promise<SweepReport> {
  const config = mqtt ? options.config : { ...options.config, mqtt: { ...options.config.mqtt, url: null } };
  const agentId = config.agent.id ?? storage.history.agentId(() => newAgentId(random));
  const onCommand = async () => ({ ok: false, error: 'no daemon is running' });
  const publisher = openPublisher({ ...options, config, storage, agentId, onCommand });
  try {
    const { history } = storage;
    const signal = abortOnSignals();
    endWhatIsOver(decisionWorld({ ...options, config }, storage));
    const inForce = configInForce(config, storage.settings);
    const report = await sweepOnce(wanted, { ...options, config: inForce, history, signal, onProgress });
    const { targets } = report.sweep;
    const sweepsEnabled = pauseOf(storage.settings, options.now()) === null;
    publisher.publish(
      pictureOf(storage, {
        config,
        status: 'idle',
        problem: null,
        nextSweepAt: null,
        sweepsEnabled,
        targets,
      }),
    );
    publisher.eventsWaiting();
    if (!(await publisher.settled(PUBLISH_WITHIN_MS))) warnOfBroker(publisher.link(), options.log);
    return report;
  } finally {
    await publisher.close();
  }
}

function warnOfBroker({ broker, lastError: reason, outboxSize: waiting }: LinkState, log: Log): void {
  const fields = { broker, reason, waiting };
  log.warn(
    fields,
    'the broker did not take everything in time; events wait in the outbox. "smbwarden doctor" finds out why',
  );
}

/** Fires at Ctrl-C or SIGTERM, so that a sweep ends without recording half of itself. */
function abortOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
