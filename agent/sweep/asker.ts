import type { Address } from '../../domain/address.ts';
import type { HostId, HostRecord, Mac } from '../../domain/host.ts';
import type { Sighting } from '../../domain/observation.ts';
import type { Sending, Sent } from '../../domain/sweep.ts';
import type { Coverage } from '../../domain/target.ts';
import type { DiscoverOptions, Found } from '../../probes/discover.ts';
import type { ServicePorts } from '../../probes/probe.ts';
import type { Probes } from '../../probes/registry.ts';
import type { Neighbour } from '../../probes/transport/kernel.ts';
import type { HostLine, LineOptions } from '../../probes/transport/line.ts';
import type { Meter } from '../../probes/transport/meter.ts';
import type { Patience, ReplyPatience } from '../../probes/transport/patience.ts';
import type { DatagramDesk } from '../../probes/transport/udp.ts';
import type { Random } from '../ids.ts';
import type { Log } from '../log.ts';
import { Gate, type Pace } from './pace.ts';
import type { SweepProgress } from './report.ts';
import { Sendings } from './sendings.ts';
import { KNOCKING, type Visit, type VisitPlan, type VisitTools } from './stay.ts';
import { Strain } from './strain.ts';
import { type Asked, Tally, toSighting } from './tally.ts';
import { visit } from './visit.ts';

