import { type DeepQuestion, hasChanged, isLogon } from '../../domain/cadence.ts';
import { type Conversation, mergeFacts } from '../../domain/facts.ts';
import type { PortLoss } from '../../domain/harm.ts';
import type { Observation } from '../../domain/observation.ts';
import type { Probe } from '../../probes/probe.ts';
import { SESSION, SMB, type Stay } from './stay.ts';

/** The single questions of L3 and L4 to one host, once its ports have been looked at. */
export class DeepQuestions {
  readonly #stay: Stay;
  readonly #asked: DeepQuestion[] = [];
  /** What was put in the last exchange, and on which port. */
  #lastPut: { readonly questions: readonly DeepQuestion[]; readonly port: 445 | 139 } | null = null;
  #loss: PortLoss | null = null;

  constructor(stay: Stay) {
    this.#stay = stay;
  }

  /** Those that were put, answered or not. */
  get asked(): readonly DeepQuestion[] {
    return this.#asked;
  }

  /** A port that stopped answering after one of them, which ended the questions. */
  get loss(): PortLoss | null {
    return this.#loss;
  }

  /** Whoever crashes at the SMB 1 question hangs up as well: that is no sign that SMB 1 is off. */
  credible(seen: readonly Observation[]): Observation[] {
    const crashed = this.#loss?.questions.includes('smb1') === true;
    return seen.filter((each) => !crashed || each.kind !== 'smb1' || each.answer !== 'closed');
  }

