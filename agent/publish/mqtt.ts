import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Outbox, RetainedLedger } from '../../domain/history.ts';
import type { VendorOf } from '../../domain/host.ts';
import type { Log } from '../log.ts';
import type { CommandOutcome } from './commands.ts';
import { type Credentials, endpointOf, readCredentials } from './endpoint.ts';
import {
  type IncomingMessage,
  type Link,
  LinkError,
  type LinkListener,
  type OutgoingMessage,
  type Subscription,
} from './link.ts';
import type { AgentCommand, LinkState, MqttConfig, Publisher } from './publisher.ts';
import { RivalWatch } from './rival.ts';
import { Session } from './session.ts';
import { byteLength } from './state.ts';
import { TIMING, type Timing } from './timing.ts';
import { assertPublishable, topicsOf } from './topics.ts';

const MOST_IN_FLIGHT = 15;
const LARGEST_PAYLOAD = 64 * 1024;
/** Header and properties of a packet, at most. */
const PACKET_OVERHEAD = 64;
const SESSION_EXPIRY_SECONDS = 60;
const WILL_DELAY_SECONDS = 20;
/** MQTT 5 and 3.1.1 codes for "I do not speak this version". */
const VERSION_REFUSED = [0x84, 0x01];
const CREDENTIALS_REFUSED = [0x86, 0x87, 0x04, 0x05];
const TAKEN_OVER = 0x8e;
const DROPS_AGAIN =
  'The connection to the MQTT broker drops again and again: another smbwarden with the same id may be connected';

export interface PublisherOptions {
  readonly mqtt: MqttConfig;
  readonly agentId: string;
  readonly version: string;
  readonly outbox: Outbox;
  readonly retained: RetainedLedger;
  readonly vendorOf: VendorOf;
  /** Carries out a command that arrived over MQTT; what it resolves to is the answer to the sender. */
  readonly onCommand: (command: AgentCommand) => Promise<CommandOutcome>;
  /** When quiet hours end that count now, milliseconds UTC; null, or missing: none count. Events wait until then. */
  readonly quietUntil?: () => number | null;
  readonly log: Log;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** For tests. */
  readonly timing?: Partial<Timing>;
}

/**
 * Starts to connect, and keeps at it until closed. Nothing is published before the first picture.
 * @throws TypeError for a base topic, discovery prefix, status topic or agent id that cannot be part of a topic.
 */
export function connectPublisher(options: PublisherOptions): Publisher {
  const timing = { ...TIMING, ...options.timing };
  const topics = topicsOf({ ...options.mqtt, agentId: options.agentId });
  const connection = new Connection({ ...options, timing, willTopic: topics.availability });
  const session = new Session(connection, { ...options, topics, timing });
  connection.open(session);
  return session;
}

/** The publisher where no broker is configured: alerts stay in the log. */
export function silentPublisher(): Publisher {
  return {
    publish: () => {},
    republish: () => {},
    removeAll: () => {},
    eventsWaiting: () => {},
    link: () => NO_LINK,
    settled: async () => true,
    retention: async () => ({ settled: true, retained: 0, link: NO_LINK }),
    close: async () => {},
  };
}

const NO_LINK: LinkState = {
  configured: false,
  connected: false,
  broker: null,
  lastError: null,
  outboxSize: 0,
};

type ConnectionOptions = Pick<PublisherOptions, 'mqtt' | 'agentId' | 'log' | 'now' | 'random'> & {
  readonly timing: Timing;
  readonly willTopic: string;
};

/** The connection: will, back-off, fallback to MQTT 3.1.1, at most 15 messages in flight, nothing queued while it is down. */
class Connection implements Link {
  readonly broker: string;
  readonly #options: ConnectionOptions;
  #client: MqttClient | null = null;
  #listener: LinkListener | null = null;
  #lastError: string | null = null;
  #failures = 0;
  #toldError: string | null = null;
  #inFlight = 0;
  /** Messages that wait for room. */
  readonly #waiting: (() => void)[] = [];
  #isUp = false;
  readonly #rivals: RivalWatch;

