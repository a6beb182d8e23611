/** Somebody who hears everything on the lab's broker, through the tools that Mosquitto ships. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './build-lab.ts';

export interface Heard {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: number;
}

export interface Listener {
  /** Resolves when the broker sends us what we ask for; again after a restart of it. */
  ready(): Promise<void>;
  count(): number;
  /** Everything heard from that number on, in order. */
  since(from: number): readonly Heard[];
  /** Waits for a message that matches, among those from number `from` on. @throws Error when none comes. */
  hears(matches: (message: Heard) => boolean, options?: { from?: number; withinMs?: number }): Promise<Heard>;
  /** What the broker holds retained under these topics now. */
  retained(filter: string): Promise<Heard[]>;
  /** Publishes one message. */
  say(topic: string, payload: string): Promise<void>;
  stop(): void;
}

/** Listens to `#` from the agent's station; reconnects by itself when the broker comes back. */
export function listenTo(lab: Lab): Listener {
  const { station, user, password } = lab.mosquitto;
  const login = ['-h', station.address, '-u', user, '-P', password];
  const heard: Heard[] = [];
  let child: ChildProcess | null = null;
  let stopped = false;
  const connect = (): void => {
    child = lab.agent.spawn(
      'mosquitto_sub',
      [...login, '-V', '5', '--retain-as-published', '-q', '1', '-t', '#', '-F', '%j'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (line) => heard.push(parse(line)));
    child.on('exit', () => {
      if (!stopped) setTimeout(connect, 200);
    });
  };
  connect();

  const say = async (topic: string, payload: string): Promise<void> => {
    await lab.agent.run('mosquitto_pub', [...login, '-q', '1', '-t', topic, '-m', payload]);
  };
  const hears: Listener['hears'] = async (matches, { from = 0, withinMs = 20_000 } = {}) => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = heard.slice(from).find(matches);
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(`not heard; heard were:\n${heard.slice(from).map(text).join('\n')}`);
      await delay(50);
    }
  };
  return {
    ready: async () => {
      const token = `${Date.now()}-${heard.length}`;
      for (let tries = 0; tries < 100; tries += 1) {
        await say('lab/ready', token);
        if (heard.some(({ topic, payload }) => topic === 'lab/ready' && payload === token)) return;
        await delay(100);
      }
      throw new Error('the broker sends us nothing');
    },
    count: () => heard.length,
    since: (from) => heard.slice(from).filter(({ topic }) => topic !== 'lab/ready'),
    hears,
    retained: async (filter) => {
      const { stdout } = await lab.agent.run('mosquitto_sub', [
        ...login,
        '--retained-only',
        '-W',
        '1',
        '-t',
        filter,
        '-F',
        '%j',
      ]);
      return stdout.split('\n').filter(Boolean).map(parse);
    },
    say,
    stop: () => {
      stopped = true;
      child?.kill();
    },
  };
}

function parse(line: string): Heard {
  const { topic, payload, retain, qos } = JSON.parse(line) as {
    topic: string;
    payload?: string;
    retain: number;
    qos: number;
  };
  return { topic, payload: payload ?? '', retain: retain === 1, qos };
}

function text({ topic, payload }: Heard): string {
  return `${topic} ${payload.slice(0, 200)}`;
}
