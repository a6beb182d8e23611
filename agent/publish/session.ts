import { setTimeout as sleep } from 'node:timers/promises';
import type { Outbox, RetainedLedger } from '../../domain/history.ts';
import type { VendorOf } from '../../domain/host.ts';
import type { Log } from '../log.ts';
import { type CommandOutcome, Commands } from './commands.ts';
import { DeviceDeletions } from './device-deletions.ts';
import { EventRelease } from './event-release.ts';
import { type IncomingMessage, type Link, LinkError, type LinkListener } from './link.ts';
import { Messages } from './messages.ts';
import { Presence } from './presence.ts';
import type { AgentCommand, LinkState, MqttConfig, Picture, Publisher, Retention } from './publisher.ts';
import { Relay } from './relay.ts';
import { RetainedTopics } from './retained.ts';
import { Stocktaking } from './stocktaking.ts';
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
  readonly #release: EventRelease;
  readonly #presence: Presence;
  readonly #commands: Commands;
  readonly #stocktaking: Stocktaking;
  readonly #deletions: DeviceDeletions;
  #picture: Picture | null = null;
  /** Nothing is to be retained: somebody takes smbwarden out of the broker. */
  #removed = false;
  /** Counts connections; a start that belongs to an earlier one stops. */
  #connection = 0;
  /** Everything is published on this connection. */
  #synced = false;
  #heartbeat: NodeJS.Timeout | null = null;

  constructor(link: Link, options: SessionOptions) {
    const { mqtt, topics, timing, random } = options;
    this.#options = options;
    this.#link = link;
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
      onChange: () => this.#release.look(),
    });
    this.#retained = new RetainedTopics({
      ...options,
      ledger: options.retained,
      link,
      canRemove: () => this.#presence.canRemove,
    });
    this.#relay = new Relay({ ...options, link });
    this.#release = new EventRelease({ ...options, relay: this.#relay, presence: this.#presence });
    this.#commands = new Commands({ ...options, baseTopic: mqtt.baseTopic, link });
    this.#stocktaking = new Stocktaking({ ...options, link });
    this.#deletions = new DeviceDeletions({
      ...options,
      retained: this.#retained,
      onHidden: () => this.#refresh(),
    });
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
    this.#release.look();
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
    this.#leaveConnection();
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
    this.#stocktaking
      .begin()
      .then(() => this.#openWhenReady())
      .catch((error: unknown) => {
        if (error instanceof LinkError && error.kind === 'lost') return;
        this.#options.log.error({ error }, 'Starting the MQTT session failed');
      });
  }

  down(): void {
    this.#leaveConnection();
    this.#synced = false;
    this.#release.linkDown();
    this.#relay.lost();
    this.#presence.linkDown();
  }

  message(message: IncomingMessage): void {
    const { topics } = this.#options;
    if (message.topic === topics.status) this.#presence.message(message.payload, message.retain);
    else if (message.topic.startsWith(`${topics.commands}/`)) this.#commands.receive(message);
    else if (this.#stocktaking.isCollecting) this.#stocktaking.add(message);
    else if (idIn(message.topic, topics.configFilter) !== null) this.#deletions.message(message);
  }

  /** Once there is both something to publish and a broker that has told what it holds. */
  #openWhenReady(): void {
    if (this.#picture === null && !this.#removed) return;
    if (!this.#link.connected) return;
    const found = this.#stocktaking.collected();
    if (found === null) return;
    this.#open(found, this.#connection).catch((error: unknown) =>
      this.#options.log.error({ error }, 'Publishing failed'),
    );
  }

  async #open(found: ReadonlyMap<string, string>, connection: number): Promise<void> {
    const deleted = this.#removed ? [] : this.#retained.deletedMeanwhile(found);
    for (const host of deleted) this.#deletions.hide(host);
    this.#messages.learn(found);
    this.#refresh();
    this.#retained.open(found);
    await this.#retained.drained();
    if (connection !== this.#connection) return;
    this.#synced = true;
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.timing.heartbeat);
    this.#release.published();
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
    this.#release.look();
    this.#relay.wake();
  }

  /** Nothing that belongs to this connection goes on. */
  #leaveConnection(): void {
    this.#connection += 1;
    clearInterval(this.#heartbeat ?? undefined);
    this.#heartbeat = null;
    this.#deletions.stop();
    this.#stocktaking.drop();
    this.#retained.shut();
  }

  #isSettled(): boolean {
    const eventsLeft = this.#relay.waiting() === 0 || this.#release.quietUntil() !== null;
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
}
