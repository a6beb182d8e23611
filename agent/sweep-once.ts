import type { Cadence } from '../domain/cadence.ts';
import type { History } from '../domain/history.ts';
import type { VendorOf } from '../domain/host.ts';
import { isIgnored } from '../domain/host.ts';
import { allows, type Level } from '../domain/level.ts';
import { ownersHosts } from '../domain/owners-hosts.ts';
import type { MdnsListener } from '../probes/mdns-listener.ts';
import { readNeighbours } from '../probes/transport/neighbours4.ts';
import { maintenanceUntil } from './config/windows.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { SweepProgress, SweepReport } from './sweep/report.ts';
import { SweepStopped } from './sweep/request.ts';
import { runSweep } from './sweep/sweep.ts';
import type { SweepOrder } from './sweep/sweeper.ts';
import {
  lookInside,
  notAttached,
  openAsker,
  openMdns,
  ownAddressesAmong,
  random,
  scopeOf,
} from './wiring.ts';
import { openIpv6 } from './wiring-ipv6.ts';

/** The owner wants nothing to be sent to any host now. Nothing was. */
export class UnderMaintenance extends SweepStopped {
  constructor(until: number) {
    const end = new Date(until).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
    super(
      `sweep: maintenance until ${end} (maintenance in the configuration): nothing is sent to any host; try again later`,
    );
  }
}

/**
 * Carries out one order with the real network and the given storage.
 * @throws UnderMaintenance, TargetError, SweepStopped, StorageError
 */
export async function sweepOnce(
  order: SweepOrder,
  world: {
    readonly config: Config;
    readonly history: History;
    readonly vendorOf: VendorOf;
    /** Missing: one that lives as long as the sweep. */
    readonly mdns?: MdnsListener;
    readonly log: Log;
    readonly now: () => number;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: SweepProgress) => void;
  },
): Promise<SweepReport> {
  const { config, history, vendorOf, log, now, signal, onProgress } = world;
  const until = maintenanceUntil(config, now());
  if (until !== null) throw new UnderMaintenance(until);
  const { coverage, targets } = scopeOf(config, order.targets);
  if (order.targets.length === 0 && config.targets === null) tellOfGoneSubnets(history, log);
  const { asker, close } = await openAsker(config, coverage, log);
  const { ipv6, close: closeIpv6 } = await openIpv6(config, coverage, log);
  const mdns = world.mdns ?? openMdns(log);
  mdns.listenOn(ownAddressesAmong(coverage));
  try {
    const request = {
      kind: order.kind,
      coverage,
      targets,
      deepest: levelFor(order.level, config.levels.deepest),
      named: order.level,
      deepenAll: order.kind === 'check' || order.level === 'L3' || order.level === 'L4',
      cadence: cadenceOf(config),
      alertThreshold: config.alertThreshold,
      announce: config.mqtt.url !== null,
      signal,
      onProgress,
    };
    const owners = ownersHosts(config.hosts);
    const heard = mdns.servicesOf;
    const policy = { expect: config.expect, severity: config.severity };
    const tools = { asker, ipv6, lookInside, readNeighbours, owners, policy, vendorOf, heard };
    return await runSweep(request, { history, ...tools, random, now, log });
  } finally {
    close();
    await closeIpv6();
    if (world.mdns === undefined) await mdns.close();
  }
}

/** The attached subnets are swept, so one that is gone is swept no more: said once, by the first sweep without it. */
function tellOfGoneSubnets(history: History, log: Log): void {
  const last = history.sweeps(20).find((sweep) => sweep.kind === 'sweep');
  const subnets = notAttached(last?.targets ?? []);
  if (subnets.length > 0)
    log.warn(
      { subnets },
      'a subnet of the last sweep is not attached any more: it is skipped, and nothing is concluded about its hosts',
    );
}

/** Ciphers change with an update at most; docs/probing.md has the reasons. */
function cadenceOf({ levels }: Config): Cadence {
  return {
    smb1: levels.smb1Check ? levels.smb1Every : null,
    dialects: DAY_MS,
    identity: DAY_MS,
    ciphers: 7 * DAY_MS,
    anonymous: DAY_MS,
    guest: levels.guestTest ? DAY_MS : null,
    ms17010: levels.ms17010 ? DAY_MS : null,
  };
}

const DAY_MS = 86_400_000;

/** What was asked for, but never deeper than the owner has allowed. */
function levelFor(wanted: Level | null, deepest: Level): Level {
  return wanted !== null && allows(deepest, wanted) ? wanted : deepest;
}

/**
 * One line a sweep, and one for each change that concerns a finding: without a broker the log is where alerts go. The
 * first sweep is summed up instead, and hosts that are ignored raise no alert.
 */
export function logReport({ sweep, hosts, changes }: SweepReport, log: Log): void {
  const { id, kind, hostsUp, addresses, durationMs, lastAnswerMs, complete, suspect, sent } = sweep;
  log.info(
    { sweep: id, kind, hostsUp, addresses, durationMs, lastAnswerMs, complete, suspect, ...sent },
    'sweep finished',
  );
  if (!complete)
    log.warn(
      { sweep: id, addresses },
      'sweep incomplete: some addresses were not settled, and nothing is concluded about them',
    );
  const isBaseline = changes.some((change) => change.type === 'baseline');
  const ignored = new Set(hosts.filter((host) => isIgnored(host, sweep.finishedAt)).map(({ id }) => id));
  for (const change of changes) {
    const fields = {
      change: change.type,
      host: change.hostId,
      finding: change.findingId,
      summary: change.summary,
    };
    if (change.type === 'sweep_suspect') log.warn(fields, 'sweep not believed');
    else if (change.type === 'probe_quarantined') log.warn(fields, 'probe quarantined');
    else if (change.type === 'baseline') log.info(fields, 'first sweep');
    else if (change.findingId !== null && !isBaseline && !ignored.has(change.hostId ?? ''))
      log.warn(fields, 'finding changed');
    else log.debug(fields, 'change');
  }
}
