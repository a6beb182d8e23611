import type { Address } from '../../domain/address.ts';
import type { DeepQuestion } from '../../domain/cadence.ts';
import { type Facts, mergeFacts, netbiosName } from '../../domain/facts.ts';
import { fragility, type Sparing } from '../../domain/fragile.ts';
import type { PortLoss } from '../../domain/harm.ts';
import { allows, type Level } from '../../domain/level.ts';
import { type NodeStatusObservation, type Observation, toFacts } from '../../domain/observation.ts';
import type { Outcome, Probe, ProbeContext } from '../../probes/probe.ts';
import type { Probes } from '../../probes/registry.ts';
import type { Log } from '../log.ts';

/** What one host is to be asked in one sweep. */
export interface VisitPlan {
  readonly address: Address;
  /** The deepest level allowed. */
  readonly deepest: Level;
  /** Single questions of L3 that are due by time. */
  readonly due: readonly DeepQuestion[];
  /** Those that become due when the host shows itself changed. */
  readonly dueOnChange: readonly DeepQuestion[];
  /** SMB 1 is not to be spoken, whatever is known of the host; missing: it may be. */
  readonly withoutSmb1?: boolean;
  /** Nobody will look again after this visit, so a loss could not be confirmed: there is no closing look. */
  readonly isSecondLook?: boolean;
  /** What is known of the host, to see whether it has changed; empty at first sight. */
  readonly known: Facts;
  /** The called name that TCP 139 accepted last, or null. */
  readonly knownCalledName: string | null;
  /** Further TCP ports to look at, with zero bytes. */
  readonly extraPorts: readonly number[];
  /** How a host with these facts is to be spared; missing: as its names and announcements tell. */
  readonly spare?: (facts: Facts) => Sparing | null;
  /** Service types that the host has announced by mDNS so far; missing: none. */
  readonly heard?: () => readonly string[];
}

export interface Visit {
  readonly observations: readonly Observation[];
  /** The host has answered something: its presence is proven. */
  readonly answered: boolean;
  /** Single questions that were put, answered or not. */
  readonly asked: readonly DeepQuestion[];
  /** A port that stopped answering after one of them, which ended the questions; missing: none did. */
  readonly losses?: readonly PortLoss[];
  /** Trouble on our own side, by error code; what it concerned is left out of the observations. */
  readonly localFaults: readonly string[];
}

export interface VisitTools {
  readonly probes: Probes;
  /** The node status question that the sweep has put already. */
  readonly nodeStatus: Promise<Outcome<NodeStatusObservation>>;
  readonly context: Omit<
    ProbeContext,
    'connection' | 'calledNames' | 'smbPort' | 'bestDialect' | 'dialects' | 'bestCipher'
  >;
  /** The neighbour table shows the host. */
  readonly isNeighbour: boolean;
  /** Called at the first answer of any kind. */
  readonly onAnswer: () => void;
  readonly log: Log;
}

/** On whose behalf connections are made that only ask whether a port is open. */
export const KNOCKING = 'ports';

export const SMB = 445;
export const SESSION = 139;
const ANY_SMB_SERVER = '*SMBSERVER';

/** What has been seen of one host so far, and how it is asked; lives as long as the visit. */
export class Stay {
  readonly plan: VisitPlan;
  readonly tools: VisitTools;
  readonly seen: Observation[] = [];
  /** The ports, by the number of their service, that accepted a connection. */
  readonly open = new Set<number>();
  #answered = false;
  /** What followed from so many observations; it is asked for more often than they grow. */
  #summed: { readonly of: number; readonly facts: Facts; readonly sparing: Sparing | null } | null = null;

  constructor(plan: VisitPlan, tools: VisitTools) {
    this.plan = plan;
    this.tools = tools;
  }

  /** What this visit has seen. */
  facts(): Facts {
    return this.#sum().facts;
  }

  get answered(): boolean {
    return this.#answered;
  }

  noteAnswer(): void {
    this.#answered = true;
    this.tools.onAnswer();
  }

  mayAsk(level: Level): boolean {
    return allows(this.plan.deepest, level) && allows(this.sparing()?.deepest ?? 'L4', level);
  }

  /** By what is known and what has been seen so far. */
  sparing(): Sparing | null {
    return this.#sum().sparing;
  }

  #sum() {
    if (this.#summed?.of !== this.seen.length) {
      const { known, spare = (facts: Facts) => fragility(facts, null) } = this.plan;
      const facts = toFacts(this.seen);
      this.#summed = { of: this.seen.length, facts, sparing: spare(mergeFacts(known, facts)) };
    }
    return this.#summed;
  }

  #bestCipher(): string | null {
    const negotiated = this.seen.findLast((each) => each.kind === 'smb2' && each.selected !== null);
    return negotiated?.kind === 'smb2' ? (negotiated.selected?.cipher ?? null) : null;
  }

  /** The one place where a bug in a probe is caught. */
  async ask<Seen>(
    probe: Probe<Seen>,
    given: Partial<Pick<ProbeContext, 'connection' | 'smbPort'>>,
  ): Promise<Outcome<Seen>> {
    const context = {
      ...this.tools.context,
      connection: null,
      smbPort: SMB,
      bestDialect: this.facts()['smb.dialect'] ?? null,
      dialects: mergeFacts(this.plan.known, this.facts())['smb.dialects'] ?? null,
      bestCipher: this.#bestCipher(),
      calledNames: this.#calledNames(),
      ...given,
    };
    const { meter } = this.tools.context;
    meter.probe = probe.name;
    try {
      return await probe.run(context as ProbeContext);
    } catch (error) {
      this.tools.log.error({ probe: probe.name, address: this.plan.address, error }, 'probe failed by a bug');
      return { kind: 'silent' };
    } finally {
      meter.probe = KNOCKING;
    }
  }

  /** The one that worked last, else the file server name by node status, else the name for any server. */
  #calledNames(): string[] {
    const facts = this.facts();
    const worked = facts['netbios.session'] === 'accepted' ? (facts['netbios.calledName'] ?? null) : null;
    const candidates = [worked, this.plan.knownCalledName, netbiosName(facts), ANY_SMB_SERVER];
    const names = candidates.filter((name) => name !== null);
    return [...new Set(names)].filter((name) => name.length > 0 && name.length <= 15);
  }
}
