import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import type { Log } from '../log.ts';
import { BackOff } from './back-off.ts';
import { clientOptions, isClean } from './client-options.ts';
import { type Credentials, readCredentials } from './endpoint.ts';
import {
  type IncomingMessage,
  type Link,
  LinkError,
  type LinkListener,
  type OutgoingMessage,
  type Subscription,
} from './link.ts';
import { LinkTrouble } from './link-trouble.ts';
import { Places } from './places.ts';
import type { MqttConfig } from './publisher.ts';
import { byteLength } from './state.ts';
import type { Timing } from './timing.ts';
import { assertPublishable } from './topics.ts';

const MOST_IN_FLIGHT = 15;
const LARGEST_PAYLOAD = 64 * 1024;
/** Header and properties of a packet, at most. */
const PACKET_OVERHEAD = 64;
/** MQTT 5 and 3.1.1 codes for "I do not speak this version". */
const VERSION_REFUSED = [0x84, 0x01];
const TAKEN_OVER = 0x8e;

export interface ConnectionOptions {
  readonly mqtt: MqttConfig;
  readonly agentId: string;
  /** The broker says "offline" there when we vanish. */
  readonly willTopic: string;
  readonly log: Log;
  /** Milliseconds UTC. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  readonly timing: Timing;
}

/** The connection: will, back-off, fallback to MQTT 3.1.1, at most 15 messages in flight, nothing queued while it is down. */
export class Connection implements Link {
  readonly broker: string;
  readonly #options: ConnectionOptions;
  readonly #trouble: LinkTrouble;
  readonly #backOff: BackOff;
  readonly #inFlight = new Places(MOST_IN_FLIGHT);
  #client: MqttClient | null = null;
  #listener: LinkListener | null = null;
  #isUp = false;

  constructor(options: ConnectionOptions) {
    const url = new URL(options.mqtt.url);
    this.broker = `${url.protocol}//${url.host}`;
    this.#options = options;
    this.#trouble = new LinkTrouble({ ...options, broker: this.broker });
    this.#backOff = new BackOff(options);
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  get protocolVersion(): 5 | 4 {
    return this.#client?.options.protocolVersion === 5 ? 5 : 4;
  }

  get lastError(): string | null {
    return this.#trouble.last;
  }

  /** Connects, and reconnects until `close`. */
  open(listener: LinkListener): void {
    const { mqtt, agentId, willTopic, log } = this.#options;
    if (!mqtt.rejectUnauthorized) {
      log.warn({ broker: this.broker }, "The broker's certificate is not checked: anybody may pose as it");
    }
    this.#listener = listener;
    const client = connect({ ...clientOptions(mqtt, agentId, willTopic), ...this.#attempt() });
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
    await this.#inFlight.take(() => this.#send(message));
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

  /** With what the next attempt is made, and how long to wait after it. */
  #attempt(): Credentials & { readonly reconnectPeriod: number } {
    return { ...this.#credentials(), reconnectPeriod: this.#backOff.waitMs() };
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

  /** Right before each further attempt: a new password or certificate counts. */
  #prepareAttempt(): void {
    if (this.#client === null) return;
    this.#backOff.failed();
    Object.assign(this.#client.options, this.#attempt());
  }

  #up(): void {
    this.#isUp = true;
    this.#trouble.over();
    this.#backOff.succeeded();
    if (this.#client !== null) {
      this.#client.options.reconnectPeriod = this.#backOff.waitMs();
      this.#client.stream.setMaxListeners(0);
    }
    const { broker, protocolVersion } = this;
    this.#options.log.info({ broker, protocolVersion }, 'Connected to the MQTT broker');
    this.#listener?.up();
  }

  #down(): void {
    if (this.#client !== null) forgetOutgoing(this.#client);
    // What we end ourselves is no trouble.
    this.#trouble.closed(this.#isUp && this.#client !== null);
    this.#isUp = false;
    this.#listener?.down();
  }

  #failed(error: Error): void {
    const code = 'code' in error ? error.code : null;
    if (this.#client !== null && this.protocolVersion === 5 && VERSION_REFUSED.includes(code as number)) {
      Object.assign(this.#client.options, { protocolVersion: 4, clean: isClean(4), reconnectPeriod: 1 });
      this.#options.log.info({ broker: this.broker }, 'The broker does not speak MQTT 5; using MQTT 3.1.1');
    } else {
      this.#trouble.failed(error);
    }
  }

  #disconnected(reasonCode: number): void {
    if (reasonCode === TAKEN_OVER && this.#trouble.takenOver()) this.#client?.end(true);
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

/** Fails what the broker has not acknowledged. mqtt.js would send it again by itself, in front of everything newer. */
function forgetOutgoing(client: MqttClient): void {
  for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
}
