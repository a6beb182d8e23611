import type { HostRecord, VendorOf } from '../domain/host.ts';
import { openStorage, type Storage } from '../storage/storage.ts';
import { type DaemonStatus, type SweepOptions, type SweepPlan, UsageError } from './commands/context.ts';
import type { Config } from './config.ts';
import { askControl, ControlTaken, controlPath, serveControl } from './control.ts';
import { runDaemon } from './daemon.ts';
import { databaseFile, makeDataDir } from './data-dir.ts';
import { newAgentId } from './ids.ts';
import type { Log } from './log.ts';
import { damageText, openPublisher, pictureOf } from './outside.ts';
import type { LinkState } from './publish/publisher.ts';
import type { SweepProgress, SweepReport } from './sweep/report.ts';
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
}

type OnProgress = (progress: SweepProgress) => void;

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
      const { coverage, targets, skipped } = scopeOf(config, subnets);
      const deepest = level ?? config.levels.deepest;
      return { level: deepest, targets, coverage, skipped, questions: plannedQuestions(config, deepest) };
    },

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

async function order(
  options: RuntimeOptions,
  wanted: SweepOrder,
  mqtt: boolean,
  onProgress: OnProgress,
): Promise<SweepReport> {
  const request = { command: wanted.kind, args: { targets: wanted.targets, level: wanted.level } };
  const report = (progress: unknown) => onProgress(progress as SweepProgress);
  const answer = await askControl(controlPath(options.dataDir), request, report);
  if (answer !== null) return answer.result as SweepReport;
  return sweepHere(options, wanted, mqtt, onProgress);
}

/** Nobody owns the data directory: we do, for one sweep, so that there are never two at once. */
async function sweepHere(
  options: RuntimeOptions,
  wanted: SweepOrder,
  mqtt: boolean,
  onProgress: OnProgress,
): Promise<SweepReport> {
  const { dataDir, version, now } = options;
  makeDataDir(dataDir);
  const control = await serveControl(controlPath(dataDir), async () => {
    throw new ControlTaken('a sweep from the command line is under way; try again when it is done');
  });
  try {
    const storage = openStorage({ file: databaseFile(dataDir), mode: 'read-write', version, now });
    try {
      const damage = damageText(storage);
      if (damage !== null) options.log.warn({}, damage);
      return await sweepAndPublish(options, storage, wanted, mqtt, onProgress);
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
    const report = await sweepOnce(wanted, { ...options, config, history, signal, onProgress });
    const { targets } = report.sweep;
    publisher.publish(
      pictureOf(storage, { config, status: 'idle', problem: null, nextSweepAt: null, targets }),
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
  log.warn(fields, 'the broker did not take everything in time; events wait in the outbox');
}

/** Fires at Ctrl-C or SIGTERM, so that a sweep ends without recording half of itself. */
function abortOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  return stop.signal;
}
