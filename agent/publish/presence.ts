import type { Timing } from './timing.ts';

interface PresenceOptions {
  readonly timing: Pick<Timing, 'birthDelay' | 'releaseDelay' | 'awaitBirth'>;
  /** 0 to 1. */
  readonly random: () => number;
  /** Home Assistant has started or come back: send it everything again. */
  readonly onBirth: () => void;
  /** `here` has changed. */
  readonly onChange: () => void;
}

/**
 * Whether Home Assistant listens, as far as its birth and will messages tell. It connects with a clean session, so what
 * is not retained is lost while it is away. Never having heard of it counts as being there.
 */
export class Presence {
  readonly #options: PresenceOptions;
  #here = true;
  #birthSeen = false;
  #linkWasUp = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Events reach it. */
  get here(): boolean {
    return this.#here;
  }

  /** It notices what is taken away. */
  get canRemove(): boolean {
    return this.#here || this.#birthSeen;
  }

  /** After our own reconnect it counts as away until its birth, but not for ever: the broker may have restarted. */
  linkUp(): void {
    if (this.#linkWasUp) {
      this.#birthSeen = false;
      this.#setHere(false);
      this.#later(this.#options.timing.awaitBirth, () => this.#setHere(true));
    }
    this.#linkWasUp = true;
  }

  linkDown(): void {
    this.#clearTimers();
  }

  /** A message on the status topic. One that was retained tells how it is, but is no birth. */
  message(payload: string, retained: boolean): void {
    if (payload === 'offline') this.#leave();
    if (payload === 'online' && !retained) this.#arrive();
  }

  close(): void {
    this.#clearTimers();
  }

  #leave(): void {
    this.#clearTimers();
    this.#birthSeen = false;
    this.#setHere(false);
  }

  #arrive(): void {
    const { timing, random, onBirth } = this.#options;
    this.#clearTimers();
    this.#birthSeen = true;
    this.#later(timing.birthDelay * (1 + 4 * random()), onBirth);
    this.#later(timing.releaseDelay * (1 + random() / 2), () => this.#setHere(true));
  }

  #setHere(here: boolean): void {
    if (this.#here === here) return;
    this.#here = here;
    this.#options.onChange();
  }

  #later(delay: number, task: () => void): void {
    this.#timers.push(setTimeout(task, delay));
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
