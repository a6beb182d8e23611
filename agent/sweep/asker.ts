import { type Address, isLoopback } from '../../domain/address.ts';
import type { HostId, HostRecord, Mac } from '../../domain/host.ts';
import type { Sighting } from '../../domain/observation.ts';
import type { Sending, Sent } from '../../domain/sweep.ts';
import type { Coverage } from '../../domain/target.ts';
import type { DiscoverOptions, Found } from '../../probes/discover.ts';
import type { ListNeighbours } from '../../probes/neighbour-reading.ts';
import type { ServicePorts } from '../../probes/probe.ts';
import type { Probes } from '../../probes/registry.ts';
import type { HostLine, LineOptions } from '../../probes/transport/line.ts';
import type { Meter } from '../../probes/transport/meter.ts';
import type { Patience, ReplyPatience } from '../../probes/transport/patience.ts';
import type { Letter, PostingDesk } from '../../probes/transport/udp.ts';
import type { Random } from '../ids.ts';
import type { Log } from '../log.ts';
import { knownFirst, presentAmong } from './asking-order.ts';
import { Gate, type Pace } from './pace.ts';
import type { SweepProgress } from './report.ts';
import { Sendings } from './sendings.ts';
import { SharedListings } from './shared-listings.ts';
import { KNOCKING, type Visit, type VisitPlan, type VisitTools } from './stay.ts';
import { Strain } from './strain.ts';
import { type Asked, Tally, toSighting } from './tally.ts';
import { Unanswered } from './unanswered.ts';
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
    options: Pick<DiscoverOptions, 'listNeighbours' | 'signal'>,
  ) => Promise<boolean>;
  readonly listNeighbours: ListNeighbours;
  readonly neighbourLimit: number;
  readonly desk: PostingDesk;
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

  readonly #listings: SharedListings;

  constructor(tools: AskerTools, settings: AskerSettings) {
    this.#tools = tools;
    this.#settings = settings;
    this.#gate = new Gate(settings.pace.hostsAtOnce);
    this.#strain = new Strain(this.#gate, tools.log);
    this.#listings = new SharedListings(tools.listNeighbours);
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
    const { discover, listNeighbours, neighbourLimit, probes } = this.#tools;
    const unanswered = new Unanswered(this.#tools.newMeter(probes.nodeStatus.name), this.#settings.ports);
    const visits = new Set<Promise<void>>();
    const found = discover({
      addresses: knownFirst(tour.coverage.onLink, tour.known, this.#tools.random),
      prime: (address) => {
        const letter = probes.nodeStatus.post({ ...this.#tools, ...this.#settings, address });
        if (unanswered.put(address, letter)) tour.tally.noteAsked();
      },
      listNeighbours,
      neighbourLimit,
      addressesPerSecond: this.#settings.pace.addressesPerSecond,
      signal: tour.signal,
      onAbsent: (address) => {
        unanswered.giveUp(address);
        tour.tally.noteSilent(address);
      },
      onUnsettled: (address) => unanswered.giveUp(address),
    });
    const bugs: unknown[] = [];
    for await (const each of found) {
      const letter = unanswered.take(each.address);
      if (letter === null) continue;
      tour.tally.noteFound();
      // What fails here is thrown once discovery has ended.
      const visited = this.#visitNeighbour(each, letter, tour)
        .catch((error: unknown) => void bugs.push(error))
        .finally(() => visits.delete(visited));
      visits.add(visited);
    }
    await Promise.all(visits);
    if (bugs.length > 0) throw bugs[0];
    this.#sendings.add(null, [unanswered.end()]);
  }

  /**
   * A neighbour that stays silent behind an entry older than this sweep is asked for by the kernel, too. What is still
   * listed then counts as there, unless it is a host that used to answer: the kernel believes an entry for up to 45 s
   * without asking, so such a host may just have left.
   */
  async #visitNeighbour({ address, mac, proven }: Found, letter: Letter, tour: Tour): Promise<void> {
    const plan = tour.plan(address, mac);
    const seen = await this.#gate.pass(async () => {
      const visitor = this.#newVisitor(address, { isNeighbour: true, signal: tour.signal, letter });
      visitor.life.isAlive = plan.deepest !== 'L0';
      const visited = await this.#visit(address, plan, visitor);
      this.#sendings.add(address, visitor.meters);
      return visited;
    });
    if (proven || seen.answered) return tour.tally.noteVisit(address, mac, seen, true);
    const isThere = await this.#tools.isStillThere(address, letter.sentAt, {
      listNeighbours: this.#listings.next,
      signal: tour.signal,
    });
    if (isThere && plan.usuallyAnswers) return tour.tally.noteDoubt(address, mac);
    tour.tally.noteVisit(address, mac, seen, isThere);
  }

  /** Behind a router, or on loopback: the host's own answers are all there is. */
  async #askDirectly(tour: Tour): Promise<void> {
    const addresses = bothOf(tour.coverage.routed, tour.coverage.loopback);
    const askOneByOne = async (): Promise<void> => {
      for (let next = addresses.next(); next.done !== true; next = addresses.next()) {
        const address = next.value;
        await this.#gate.pass(() => this.#askDirectlyAt(address, tour));
      }
    };
    await Promise.all(Array.from({ length: this.#settings.pace.hostsAtOnce }, askOneByOne));
  }

  async #askDirectlyAt(address: Address, tour: Tour): Promise<void> {
    if (tour.signal.aborted) return;
    tour.tally.noteAsked();
    const visitor = this.#newVisitor(address, { isNeighbour: false, signal: tour.signal });
    const seen = await this.#visit(address, tour.plan(address, null), visitor);
    const isThere = isLoopback(address) ? offersSomething(seen) : seen.answered;
    this.#sendings.add(isThere ? address : null, visitor.meters);
    if (isThere) tour.tally.noteFound();
    tour.tally.noteVisit(address, null, seen, isThere);
  }

  /** Puts the node status question to an address, unless that was done; the visitor then waits for a sign of life. */
  #newVisitor(
    address: Address,
    { isNeighbour, signal, letter }: { isNeighbour: boolean; signal: AbortSignal; letter?: Letter },
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
        ...(letter === undefined ? {} : { letter }),
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

function* bothOf(some: readonly Address[], others: readonly Address[]): Generator<Address> {
  yield* some;
  yield* others;
}

/** On loopback the kernel itself refuses for every address: only an open service shows that somebody is there. */
function offersSomething(seen: Visit): boolean {
  return seen.observations.some((each) => each.kind === 'service' && each.state === 'open');
}
