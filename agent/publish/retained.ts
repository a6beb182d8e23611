import { createHash } from 'node:crypto';
import type { RetainedLedger, RetainedTopic } from '../../domain/history.ts';
import type { HostId } from '../../domain/host.ts';
import type { Log } from '../log.ts';
import { withTombstones } from './discovered.ts';
import type { Link } from './link.ts';
import type { RetainedMessage } from './messages.ts';
import { type Job, SendQueue } from './send-queue.ts';
import type { Timing } from './timing.ts';
import { idIn, type Topics } from './topics.ts';

/** A discovery entry of the ledger with the hash of nothing: the owner deleted the host's device in Home Assistant. */
const NOTHING = sha256('');

interface RetainedOptions {
  readonly ledger: RetainedLedger;
  readonly link: Pick<Link, 'publish'>;
  readonly topics: Topics;
  readonly timing: Pick<Timing, 'pace' | 'deviceGap'>;
  readonly log: Log;
  readonly now: () => number;
  /** Home Assistant must be there to notice that something is taken away. */
  readonly canRemove: () => boolean;
}

/** Keeps the broker's retained topics equal to what is wanted, and the ledger equal to the broker. */
export class RetainedTopics {
  readonly #options: RetainedOptions;
  /** The ledger as it is stored; read once. */
  readonly #entries: Map<string, RetainedTopic>;
  readonly #queue: SendQueue;
  #wanted = new Map<string, RetainedMessage>();
  /** Payloads handed to the broker on this connection, or found there, by topic. */
  readonly #handed = new Map<string, string>();
  #open = false;

  constructor(options: RetainedOptions) {
    this.#options = options;
    this.#entries = new Map(options.ledger.all());
    this.#queue = new SendQueue({ ...options, onSent: (job) => this.#record(job) });
  }

  /** Hosts that are devices now. */
  devices(): Set<HostId> {
    return this.#owners((entry) => entry.sha256 !== NOTHING);
  }

  /** Hosts whose device the owner deleted in Home Assistant. */
  hidden(): Set<HostId> {
    return this.#owners((entry) => entry.sha256 === NOTHING);
  }

