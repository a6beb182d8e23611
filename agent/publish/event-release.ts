import type { Presence } from './presence.ts';
import type { Relay } from './relay.ts';

interface EventReleaseOptions {
  readonly relay: Pick<Relay, 'hold' | 'release'>;
  readonly presence: Pick<Presence, 'here'>;
  /** When quiet hours end that count now, milliseconds UTC; null, or missing: none count. */
  readonly quietUntil?: () => number | null;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** Decides when events may go: when all else is published, Home Assistant is there, and no quiet hours count. */
export class EventRelease {
  readonly #options: EventReleaseOptions;
  #published = false;
  /** Events that occurred before had to wait, milliseconds UTC. */
  #waitedUntil: number;

  constructor(options: EventReleaseOptions) {
    this.#options = options;
    this.#waitedUntil = options.now();
  }

  /** Everything that is retained is published on this connection. */
  published(): void {
    this.#published = true;
    this.look();
  }

  /** The link is down: whatever occurs until it is back has to wait. */
  linkDown(): void {
    this.#published = false;
    this.#waitedUntil = Number.POSITIVE_INFINITY;
  }

  /** Holds or releases events by what is true now. */
  look(): void {
    const { relay, presence, now } = this.#options;
    if (!this.#published || !presence.here) {
      relay.hold();
      if (!presence.here) this.#waitedUntil = Number.POSITIVE_INFINITY;
      return;
    }
    const quietUntil = this.quietUntil();
    if (quietUntil !== null) {
      relay.hold();
      this.#waitedUntil = quietUntil;
      return;
    }
    // The first connection, made at once, found nothing waiting for it.
    const waitedUntil = Number.isFinite(this.#waitedUntil) ? this.#waitedUntil : now();
    this.#waitedUntil = waitedUntil;
    relay.release(waitedUntil);
  }

  /** When quiet hours end that count now, milliseconds UTC, or null. */
  quietUntil(): number | null {
    return this.#options.quietUntil?.() ?? null;
  }
}
