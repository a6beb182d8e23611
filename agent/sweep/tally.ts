import type { Address } from '../../domain/address.ts';
import { AddressSet } from '../../domain/address-set.ts';
import type { Mac } from '../../domain/host.ts';
import type { Sighting } from '../../domain/observation.ts';
import type { Log } from '../log.ts';
import type { SweepProgress } from './report.ts';
import type { Visit } from './stay.ts';

/** Everybody has been asked. */
export interface Asked {
  readonly sightings: readonly Sighting[];
  /** Addresses whose silence counts: they were asked, and the kernel or the timeouts have settled that nobody answers. */
  readonly settled: Pick<ReadonlySet<Address>, 'has' | 'size'> & Iterable<Address>;
  readonly addresses: number;
  /** Milliseconds from the start to the end of the last live host's visit. */
  readonly lastAnswerMs: number;
  /** Every address has settled, and nothing went wrong on our own side. */
  readonly complete: boolean;
}

const REPORT_EVERY_MS = 50;

interface TallyOptions {
  /** How many addresses are to be asked. */
  readonly addresses: number;
  /** Fires when the sweep is given up. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
  readonly log: Log;
}

/** The books of one sweep: who was asked, found, visited. */
export class Tally {
  readonly #options: TallyOptions;
  readonly #startedAt = performance.now();
  readonly #sightings: Sighting[] = [];
  readonly #settled = new AddressSet();
  readonly #doubtful = new Map<Address, Mac>();
  #reportedAt = Number.NEGATIVE_INFINITY;
  #asked = 0;
  #found = 0;
  #visited = 0;
  #lastAnswerMs = 0;
  #hadFault = false;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  /** A further address has been asked; one that is asked again counts once. */
  noteAsked(): void {
    this.#asked += 1;
    this.#report();
  }

  noteFound(): void {
    this.#found += 1;
    this.#report();
  }

  noteSilent(address: Address): void {
    this.#settled.add(address);
  }

  /** Somebody may be there, or may have left just now. */
  noteDoubt(address: Address, mac: Mac): void {
    this.#visited += 1;
    this.#doubtful.set(address, mac);
    this.#report();
  }

  /**
   * A visit has ended. Without `isThere` it has shown that nobody is there (any more), unless it was cut short or hindered
   * by trouble on our own side: that settles nothing.
   */
  noteVisit(address: Address, mac: Mac | null, seen: Visit, isThere: boolean): void {
    const { log, signal } = this.#options;
    const hadFault = seen.localFaults.length > 0;
    const afterMs = Math.round(performance.now() - this.#startedAt);
    log.debug({ address, answered: seen.answered, afterMs }, 'visit ended');
    this.#visited += 1;
    if (hadFault) this.#hadFault = true;
    if (isThere) {
      this.#sightings.push(toSighting(address, mac, seen));
      this.#lastAnswerMs = performance.now() - this.#startedAt;
    } else if (!hadFault && !signal.aborted) this.#settled.add(address);
    this.#report();
  }

  /** A doubtful neighbour that was met at another address has moved there. */
  finish(): Asked {
    const met = new Set(this.#sightings.map((sighting) => sighting.mac));
    for (const [address, mac] of this.#doubtful) if (met.has(mac)) this.#settled.add(address);
    const { addresses, signal } = this.#options;
    const all = this.#settled.size + this.#sightings.length === addresses;
    const settled = new AddressSet(this.#settled);
    for (const { address } of this.#sightings) settled.add(address);
    return {
      sightings: this.#sightings,
      settled,
      addresses,
      lastAnswerMs: this.#lastAnswerMs,
      complete: all && !this.#hadFault && !signal.aborted,
    };
  }

  /** At most so often, so that progress costs nothing. */
  #report(): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    const { addresses, onProgress } = this.#options;
    const waitsForSilence = this.#asked === addresses && this.#visited >= this.#found;
    onProgress({
      addresses,
      asked: this.#asked,
      hostsUp: this.#found,
      hostsDone: this.#visited,
      stage: waitsForSilence ? 'settling silent addresses' : 'asking hosts',
    });
  }
}

/** What a visit to an address amounts to for the sweep. */
export function toSighting(address: Address, mac: Mac | null, seen: Visit): Sighting {
  const { observations, asked, losses = [] } = seen;
  return { address, mac, isAgent: false, observations, asked, losses };
}
