import type { Address } from '../../domain/address.ts';
import type { Sending, Sent } from '../../domain/sweep.ts';
import type { Meter } from '../../probes/transport/meter.ts';

/** The books of one sweep on what it sent: by address where somebody was met, summed up for all the others. */
export class Sendings {
  readonly #entries = new Map<string, Sending>();

  /** Adds what the meters counted. `address` null: nobody was met there. */
  add(address: Address | null, meters: readonly Meter[]): void {
    for (const { transport, port, probe, ...sent } of meters.flatMap((meter) => meter.entries())) {
      const key = `${address ?? ''} ${transport}/${port} ${probe}`;
      const before = this.#entries.get(key);
      this.#entries.set(key, { address, transport, port, probe, ...sum(before, sent) });
    }
  }

  all(): Sending[] {
    return [...this.#entries.values()];
  }

  total(): Sent {
    return this.all().reduce<Sent>(sum, NOTHING);
  }
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
