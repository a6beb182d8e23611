import type { SecurityEvent } from '../../domain/event.ts';
import type { Outbox } from '../../domain/history.ts';
import type { Log } from '../log.ts';
import { collapse, eventPayload, triggerPayloads } from './events.ts';
import { type Link, LinkError } from './link.ts';
import type { Timing } from './timing.ts';
import type { Topics } from './topics.ts';

const MOST_IN_FLIGHT = 15;
const EVENT_EXPIRY_SECONDS = 24 * 3600;
/** After this many lost connections in a row events are sent one at a time … */
const CAUTIOUS_AFTER_LOSSES = 2;
/** … and one that was in flight at this many, alone at the last, is not sent any more: the broker may choke on it. */
const QUARANTINE_AFTER_LOSSES = 3;
/** More rows than this are never in the outbox. */
const OUTBOX_LIMIT = 10_000;

interface RelayOptions {
  readonly outbox: Outbox;
  readonly link: Pick<Link, 'publish'>;
  readonly topics: Topics;
  readonly timing: Pick<Timing, 'keepAcknowledged' | 'refusedRetry'>;
  readonly log: Log;
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets; missing: that of this process. */
  readonly monotonic?: () => number;
}

/**
 * Carries events from the outbox to the broker, oldest first and at least once. A row leaves the outbox 60 s after the
 * broker acknowledged it: if the link breaks before, or the process dies, the event is sent again, with the same id. The
 * acknowledgement is written down, so that none of those counts as missed.
 */
