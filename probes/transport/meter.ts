/** What was sent to one port for one purpose. */
export interface Metered {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** Name of the probe on whose behalf it was sent. */
  readonly probe: string;
  connections: number;
  datagrams: number;
  bytes: number;
}

/**
 * Counts what is sent to one address: everything goes through it. One thing at a time is sent to an address, so `probe`
 * is set before each.
 */
export class Meter {
  /** On whose behalf the following is sent. */
  probe: string;
  readonly #entries = new Map<string, Metered>();

  constructor(probe: string) {
    this.probe = probe;
  }

  /** An attempt to connect, whatever comes of it. */
  countConnection(port: number): void {
    this.#entry('tcp', port).connections += 1;
  }

  /** Payload on a connection. */
  countBytes(port: number, bytes: number): void {
    this.#entry('tcp', port).bytes += bytes;
  }

  countDatagram(port: number, bytes: number): void {
    const entry = this.#entry('udp', port);
    entry.datagrams += 1;
    entry.bytes += bytes;
  }

  /** Payload of everything so far. */
  bytes(): number {
    return this.entries().reduce((sum, entry) => sum + entry.bytes, 0);
  }

  entries(): readonly Readonly<Metered>[] {
    return [...this.#entries.values()];
  }

  #entry(transport: 'tcp' | 'udp', port: number): Metered {
    const key = `${transport}/${port} ${this.probe}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = { transport, port, probe: this.probe, connections: 0, datagrams: 0, bytes: 0 };
    this.#entries.set(key, entry);
    return entry;
  }
}
