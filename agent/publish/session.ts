import { setTimeout as sleep } from 'node:timers/promises';
import type { Outbox, RetainedLedger } from '../../domain/history.ts';
import type { VendorOf } from '../../domain/host.ts';
import type { Log } from '../log.ts';
import { type CommandOutcome, Commands } from './commands.ts';
import { type IncomingMessage, type Link, LinkError, type LinkListener, type Subscription } from './link.ts';
import { Messages } from './messages.ts';
import { Presence } from './presence.ts';
import type { AgentCommand, LinkState, MqttConfig, Picture, Publisher, Retention } from './publisher.ts';
import { Relay } from './relay.ts';
import { RetainedTopics } from './retained.ts';
import type { Timing } from './timing.ts';
import { idIn, type Topics } from './topics.ts';

export interface SessionOptions {
  readonly mqtt: Pick<MqttConfig, 'baseTopic' | 'homeAssistant'>;
  readonly agentId: string;
  readonly version: string;
  readonly topics: Topics;
  readonly outbox: Outbox;
  readonly retained: RetainedLedger;
  readonly vendorOf: VendorOf;
  readonly onCommand: (command: AgentCommand) => Promise<CommandOutcome>;
  /** When quiet hours end that count now, milliseconds UTC; null, or missing: none count. Events wait until then. */
  readonly quietUntil?: () => number | null;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly timing: Timing;
}

/**
 * The life of one publisher on a link that comes and goes. At every connection: subscribe, learn what the broker holds,
 * put right what differs, say "online" last, then let events go.
 */
export class Session implements Publisher, LinkListener {
  readonly #options: SessionOptions;
  readonly #link: Link;
  readonly #messages: Messages;
  readonly #retained: RetainedTopics;
  readonly #relay: Relay;
  readonly #presence: Presence;
  readonly #commands: Commands;
  #picture: Picture | null = null;
  /** Nothing is to be retained: somebody takes smbwarden out of the broker. */
  #removed = false;
  /** Counts connections; a start that belongs to an earlier one stops. */
  #connection = 0;
  /** What the broker holds, while it is being collected and until the first picture is there. */
  #found: Map<string, string> | null = null;
  #collecting = false;
  /** Everything is published on this connection. */
  #synced = false;
  /** Events that occurred before had to wait, milliseconds UTC. */
  #waitedUntil: number;
  #heartbeat: NodeJS.Timeout | null = null;
  #agentReturns: NodeJS.Timeout | null = null;
  #warnedOfStranger = false;