  constructor(options: ConnectionOptions) {
    const url = new URL(options.mqtt.url);
    this.#options = options;
    this.#rivals = new RivalWatch(options.now);
    this.broker = `${url.protocol}//${url.host}`;
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  get protocolVersion(): 5 | 4 {
    return this.#client?.options.protocolVersion === 5 ? 5 : 4;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Connects, and reconnects until `close`. */
  open(listener: LinkListener): void {
    const { mqtt, log } = this.#options;
    if (!mqtt.rejectUnauthorized) {
      log.warn({ broker: this.broker }, "The broker's certificate is not checked: anybody may pose as it");
    }
    this.#listener = listener;
    const client = connect(this.#clientOptions());
    this.#client = client;
    client.on('connect', () => this.#up());
    client.on('reconnect', () => this.#prepareAttempt());
    client.on('close', () => this.#down());
    client.on('error', (error) => this.#failed(error));
    client.on('disconnect', (packet) => this.#disconnected(packet.reasonCode ?? 0));
    client.on('message', (topic, payload, packet) =>
      this.#listener?.message(incoming(topic, payload, packet)),
    );
  }

  async publish(message: OutgoingMessage): Promise<void> {
    assertPublishable(message.topic);
    if (this.#inFlight < MOST_IN_FLIGHT) this.#inFlight += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await this.#send(message);
    } finally {
      // Whoever waits longest takes over the place.
      const next = this.#waiting.shift();
      if (next === undefined) this.#inFlight -= 1;
      else next();
    }
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    const map = subscriptions.map(({ filter, noLocal, retainAsPublished, wantsRetained }) => [
      filter,
      { qos: 1 as const, nl: noLocal, rap: retainAsPublished, rh: wantsRetained ? 0 : 2 },
    ]);
    await this.#ask('subscribe', (client) => client.subscribeAsync(Object.fromEntries(map)));
  }

  async unsubscribe(filter: string): Promise<void> {
    await this.#ask('unsubscribe', (client) => client.unsubscribeAsync(filter));
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#listener = null;
    this.#client = null;
    if (client === null) return;
    if (!client.connected) {
      client.end(true);
      return;
    }
    forgetOutgoing(client);
    const ended = client.endAsync(false, { reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await Promise.race([ended.catch(() => {}), sleep(this.#options.timing.close, undefined, { ref: false })]);
    client.stream.destroy();
  }

  #clientOptions(): IClientOptions {
    const { mqtt, agentId, willTopic } = this.#options;
    return {
      ...endpointOf(mqtt.url),
      protocolVersion: mqtt.protocolVersion,
      clientId: mqtt.clientId ?? `smbwarden-${agentId}`,
      clean: isClean(mqtt.protocolVersion),
      properties: {
        sessionExpiryInterval: SESSION_EXPIRY_SECONDS,
        maximumPacketSize: 262_144,
        topicAliasMaximum: 0,
      },
      keepalive: mqtt.keepalive,
      connectTimeout: 10_000,
      reconnectPeriod: this.#backoff(),
      reconnectOnConnackError: true,
      queueQoSZero: false,
      resubscribe: false,
      timerVariant: 'native',
      writeCache: false,
      rejectUnauthorized: mqtt.rejectUnauthorized,
      ...(mqtt.servername === null ? {} : { servername: mqtt.servername }),
      will: {
        topic: willTopic,
        payload: Buffer.from('offline'),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: WILL_DELAY_SECONDS },
      },
      ...this.#credentials(),
    };
  }

  /** Without what cannot be read: the broker will refuse us, and the reason is told. */
  #credentials(): Credentials {
    try {
      return readCredentials(this.#options.mqtt);
    } catch (error) {
      this.#failed(error instanceof Error ? error : new Error(String(error)));
      return {};
    }
  }

  /** Right before each further attempt: a new password or certificate counts, and the wait after it is set. */
  #prepareAttempt(): void {
    if (this.#client === null) return;
    this.#failures += 1;
    Object.assign(this.#client.options, this.#credentials(), { reconnectPeriod: this.#backoff() });
  }

  /** 1 s, 2 s, 4 s … 30 s, each between half of it and the whole. */
  #backoff(): number {
    const { timing, random } = this.#options;
    const full = Math.min(timing.backoffMost, timing.backoffFirst * 2 ** this.#failures);
    return Math.max(1, Math.round(full * (0.5 + random() / 2)));
  }

  #up(): void {
    const { log } = this.#options;
    this.#isUp = true;
    this.#lastError = null;
    this.#toldError = null;
    this.#failures = 0;
    if (this.#client !== null) {
      this.#client.options.reconnectPeriod = this.#backoff();
      this.#client.stream.setMaxListeners(0);
    }
    log.info({ broker: this.broker, protocolVersion: this.protocolVersion }, 'Connected to the MQTT broker');
    this.#listener?.up();
  }

  #down(): void {
    if (this.#client !== null) forgetOutgoing(this.#client);
    this.#lastError ??= 'the broker closed the connection';
    if (this.#isUp) this.#suspectRival();
    this.#isUp = false;
    this.#listener?.down();
  }

  #suspectRival(): void {
    const drops = this.#rivals.dropped();
    if (drops === 'fine') return;
    this.#lastError =
      'the connection drops again and again; is another smbwarden with the same id connected?';
    if (drops === 'suspicious') this.#options.log.warn({ broker: this.broker }, DROPS_AGAIN);
  }

  #failed(error: Error): void {
    const code = 'code' in error ? error.code : null;
    if (this.#client !== null && this.protocolVersion === 5 && VERSION_REFUSED.includes(code as number)) {
      Object.assign(this.#client.options, { protocolVersion: 4, clean: isClean(4), reconnectPeriod: 1 });
      this.#options.log.info({ broker: this.broker }, 'The broker does not speak MQTT 5; using MQTT 3.1.1');
      return;
    }
    const hint = CREDENTIALS_REFUSED.includes(code as number) ? '; check user name and password' : '';
    this.#lastError = `${error.message || code}${hint}`;
    if (this.#lastError === this.#toldError) return;
    this.#toldError = this.#lastError;
    this.#options.log.warn(
      { broker: this.broker, reason: this.#lastError },
      'No connection to the MQTT broker; trying again',
    );
  }

  #disconnected(reasonCode: number): void {
    if (reasonCode !== TAKEN_OVER || !this.#rivals.takenOver()) return;
    this.#lastError = 'another smbwarden with the same agent id or client id is connected; MQTT is stopped';
    this.#options.log.error(
      { broker: this.broker },
      'Another smbwarden with the same id is connected: MQTT is stopped',
    );
    this.#client?.end(true);
  }

  async #send(message: OutgoingMessage): Promise<void> {
    const { topic, payload, retain } = message;
    const client = this.#connectedClient();
    const largest = Math.min(LARGEST_PAYLOAD, client.serverProperties?.maximumPacketSize ?? LARGEST_PAYLOAD);
    if (byteLength(payload) + byteLength(topic) + PACKET_OVERHEAD > largest) {
      throw new LinkError('refused', `${topic}: the message is larger than ${largest} bytes`);
    }
    // A broker that does not answer is gone; the next connection starts anew.
    const timer = setTimeout(() => client.stream.destroy(), this.#options.timing.acknowledge);
    try {
      await client.publishAsync(topic, payload, { qos: 1, retain, properties: propertiesOf(message) });
    } catch (error) {
      throw linkError(topic, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(what: string, question: (client: MqttClient) => Promise<unknown>): Promise<void> {
    try {
      await question(this.#connectedClient());
    } catch (error) {
      throw this.connected
        ? new LinkError('refused', `${what}: ${messageOf(error)}`)
        : linkError(what, error);
    }
  }

  #connectedClient(): MqttClient {
    if (this.#client === null || !this.#client.connected) throw new LinkError('lost', 'not connected');
    return this.#client;
  }
}

/** The broker gives a reason code; a connection that broke has none. */
function linkError(what: string, error: unknown): LinkError {
  const refused = error instanceof Error && 'code' in error;
  return new LinkError(refused ? 'refused' : 'lost', `${what}: ${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function incoming(topic: string, payload: Buffer, packet: IPublishPacket): IncomingMessage {
  const { responseTopic = null, correlationData = null } = packet.properties ?? {};
  return {
    topic,
    payload: payload.toString('utf8'),
    retain: packet.retain,
    responseTopic,
    correlation: correlationData,
  };
}

function propertiesOf({ expiry, correlation }: OutgoingMessage): NonNullable<IPublishPacket['properties']> {
  return {
    ...(expiry === undefined ? {} : { messageExpiryInterval: expiry }),
    ...(correlation === undefined ? {} : { correlationData: Buffer.from(correlation) }),
  };
}

/**
 * MQTT 5: clean start 0, so that a restart within the will delay shows nobody "offline". A session of MQTT 3.1.1 never
 * expires: a command could come days late, so none is kept.
 */
function isClean(protocolVersion: 5 | 4): boolean {
  return protocolVersion === 4;
}

/** Fails what the broker has not acknowledged. mqtt.js would send it again by itself, in front of everything newer. */
function forgetOutgoing(client: MqttClient): void {
  for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
}
