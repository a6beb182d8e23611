import { setTimeout as sleep } from 'node:timers/promises';
import type { Meter } from './meter.ts';
import type { Patience } from './patience.ts';
import { type Attempt, type Connection, type ConnectOutcome, connect } from './tcp.ts';

/** A port to try. `speaks`: we know its protocol; any other port gets zero bytes. */
export interface Door {
  readonly port: number;
  readonly speaks: boolean;
}

/** How a port answered, after the repeat that silence gets. */
export interface Knock {
  readonly port: number;
  readonly outcome: ConnectOutcome;
}

export interface LineOptions {
  /** Pause between connections and between attempts, milliseconds. */
  readonly pauseMs: number;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly meter: Meter;
}

/** A door that was not answered yet, and how often it was tried. */
interface Try {
  readonly door: Door;
  readonly tries: number;
}

/** A try under way. `outcome` is set once it has ended. */
interface Flight extends Try {
  readonly recall: () => void;
  isRecalled: boolean;
  outcome: ConnectOutcome | null;
}

const REPEATS = 1;

/**
 * The line to one host: it sees to it that there is at most one established connection at a time, with a pause between
 * connections. Unanswered SYNs are no connections, so the ports of a silent host are attempted side by side.
 */
export class HostLine {
  readonly #address: string;
  readonly #options: LineOptions;
  #current: Connection | null = null;
  #lastOpened: ConnectOutcome['kind'] | null = null;
  /** When the next attempt may begin, by the monotonic clock. */
  #freeAt = 0;
  #wake: () => void = () => {};

  constructor(address: string, options: LineOptions) {
    this.#address = address;
    this.#options = options;
  }

  /**
   * Tries the doors in order and yields each once it is settled: at once when it answers, after one repeat when it
   * stays silent. An accepted connection belongs to the caller until the next value is asked for; then it is closed.
   * @throws Error for a print port.
   */
  async *knock(doors: readonly Door[]): AsyncGenerator<Knock> {
    const waiting: Try[] = doors.map((door) => ({ door, tries: 0 }));
    const flying = new Set<Flight>();
    try {
      while (waiting.length + flying.size > 0 && !this.#options.signal.aborted) {
        const landed = [...flying].find((each) => each.outcome !== null);
        if (landed === undefined || landed.outcome === null) {
          this.#launchNext(waiting, flying);
          await this.#somethingHappens(waiting.length > 0);
          continue;
        }
        flying.delete(landed);
        const { outcome, door, tries } = landed;
        if (outcome.kind === 'silent' && tries < REPEATS) {
          waiting.push({ door, tries: tries + 1 });
          continue;
        }
        if (outcome.kind === 'accepted') {
          waiting.unshift(...recallAll(flying));
          this.#current = outcome.connection;
        }
        yield { port: door.port, outcome };
        await this.hangUp();
      }
    } finally {
      recallAll(flying);
      await this.hangUp();
    }
  }

  /** How the last `open` ended; null: there was none. */
  get lastOpened(): ConnectOutcome['kind'] | null {
    return this.#lastOpened;
  }

  /** A further connection, after the last one's end and the pause. One repeat on silence. */
  async open(port: number): Promise<ConnectOutcome> {
    await this.hangUp();
    for (let tries = 0; ; tries += 1) {
      await this.#pause();
      const { outcome: ended } = this.#attempt({ port, speaks: true });
      const outcome = await ended;
      this.#freeAt = performance.now() + this.#options.pauseMs;
      this.#lastOpened = outcome.kind;
      if (outcome.kind === 'accepted') this.#current = outcome.connection;
      if (outcome.kind !== 'silent' || tries >= REPEATS || this.#options.signal.aborted) return outcome;
    }
  }

  /** Ends the connection that is open, if there is one. */
  async hangUp(): Promise<void> {
    if (this.#current === null) return;
    await this.#current.close();
    this.#current = null;
    this.#freeAt = performance.now() + this.#options.pauseMs;
  }

  #launchNext(waiting: Try[], flying: Set<Flight>): void {
    const next = performance.now() >= this.#freeAt ? waiting.shift() : undefined;
    if (next === undefined) return;
    const { outcome: ended, recall } = this.#attempt(next.door);
    const flight: Flight = { ...next, recall, isRecalled: false, outcome: null };
    flying.add(flight);
    this.#freeAt = performance.now() + this.#options.pauseMs;
    void ended.then((outcome) => {
      flight.outcome = outcome;
      if (flight.isRecalled && outcome.kind === 'accepted') void outcome.connection.close();
      this.#wake();
    });
  }

  #attempt({ port, speaks }: Door): Attempt {
    const { patience, signal, meter } = this.#options;
    const loop = performance.eventLoopUtilization();
    const { outcome, recall } = connect(this.#address, port, {
      patienceMs: () => patience.attemptMs(),
      signal,
      meter,
      silentConnection: !speaks,
      onSent: () => {
        this.#freeAt = performance.now() + this.#options.pauseMs;
      },
    });
    const learnFrom = (ended: ConnectOutcome): ConnectOutcome => {
      if ('tookMs' in ended) {
        // What our own busy event loop added to the handshake says nothing about the subnet: only its idle time counts.
        const { idle } = performance.eventLoopUtilization(loop);
        patience.learn(Math.min(ended.tookMs, idle));
      }
      return ended;
    };
    return { outcome: outcome.then(learnFrom), recall };
  }

  /** Resolves when an attempt has ended, or, with `moreWaiting`, when the next one may begin. */
  #somethingHappens(moreWaiting: boolean): Promise<void> {
    return new Promise((resolve) => {
      const pauseLeft = Math.max(1, this.#freeAt - performance.now());
      // Where our own event loop was busy, answers wait to be read: they come before the next attempt.
      const timer = moreWaiting ? setTimeout(() => setImmediate(resolve), pauseLeft) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #pause(): Promise<void> {
    const left = this.#freeAt - performance.now();
    if (left > 0) await sleep(left, undefined, { signal: this.#options.signal }).catch(() => {});
  }
}

/** Calls unanswered attempts back because another door has opened; they are made again once it is closed. */
function recallAll(flying: Set<Flight>): Try[] {
  const again = [...flying].map(({ door, tries }) => ({ door, tries }));
  for (const flight of flying) {
    flight.isRecalled = true;
    flight.recall();
    if (flight.outcome?.kind === 'accepted') void flight.outcome.connection.close();
  }
  flying.clear();
  return again;
}
