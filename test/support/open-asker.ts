import type { Log } from '../../agent/log.ts';
import { Asker, type AskerSettings, type AskerTools } from '../../agent/sweep/asker.ts';
import type { Coverage } from '../../domain/target.ts';
import { discover, isStillThere } from '../../probes/discover.ts';
import type { ServicePorts } from '../../probes/probe.ts';
import { PROBES } from '../../probes/registry.ts';
import { HostLine } from '../../probes/transport/line.ts';
import { Meter } from '../../probes/transport/meter.ts';
import type { Neighbour } from '../../probes/transport/neighbours4.ts';
import { learnReplyPatience } from '../../probes/transport/patience.ts';
import { openDesk } from '../../probes/transport/udp.ts';
import { fixedPatience, random, untilTestEnds } from './loopback.ts';

interface Overrides extends Partial<AskerTools>, Partial<AskerSettings> {
  readonly ports: ServicePorts;
  readonly log: Log;
}

/** The real asker on loopback: 150 ms for an attempt, 10 ms between connections, a neighbour table of the test's own. */
export async function openTestAsker(overrides: Overrides): Promise<Asker> {
  return new Asker(
    {
      probes: PROBES,
      discover: (options) => discover({ ...options, settledAfterMs: 100 }),
      isStillThere,
      listNeighbours: async () => new Map(),
      neighbourLimit: 1_024,
      desk: await untilTestEnds(openDesk()),
      newLine: (address, options) => new HostLine(address, options),
      newPatience: () => fixedPatience(150),
      newReplyPatience: learnReplyPatience,
      newMeter: (probe) => new Meter(probe),
      random,
      ...overrides,
    },
    {
      pace: { addressesPerSecond: Number.POSITIVE_INFINITY, pauseMs: 10, hostsAtOnce: 8 },
      extraPorts: [],
      deadlineMs: 20_000,
      ...overrides,
    },
  );
}

export function coverageOf(part: Partial<Coverage>): Coverage {
  return { onLink: [], routed: [], loopback: [], own: [], ...part };
}

/** An entry of the neighbour table; without a MAC it is not complete. */
export function neighbour(mac: string | null): Neighbour {
  return { complete: mac !== null, mac: mac ?? '00:00:00:00:00:00' };
}
