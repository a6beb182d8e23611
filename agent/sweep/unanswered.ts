import type { Address } from '../../domain/address.ts';
import type { ServicePorts } from '../../probes/probe.ts';
import type { Meter } from '../../probes/transport/meter.ts';
import type { Letter } from '../../probes/transport/udp.ts';

/** The node status questions of which it is not known yet whether somebody is there to answer. */
export class Unanswered {
  readonly #meter: Meter;
  readonly #ports: ServicePorts;
  readonly #put = new Map<Address, Letter>();

  /** `meter` counts those that nobody was there for. */
  constructor(meter: Meter, ports: ServicePorts) {
    this.#meter = meter;
    this.#ports = ports;
  }

  /** False for an address that is asked once more: its entry was evicted from the neighbour table, or never made. */
  put(address: Address, letter: Letter): boolean {
    const before = this.#put.get(address);
    if (before !== undefined) this.#close(before);
    this.#put.set(address, letter);
    return before === undefined;
  }

  /** The question is handed over to whoever visits the host; null: none was put. */
  take(address: Address): Letter | null {
    const letter = this.#put.get(address) ?? null;
    this.#put.delete(address);
    return letter;
  }

  giveUp(address: Address): void {
    const letter = this.take(address);
    if (letter !== null) this.#close(letter);
  }

  /** Gives all of them up. Returns the meter. */
  end(): Meter {
    for (const address of [...this.#put.keys()]) this.giveUp(address);
    return this.#meter;
  }

  #close(letter: Letter): void {
    this.#meter.countDatagram(this.#ports.nameService, letter.bytes);
    letter.drop();
  }
}
