import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import type { TracedMessage } from '../support/contract-linter.ts';
import { runOrThrow } from './run.ts';

const USER = 'warden';
const PASSWORD = 'right';

/** On disk after every change. A kill in between loses what was not written yet. */
const PERSISTENCE = ['persistence true', 'autosave_interval 1', 'autosave_on_changes true'];

/** A real Mosquitto on 127.0.0.1 with a password, without persistence unless it is wanted. */
export class LoopbackMosquitto {
  readonly port: number;
  readonly user = USER;
  readonly password = PASSWORD;
  readonly #folder: string;
  #child: ChildProcess | null = null;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** `config`: further lines of its configuration. `users`: further ones, with the same password. */
  static async start({
    persistence = false,
    config: more = [],
    users = [],
  }: {
    readonly persistence?: boolean;
    readonly config?: readonly string[];
    readonly users?: readonly string[];
  } = {}): Promise<LoopbackMosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'smbwarden-mosquitto-'));
    const broker = new LoopbackMosquitto(await freePort(), folder);
    const passwords = [USER, ...users].map((user) => `${user}:${PASSWORD}\n`).join('');
    await writeFile(join(folder, 'passwords'), passwords, { mode: 0o600 });
    await runOrThrow('mosquitto_passwd', ['-U', join(folder, 'passwords')]);
    const config = [
      `listener ${broker.port} 127.0.0.1`,
      'allow_anonymous false',
      `password_file ${join(folder, 'passwords')}`,
      'user root',
      ...(persistence ? [...PERSISTENCE, `persistence_location ${folder}/`] : ['persistence false']),
      ...more,
    ];
    await writeFile(join(folder, 'mosquitto.conf'), `${config.join('\n')}\n`);
    await broker.restart();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Starts it again; without persistence it remembers nothing. */
  async restart(): Promise<void> {
    this.#child = spawn('mosquitto', ['-c', join(this.#folder, 'mosquitto.conf')], {
      stdio: 'ignore',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    while (!(await answers(this.port))) await sleep(10);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Stops it in its tracks, connections open; `thaw` lets it go on. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  /** Somebody else on the broker. */
  async join(username = USER): Promise<MqttClient> {
    return connectAsync(this.url, {
      username,
      password: PASSWORD,
      protocolVersion: 5,
      reconnectPeriod: 100,
    });
  }

  /** Records everything from now on with its retain flag, what is retained already included. */
  async record(): Promise<Recorder> {
    const client = await this.join();
    const trace: TracedMessage[] = [];
    client.on('message', (topic, payload, { retain, qos }) => {
      trace.push({ topic, payload: payload.toString(), retain, qos, t: Date.now() });
    });
    await client.subscribeAsync({ '#': { qos: 1, rap: true, rh: 0 } });
    return { trace, client, close: () => client.endAsync(true) };
  }
}

export interface Recorder {
  readonly trace: TracedMessage[];
  readonly client: MqttClient;
  close(): Promise<void>;
}

/** A wire between client and broker that can be cut. */
export interface Wire {
  readonly url: string;
  cut(): void;
  mend(): void;
  close(): void;
}

export async function wireTo(port: number): Promise<Wire> {
  let whole = true;
  const ends = new Set<{ destroy(): void }>();
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = dial(port, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => {});
      end.on('close', () => {
        ends.delete(end);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    whole = false;
    for (const end of ends) end.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend: () => {
      whole = true;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
