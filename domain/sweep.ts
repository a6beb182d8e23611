import type { Address } from './address.ts';
import type { Level } from './level.ts';

/** One pass over all targets, as it is recorded. Times are milliseconds UTC. */
export interface SweepSummary {
  /** `check`: one host, asked because somebody wanted to know now. */
  readonly kind: 'sweep' | 'check';
  readonly startedAt: number;
  readonly finishedAt: number;
  /** From a monotonic clock. */
  readonly durationMs: number;
  /** When the last live host's conversation ended, milliseconds after the start; absent addresses settle later. */
  readonly lastAnswerMs: number;
  /** The deepest level that this sweep was allowed. */
  readonly level: Level;
  /** As a person writes them: `192.168.1.0/24`. */
  readonly targets: readonly string[];
  /** How many addresses were asked, our own not counted. */
  readonly addresses: number;
  readonly hostsUp: number;
  /** False when some address was not settled: deadline, stop, or trouble on our own side. */
  readonly complete: boolean;
  /** Why this sweep is not to be believed, or null. Such a sweep resolves nothing and marks nobody absent. */
  readonly suspect: string | null;
  readonly sent: Sent;
}

/** What a sweep sent. */
export interface Sent {
  readonly connections: number;
  readonly datagrams: number;
  readonly bytes: number;
}

/** What a sweep sent to one port of one address on behalf of one probe. */
export interface Sending extends Sent {
  /** null: all addresses together at which nobody was met. */
  readonly address: Address | null;
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  readonly probe: string;
}

export interface RecordedSweep extends SweepSummary {
  readonly id: number;
}
