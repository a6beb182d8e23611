import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Station } from '../lab/lan.ts';

const RELAY = fileURLToPath(new URL('relay.ts', import.meta.url));

/**
 * A way from 127.0.0.1 to one TCP port of a station: through a socket file, which network namespaces do not divide. So
 * fetch, WebSockets and a browser reach what runs there, and no packet enters the lab.
 */
export class Door {
  readonly #relay: ChildProcess;
  readonly #server: Server;

  private constructor(relay: ChildProcess, server: Server) {
    this.#relay = relay;
    this.#server = server;
  }

  /** `socketFile` does not exist yet. The relay ends with the lab, if `close` was not called before. */
  static async open(station: Station, port: number, socketFile: string): Promise<Door> {
    const relay = station.spawn(process.execPath, [RELAY, socketFile, String(port)], {
      stdio: 'ignore',
      detached: true,
    });
    while (!existsSync(socketFile)) {
      if (relay.exitCode !== null) throw new Error(`relay.ts ended with exit status ${relay.exitCode}`);
      await delay(20);
    }
    const server = createServer((outside) => {
      const inside = connect(socketFile);
      outside.on('error', () => inside.destroy());
      inside.on('error', () => outside.destroy());
      outside.on('close', () => inside.destroy());
      inside.on('close', () => outside.destroy());
      outside.pipe(inside).pipe(outside);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    server.unref();
    return new Door(relay, server);
  }

  /** `127.0.0.1:PORT`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#relay.kill('SIGKILL');
    this.#server.close();
  }
}