  /** How many topics the broker holds of ours. */
  get size(): number {
    return [...this.#entries.values()].filter((entry) => entry.sha256 !== NOTHING).length;
  }

  /** What is to be retained on `topic`, or null. */
  wanted(topic: string): string | null {
    return this.#wanted.get(topic)?.payload ?? null;
  }

  /** The whole of what is to be retained from now on. Differences go out when the link allows. */
  want(messages: readonly RetainedMessage[]): void {
    this.#wanted = new Map(messages.map((message) => [message.topic, message]));
    if (!this.#open) return;
    this.#clearUnwanted(this.#entries.keys());
    for (const message of messages) {
      if (this.#handed.get(message.topic) !== message.payload) this.#send(message);
    }
    this.#queue.wake();
  }

  /**
   * The link is up, and the broker has told what it holds (`found`: discovery and host states, payload by topic). Clears
   * what is stale first, then sends everything but identical discovery: the broker may have lost its data.
   */
  open(found: ReadonlyMap<string, string>): void {
    this.#open = true;
    this.#queue.open();
    this.#clearUnwanted([...this.#entries.keys(), ...this.#topicsOfOwners(found)]);
    for (const message of this.#wanted.values()) {
      const held = message.kind === 'discovery' ? found.get(message.topic) : undefined;
      if (held === message.payload) this.#keep(message);
      else this.#send(message, held === undefined ? null : withTombstones(held, message.payload));
    }
    this.#queue.wake();
  }

  /** The link is down. */
  shut(): void {
    this.#open = false;
    this.#queue.shut();
    this.#handed.clear();
  }

  /** Sends again, changed or not, what is wanted and `which` picks, and what has waited for Home Assistant. */
  repeat(which: (message: RetainedMessage) => boolean): void {
    if (!this.#open) return;
    for (const message of this.#wanted.values()) {
      if (which(message) && this.#queue.get(message.topic) === undefined) this.#send(message);
    }
    this.#queue.wake();
  }

  /** The owner deleted the host's device in Home Assistant: it stays deleted. Takes effect with the next `want`. */
  hide(host: HostId): void {
    this.#note(this.#options.topics.hostConfig(host), '', { kind: 'discovery', owner: host });
  }

  /** Forgets the deletion of devices whose hosts are not `known` any more: a host that is met anew is new here too. */
  unhideAllBut(known: { has(host: HostId): boolean }): void {
    for (const host of this.hidden()) {
      const topic = this.#options.topics.hostConfig(host);
      if (!known.has(host) && this.#entries.delete(topic)) this.#options.ledger.remove(topic);
    }
  }

  /** Devices whose states are in the broker without their discovery: the owner deleted them while we were away. */
  deletedMeanwhile(found: ReadonlyMap<string, string>): HostId[] {
    const { hostConfig, hostState } = this.#options.topics;
    return [...this.devices()].filter((host) => !found.has(hostConfig(host)) && found.has(hostState(host)));
  }

  /** True while something is to be sent or acknowledged. Removals that wait for Home Assistant do not count. */
  get busy(): boolean {
    return this.#queue.busy;
  }

  /** Resolves when everything is sent and acknowledged that need not wait, or the link is down. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  #send({ topic, payload, kind, owner }: RetainedMessage, first: string | null = null): void {
    const tombstones = first ?? this.#queue.get(topic)?.first ?? null;
    this.#queue.put({ topic, payload, first: tombstones, entry: { kind, owner } });
    this.#handed.set(topic, payload);
  }

  /** The broker has it already. */
  #keep({ topic, payload, kind, owner }: RetainedMessage): void {
    this.#handed.set(topic, payload);
    this.#note(topic, payload, { kind, owner });
  }

  #clearUnwanted(topics: Iterable<string>): void {
    for (const topic of topics) {
      const isHidden = this.#entries.get(topic)?.sha256 === NOTHING;
      if (this.#wanted.has(topic) || isHidden || this.#queue.get(topic)?.entry === null) continue;
      this.#queue.put({ topic, payload: '', first: null, entry: null });
      this.#handed.delete(topic);
    }
  }

  /** Every topic of each host, and of the agent, that has one among those found. */
  #topicsOfOwners(found: ReadonlyMap<string, string>): string[] {
    const { topics } = this.#options;
    return [...found.keys()].flatMap((topic) => {
      const id = idIn(topic, topics.configFilter) ?? idIn(topic, topics.hostStateFilter);
      if (topic === topics.agentConfig)
        return [topic, topics.info, topics.state, topics.findings, topics.availability];
      if (id === null) return [];
      const config = found.has(topics.hostConfig(id)) ? [topics.hostConfig(id)] : [];
      return [...config, topics.hostState(id), topics.hostAttributes(id)];
    });
  }

  #record(job: Job): void {
    if (job.entry !== null) this.#note(job.topic, job.payload, job.entry);
    else if (this.#entries.delete(job.topic)) this.#options.ledger.remove(job.topic);
  }

  #note(topic: string, payload: string, entry: Pick<RetainedTopic, 'kind' | 'owner'>): void {
    const hash = sha256(payload);
    if (this.#entries.get(topic)?.sha256 === hash) return;
    const noted = { ...entry, sha256: hash, publishedAt: this.#options.now() };
    this.#entries.set(topic, noted);
    this.#options.ledger.put(topic, noted);
  }

  #owners(which: (entry: RetainedTopic) => boolean): Set<HostId> {
    const entries = [...this.#entries.values()].filter((entry) => entry.kind === 'discovery' && which(entry));
    return new Set(entries.flatMap((entry) => entry.owner ?? []));
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
