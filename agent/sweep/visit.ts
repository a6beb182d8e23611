import type { Address } from '../../domain/address.ts';
import { type DeepQuestion, hasChanged } from '../../domain/cadence.ts';
import { type Facts, mergeFacts, netbiosName, type ServiceState } from '../../domain/facts.ts';
import { fragility } from '../../domain/fragile.ts';
import { allows, type Level } from '../../domain/level.ts';
import { type NodeStatusObservation, type Observation, toFacts } from '../../domain/observation.ts';
import { tcpServiceState } from '../../domain/service.ts';
import type { Outcome, Probe, ProbeContext } from '../../probes/probe.ts';
import type { Probes } from '../../probes/registry.ts';
import type { Knock } from '../../probes/transport/line.ts';
import type { Connection } from '../../probes/transport/tcp.ts';
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
  /** What is known of the host, to see whether it has changed; empty at first sight. */
  readonly known: Facts;
  /** The called name that TCP 139 accepted last, or null. */
  readonly knownCalledName: string | null;
  /** Further TCP ports to look at, with zero bytes. */
  readonly extraPorts: readonly number[];
}

export interface Visit {
  readonly observations: readonly Observation[];
  /** The host has answered something: its presence is proven. */
  readonly answered: boolean;
  /** Questions of L3 that were answered. */
  readonly asked: readonly DeepQuestion[];
  /** Trouble on our own side, by error code; what it concerned is left out of the observations. */
  readonly localFaults: readonly string[];
}

export interface VisitTools {
  readonly probes: Probes;
  /** The node status question that the sweep has put already. */
  readonly nodeStatus: Promise<Outcome<NodeStatusObservation>>;
  readonly context: Omit<ProbeContext, 'connection' | 'calledNames' | 'smbPort' | 'bestDialect'>;
  /** The neighbour table shows the host. */
  readonly isNeighbour: boolean;
  /** Called at the first answer of any kind. */
  readonly onAnswer: () => void;
  readonly log: Log;
}

const SMB = 445;
const SESSION = 139;
const ENDPOINT_MAPPER = 135;
const ANY_SMB_SERVER = '*SMBSERVER';

/**
 * One visit to one host: the ports in turn, one connection at a time, on each open one the questions of its protocol,
 * then the single questions that are due. A probe that fails by a bug is logged and costs its own answer only.
 */
export async function visit(plan: VisitPlan, tools: VisitTools): Promise<Visit> {
  const stay = new Stay(plan, tools);
  void tools.nodeStatus.then((outcome) => stay.noteNodeStatus(outcome));
  const { line } = tools.context;
  for await (const knock of line.knock(stay.doors())) await stay.note(knock);
  stay.noteNodeStatus(await tools.nodeStatus);
  await stay.askDeepQuestions();
  await line.hangUp();
  return stay.result();
}

/** What has been seen of one host so far; lives as long as the visit. */
class Stay {
  readonly #plan: VisitPlan;
  readonly #tools: VisitTools;
  readonly #seen: Observation[] = [];
  readonly #localFaults: string[] = [];
  readonly #open = new Set<number>();
  #nodeStatusNoted = false;
  #answered = false;
  readonly #asked: DeepQuestion[] = [];

  constructor(plan: VisitPlan, tools: VisitTools) {
    this.#plan = plan;
    this.#tools = tools;
  }

