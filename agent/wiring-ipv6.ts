import type { Coverage } from '../domain/target.ts';
import { CALLING, callOut } from '../probes/ipv6-neighbours.ts';
import { PROBES } from '../probes/registry.ts';
import { HostLine } from '../probes/transport/line.ts';
import { Meter } from '../probes/transport/meter.ts';
import { openCaller } from '../probes/transport/multicast6.ts';
import { readIpv6Interfaces, readNeighbours6 } from '../probes/transport/neighbours6.ts';
import { learnPatience, learnReplyPatience } from '../probes/transport/patience.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { Ipv6Asker } from './sweep/ipv6.ts';
import { PACES } from './sweep/pace.ts';
import { interfacesAmong, random, servicePorts } from './wiring.ts';

/** Puts the real network behind the questions that go over IPv6. */

/**
 * What asks hosts over IPv6, for one sweep; null: it is switched off, or no interface towards the coverage has IPv6, which
 * is found out without starting a process. `close` it afterwards.
 */
export async function openIpv6(
  config: Config,
  coverage: Coverage,
  log: Log,
): Promise<{ readonly ipv6: Ipv6Asker | null; readonly close: () => Promise<void> }> {
  const { devices, callable } = await ipv6WaysOf(config, coverage);
  if (devices.length === 0) return { ipv6: null, close: async () => {} };
  const closing: (() => Promise<void>)[] = [];
  const ipv6 = new Ipv6Asker(
    {
      probes: PROBES,
      newLine: (address, options) => new HostLine(address, options),
      newPatience: learnPatience,
      newReplyPatience: learnReplyPatience,
      newMeter: (probe) => new Meter(probe),
      random,
      log,
      readNeighbours: readNeighbours6,
      callOut:
        callable.length === 0
          ? null
          : async () => {
              const caller = await openCaller((what, code) =>
                log.debug({ what, code }, 'not said over IPv6'),
              );
              closing.push(() => caller.close());
              const meter = new Meter(CALLING);
              callOut(caller, callable, { meter, random });
              return [meter];
            },
    },
    { pace: PACES[config.pace], ports: servicePorts(config), devices },
  );
  return {
    ipv6,
    close: async () => {
      for (const close of closing) await close();
    },
  };
}

/** The interfaces, by name, through which hosts are asked over IPv6. */
export interface Ipv6Ways {
  /** All of them; empty: it is switched off, or none towards the coverage has IPv6. */
  readonly devices: readonly string[];
  /** Those on which the questions to everybody are put: nobody there is to be left alone. */
  readonly callable: readonly string[];
}

export async function ipv6WaysOf(config: Config, coverage: Coverage): Promise<Ipv6Ways> {
  const interfaces = config.ipv6 ? await interfacesFor(coverage) : [];
  const callable = hasSleepers(config) ? [] : interfaces.filter(({ isWhole }) => isWhole);
  return { devices: interfaces.map(({ name }) => name), callable: callable.map(({ name }) => name) };
}

async function interfacesFor(coverage: Coverage): Promise<ReturnType<typeof interfacesAmong>> {
  const withIpv6 = await readIpv6Interfaces();
  if (withIpv6.length === 0) return [];
  return interfacesAmong(coverage).filter(({ name }) => withIpv6.includes(name));
}

/** What is said by multicast reaches everybody: those who are not to be asked, too, where there are any. */
function hasSleepers({ hosts }: Config): boolean {
  return Object.values(hosts).some(({ letSleep, levels }) => letSleep !== false || levels === 'L0');
}
