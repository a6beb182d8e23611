import type { Address } from '../../domain/address.ts';
import type { Cadence } from '../../domain/cadence.ts';
import type { Severity } from '../../domain/finding.ts';
import type { History } from '../../domain/history.ts';
import type { Mac, VendorOf } from '../../domain/host.ts';
import type { Level } from '../../domain/level.ts';
import type { OwnersHosts } from '../../domain/owners-hosts.ts';
import type { Policy } from '../../domain/policy.ts';
import type { Coverage } from '../../domain/target.ts';
import type { Neighbour } from '../../probes/transport/neighbours4.ts';
import type { Random } from '../ids.ts';
import type { Log } from '../log.ts';
import type { Asker } from './asker.ts';
import type { Ipv6Asker } from './ipv6.ts';
import type { SweepProgress } from './report.ts';

/** One sweep, as somebody asked for it. */
export interface SweepRequest {
  readonly kind: 'sweep' | 'check';
  readonly coverage: Coverage;
  /** As a person writes them, for the record. */
  readonly targets: readonly string[];
  readonly deepest: Level;
  /** The level that was named for this sweep; missing or null: none was. */
  readonly named?: Level | null;
  /** Put the single questions of L3 to every host, due or not. */
  readonly deepenAll: boolean;
  /** How often each single question of L3 is put. */
  readonly cadence: Cadence;
  readonly alertThreshold: Severity;
  /** Events go to the outbox; without a broker they would only pile up there. */
  readonly announce: boolean;
  /** Fires when the sweep is to be given up; nothing of it is then recorded. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
}

/** The world as a sweep needs it. */
export interface SweepWorld {
  readonly history: History;
  /** Asks hosts; opened for this sweep, closed by its end. */
  readonly asker: Asker;
  /** Asks the same hosts over IPv6; null or missing: nobody is. */
  readonly ipv6?: Ipv6Asker | null;
  /** This machine as seen from the inside, or null when none of its addresses is within the targets. */
  readonly lookInside: () => Promise<{ readonly mac: Mac | null; readonly listening: readonly string[] }>;
  readonly random: Random;
  /** Milliseconds UTC. */
  readonly now: () => number;
  readonly log: Log;
  /** What the owner says of hosts, and whom the kernel lists, so that sleepers are known; missing: nothing, nobody. */
  readonly owners?: OwnersHosts;
  /** What the owner declared of all hosts; missing: nothing. */
  readonly policy?: Policy;
  readonly readNeighbours?: () => Promise<ReadonlyMap<Address, Neighbour>>;
  /** Makers of network cards, and what hosts announced by mDNS; missing: not known. */
  readonly vendorOf?: VendorOf;
  readonly heard?: (address: Address) => readonly string[];
  /** Milliseconds between the first look and the second; 5 s unless a test is in a hurry. */
  readonly secondLookAfterMs?: number;
}

/** The sweep was given up on request. Nothing of it was recorded. */
export class SweepStopped extends Error {
  override readonly name: string = 'SweepStopped';
}