  /**
   * The single questions of L3, each on a connection of its own, once SMB has shown itself. Fragile hosts are spared. Whose
   * anonymous session is due as well tells its identity at the beginning of that.
   * The SMB 1 question is also put to a server that hangs up on SMB 2, as servers do that know SMB 1 only; those are then
   * asked over SMB 1. A port that stops answering ends the questions.
   */
  async askAll(): Promise<void> {
    const facts = this.#stay.facts();
    const { known } = this.#stay.plan;
    if (!this.#stay.mayAsk('L3')) return;
    const due = hasChanged(known, facts) ? this.#stay.plan.dueOnChange : this.#stay.plan.due;
    const smbPort = this.#stay.open.has(SMB) ? SMB : SESSION;
    const conversation = facts[`smb.conversation.${smbPort}`];
    const { smb1 } = this.#stay.tools.probes;
    if (conversation === 'smb' || conversation === 'hung-up' || conversation === 'declined') {
      if (due.includes('smb1')) await this.#askDeep('smb1', smb1, smbPort);
    }
    if (conversation !== 'smb') return this.#askOverSmb1(due, smbPort, conversation);
    const { smbIdentity, smbDialectRange, smbCiphers } = this.#stay.tools.probes;
    const logon = this.#stay.mayAsk('L4') ? this.#logonAmong(due) : null;
    const isToldAtLogon = logon === 'anonymous' && due.includes('identity');
    if (due.includes('identity') && !isToldAtLogon) await this.#askDeep('identity', smbIdentity, smbPort);
    if (due.includes('dialects')) await this.#askDeep('dialects', smbDialectRange, smbPort);
    if (due.includes('ciphers') && facts['smb.dialect'] === '3.1.1')
      await this.#askDeep('ciphers', smbCiphers, smbPort);
    if (logon !== null) await this.#logOn(logon, smbPort, isToldAtLogon);
    const isTold = this.#stay.seen.some(({ kind }) => kind === 'identity');
    if (isToldAtLogon && !isTold) await this.#askDeep('identity', smbIdentity, smbPort);
  }

  /** What can be asked of a server that speaks SMB 1 and refuses everything newer. It has no guest test. */
  async #askOverSmb1(
    due: readonly DeepQuestion[],
    smbPort: 445 | 139,
    conversation: Conversation | undefined,
  ): Promise<void> {
    if (!this.#speaksSmb1() || (conversation !== 'hung-up' && conversation !== 'declined')) return;
    const { smb1Identity, smb1Anonymous, smb1AnonymousAndPatchState } = this.#stay.tools.probes;
    if (due.includes('identity')) await this.#askDeep('identity', smb1Identity, smbPort);
    if (!this.#stay.mayAsk('L4')) return;
    if (due.includes('ms17010'))
      await this.#askDeep(['anonymous', 'ms17010'], smb1AnonymousAndPatchState, smbPort);
    else if (due.includes('anonymous')) await this.#askDeep('anonymous', smb1Anonymous, smbPort);
  }

  /** One attempt to log on, whatever else is due: the first in turn that this host can be asked. */
  #logonAmong(due: readonly DeepQuestion[]): DeepQuestion | null {
    return due.find((each) => isLogon(each) && (each !== 'ms17010' || this.#speaksSmb1())) ?? null;
  }

  async #logOn(logon: DeepQuestion, smbPort: 445 | 139, withIdentity: boolean): Promise<void> {
    const { smbAnonymous, smbAnonymousAndIdentity, smbGuest, ms17010 } = this.#stay.tools.probes;
    if (withIdentity) return this.#askDeep(['anonymous', 'identity'], smbAnonymousAndIdentity, smbPort);
    if (logon === 'anonymous') await this.#askDeep(logon, smbAnonymous, smbPort);
    if (logon === 'guest') await this.#askDeep(logon, smbGuest, smbPort);
    if (logon === 'ms17010') await this.#askDeep(logon, ms17010, smbPort);
  }

  /** By this sweep, or by an earlier one where the question was not due. */
  #speaksSmb1(): boolean {
    if (this.#stay.plan.withoutSmb1 === true) return false;
    return mergeFacts(this.#stay.plan.known, this.#stay.facts())['smb.smb1'] === 'yes';
  }

  /** A question counts as put once a byte of it was sent, whatever came of it: silence is not asked again sooner. */
  async #askDeep(
    question: DeepQuestion | readonly DeepQuestion[],
    probe: Probe<Observation | readonly Observation[]>,
    smbPort: 445 | 139,
  ): Promise<void> {
    if (this.#loss !== null) return;
    const { meter } = this.#stay.tools.context;
    const sentBefore = meter.bytes();
    const outcome = await this.#stay.ask(probe, { smbPort });
    if (meter.bytes() > sentBefore) {
      this.#lastPut = { questions: [question].flat(), port: smbPort };
      this.#asked.push(...this.#lastPut.questions.filter((each) => !this.#asked.includes(each)));
    }
    if (outcome.kind === 'answered') this.#stay.seen.push(...[outcome.seen].flat());
    this.#noteLoss();
  }

  /**
   * After the last deep question, one connection more: does its port still answer? A negotiate, or a session request, is
   * spoken on it, since servers log connections that say nothing.
   */
  async takeClosingLook(): Promise<void> {
    if (this.#lastPut === null || this.#loss !== null || this.#stay.plan.isSecondLook === true) return;
    const { line, ports } = this.#stay.tools.context;
    const { smbDialects, netbiosSession } = this.#stay.tools.probes;
    const { port } = this.#lastPut;
    const reached = await line.open(port === SMB ? ports.smb : ports.session);
    this.#noteLoss();
    if (reached.kind !== 'accepted') return;
    const { connection } = reached;
    if (port === SMB) await this.#stay.ask(smbDialects, { connection });
    else await this.#stay.ask(netbiosSession, { connection });
  }

  /** A connection that came to nothing is put down to what was put before it, if that was a deep question. */
  #noteLoss(): void {
    const { line, signal } = this.#stay.tools.context;
    if (this.#lastPut === null || signal.aborted) return;
    const { lastOpened } = line;
    if (lastOpened === null || lastOpened === 'accepted' || lastOpened === 'local-fault') return;
    this.#loss = this.#lastPut;
  }
}