  doors(): { port: number; speaks: boolean }[] {
    const { ports } = this.#tools.context;
    const known = [ports.smb, ports.session, ports.endpointMapper].map((port) => ({ port, speaks: true }));
    return [...known, ...this.#plan.extraPorts.map((port) => ({ port, speaks: false }))];
  }

  result(): Visit {
    const [observations, answered, asked] = [this.#seen, this.#answered, this.#asked];
    return { observations, answered, asked, localFaults: this.#localFaults };
  }

  noteNodeStatus(outcome: Outcome<NodeStatusObservation>): void {
    if (this.#nodeStatusNoted) return;
    this.#nodeStatusNoted = true;
    if (outcome.kind !== 'silent' && outcome.kind !== 'hung-up') this.#noteAnswer();
    this.#seen.push({ kind: 'service', transport: 'udp', port: 137, state: udpServiceState(outcome) });
    if (outcome.kind === 'answered') this.#seen.push(outcome.seen);
    if (outcome.kind === 'refused') this.#seen.push({ kind: 'node-status', names: null, unitId: null });
  }

  /** A door has been settled: its state, and the questions of its protocol where it is open. */
  async note({ port: knocked, outcome }: Knock): Promise<void> {
    const port = this.#serviceAt(knocked);
    if (outcome.kind === 'local-fault') {
      this.#localFaults.push(outcome.code);
      return;
    }
    if (outcome.kind === 'accepted' || outcome.kind === 'refused') this.#noteAnswer();
    const state = tcpServiceState(outcome, this.#tools.isNeighbour || this.#answered);
    this.#seen.push({ kind: 'service', transport: 'tcp', port, state });
    if (state === 'rejected') this.#noteAnswer();
    if (outcome.kind !== 'accepted') return;
    this.#open.add(port);
    if (port === SMB) await this.#askSmb2(SMB, outcome.connection);
    if (port === SESSION) await this.#askSession(outcome.connection);
    if (port === ENDPOINT_MAPPER) await this.#askEndpointMapper(outcome.connection);
  }

  /**
   * The single questions of L3, each on a connection of its own, once SMB has shown itself. Fragile hosts are spared.
   * The SMB 1 question is also put to a server that hangs up on SMB 2, as servers do that know SMB 1 only.
   */
  async askDeepQuestions(): Promise<void> {
    const facts = toFacts(this.#seen);
    const { known } = this.#plan;
    if (!allows(this.#plan.deepest, 'L3') || fragility(mergeFacts(known, facts)) !== null) return;
    const due = hasChanged(known, facts) ? this.#plan.dueOnChange : this.#plan.due;
    const smbPort = this.#open.has(SMB) ? SMB : SESSION;
    const conversation = facts[`smb.conversation.${smbPort}`];
    const { smb1 } = this.#tools.probes;
    if (conversation === 'smb' || conversation === 'hung-up' || conversation === 'declined') {
      if (due.includes('smb1')) await this.#askDeep('smb1', smb1, smbPort);
    }
    if (conversation !== 'smb') return;
    const { smbIdentity, smbDialectRange, smbCiphers } = this.#tools.probes;
    if (due.includes('identity')) await this.#askDeep('identity', smbIdentity, smbPort);
    if (due.includes('dialects')) await this.#askDeep('dialects', smbDialectRange, smbPort);
    if (due.includes('ciphers') && facts['smb.dialect'] === '3.1.1')
      await this.#askDeep('ciphers', smbCiphers, smbPort);
    if (due.includes('anonymous') && allows(this.#plan.deepest, 'L4')) await this.#askAnonymously(smbPort);
  }

  /** An attempt to log on counts as made, whatever came of it. */
  async #askAnonymously(smbPort: 445 | 139): Promise<void> {
    this.#asked.push('anonymous');
    const outcome = await this.#ask(this.#tools.probes.smbAnonymous, { smbPort });
    if (outcome.kind === 'answered') this.#seen.push(outcome.seen);
  }

  async #askDeep<Seen extends Observation>(
    question: DeepQuestion,
    probe: Probe<Seen>,
    smbPort: 445 | 139,
  ): Promise<void> {
    const outcome = await this.#ask(probe, { smbPort });
    if (outcome.kind !== 'answered') return;
    this.#seen.push(outcome.seen);
    this.#asked.push(question);
  }

  async #askSmb2(port: 445 | 139, connection: Connection): Promise<void> {
    if (!allows(this.#plan.deepest, 'L2')) return;
    const outcome = await this.#ask(this.#tools.probes.smbDialects, { connection });
    const { seen, conversation } =
      outcome.kind === 'answered'
        ? { seen: outcome.seen, conversation: 'smb' as const }
        : { seen: null, conversation: outcome.kind };
    if (conversation === 'refused' || conversation === 'unreachable') return;
    this.#seen.push({ kind: 'smb2', port, conversation, selected: seen });
  }

  async #askSession(connection: Connection): Promise<void> {
    const outcome = await this.#ask(this.#tools.probes.netbiosSession, { connection });
    if (outcome.kind !== 'answered') return;
    this.#seen.push(outcome.seen);
    if (outcome.connection !== null && !this.#open.has(SMB)) await this.#askSmb2(SESSION, outcome.connection);
  }

  async #askEndpointMapper(connection: Connection): Promise<void> {
    const outcome = await this.#ask(this.#tools.probes.endpointMapper, { connection });
    const seen =
      outcome.kind === 'answered'
        ? outcome.seen
        : { kind: 'endpoint-mapper' as const, bindAcknowledged: false };
    this.#seen.push(seen);
  }

  /** The one place where a bug in a probe is caught. */
  async #ask<Seen>(
    probe: Probe<Seen>,
    given: Partial<Pick<ProbeContext, 'connection' | 'smbPort'>>,
  ): Promise<Outcome<Seen>> {
    const context = {
      ...this.#tools.context,
      connection: null,
      smbPort: SMB,
      bestDialect: toFacts(this.#seen)['smb.dialect'] ?? null,
      calledNames: this.#calledNames(),
      ...given,
    };
    try {
      return await probe.run(context as ProbeContext);
    } catch (error) {
      this.#tools.log.error(
        { probe: probe.name, address: this.#plan.address, error },
        'probe failed by a bug',
      );
      return { kind: 'silent' };
    }
  }

  /** The one that worked last, else the file server name by node status, else the name for any server. */
  #calledNames(): string[] {
    const facts = toFacts(this.#seen);
    const worked = facts['netbios.session'] === 'accepted' ? (facts['netbios.calledName'] ?? null) : null;
    const candidates = [worked, this.#plan.knownCalledName, netbiosName(facts), ANY_SMB_SERVER];
    const names = candidates.filter((name) => name !== null);
    return [...new Set(names)].filter((name) => name.length > 0 && name.length <= 15);
  }

  #noteAnswer(): void {
    this.#answered = true;
    this.#tools.onAnswer();
  }

  #serviceAt(port: number): number {
    const { ports } = this.#tools.context;
    if (port === ports.smb) return SMB;
    if (port === ports.session) return SESSION;
    return port === ports.endpointMapper ? ENDPOINT_MAPPER : port;
  }
}

/** Only an answer or an ICMP refusal tells the state of a UDP port; a malformed answer is one, too. */
function udpServiceState(outcome: Outcome<unknown>): ServiceState {
  switch (outcome.kind) {
    case 'answered':
    case 'malformed':
      return 'open';
    case 'refused':
      return 'closed';
    case 'unreachable':
      return 'rejected';
    default:
      return 'unknown';
  }
}
