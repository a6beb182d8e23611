import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, vi } from 'vitest';
import { buildLab, type Lab } from '../lab/build-lab.ts';
import type { CastMember } from '../lab/hosts.ts';
import { type Listener, listenTo } from '../lab/listener.ts';
import { Program, type RunningDaemon } from '../lab/program.ts';
import { type EntityState, HomeAssistant, identifierOf, type RegisteredDevice } from './home-assistant.ts';
import { chosenEnvironment } from './missing.ts';

/** `attributes` of the event entity, as far as the tests look at them. */
export interface EventAttributes {
  readonly event_type: string;
  readonly id: string;
  readonly replayed: boolean;
}

const BROKER_PORT = 1883;

/** What there is before the daemon starts. */
export type Prepared = Pick<Home, 'lab' | 'program'>;

/** A lab with a broker, a listener at it, Home Assistant and the daemon: what somebody has at home. */
export class Home {
  readonly lab: Lab;
  readonly listener: Listener;
  readonly homeAssistant: HomeAssistant;
  readonly program: Program;
  /** What is running, or ran last. */
  daemon: RunningDaemon;
  #since = 0;

  private constructor(
    lab: Lab,
    listener: Listener,
    homeAssistant: HomeAssistant,
    program: Program,
    daemon: RunningDaemon,
  ) {
    this.lab = lab;
    this.listener = listener;
    this.homeAssistant = homeAssistant;
    this.program = program;
    this.daemon = daemon;
  }

  /**
   * Builds the lab with a broker among the cast, starts Home Assistant, then the daemon, and waits for the first sweep.
   * `config` is YAML that is added to the daemon's. `prepare` is called before the daemon starts, and may fill its data
   * directory; then no sweep is waited for.
   */
  static async open(
    cast: readonly CastMember[],
    options: { readonly config?: string; readonly prepare?: (home: Prepared) => Promise<void> } = {},
  ): Promise<Home> {
    const lab = await buildLab(cast);
    try {
      const { user, password, station, url } = lab.mosquitto;
      const listener = listenTo(lab);
      const broker = { host: station.address, port: BROKER_PORT, user, password };
      const homeAssistant = await HomeAssistant.install(lab, chosenEnvironment(), { broker });
      await listener.ready();
      const login = `mqtt: { url: "${url}", username: ${user}, password: ${password} }\n`;
      const program = await Program.install(lab, 'daemon', login + (options.config ?? ''));
      await options.prepare?.({ lab, program });
      const daemon = await program.startDaemon();
      if (options.prepare === undefined) await daemon.says(/sweep finished/, 60_000);
      return new Home(lab, listener, homeAssistant, program, daemon);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    this.listener.stop();
    await this.homeAssistant.close();
    await this.lab.close();
  }

  async startDaemon(): Promise<void> {
    this.daemon = await this.program.startDaemon();
  }

  /** Ends the broker as a power cut would, and starts it without anything that it had retained. */
  async restartBrokerEmpty(): Promise<void> {
    await this.lab.mosquitto.kill();
    await rm(join(this.lab.folder, 'broker', 'mosquitto', 'mosquitto.db'), { force: true });
    await this.lab.mosquitto.start();
  }

  /** The states of the entities of smbwarden, by id. */
  async states(): Promise<Map<string, EntityState>> {
    const all = await this.homeAssistant.states();
    return new Map(all.filter(isOurs).map((state) => [state.entity_id, state]));
  }

  /** Ids of our entities that are unavailable now. */
  async unavailable(): Promise<string[]> {
    const states = [...(await this.states()).values()];
    return states.filter(({ state }) => state === 'unavailable').map(({ entity_id }) => entity_id);
  }

  /** Waits until an entity has this state, and tells how long that took (milliseconds). */
  async shows(entityId: string, state: string, withinMs = 20_000): Promise<number> {
    const begun = performance.now();
    await vi.waitFor(
      async () => {
        const now = await this.homeAssistant.state(entityId);
        if (now !== state) throw new Error(`${entityId} is ${now}, not ${state}`);
      },
      { timeout: withinMs, interval: 100 },
    );
    return performance.now() - begun;
  }

  /** Waits until our entities are there and every one of them is available. */
  async allAvailable(withinMs = 30_000): Promise<number> {
    const begun = performance.now();
    await vi.waitFor(
      async () => {
        const states = await this.states();
        const away = await this.unavailable();
        if (states.size === 0 || away.length > 0) throw new Error(`unavailable of ${states.size}: ${away}`);
      },
      { timeout: withinMs, interval: 100 },
    );
    return performance.now() - begun;
  }

  /** The device of the agent, or of the host with this id; null: there is none. */
  async device(hostId: string | null): Promise<RegisteredDevice | null> {
    const end = hostId === null ? /^smbwarden_a[0-9a-f]{8}$/ : new RegExp(`_${hostId}$`);
    return (await this.homeAssistant.devices()).find((device) => end.test(identifierOf(device))) ?? null;
  }

  /** From now on only what is new counts. */
  forgetThePast(): void {
    this.homeAssistant.forgetChanges();
    this.#since = Date.now();
  }

  /** The events that the event entity has shown since `forgetThePast`, in order. */
  eventsShown(): EventAttributes[] {
    // Its state is when it heard the last event. It shows an old one again when Home Assistant or the broker is back.
    return this.homeAssistant.changes
      .filter(({ entityId, to }) => entityId === SECURITY_EVENT && Date.parse(to ?? '') >= this.#since)
      .map(({ attributes }) => attributes as unknown as EventAttributes);
  }

  /** The id of the agent, from the topic of its state. */
  async agentId(): Promise<string> {
    const [info] = await this.listener.retained('smbwarden/+/info');
    return info?.topic.split('/')[1] ?? '';
  }
}

export const SECURITY_EVENT = 'event.smbwarden_security_event';

/** Is it an entity of smbwarden's? */
export function isOurs({ entity_id }: Pick<EntityState, 'entity_id'>): boolean {
  return /^\w+\.smbwarden_/.test(entity_id);
}

/** Keeps what a test measured, for the table in docs/home-assistant.md. */
export function tell({ task }: Pick<TestContext, 'task'>, measured: string): void {
  Object.assign(task.meta, { measured });
  console.log(`    ${measured}`);
}

/** Milliseconds as seconds, for `tell`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