export class Relay {
  readonly #options: RelayOptions;
  /** Milliseconds UTC; null: held. Events that occurred before this had to wait. */
  #waitedUntil: number | null = null;
  #sending = false;
  #again = false;
  readonly #inFlight = new Set<string>();
  /** When the broker acknowledged, by event id; those rows are still in the outbox. */
  readonly #acknowledged = new Map<string, number>();
  /** Events that the broker acknowledged, to this process or to one before. They may be sent again, but are not missed. */
  readonly #arrived: Set<string>;
  /** Events whose device triggers have fired. A trigger carries no id that could tell a repeat, so it fires once. */
  readonly #triggered: Set<string>;
  /** Connections that were lost while the event was in flight. */
  readonly #losses = new Map<string, number>();
  #lossesInARow = 0;
  readonly #quarantined = new Set<string>();
  readonly #leaps: Leaps;
  #forgetTimer: NodeJS.Timeout | null = null;
  #retryTimer: NodeJS.Timeout | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
    const acknowledged = options.outbox.acknowledged();
    this.#arrived = new Set(acknowledged);
    this.#triggered = new Set(acknowledged);
    this.#leaps = new Leaps(options.now, options.monotonic ?? (() => performance.now()));
  }

  /** Starts to send. Events that occurred before `waitedUntil` (milliseconds UTC) are marked as replayed. */
  release(waitedUntil: number): void {
    if (this.#waitedUntil !== null) return;
    this.#leaps.look();
    this.#sumUp();
    this.#waitedUntil = waitedUntil;
    this.wake();
  }

  /** Stops sending until the next `release`. */
  hold(): void {
    this.#waitedUntil = null;
  }

  /** The link broke: what the broker acknowledged lately may be lost with it and will be sent again. */
  lost(): void {
    this.hold();
    this.#acknowledged.clear();
    if (this.#inFlight.size === 0) return;
    this.#lossesInARow += 1;
    for (const id of this.#inFlight) this.#countLoss(id, this.#inFlight.size === 1);
    this.#inFlight.clear();
  }

  /** There may be new rows in the outbox. */
  wake(): void {
    this.#leaps.look();
    this.#again = true;
    if (this.#sending) return;
    this.#sending = true;
    this.#sendAll()
      .catch((error: unknown) => this.#options.log.error({ error }, 'Sending events failed'))
      .finally(() => {
        this.#sending = false;
      });
  }

  /** Number of rows that the broker has not acknowledged. */
  waiting(): number {
    return this.#options.outbox.size() - this.#acknowledged.size;
  }

  /** Number of events that are not sent any more: the connection broke each time they were. */
  quarantined(): number {
    return this.#quarantined.size;
  }

  /** True while something is on its way. */
  get busy(): boolean {
    return this.#sending;
  }

  /** No more sending. Acknowledged rows leave at once, since the link ends in good order. */
  close(): void {
    this.hold();
    clearTimeout(this.#forgetTimer ?? undefined);
    clearTimeout(this.#retryTimer ?? undefined);
    this.#forget([...this.#acknowledged.keys()]);
  }

  async #sendAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        if (this.#waitedUntil !== null) this.#lossesInARow = 0;
        continue;
      }
      const outcomes = await Promise.allSettled(batch.map((event) => this.#send(event)));
      this.#writeDown(batch.filter((_, n) => outcomes[n]?.status === 'fulfilled'));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed === undefined) this.#again = true;
      else this.#explain(failed.reason);
    }
  }

  #nextBatch(): readonly SecurityEvent[] {
    if (this.#waitedUntil === null) return [];
    const size = this.#lossesInARow >= CAUTIOUS_AFTER_LOSSES ? 1 : MOST_IN_FLIGHT;
    const skipped = this.#acknowledged.size + this.#quarantined.size;
    return this.#options.outbox
      .waiting(skipped + size)
      .filter((event) => !this.#acknowledged.has(event.id) && !this.#quarantined.has(event.id))
      .slice(0, size);
  }

  async #send(event: SecurityEvent): Promise<void> {
    const { link, topics, now } = this.#options;
    const replayed = event.occurredAt < (this.#waitedUntil ?? Number.POSITIVE_INFINITY);
    const payload = eventPayload(event, topics, replayed);
    this.#inFlight.add(event.id);
    try {
      await link.publish({ topic: topics.event, payload, retain: false, expiry: EVENT_EXPIRY_SECONDS });
      this.#acknowledged.set(event.id, now());
      this.#arrived.add(event.id);
      this.#losses.delete(event.id);
      this.#forgetLater();
    } finally {
      this.#inFlight.delete(event.id);
    }
    await this.#trigger(event);
  }

  /** What the broker has taken, triggers included. Once a batch: each time is a transaction, which reaches the disk. */
  #writeDown(delivered: readonly SecurityEvent[]): void {
    if (delivered.length === 0) return;
    const at = this.#options.now();
    this.#options.outbox.acknowledge(new Map(delivered.map(({ id }) => [id, at])));
  }

  async #trigger(event: SecurityEvent): Promise<void> {
    if (this.#triggered.has(event.id)) return;
    const { link, topics } = this.#options;
    for (const payload of triggerPayloads(event)) {
      await link.publish({ topic: topics.trigger, payload, retain: false });
    }
    this.#triggered.add(event.id);
  }

  #countLoss(id: string, alone: boolean): void {
    const losses = (this.#losses.get(id) ?? 0) + 1;
    this.#losses.set(id, losses);
    if (!alone || losses < QUARANTINE_AFTER_LOSSES) return;
    this.#quarantined.add(id);
    this.#options.log.error(
      { event: id, losses },
      'The connection broke each time this event was sent: it is kept, but not sent any more',
    );
  }

  /** A lost link is the session's business; a refusal is told, and tried again later. */
  #explain(error: unknown): void {
    if (error instanceof LinkError && error.kind === 'lost') return;
    this.#options.log.warn({ error }, 'The broker refused an event; it is tried again later');
    clearTimeout(this.#retryTimer ?? undefined);
    this.#retryTimer = setTimeout(() => this.wake(), this.#options.timing.refusedRetry);
  }

  #forgetLater(): void {
    this.#forgetTimer ??= setTimeout(() => {
      this.#forgetTimer = null;
      const { now, timing } = this.#options;
      const old = [...this.#acknowledged].filter(([, at]) => Math.abs(now() - at) >= timing.keepAcknowledged);
      this.#forget(old.map(([id]) => id));
      if (this.#acknowledged.size > 0) this.#forgetLater();
    }, this.#options.timing.keepAcknowledged);
  }

  #forget(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#options.outbox.remove(ids);
    for (const id of ids) {
      this.#acknowledged.delete(id);
      this.#arrived.delete(id);
      this.#triggered.delete(id);
    }
  }

  /** After an absence: what is too old or too much becomes one event. */
  #sumUp(): void {
    const { outbox, now, log } = this.#options;
    const waiting = outbox
      .waiting(OUTBOX_LIMIT)
      .filter(({ id }) => !this.#arrived.has(id) && !this.#inFlight.has(id));
    const collapsed = collapse(
      waiting,
      now(),
      (event) => now() - event.occurredAt - this.#leaps.since(event.occurredAt),
    );
    if (collapsed === null) return;
    outbox.remove(collapsed.replaces, collapsed.summary);
    log.warn({ count: collapsed.summary.count }, 'Events waited too long and are summed up in one');
  }
}

/** Less than this is no reason to call an event old. */
const LEAST_LEAP_MS = 60_000;

/**
 * How far the clock has leapt ahead, and when. An event of a moment ago is not a year old because somebody set the clock:
 * a board without one of its own begins in 1970. A machine that slept leaps, too, and its owner was away.
 */
class Leaps {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #leaps: { readonly after: number; readonly ms: number }[] = [];
  #last: { readonly wall: number; readonly passed: number };

  constructor(now: () => number, monotonic: () => number) {
    this.#now = now;
    this.#monotonic = monotonic;
    this.#last = { wall: now(), passed: monotonic() };
  }

  look(): void {
    const last = this.#last;
    this.#last = { wall: this.#now(), passed: this.#monotonic() };
    const ms = this.#last.wall - last.wall - (this.#last.passed - last.passed);
    // Whatever was stamped before it bears an earlier time, also a sweep that was under way.
    if (ms >= LEAST_LEAP_MS) this.#leaps.push({ after: this.#last.wall - ms, ms });
  }

  /** Milliseconds that the clock has leapt since it showed `at` (milliseconds UTC). */
  since(at: number): number {
    return this.#leaps.filter(({ after }) => at <= after).reduce((sum, { ms }) => sum + ms, 0);
  }
}
