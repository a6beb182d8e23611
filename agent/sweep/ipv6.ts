import { setTimeout as sleep } from 'node:timers/promises';
import type { Facts } from '../../domain/facts.ts';
import type { Mac } from '../../domain/host.ts';
import {
  askableAddresses,
  type Ipv6Address,
  type Ipv6Look,
  type Ipv6Neighbour,
  observationOf,
} from '../../domain/ipv6.ts';
import { type Ipv6Observation, type Sighting, toFacts } from '../../domain/observation.ts';
import type { Sending, Sent } from '../../domain/sweep.ts';
import type { Meter } from '../../probes/transport/meter.ts';
import type { Patience } from '../../probes/transport/patience.ts';
import type { DatagramDesk } from '../../probes/transport/udp.ts';
import type { AskerSettings, AskerTools, Plan } from './asker.ts';
import { type AskedOverIpv6, hostsAmong, isEnough, type PlanOf, toAsk } from './ipv6-plan.ts';
import { Gate } from './pace.ts';
import type { SweepProgress } from './report.ts';
import { Sendings } from './sendings.ts';
import { KNOCKING, type Visit } from './stay.ts';
import { visit } from './visit.ts';

/** The tools of the network, handed in as those of the asker are. */
export interface Ipv6Tools
  extends Pick<
    AskerTools,
    'probes' | 'newLine' | 'newPatience' | 'newReplyPatience' | 'newMeter' | 'random' | 'log'
  > {
  /** The neighbour table. May fail. */
  readonly readNeighbours: () => Promise<readonly Ipv6Neighbour[]>;
  /** Asks by multicast who is there, and returns what that sent. null: nothing is to be said to everybody. */
  readonly callOut: (() => Promise<readonly Meter[]>) | null;
}

export interface Ipv6Settings extends Pick<AskerSettings, 'pace' | 'ports'> {
  /** Interfaces with IPv6 through which hosts of the coverage are reached. */
  readonly devices: readonly string[];
}

/** Hosts that were met over IPv4, and how they may be asked. */
export interface Ipv6Round {
  readonly sightings: readonly Sighting[];
  readonly plan: PlanOf;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
}

/** Whoever answers a call has done so, and is in the neighbour table; WS-Discovery lets them wait for up to 500 ms. */
const CALL_ANSWERED_WITHIN_MS = 700;
/** What is not asked by then waits for the next sweep. */
const ROUND_WITHIN_MS = 60_000;

/**
 * Asks the hosts that a sweep has met over IPv4 at their IPv6 addresses as well, after their visits have ended: L1 and L2,
 * and never more. Who they are is told by the MAC in the neighbour table; nobody else is asked. Opened for one sweep.
 */
export class Ipv6Asker {
  readonly #tools: Ipv6Tools;
  readonly #settings: Ipv6Settings;
  readonly #gate: Gate;
  readonly #sendings = new Sendings();
  readonly #asked = new Map<Mac, AskedOverIpv6>();
  readonly #macOf = new Map<Ipv6Address, Mac>();
  readonly #patience: Patience;
  #calledAt: number | null = null;

  constructor(tools: Ipv6Tools, settings: Ipv6Settings) {
    this.#tools = tools;
    this.#settings = settings;
    this.#gate = new Gate(settings.pace.hostsAtOnce);
    this.#patience = tools.newPatience();
  }

  sent(): Sent {
    return this.#sendings.total();
  }

  /** Whose address that is, of those that were asked; null: nobody's. */
  macAt(address: Ipv6Address): Mac | null {
    return this.#macOf.get(address) ?? null;
  }

  /** What was sent to whom so far. */
  sendings(): readonly Sending[] {
    return this.#sendings.all();
  }

