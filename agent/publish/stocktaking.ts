import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { type IncomingMessage, type Link, LinkError, type Subscription } from './link.ts';
import type { Timing } from './timing.ts';
import type { Topics } from './topics.ts';

interface StocktakingOptions {
  readonly link: Pick<Link, 'subscribe' | 'unsubscribe' | 'protocolVersion'>;
  readonly topics: Topics;
  readonly timing: Pick<Timing, 'collect'>;
  readonly log: Log;
}

/** Asks the broker, at each connection, what it holds of ours: it may have lost it, and others may have altered it. */
export class Stocktaking {
  readonly #options: StocktakingOptions;
  #state: 'none' | 'collecting' | 'complete' = 'none';
  #found = new Map<string, string>();
  /** Counts connections; a stocktaking that belongs to an earlier one stops. */
  #connection = 0;

  constructor(options: StocktakingOptions) {
    this.#options = options;
  }

  /** Messages that arrive now tell what the broker holds: give them to `add`. */
  get isCollecting(): boolean {
    return this.#state === 'collecting';
  }

  /** Resolves when it is complete, and all further subscriptions are made; or when the link is down. @throws LinkError */
  async begin(): Promise<void> {
    const { link, topics, timing } = this.#options;
    this.drop();
    const connection = this.#connection;
    this.#state = 'collecting';
    await this.#subscribe(subscriptions(topics));
    await sleep(timing.collect);
    if (connection !== this.#connection) return;
    this.#state = 'complete';
    await link.unsubscribe(topics.hostStateFilter);
    // Without own messages from here on. While collecting they are wanted, and brokers differ in whether no-local
    // also holds back what this client has retained earlier.
    if (link.protocolVersion === 5) await this.#subscribe([watchedConfigs(topics)]);
  }

  add({ topic, payload }: IncomingMessage): void {
    if (payload === '') this.#found.delete(topic);
    else this.#found.set(topic, payload);
  }

  /** What the broker held, payload by topic: discovery, and host states. Given once; null: not known, or given already. */
  collected(): ReadonlyMap<string, string> | null {
    if (this.#state !== 'complete') return null;
    this.#state = 'none';
    return this.#found;
  }

  /** The link is down: what the broker held tells nothing any more. */
  drop(): void {
    this.#connection += 1;
    this.#state = 'none';
    this.#found = new Map();
  }

  /** A broker that refuses to let us listen still lets us speak. */
  async #subscribe(wanted: readonly Subscription[]): Promise<void> {
    try {
      await this.#options.link.subscribe(wanted);
    } catch (error) {
      if (!(error instanceof LinkError && error.kind === 'refused')) throw error;
      this.#options.log.warn({ error }, 'The broker refused a subscription; check its access rules');
    }
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
