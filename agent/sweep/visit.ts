import type { ServiceState } from '../../domain/facts.ts';
import { allows } from '../../domain/level.ts';
import {
  type NodeStatusObservation,
  type Observation,
  withoutPassingGuids,
} from '../../domain/observation.ts';
import { tcpServiceState } from '../../domain/service.ts';
import type { Outcome } from '../../probes/probe.ts';
import type { Door, Knock } from '../../probes/transport/line.ts';
import type { Connection } from '../../probes/transport/tcp.ts';
import { DeepQuestions } from './deep-questions.ts';
import { SESSION, SMB, Stay, type Visit, type VisitPlan, type VisitTools } from './stay.ts';

const ENDPOINT_MAPPER = 135;

/**
 * One visit to one host: the ports in turn, one connection at a time, on each open one the questions of its protocol,
 * then the single questions that are due. A probe that fails by a bug is logged and costs its own answer only. What the
 * host has announced is noted first, so that a fragile one is known as such before it is asked.
 */
export async function visit(plan: VisitPlan, tools: VisitTools): Promise<Visit> {
  const stay = new Stay(plan, tools);
  const ports = new PortQuestions(stay);
  void tools.nodeStatus.then((outcome) => ports.noteNodeStatus(outcome));
  ports.noteHeard();
  await ports.askAll();
  ports.noteNodeStatus(await tools.nodeStatus);
  ports.noteHeard();
  const deep = new DeepQuestions(stay);
  await deep.askAll();
  await deep.takeClosingLook();
  await tools.context.line.hangUp();
  const observations = deep.credible(withoutPassingGuids(stay.seen, plan.known));
  const { asked, loss } = deep;
  const { localFaults } = ports;
  return {
    observations,
    answered: stay.answered,
    asked,
    localFaults,
    ...(loss === null ? {} : { losses: [loss] }),
  };
}

/** The questions of L1 and L2 to one host: which ports answer, and what is spoken there. */
class PortQuestions {
  readonly #stay: Stay;
  readonly #localFaults: string[] = [];
  #nodeStatusNoted = false;

  constructor(stay: Stay) {
    this.#stay = stay;
  }

  /** Trouble on our own side, by error code. */
  get localFaults(): readonly string[] {
    return this.#localFaults;
  }

  async askAll(): Promise<void> {
    const { line } = this.#stay.tools.context;
    for (const doors of this.#doors()) {
      for await (const knock of line.knock(doors)) {
        await this.#note(knock);
        if (this.#hasSeenEnough()) return;
      }
    }
  }

  noteNodeStatus(outcome: Outcome<NodeStatusObservation>): void {
    if (this.#nodeStatusNoted) return;
    this.#nodeStatusNoted = true;
    if (outcome.kind !== 'silent' && outcome.kind !== 'hung-up') this.#stay.noteAnswer();
    this.#stay.seen.push({ kind: 'service', transport: 'udp', port: 137, state: udpServiceState(outcome) });
    if (outcome.kind === 'answered') this.#stay.seen.push(outcome.seen);
    if (outcome.kind === 'refused') this.#stay.seen.push({ kind: 'node-status', names: null, unitId: null });
  }

  /** What is announced is a part of what is offered, so that the list only ever grows. */
  noteHeard(): void {
    const heard = this.#stay.plan.heard?.() ?? [];
    if (heard.length === 0) return;
    const services = [...new Set([...(this.#stay.plan.known['mdns.services'] ?? []), ...heard])].sort();
    this.#stay.seen.push({ kind: 'mdns', services });
  }

  /** One service of a fragile host has answered: the others are left alone. */
  #hasSeenEnough(): boolean {
    return this.#stay.seen.some(isServiceAnswer) && this.#stay.sparing()?.stopsAtFirst === true;
  }

  /** A door has been settled: its state, and the questions of its protocol where it is open. */
  async #note({ port: knocked, outcome }: Knock): Promise<void> {
    const port = this.#serviceAt(knocked);
    if (outcome.kind === 'local-fault') {
      this.#localFaults.push(outcome.code);
      return;
    }
    if (outcome.kind === 'accepted' || outcome.kind === 'refused') this.#stay.noteAnswer();
    const state = tcpServiceState(outcome, this.#stay.tools.isNeighbour || this.#stay.answered);
    this.#stay.seen.push({ kind: 'service', transport: 'tcp', port, state });
    if (state === 'rejected') this.#stay.noteAnswer();
    if (outcome.kind !== 'accepted') return;
    this.#stay.open.add(port);
    if (port === SMB) await this.#askSmb2(SMB, outcome.connection);
    if (port === SESSION) await this.#askSession(outcome.connection);
    if (port === ENDPOINT_MAPPER) await this.#askEndpointMapper(outcome.connection);
  }

  /**
   * The ports to try, those side by side that may be tried so. None of a host that is left asleep, nor of a phone; those of
   * other fragile hosts one after the other, without the extra ones.
   */
  #doors(): Door[][] {
    const { ports } = this.#stay.tools.context;
    const spared = this.#stay.sparing();
    if (!allows(this.#stay.plan.deepest, 'L1') || spared?.ports === 'none') return [];
    const usual = [ports.smb, ports.session, ports.endpointMapper].map((port) => ({ port, speaks: true }));
    if (spared?.ports === 'usual') return usual.map((door) => [door]);
    return [[...usual, ...this.#stay.plan.extraPorts.map((port) => ({ port, speaks: false }))]];
  }

  async #askSmb2(port: 445 | 139, connection: Connection): Promise<void> {
    if (!this.#stay.mayAsk('L2')) return;
    const outcome = await this.#stay.ask(this.#stay.tools.probes.smbDialects, { connection });
    const { seen, conversation } =
      outcome.kind === 'answered'
        ? { seen: outcome.seen, conversation: 'smb' as const }
        : { seen: null, conversation: outcome.kind };
    if (conversation === 'refused' || conversation === 'unreachable') return;
    this.#stay.seen.push({ kind: 'smb2', port, conversation, selected: seen });
  }

  async #askSession(connection: Connection): Promise<void> {
    const outcome = await this.#stay.ask(this.#stay.tools.probes.netbiosSession, { connection });
    if (outcome.kind !== 'answered') return;
    this.#stay.seen.push(outcome.seen);
    if (outcome.connection !== null && !this.#stay.open.has(SMB))
      await this.#askSmb2(SESSION, outcome.connection);
  }

  async #askEndpointMapper(connection: Connection): Promise<void> {
    const outcome = await this.#stay.ask(this.#stay.tools.probes.endpointMapper, { connection });
    const seen =
      outcome.kind === 'answered'
        ? outcome.seen
        : { kind: 'endpoint-mapper' as const, bindAcknowledged: false };
    this.#stay.seen.push(seen);
  }

  #serviceAt(port: number): number {
    const { ports } = this.#stay.tools.context;
    if (port === ports.smb) return SMB;
    if (port === ports.session) return SESSION;
    return port === ports.endpointMapper ? ENDPOINT_MAPPER : port;
  }
}

function isServiceAnswer(seen: Observation): boolean {
  if (seen.kind === 'smb2') return seen.conversation === 'smb';
  return seen.kind === 'netbios-session' || (seen.kind === 'endpoint-mapper' && seen.bindAcknowledged);
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
