import type { Address } from '../../domain/address.ts';
import type { Sending, Sent } from '../../domain/sweep.ts';
import type { Meter } from '../../probes/transport/meter.ts';

/** The books of one sweep on what it sent: by address where somebody was met, summed up for all the others. */
export class Sendings {
  /** A handful each, of which no two are of the same port and probe. */
  readonly #byAddress = new Map<Address | null, Sending[]>();

  /** Adds what the meters counted. `address` null: nobody was met there. */
  add(address: Address | null, meters: readonly Meter[]): void {
    const sendings = this.#byAddress.get(address) ?? [];
    for (const sent of meters.flatMap((meter) => meter.entries())) {
      const { transport, port, probe } = sent;
      const known = sendings.findIndex((each) => isAlike(each, sent));
      const { connections, datagrams, bytes } = sum(sendings[known], sent);
      const entry = { address, transport, port, probe, connections, datagrams, bytes };
      if (known < 0) sendings.push(entry);
      else sendings[known] = entry;
    }
    this.#byAddress.set(address, sendings);
  }

  all(): Sending[] {
    return [...this.#byAddress.values()].flat();
  }

  total(): Sent {
    return this.all().reduce<Sent>(sum, NOTHING);
  }
}

type Kind = Pick<Sending, 'transport' | 'port' | 'probe'>;

function isAlike(a: Kind, b: Kind): boolean {
  return a.transport === b.transport && a.port === b.port && a.probe === b.probe;
}

const NOTHING: Sent = { connections: 0, datagrams: 0, bytes: 0 };

/** Both together. */
export function sum(a: Sent = NOTHING, b: Sent = NOTHING): Sent {
  return {
    connections: a.connections + b.connections,
    datagrams: a.datagrams + b.datagrams,
    bytes: a.bytes + b.bytes,
  };
}