  constructor(link: Link, options: SessionOptions) {
    const { mqtt, topics, timing, random } = options;
    this.#options = options;
    this.#link = link;
    this.#waitedUntil = options.now();
    this.#messages = new Messages(
      { id: options.agentId, version: options.version },
      topics,
      mqtt.homeAssistant,
      options.vendorOf,
    );
    this.#presence = new Presence({
      timing,
      random,
      onBirth: () => this.#retained.repeat((message) => message.kind !== 'discovery'),
      onChange: () => this.#holdOrRelease(),
    });
    this.#retained = new RetainedTopics({
      ...options,
      ledger: options.retained,
      link,
      canRemove: () => this.#presence.canRemove,
    });
    this.#relay = new Relay({ ...options, link });
    this.#commands = new Commands({ ...options, baseTopic: mqtt.baseTopic, link });
  }

  publish(picture: Picture): void {
    this.#picture = picture;
    this.#refresh();
    this.#openWhenReady();
  }

  republish(): void {
    this.#removed = false;
    this.#refresh();
    this.#retained.repeat(() => true);
  }

  removeAll(): void {
    this.#removed = true;
    this.#refresh();
    this.#openWhenReady();
  }

  eventsWaiting(): void {
    this.#holdOrRelease();
    if (this.#synced) this.#relay.wake();
  }

  link(): LinkState {
    const { connected, broker, lastError } = this.#link;
    const quarantined = this.#relay.quarantined();
    const outboxSize = this.#relay.waiting();
    const held = quarantined === 0 ? {} : { quarantined };
    return { configured: true, connected, broker, lastError, outboxSize, ...held };
  }

  settled(timeoutMs: number): Promise<boolean> {
    return this.#within(timeoutMs, () => this.#isSettled());
  }

  async retention(timeoutMs: number): Promise<Retention> {
    const settled = await this.#within(timeoutMs, () => this.#isRetentionSettled());
    return { settled, retained: this.#retained.size, link: this.link() };
  }

  async close(): Promise<void> {
    const { topics, timing } = this.#options;
    this.#connection += 1;
    this.#stopTimers();
    this.#retained.shut();
    this.#presence.close();
    if (this.#link.connected && !this.#removed) {
      const offline = this.#link.publish({ topic: topics.availability, payload: 'offline', retain: true });
      await Promise.race([offline.catch(() => {}), sleep(timing.close, undefined, { ref: false })]);
    }
    this.#relay.close();
    await this.#link.close();
  }

  up(): void {
    this.#connection += 1;
    this.#presence.linkUp();
    this.#start(this.#connection).catch((error: unknown) => {
      if (error instanceof LinkError && error.kind === 'lost') return;
      this.#options.log.error({ error }, 'Starting the MQTT session failed');
    });
  }

  down(): void {
    this.#connection += 1;
    this.#synced = false;
    this.#found = null;
    this.#collecting = false;
    // Whatever occurs while the link is down has to wait.
    this.#waitedUntil = Number.POSITIVE_INFINITY;
    this.#stopTimers();
    this.#retained.shut();
    this.#relay.lost();
    this.#presence.linkDown();
  }

  message(message: IncomingMessage): void {
    const { topics } = this.#options;
    if (message.topic === topics.status) this.#presence.message(message.payload, message.retain);
    else if (message.topic.startsWith(`${topics.commands}/`)) this.#commands.receive(message);
    else if (this.#collecting) this.#collect(message);
    else if (idIn(message.topic, topics.configFilter) !== null) this.#foreignConfig(message);
  }

  async #start(connection: number): Promise<void> {
    const { timing, topics } = this.#options;
    this.#found = new Map();
    this.#collecting = true;
    await this.#subscribe(subscriptions(topics));
    await sleep(timing.collect);
    if (connection !== this.#connection) return;
    this.#collecting = false;
    await this.#link.unsubscribe(topics.hostStateFilter);
    // Without own messages from here on. While collecting they are wanted, and brokers differ in whether no-local
    // also holds back what this client has retained earlier.
    if (this.#link.protocolVersion === 5) await this.#subscribe([watchedConfigs(topics)]);
    if (connection !== this.#connection) return;
    this.#openWhenReady();
  }

  /** A broker that refuses to let us listen still lets us speak. */
  async #subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    try {
      await this.#link.subscribe(subscriptions);
    } catch (error) {
      if (!(error instanceof LinkError && error.kind === 'refused')) throw error;
      this.#options.log.warn({ error }, 'The broker refused a subscription; check its access rules');
    }
  }

  #openWhenReady(): void {
    if (this.#picture === null && !this.#removed) return;
    if (this.#found === null || this.#collecting || !this.#link.connected) return;
    const found = this.#found;
    this.#found = null;
    this.#open(found, this.#connection).catch((error: unknown) =>
      this.#options.log.error({ error }, 'Publishing failed'),
    );
  }

  async #open(found: ReadonlyMap<string, string>, connection: number): Promise<void> {
    const deleted = this.#removed ? [] : this.#retained.deletedMeanwhile(found);
    for (const host of deleted) this.#hide(host);
    this.#messages.learn(found);
    this.#refresh();
    this.#retained.open(found);
    await this.#retained.drained();
    if (connection !== this.#connection) return;
    this.#synced = true;
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.timing.heartbeat);
    this.#holdOrRelease();
  }

  /** Works out anew what is to be retained. */
  #refresh(): void {
    if (this.#removed) {
      this.#retained.want([]);
      return;
    }
    if (this.#picture === null) return;
    this.#retained.unhideAllBut(this.#picture.hosts);
    const known = { devices: this.#retained.devices(), hidden: this.#retained.hidden() };
    this.#retained.want(this.#messages.of(this.#picture, known));
  }

  /** Tells Home Assistant that the process still works, not just its connection. */
  #beat(): void {
    const { topics } = this.#options;
    this.#retained.repeat((message) => message.topic === topics.state);
    this.#holdOrRelease();
    this.#relay.wake();
  }

  #holdOrRelease(): void {
    if (!this.#synced || !this.#presence.here) {
      this.#relay.hold();
      if (!this.#presence.here) this.#waitedUntil = Number.POSITIVE_INFINITY;
      return;
    }
    const quietUntil = this.#quietUntil();
    if (quietUntil !== null) {
      this.#relay.hold();
      this.#waitedUntil = quietUntil;
      return;
    }
    // The first connection, made at once, found nothing waiting for it.
    const waitedUntil = Number.isFinite(this.#waitedUntil) ? this.#waitedUntil : this.#options.now();
    this.#waitedUntil = waitedUntil;
    this.#relay.release(waitedUntil);
  }

  #collect({ topic, payload }: IncomingMessage): void {
    if (payload === '') this.#found?.delete(topic);
    else this.#found?.set(topic, payload);
  }

  /** A message on one of our discovery topics that may be from somebody else; on MQTT 3.1.1 our own come back. */
  #foreignConfig({ topic, payload }: IncomingMessage): void {
    const { topics, log } = this.#options;
    const wanted = this.#retained.wanted(topic);
    if (wanted === null || payload === wanted) return;
    if (payload !== '') {
      if (!this.#warnedOfStranger) log.warn({ topic }, 'Somebody else writes to our discovery topics');
      this.#warnedOfStranger = true;
    } else if (topic === topics.agentConfig) {
      this.#returnAgent();
    } else {
      this.#hide(idIn(topic, topics.configFilter) ?? '');
      this.#refresh();
    }
  }

  #hide(host: string): void {
    this.#options.log.info({ host }, 'The device of a host was deleted in Home Assistant and stays deleted');
    this.#retained.hide(host);
  }

  /** The agent's own device was deleted: it carries the controls, so it comes back after a while. */
  #returnAgent(): void {
    const { topics, timing } = this.#options;
    this.#agentReturns ??= setTimeout(() => {
      this.#agentReturns = null;
      this.#retained.repeat((message) => message.owner === null || message.topic === topics.agentConfig);
    }, timing.agentReturns);
  }

  #quietUntil(): number | null {
    return this.#options.quietUntil?.() ?? null;
  }

  #isSettled(): boolean {
    const eventsLeft = this.#relay.waiting() === 0 || this.#quietUntil() !== null;
    return this.#isRetentionSettled() && !this.#relay.busy && eventsLeft;
  }

  #isRetentionSettled(): boolean {
    return this.#synced && !this.#retained.busy;
  }

  /** True as soon as `isDone`, false when it is not within `timeoutMs`. */
  async #within(timeoutMs: number, isDone: () => boolean): Promise<boolean> {
    const step = this.#options.timing.pace;
    for (let waited = 0; waited < timeoutMs; waited += step) {
      if (isDone()) return true;
      await sleep(step);
    }
    return isDone();
  }

  #stopTimers(): void {
    clearInterval(this.#heartbeat ?? undefined);
    clearTimeout(this.#agentReturns ?? undefined);
    this.#heartbeat = null;
    this.#agentReturns = null;
  }
}

/** What is subscribed to while the broker tells what it holds. */
function subscriptions(topics: Topics): Subscription[] {
  const plain = { noLocal: false, retainAsPublished: false, wantsRetained: true };
  return [
    { ...plain, filter: topics.commandFilter, noLocal: true, retainAsPublished: true },
    { ...plain, filter: topics.status },
    { ...plain, filter: topics.configFilter, retainAsPublished: true },
    { ...plain, filter: topics.hostStateFilter },
  ];
}

function watchedConfigs(topics: Topics): Subscription {
  return { filter: topics.configFilter, noLocal: true, retainAsPublished: true, wantsRetained: false };
}
