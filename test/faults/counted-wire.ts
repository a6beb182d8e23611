import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A wire between the daemon and its broker, on loopback, that counts how often somebody takes it up. */
export class CountedWire {
  readonly url: string;
  /** `refuse`: whoever connects is hung up on at once. A number: let in, and cut after so many milliseconds. */
  manner: 'pass' | 'refuse' | number = 'pass';
  connections = 0;
  readonly #ends = new Set<Socket>();

  private constructor(port: number) {
    this.url = `mqtt://127.0.0.1:${port}`;
  }

  /** To the broker at `port`, until the test ends. */
  static async to(port: number): Promise<CountedWire> {
    const server = createServer((near) => wire.#connect(near, port));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new CountedWire((server.address() as AddressInfo).port);
    onTestFinished(() => {
      wire.cut();
      server.close();
    });
    return wire;
  }

  /** Ends every connection that there is. */
  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  #connect(near: Socket, port: number): void {
    this.connections += 1;
    near.on('error', () => {});
    if (this.manner === 'refuse') {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) {
      this.#ends.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        this.#ends.delete(end);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
    if (this.manner !== 'pass') setTimeout(() => near.destroy(), this.manner);
  }
}
