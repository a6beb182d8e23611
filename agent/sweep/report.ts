import type { RecordedChange } from '../../domain/change.ts';
import type { HostRecord } from '../../domain/host.ts';
import type { RecordedSweep } from '../../domain/sweep.ts';

/** What one sweep gives back to whoever asked for it, recorded already. */
export interface SweepReport {
  readonly sweep: RecordedSweep;
  /** Hosts that answered in this sweep, as they are now, by address. */
  readonly hosts: readonly HostRecord[];
  readonly changes: readonly RecordedChange[];
}

/** How far a sweep has come, for a progress bar. */
export interface SweepProgress {
  readonly addresses: number;
  readonly asked: number;
  readonly hostsUp: number;
  readonly hostsDone: number;
  /** What is being waited for, as a person would say it: `asking hosts`, `second look`, `settling silent addresses`. */
  readonly stage: string;
}
