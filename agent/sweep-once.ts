import type { Cadence } from '../domain/cadence.ts';
import type { History } from '../domain/history.ts';
import { allows, type Level } from '../domain/level.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { SweepProgress, SweepReport } from './sweep/report.ts';
import { runSweep } from './sweep/sweep.ts';
import type { SweepOrder } from './sweep/sweeper.ts';
import { lookInside, openAsker, random, scopeOf } from './wiring.ts';

/** Carries out one order with the real network and the given storage. @throws TargetError, SweepStopped, StorageError */
export async function sweepOnce(
  order: SweepOrder,
  world: {
    readonly config: Config;
    readonly history: History;
    readonly log: Log;
    readonly now: () => number;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: SweepProgress) => void;
  },
): Promise<SweepReport> {
  const { config, history, log, now, signal, onProgress } = world;
  const { coverage, targets } = scopeOf(config, order.targets);
  const addresses = coverage.onLink.length + coverage.routed.length + coverage.loopback.length;
  const { asker, close } = await openAsker(config, addresses, log);
  try {
    const request = {
      kind: order.kind,
      coverage,
      targets,
      deepest: levelFor(order.level, config.levels.deepest),
      deepenAll: order.kind === 'check' || order.level === 'L3' || order.level === 'L4',
      cadence: cadenceOf(config),
      alertThreshold: config.alertThreshold,
      announce: config.mqtt.url !== null,
      signal,
      onProgress,
    };
    return await runSweep(request, { history, asker, lookInside, random, now, log });
  } finally {
    close();
  }
}

/** Ciphers change with an update at most; docs/probing.md has the reasons. */
function cadenceOf({ levels }: Config): Cadence {
  return {
    smb1: levels.smb1Check ? levels.smb1Every : null,
    dialects: DAY_MS,
    identity: DAY_MS,
    ciphers: 7 * DAY_MS,
    anonymous: DAY_MS,
  };
}

const DAY_MS = 86_400_000;

/** What was asked for, but never deeper than the owner has allowed. */
function levelFor(wanted: Level | null, deepest: Level): Level {
  return wanted !== null && allows(deepest, wanted) ? wanted : deepest;
}

/**
 * One line a sweep, and one for each change that concerns a finding: without a broker the log is where alerts go. The
 * first sweep is summed up instead.
 */
export function logReport({ sweep, changes }: SweepReport, log: Log): void {
  const { id, kind, hostsUp, addresses, durationMs, lastAnswerMs, complete, suspect, sent } = sweep;
  log.info(
    { sweep: id, kind, hostsUp, addresses, durationMs, lastAnswerMs, complete, suspect, ...sent },
    'sweep finished',
  );
  const isBaseline = changes.some((change) => change.type === 'baseline');
  for (const change of changes) {
    const fields = {
      change: change.type,
      host: change.hostId,
      finding: change.findingId,
      summary: change.summary,
    };
    if (change.type === 'sweep_suspect') log.warn(fields, 'sweep not believed');
    else if (change.type === 'baseline') log.info(fields, 'first sweep');
    else if (change.findingId !== null && !isBaseline) log.warn(fields, 'finding changed');
    else log.debug(fields, 'change');
  }
}
