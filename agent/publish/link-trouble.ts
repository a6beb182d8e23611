import type { Log } from '../log.ts';
import { RivalWatch } from './rival.ts';

/** MQTT 5 and 3.1.1 codes for a name or password that is not accepted. */
const CREDENTIALS_REFUSED = [0x86, 0x87, 0x04, 0x05];
const LOST = 'The connection to the MQTT broker was lost; events wait until it is back';
const DROPS_AGAIN =
  'The connection to the MQTT broker drops again and again: another smbwarden with the same id may be connected';

interface LinkTroubleOptions {
  /** Without credentials. */
  readonly broker: string;
  readonly log: Log;
  /** Milliseconds UTC. */
  readonly now: () => number;
}

/** What is wrong with the connection to the broker: kept for whoever asks, and told in the log once. */
export class LinkTrouble {
  readonly #options: LinkTroubleOptions;
  readonly #rivals: RivalWatch;
  #last: string | null = null;
  #told: string | null = null;

  constructor(options: LinkTroubleOptions) {
    this.#options = options;
    this.#rivals = new RivalWatch(options.now);
  }

  /** Why there is no connection, one sentence; null: there is one, or it was not tried yet. */
  get last(): string | null {
    return this.#last;
  }

  /** The connection is there. */
  over(): void {
    this.#last = null;
    this.#told = null;
  }

  /** An attempt to connect failed. */
  failed(error: Error): void {
    const { broker, log } = this.#options;
    const code = 'code' in error ? error.code : null;
    const hint = CREDENTIALS_REFUSED.includes(code as number) ? '; check user name and password' : '';
    this.#last = `${error.message || code}${hint}`;
    if (this.#last === this.#told) return;
    this.#told = this.#last;
    log.warn({ broker, reason: this.#last }, 'No connection to the MQTT broker; trying again');
  }

  /** The connection ended, or none was made; `wasUp` tells which. */
  closed(wasUp: boolean): void {
    this.#last ??= 'the broker closed the connection';
    if (!wasUp) return;
    const { broker, log } = this.#options;
    const drops = this.#rivals.dropped();
    if (drops === 'first') log.warn({ broker, reason: this.#last }, LOST);
    if (drops === 'first' || drops === 'again') return;
    this.#last = 'the connection drops again and again; is another smbwarden with the same id connected?';
    if (drops === 'suspicious') log.warn({ broker }, DROPS_AGAIN);
  }

  /** Another took over our session. True when that is no accident: MQTT must be stopped, or both fight for ever. */
  takenOver(): boolean {
    if (!this.#rivals.takenOver()) return false;
    const { broker, log } = this.#options;
    this.#last = 'another smbwarden with the same agent id or client id is connected; MQTT is stopped';
    log.error({ broker }, 'Another smbwarden with the same id is connected: MQTT is stopped');
    return true;
  }
}
