const WINDOW_MS = 60_000;
const SUSPICIOUS_DROPS = 5;

/**
 * Notices another daemon that connects with our id: each connection ends the other's, and both would fight for ever.
 * Mosquitto says so from 2.0.15 on; before that, and over MQTT 3.1.1, the connection just drops.
 */
export class RivalWatch {
  readonly #now: () => number;
  #takenOverAt = Number.NEGATIVE_INFINITY;
  #drops: number[] = [];

  /** `now`: milliseconds UTC; a clock that is set back does not make a minute longer. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The broker says that another took over our session. True at the second time within a minute: it is no accident. */
  takenOver(): boolean {
    const again = Math.abs(this.#now() - this.#takenOverAt) < WINDOW_MS;
    this.#takenOverAt = this.#now();
    return again;
  }

  /** A connection that was up is lost: for the first time within a minute, or again. `suspicious` at the fifth time. */
  dropped(): 'first' | 'again' | 'suspicious' | 'still suspicious' {
    this.#drops = [...this.#drops.filter((at) => Math.abs(this.#now() - at) < WINDOW_MS), this.#now()];
    if (this.#drops.length === 1) return 'first';
    if (this.#drops.length < SUSPICIOUS_DROPS) return 'again';
    return this.#drops.length === SUSPICIOUS_DROPS ? 'suspicious' : 'still suspicious';
  }
}
