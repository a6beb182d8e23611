import type { Address } from '../../domain/address.ts';
import type { Log } from '../log.ts';
import type { Gate } from './pace.ts';
import type { Visit } from './stay.ts';

/** Errors of this machine that tell that it has too much in hand at once. */
const TOO_MUCH: readonly string[] = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'];

/** So many of the hosts that were there may be off; more of them, and at least a few, are a sign. */
const SILENT_SHARE = 0.1;
const FEWEST_SILENT = 3;

/**
 * Halves the number of hosts that are visited at once, for the rest of the sweep, when visits show that it is too much: this
 * machine runs out of something, or many hosts that were there fall silent.
 */
export class Strain {
  readonly #gate: Gate;
  readonly #log: Log;
  #present: ReadonlySet<Address> = new Set();
  #silent = 0;

  constructor(gate: Gate, log: Log) {
    this.#gate = gate;
    this.#log = log;
  }

  /** Hosts were there at these addresses when they were last asked. */
  expect(present: ReadonlySet<Address>): void {
    this.#present = present;
  }

  /** A visit has ended that began while so many hosts could be visited at once. */
  note(
    address: Address,
    { localFaults, answered }: Pick<Visit, 'localFaults' | 'answered'>,
    { usuallyAnswers, hostsAtOnce }: { readonly usuallyAnswers: boolean; readonly hostsAtOnce: number },
  ): void {
    const fault = localFaults.find((code) => TOO_MUCH.includes(code));
    if (fault !== undefined) this.#halve(hostsAtOnce, fault);
    else if (!answered && usuallyAnswers && this.#present.has(address)) this.#noteSilence(hostsAtOnce);
  }

  /** Counts anew after each halving. */
  #noteSilence(hostsAtOnce: number): void {
    this.#silent += 1;
    if (this.#silent < FEWEST_SILENT || this.#silent <= this.#present.size * SILENT_SHARE) return;
    this.#silent = 0;
    this.#halve(hostsAtOnce, 'hosts that were there do not answer');
  }

  #halve(hostsAtOnce: number, reason: string): void {
    const before = this.#gate.width;
    this.#gate.halve(hostsAtOnce);
    const { width } = this.#gate;
    if (width < before) this.#log.warn({ reason, hostsAtOnce: width }, 'fewer hosts at once from now on');
  }
}
