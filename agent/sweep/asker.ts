import type { Address } from '../../domain/address.ts';
import type { HostId, HostRecord, Mac } from '../../domain/host.ts';
import type { Sighting } from '../../domain/observation.ts';
import type { Sent } from '../../domain/sweep.ts';
import type { Coverage } from '../../domain/target.ts';
import type { DiscoverOptions, Found } from '../../probes/discover.ts';
import type { ServicePorts } from '../../probes/probe.ts';
import type { Probes } from '../../probes/registry.ts';
import type { Neighbour } from '../../probes/transport/kernel.ts';
import type { HostLine, LineOptions } from '../../probes/transport/line.ts';
import type { Patience } from '../../probes/transport/patience.ts';
import type { Meter } from '../../probes/transport/tcp.ts';
import type { DatagramDesk } from '../../probes/transport/udp.ts';
import type { Random } from '../ids.ts';
import type { Log } from '../log.ts';
import { Gate, type Pace } from './pace.ts';
import type { SweepProgress } from './report.ts';
import { type Asked, Tally, toSighting } from './tally.ts';
import { type Visit, type VisitPlan, type VisitTools, visit } from './visit.ts';

/** What an address may be asked, as the sweep has decided. */
export interface Plan
  extends Pick<VisitPlan, 'deepest' | 'due' | 'dueOnChange' | 'known' | 'knownCalledName'> {
  /** The host known at this address has answered something before, so that silence is news. */
  readonly usuallyAnswers: boolean;
}

/** The tools of the network, handed in so that nothing here opens a socket of its own. */
export interface AskerTools {
  readonly probes: Probes;
  readonly discover: (options: DiscoverOptions) => AsyncGenerator<Found>;
  readonly isStillThere: (
    address: Address,
    primedAt: number,
    options: Pick<DiscoverOptions, 'readNeighbours' | 'signal'>,
  ) => Promise<boolean>;
  readonly readNeighbours: () => Promise<ReadonlyMap<Address, Neighbour>>;
  readonly neighbourLimit: number;
  readonly desk: DatagramDesk;
  readonly meter: Meter;
  readonly newLine: (address: Address, options: LineOptions) => HostLine;
  readonly newPatience: () => Patience;
  readonly random: Random;
  readonly log: Log;
}

export interface AskerSettings {
  readonly pace: Pace;
  readonly ports: ServicePorts;
  readonly extraPorts: readonly number[];
  /** A sweep is given up as incomplete after so long. */
  readonly deadlineMs: number;
}

interface AskOptions {
  readonly known: ReadonlyMap<HostId, HostRecord>;
  readonly plan: (address: Address, mac: Mac | null) => Plan;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
}

/** One round of questions to everybody. */
interface Tour {
  readonly coverage: Coverage;
  readonly known: ReadonlyMap<HostId, HostRecord>;
  readonly plan: (address: Address, mac: Mac | null) => Plan;
  readonly signal: AbortSignal;
  readonly tally: Tally;
}

/** Asks the hosts of one sweep. Opened for it and closed after it. */
export class Asker {
  readonly #tools: AskerTools;
  readonly #settings: AskerSettings;
  readonly #gate: Gate;
  /** One for hosts on attached subnets, one for those behind routers: their round trips differ. */
  readonly #patience: Readonly<Record<'near' | 'far', Patience>>;

  constructor(tools: AskerTools, settings: AskerSettings) {
    this.#tools = tools;
    this.#settings = settings;
    this.#gate = new Gate(settings.pace.hostsAtOnce);
    this.#patience = { near: tools.newPatience(), far: tools.newPatience() };
  }

