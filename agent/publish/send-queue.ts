import { setTimeout as sleep } from 'node:timers/promises';
import type { RetainedTopic } from '../../domain/history.ts';
import type { Log } from '../log.ts';
import { type Link, LinkError } from './link.ts';
import type { Timing } from './timing.ts';

/** A retained message to be sent. */
export interface Job {
  readonly topic: string;
  /** Empty: the broker forgets the topic. */
  readonly payload: string;
  /** Goes out before `payload`: the same device with tombstones for what is taken away. */
  readonly first: string | null;
  /** What it is, for the ledger; null: it is being cleared. */
  readonly entry: Pick<RetainedTopic, 'kind' | 'owner'> | null;
}

interface SendQueueOptions {
  readonly link: Pick<Link, 'publish'>;
  readonly timing: Pick<Timing, 'pace' | 'deviceGap'>;
  readonly log: Log;
  readonly now: () => number;
  /** Home Assistant must be there to notice that something is taken away. */
  readonly canRemove: () => boolean;
  /** The broker has acknowledged the job's last payload. */
  readonly onSent: (job: Job) => void;
}

/** Retained messages on their way out: the newest per topic, in order, paced, payloads for one device 2 s apart. */
export class SendQueue {
  readonly #options: SendQueueOptions;
  readonly #jobs = new Map<string, Job>();
  /** By discovery topic, and by topics that were cleared. */
  readonly #deviceSentAt = new Map<string, number>();
  #open = false;
  #sending = false;
  #inFlight = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SendQueueOptions) {
    this.#options = options;
  }

  put(job: Job): void {
    this.#jobs.set(job.topic, job);
  }

  get(topic: string): Job | undefined {
    return this.#jobs.get(topic);
  }

  open(): void {
    this.#open = true;
  }

  /** The link is down: what waits is forgotten and made anew at the next connection. */
  shut(): void {
    this.#open = false;
    this.#jobs.clear();
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** True while something is to be sent or acknowledged. Removals that wait for Home Assistant do not count. */
  get busy(): boolean {
    return this.#inFlight > 0 || this.#sending || this.#allowed().length > 0;
  }

  /** Resolves when everything is sent and acknowledged that need not wait, or the link is down. */
  async drained(): Promise<void> {
    while (this.#open && (this.#inFlight > 0 || this.#sending)) await sleep(this.#options.timing.pace);
  }

  /** Sends what can be sent now. */
  wake(): void {
    if (this.#sending || !this.#open) return;
    this.#sending = true;
    this.#sendReady()
      .catch((error: unknown) => this.#options.log.error({ error }, 'Publishing retained topics failed'))
      .finally(() => {
        this.#sending = false;
        this.#wakeLater();
      });
  }

  async #sendReady(): Promise<void> {
    while (this.#open) {
      const job = this.#inOrder().find((each) => this.#gapLeft(each) <= 0);
      if (job === undefined) return;
      this.#jobs.delete(job.topic);
      this.#send(job).catch((error: unknown) => this.#explain(error, job.topic));
      await sleep(this.#options.timing.pace);
    }
  }

  async #send(job: Job): Promise<void> {
    const { link, now, onSent } = this.#options;
    if (job.first !== null) this.#jobs.set(job.topic, { ...job, first: null });
    if (job.entry === null || job.entry.kind === 'discovery') this.#deviceSentAt.set(job.topic, now());
    this.#inFlight += 1;
    try {
      await link.publish({ topic: job.topic, payload: job.first ?? job.payload, retain: true });
      if (job.first === null) onSent(job);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** A lost link is the session's business: everything is sent anew at the next connection. */
  #explain(error: unknown, topic: string): void {
    if (error instanceof LinkError && error.kind === 'lost') return;
    this.#options.log.warn({ error, topic }, 'The broker refused a retained message');
  }

  #allowed(): Job[] {
    return [...this.#jobs.values()].filter(
      (job) => (job.entry !== null && job.first === null) || this.#options.canRemove(),
    );
  }

  /** Allowed jobs without those that must wait for another: a device is cleared before its states. */
  #inOrder(): Job[] {
    const allowed = this.#allowed();
    const waits = allowed.find((job) => job.entry === null && this.#gapLeft(job) > 0);
    return waits === undefined ? allowed : allowed.filter((job) => job.entry !== null || job === waits);
  }

  /** Milliseconds until the job's device may get another payload. */
  #gapLeft(job: Job): number {
    const sentAt = this.#deviceSentAt.get(job.topic);
    return sentAt === undefined ? 0 : sentAt + this.#options.timing.deviceGap - this.#options.now();
  }

  #wakeLater(): void {
    const waits = this.#inOrder().map((job) => this.#gapLeft(job));
    if (!this.#open || waits.length === 0) return;
    clearTimeout(this.#timer ?? undefined);
    this.#timer = setTimeout(() => this.wake(), Math.max(0, Math.min(...waits)));
  }
}