  /** Asks by multicast who is there, once. The answers come while the hosts are asked over IPv4. */
  async callOut(): Promise<void> {
    const { callOut } = this.#tools;
    if (callOut === null || this.#calledAt !== null) return;
    this.#calledAt = performance.now();
    this.#sendings.add(null, await callOut());
  }

  /** The sightings, those of hosts that answered over IPv6 with what they answered. */
  async askAll({ sightings, plan, signal, onProgress }: Ipv6Round): Promise<Sighting[]> {
    const hosts = hostsAmong(sightings);
    if (hosts.size === 0) return [...sightings];
    await this.#pause(signal);
    const known = (mac: Mac) => {
      const [first] = hosts.get(mac) ?? [];
      return first === undefined ? [] : (plan(first.address, mac).known['ipv6.addresses'] ?? []);
    };
    const found = askableAddresses(await this.#neighbours(), this.#settings.devices, known);
    for (const [mac, { addresses, left }] of found) {
      const asked = toAsk(hosts.get(mac) ?? [], addresses, plan);
      if (asked === null) continue;
      this.#asked.set(mac, asked);
      for (const address of addresses) this.#macOf.set(address, mac);
      if (left > 0) this.#tools.log.debug({ mac, addresses, left }, 'more IPv6 addresses than are asked');
    }
    if (this.#asked.size === 0) return [...sightings];
    const counted = { addresses: 0, asked: 0, hostsUp: hosts.size, hostsDone: hosts.size };
    onProgress({ ...counted, stage: 'asking over IPv6' });
    const answers = await this.#askEach(signal);
    const first = new Map([...hosts].map(([mac, [sighting]]) => [sighting, answers.get(mac) ?? null]));
    return sightings.map((sighting) => {
      const answer = first.get(sighting) ?? null;
      if (answer === null) return sighting;
      return { ...sighting, observations: [...sighting.observations, answer] };
    });
  }

  /** A second look at a host that was asked in this sweep, on fresh connections: its facts over IPv6 alone. */
  async askAgain(mac: Mac, signal: AbortSignal): Promise<Facts> {
    const asked = this.#asked.get(mac);
    const again = asked === undefined ? null : await this.#gate.pass(() => this.#askHost(asked, signal));
    return again === null ? {} : toFacts([again]);
  }

  async #askEach(signal: AbortSignal): Promise<ReadonlyMap<Mac, Ipv6Observation | null>> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(ROUND_WITHIN_MS)]);
    const answers = [...this.#asked].map(async ([mac, asked]) => {
      return [mac, await this.#gate.pass(() => this.#askHost(asked, inTime))] as const;
    });
    return new Map(await Promise.all(answers));
  }

  /** One address after the other, so that there is one connection at a time to the host. */
  async #askHost({ addresses, plan }: AskedOverIpv6, signal: AbortSignal): Promise<Ipv6Observation | null> {
    const looks: Ipv6Look[] = [];
    for (const address of addresses) {
      if (looks.length > 0) await sleep(this.#settings.pace.pauseMs, undefined, { signal }).catch(() => {});
      const { answered, observations } = await this.#visit(address, plan, signal);
      looks.push({ address, answered, observations });
      if (isEnough(observations, plan)) break;
    }
    return observationOf(looks, plan.known);
  }

  /** The questions of L1 and L2 by TCP, as over IPv4. That the neighbour is listed proves nothing here. */
  async #visit(address: Ipv6Address, plan: Plan, signal: AbortSignal): Promise<Visit> {
    const { probes, newLine, newMeter, newReplyPatience, random, log } = this.#tools;
    const { pace, ports } = this.#settings;
    const meter = newMeter(KNOCKING);
    const patience = this.#patience;
    const context = {
      address,
      line: newLine(address, { pauseMs: pace.pauseMs, patience, signal, meter }),
      desk: NO_DESK,
      patience,
      replyPatience: newReplyPatience(),
      meter,
      signal,
      random,
      ports,
      isAlive: () => true,
    };
    const nodeStatus = Promise.resolve({ kind: 'silent' } as const);
    const seen = await visit(
      { ...plan, address, extraPorts: [] },
      { probes, nodeStatus, context, isNeighbour: false, log, onAnswer: () => {} },
    );
    this.#sendings.add(address, [meter]);
    return seen;
  }

  async #neighbours(): Promise<readonly Ipv6Neighbour[]> {
    try {
      return await this.#tools.readNeighbours();
    } catch (error) {
      this.#tools.log.warn({ error }, 'IPv6 neighbours cannot be read: nobody is asked over IPv6');
      return [];
    }
  }

  /** Until the answers to the call are in, and after the last connection over IPv4 in any case. */
  async #pause(signal: AbortSignal): Promise<void> {
    const answered = this.#calledAt === null ? 0 : this.#calledAt + CALL_ANSWERED_WITHIN_MS;
    const pauseMs = Math.max(this.#settings.pace.pauseMs, answered - performance.now());
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}

/** Over IPv6 nothing is asked by datagram: node status, the only such question, is one of IPv4 (RFC 1002 4.1). */
const NO_DESK: DatagramDesk = {
  ask: () => {
    throw new Error('no datagrams are sent over IPv6');
  },
  close: () => {},
};