  sent(): Sent {
    return { ...this.#tools.meter };
  }

  /** Asks every address of the coverage but our own; each host is visited the moment it is found. */
  async askAll(coverage: Coverage, options: AskOptions): Promise<Asked> {
    const deadline = AbortSignal.timeout(this.#settings.deadlineMs);
    const signal = AbortSignal.any([options.signal, deadline]);
    const { onLink, routed, loopback } = coverage;
    const addresses = onLink.length + routed.length + loopback.length;
    const tally = new Tally({ addresses, signal, onProgress: options.onProgress, log: this.#tools.log });
    const tour: Tour = { coverage, known: options.known, plan: options.plan, signal, tally };
    await Promise.all([this.#askOnLink(tour), this.#askDirectly(tour)]);
    return tally.finish();
  }

  /** A second look at one address, on fresh connections; null when it stayed silent. */
  async askAgain(
    address: Address,
    mac: Mac | null,
    plan: Plan,
    signal: AbortSignal,
  ): Promise<Sighting | null> {
    const visitor = this.#newVisitor(address, { isNeighbour: mac !== null, signal });
    visitor.life.isAlive = true;
    const found = await this.#gate.pass(() => this.#visit(address, plan, visitor));
    return mac === null && !found.answered ? null : toSighting(address, mac, found);
  }

  /** Attached subnets: the kernel's neighbour table tells who is there. Known addresses are asked first. */
  async #askOnLink(tour: Tour): Promise<void> {
    const { discover, readNeighbours, neighbourLimit } = this.#tools;
    const visitors = new Map<Address, Visitor>();
    const primedAt = new Map<Address, number>();
    const visits: Promise<void>[] = [];
    const found = discover({
      addresses: knownFirst(tour.coverage.onLink, tour.known, this.#tools.random),
      prime: (address) => {
        primedAt.set(address, performance.now());
        visitors.set(address, this.#newVisitor(address, { isNeighbour: true, signal: tour.signal }));
        tour.tally.noteAsked(address);
      },
      readNeighbours,
      neighbourLimit,
      addressesPerSecond: this.#settings.pace.addressesPerSecond,
      signal: tour.signal,
      onAbsent: (address) => {
        visitors.delete(address);
        tour.tally.noteSilent(address);
      },
    });
    for await (const { address, mac, proven } of found) {
      const visitor = visitors.get(address);
      if (visitor === undefined) continue;
      visitor.life.isAlive = true;
      tour.tally.noteFound();
      const visited = this.#visitNeighbour(
        { address, mac, proven },
        visitor,
        primedAt.get(address) ?? 0,
        tour,
      );
      // Its failure is thrown below, once discovery has ended; until then it is not unhandled.
      visited.catch(() => {});
      visits.push(visited);
    }
    await Promise.all(visits);
  }

  /**
   * A neighbour that stays silent behind an entry older than this sweep is asked for by the kernel, too. What is still
   * listed then counts as there, unless it is a host that used to answer: the kernel believes an entry for up to 45 s
   * without asking, so such a host may just have left.
   */
  async #visitNeighbour(found: Found, visitor: Visitor, primedAt: number, tour: Tour): Promise<void> {
    const { address, mac, proven } = found;
    const plan = tour.plan(address, mac);
    const seen = await this.#gate.pass(() => this.#visit(address, plan, visitor));
    if (proven || seen.answered) return tour.tally.noteVisit(address, mac, seen, true);
    const { readNeighbours, isStillThere } = this.#tools;
    const isThere = await isStillThere(address, primedAt, { readNeighbours, signal: tour.signal });
    if (isThere && plan.usuallyAnswers) return tour.tally.noteDoubt(address, mac);
    tour.tally.noteVisit(address, mac, seen, isThere);
  }

  /** Behind a router, or on loopback: the host's own answers are all there is. */
  async #askDirectly(tour: Tour): Promise<void> {
    const loopback = new Set(tour.coverage.loopback);
    await Promise.all(
      [...tour.coverage.routed, ...tour.coverage.loopback].map((address) =>
        this.#gate.pass(async () => {
          if (tour.signal.aborted) return;
          tour.tally.noteAsked(address);
          const visitor = this.#newVisitor(address, { isNeighbour: false, signal: tour.signal });
          const seen = await this.#visit(address, tour.plan(address, null), visitor);
          const isThere = loopback.has(address) ? offersSomething(seen) : seen.answered;
          if (isThere) tour.tally.noteFound();
          tour.tally.noteVisit(address, null, seen, isThere);
        }),
      ),
    );
  }

  /** Puts the node status question to an address; the visitor then waits for a sign of life. */
  #newVisitor(
    address: Address,
    { isNeighbour, signal }: { isNeighbour: boolean; signal: AbortSignal },
  ): Visitor {
    const { pace, ports } = this.#settings;
    const { desk, meter, random, newLine, probes, log } = this.#tools;
    const patience = this.#patience[isNeighbour ? 'near' : 'far'];
    const line = newLine(address, { pauseMs: pace.pauseMs, patience, signal, meter });
    const life = { isAlive: false };
    const context = {
      address,
      line,
      desk,
      patience,
      meter,
      signal,
      random,
      ports,
      isAlive: () => life.isAlive,
    };
    const nodeStatus = probes.nodeStatus
      .run({ ...context, connection: null, calledNames: [], smbPort: 445, bestDialect: null })
      .catch((error: unknown) => {
        log.error({ probe: probes.nodeStatus.name, address, error }, 'probe failed by a bug');
        return { kind: 'silent' } as const;
      });
    return { life, isNeighbour, context, nodeStatus };
  }

  #visit(address: Address, plan: Plan, visitor: Visitor): Promise<Visit> {
    const { context, nodeStatus, isNeighbour, life } = visitor;
    return visit(
      { ...plan, address, extraPorts: this.#settings.extraPorts },
      {
        probes: this.#tools.probes,
        nodeStatus,
        context,
        isNeighbour,
        log: this.#tools.log,
        onAnswer: () => {
          life.isAlive = true;
        },
      },
    );
  }
}

/** An address under way: the node status question has been put. */
interface Visitor {
  /** Turns true at the first sign of life; repeats go only to those that have shown one. */
  readonly life: { isAlive: boolean };
  readonly isNeighbour: boolean;
  readonly context: VisitTools['context'];
  readonly nodeStatus: VisitTools['nodeStatus'];
}

/** Addresses of known hosts first, so that their results come early; the others in random order. */
function knownFirst(
  addresses: readonly Address[],
  known: ReadonlyMap<HostId, HostRecord>,
  random: Random,
): Address[] {
  const expected = new Set(
    [...known.values()].filter((host) => host.present).flatMap((host) => host.facts.addresses ?? []),
  );
  return [
    ...shuffled(
      addresses.filter((address) => expected.has(address)),
      random,
    ),
    ...shuffled(
      addresses.filter((address) => !expected.has(address)),
      random,
    ),
  ];
}

function shuffled(addresses: Address[], random: Random): Address[] {
  const keys = new DataView(Uint8Array.from(random(4 * addresses.length)).buffer);
  return addresses
    .map((address, i) => ({ address, key: keys.getUint32(4 * i) }))
    .sort((a, b) => a.key - b.key)
    .map(({ address }) => address);
}

/** On loopback the kernel itself refuses for every address: only an open service shows that somebody is there. */
function offersSomething(seen: Visit): boolean {
  return seen.observations.some((each) => each.kind === 'service' && each.state === 'open');
}
