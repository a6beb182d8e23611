import { endWhatIsOver, nextToEnd } from './carry-out.ts';
import type { DecisionWorld } from './world.ts';

const TICK_MS = 5_000;

/**
 * Ends by itself, in a running daemon, what the owner gave an end. It looks at the clock every 5 s, since a clock that is
 * set would fool a longer timer, and at the history only after something was recorded.
 */
export class Ends {
  readonly #world: DecisionWorld;
  readonly #onEnded: () => void;
  /** Milliseconds UTC; null: nothing has an end; undefined: to be looked up. */
  #next: number | null | undefined;
  #ticker: NodeJS.Timeout | undefined;

  constructor(world: DecisionWorld, onEnded: () => void) {
    this.#world = world;
    this.#onEnded = onEnded;
  }

  start(): void {
    this.#ticker = setInterval(() => this.look(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  /** Something was recorded: other things may have an end now. */
  renew(): void {
    this.#next = undefined;
  }

  /** Ends what is over. A database that refuses is tried again at the next tick. */
  look(): void {
    try {
      if (this.#next === undefined) this.#next = nextToEnd(this.#world);
      if (this.#next === null || this.#world.now() < this.#next) return;
      this.#next = undefined;
      if (endWhatIsOver(this.#world)) this.#onEnded();
    } catch (error) {
      this.#world.log.error({ error }, 'what is over could not be ended; it is tried again');
    }
  }
}