/** What an address may be asked, as the sweep has decided. */
export interface Plan
  extends Pick<
    VisitPlan,
    | 'deepest'
    | 'due'
    | 'dueOnChange'
    | 'isSecondLook'
    | 'withoutSmb1'
    | 'known'
    | 'knownCalledName'
    | 'spare'
    | 'heard'
  > {
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
  readonly newLine: (address: Address, options: LineOptions) => HostLine;
  readonly newPatience: () => Patience;
  readonly newReplyPatience: () => ReplyPatience;
  /** On behalf of the probe of that name, until told otherwise. */
  readonly newMeter: (probe: string) => Meter;
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
  readonly #strain: Strain;
  readonly #sendings = new Sendings();
  /** One for hosts on attached subnets, one for those behind routers: their round trips differ. */
  readonly #patience: Readonly<Record<'near' | 'far', Patience>>;

  constructor(tools: AskerTools, settings: AskerSettings) {
    this.#tools = tools;
    this.#settings = settings;
    this.#gate = new Gate(settings.pace.hostsAtOnce);
    this.#strain = new Strain(this.#gate, tools.log);
    this.#patience = { near: tools.newPatience(), far: tools.newPatience() };
  }

  sent(): Sent {
    return this.#sendings.total();
  }

  /** What was sent to whom so far. */
  sendings(): readonly Sending[] {
    return this.#sendings.all();
  }

  /** Asks every address of the coverage but our own; each host is visited the moment it is found. */
  async askAll(coverage: Coverage, options: AskOptions): Promise<Asked> {
    const deadline = AbortSignal.timeout(this.#settings.deadlineMs);
    const signal = AbortSignal.any([options.signal, deadline]);
    const { onLink, routed, loopback } = coverage;
    const addresses = onLink.length + routed.length + loopback.length;
    const tally = new Tally({ addresses, signal, onProgress: options.onProgress, log: this.#tools.log });
    this.#strain.expect(presentAmong(coverage, options.known));
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
    this.#sendings.add(address, visitor.meters);
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
        this.#sendings.add(null, visitors.get(address)?.meters ?? []);
        visitors.set(address, this.#newVisitor(address, { isNeighbour: true, signal: tour.signal }));
        tour.tally.noteAsked(address);
      },
      readNeighbours,
      neighbourLimit,
      addressesPerSecond: this.#settings.pace.addressesPerSecond,
      signal: tour.signal,
      onAbsent: (address) => {
        this.#sendings.add(null, visitors.get(address)?.meters ?? []);
        visitors.delete(address);
        tour.tally.noteSilent(address);
      },
    });
    for await (const { address, mac, proven } of found) {
      const visitor = visitors.get(address);
      if (visitor === undefined) continue;
      visitors.delete(address);
      const plan = tour.plan(address, mac);
      visitor.life.isAlive = plan.deepest !== 'L0';
      tour.tally.noteFound();
      const visited = this.#visitNeighbour(
        { address, mac, proven },
        { plan, visitor, primedAt: primedAt.get(address) ?? 0 },
        tour,
      );
      // Its failure is thrown below, once discovery has ended; until then it is not unhandled.
      visited.catch(() => {});
      visits.push(visited);
    }
    await Promise.all(visits);
    for (const { meters } of visitors.values()) this.#sendings.add(null, meters);
  }

  /**
   * A neighbour that stays silent behind an entry older than this sweep is asked for by the kernel, too. What is still
   * listed then counts as there, unless it is a host that used to answer: the kernel believes an entry for up to 45 s
   * without asking, so such a host may just have left.
   */
  async #visitNeighbour(
    { address, mac, proven }: Found,
    {
      plan,
      visitor,
      primedAt,
    }: { readonly plan: Plan; readonly visitor: Visitor; readonly primedAt: number },
    tour: Tour,
  ): Promise<void> {
    const seen = await this.#gate.pass(() => this.#visit(address, plan, visitor));
    this.#sendings.add(address, visitor.meters);
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
          this.#sendings.add(isThere ? address : null, visitor.meters);
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
    const { desk, random, newLine, newMeter, newReplyPatience, probes, log } = this.#tools;
    const meter = newMeter(KNOCKING);
    const nodeStatusMeter = newMeter(probes.nodeStatus.name);
    const patience = this.#patience[isNeighbour ? 'near' : 'far'];
    const line = newLine(address, { pauseMs: pace.pauseMs, patience, signal, meter });
    const life = { isAlive: false };
    const context = {
      address,
      line,
      desk,
      patience,
      replyPatience: newReplyPatience(),
      meter,
      signal,
      random,
      ports,
      isAlive: () => life.isAlive,
    };
    const nodeStatus = probes.nodeStatus
      .run({
        ...context,
        meter: nodeStatusMeter,
        connection: null,
        calledNames: [],
        smbPort: 445,
        bestDialect: null,
        dialects: null,
        bestCipher: null,
      })
      .catch((error: unknown) => {
        log.error({ probe: probes.nodeStatus.name, address, error }, 'probe failed by a bug');
        return { kind: 'silent' } as const;
      });
    return { life, isNeighbour, context, nodeStatus, meters: [nodeStatusMeter, meter] };
  }

  async #visit(address: Address, plan: Plan, visitor: Visitor): Promise<Visit> {
    const { context, nodeStatus, isNeighbour, life } = visitor;
    const hostsAtOnce = this.#gate.width;
    const seen = await visit(
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
    const { usuallyAnswers } = plan;
    if (!context.signal.aborted) this.#strain.note(address, seen, { usuallyAnswers, hostsAtOnce });
    return seen;
  }
}

/** An address under way: the node status question has been put. */
interface Visitor {
  /** Turns true at the first sign of life; repeats go only to those that have shown one. */
  readonly life: { isAlive: boolean };
  readonly isNeighbour: boolean;
  readonly context: VisitTools['context'];
  readonly nodeStatus: VisitTools['nodeStatus'];
  /** What was sent so far. */
  readonly meters: readonly Meter[];
}

/** Addresses of known hosts first, so that their results come early; the others in random order. */
function knownFirst(
  addresses: readonly Address[],
  known: ReadonlyMap<HostId, HostRecord>,
  random: Random,
): Address[] {
  const expected = presentAddresses(known);
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

function presentAddresses(known: ReadonlyMap<HostId, HostRecord>): ReadonlySet<Address> {
  const present = [...known.values()].filter((host) => host.present);
  return new Set(present.flatMap((host) => host.facts.addresses ?? []));
}

function presentAmong(
  { onLink, routed, loopback }: Coverage,
  known: ReadonlyMap<HostId, HostRecord>,
): ReadonlySet<Address> {
  const present = presentAddresses(known);
  return new Set([...onLink, ...routed, ...loopback].filter((address) => present.has(address)));
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
