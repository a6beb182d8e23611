import type { Measured, PhaseResult, Swept } from './phase.ts';
import { firstShare, lastShare, median, slope } from './trend.ts';

/** What a phase comes to in numbers, each with what it must not exceed. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** null: only told. */
  readonly most: number | null;
}

/** What must not be exceeded; null: it is only told. Memory is in MB: kB of the kernel by 1,000. */
export interface Limits {
  readonly idleRssMb: number | null;
  readonly idleAnonMb: number | null;
  readonly peakMb: number | null;
  readonly growthMb: number | null;
  readonly spaceBytesASweep: number | null;
}

/** Descriptors and threads are counted, not estimated: not a single one. */
const MOST_LEFT_BEHIND = 0;
/** In fewer sweeps everything is still warming up, and growth says nothing. */
const GROWTH_FROM_SWEEPS = 100;
/** What comes before is warming up. */
const COUNTED_SHARE = 0.8;
/** It is written back at 1,000 pages and cut at 4 MiB (storage/database.ts); one transaction may come on top. */
const MOST_WAL_MB = 5;

/** The figures of a phase, in the order of the report; none where it failed before the daemon was measured. */
export function figuresOf(result: PhaseResult, limits: Limits): Figure[] {
  const { idle, measured, swept, answersAfterMs } = result;
  const counted = lastShare(measured, COUNTED_SHARE);
  const last = measured.at(-1);
  if (last === undefined) return [];
  const leftBehind = (read: (each: Measured) => number): number =>
    median(lastShare(counted, 0.1).map(read)) - median(firstShare(counted, 0.1).map(read));
  const isLong = result.plan.sweeps >= GROWTH_FROM_SWEEPS;
  const quiet = swept.filter((each) => each.quiet);
  return [
    { what: 'idle: RSS', value: inMb(idle.rssKb), unit: 'MB', most: limits.idleRssMb },
    { what: 'idle: RssAnon', value: inMb(idle.anonKb), unit: 'MB', most: limits.idleAnonMb },
    { what: 'at the end: RSS', value: inMb(last.rssKb), unit: 'MB', most: null },
    { what: 'at the end: RssAnon', value: inMb(last.anonKb), unit: 'MB', most: null },
    { what: 'RSS at its highest', value: inMb(last.peakKb), unit: 'MB', most: limits.peakMb },
    ...(isLong ? memoryGrowth(counted, limits.growthMb) : []),
    { what: 'file descriptors at the end', value: last.descriptors, unit: '', most: null },
    {
      what: 'file descriptors left behind, from beginning to end',
      value: leftBehind((each) => each.descriptors),
      unit: '',
      most: MOST_LEFT_BEHIND,
    },
    { what: 'threads at the end', value: last.threads, unit: '', most: null },
    {
      what: 'threads left behind, from beginning to end',
      value: leftBehind((each) => each.threads),
      unit: '',
      most: MOST_LEFT_BEHIND,
    },
    { what: 'database at the end', value: last.space.usedBytes / 1e6, unit: 'MB', most: null },
    {
      what: 'write-ahead log at its largest',
      value: Math.max(0, ...measured.map(({ space }) => space.walBytes)) / 1e6,
      unit: 'MB',
      most: MOST_WAL_MB,
    },
    ...(isLong ? [databaseGrowth(counted, limits.spaceBytesASweep)] : []),
    { what: 'a sweep without news: median', value: median(wall(quiet)), unit: 'ms', most: null },
    { what: 'a sweep without news: longest', value: Math.max(...wall(quiet)), unit: 'ms', most: null },
    { what: 'a sweep without news: processor time', value: mean(quiet), unit: 'ms', most: null },
    {
      what: 'an answer in the middle of a sweep: median',
      value: median(answersAfterMs),
      unit: 'ms',
      most: null,
    },
    {
      what: 'an answer in the middle of a sweep: latest',
      value: Math.max(...answersAfterMs),
      unit: 'ms',
      most: null,
    },
  ];
}

function memoryGrowth(counted: readonly Measured[], most: number | null): Figure[] {
  const mbOf1000 = (read: (each: Measured) => number): number => inMb(growthOf(counted, read)) * 1_000;
  return [
    { what: 'growth of RSS in 1,000 sweeps', value: mbOf1000((each) => each.rssKb), unit: 'MB', most },
    { what: 'growth of RssAnon in 1,000 sweeps', value: mbOf1000((each) => each.anonKb), unit: 'MB', most },
  ];
}

function databaseGrowth(counted: readonly Measured[], most: number | null): Figure {
  const unexplained = growthOf(counted, (each) => each.space.usedBytes - explainedBytes(each));
  const value = Math.max(0, unexplained);
  return { what: 'database: growth by a sweep without reason', value, unit: 'bytes', most };
}

/** In units of what is read, by each sweep. */
function growthOf(counted: readonly Measured[], read: (each: Measured) => number): number {
  return slope(counted.map((each) => ({ sweep: each.sweep, value: read(each) })));
}

export function isExceeded({ value, most }: Figure): boolean {
  return most !== null && !(value <= most);
}

/** Rows that changes and the owner's word have added, and the soak's own record of events, at a generous size each. */
function explainedBytes({ space: { rows } }: Measured): number {
  const changing = ['changes', 'facts', 'outbox', 'commands', 'audit', 'ledger'];
  return changing.reduce((sum, table) => sum + (rows[table] ?? 0) * BYTES_A_ROW, 0);
}

const BYTES_A_ROW = 300;

function inMb(kb: number): number {
  return kb / 1_000;
}

function wall(swept: readonly Swept[]): number[] {
  return swept.map(({ wallMs }) => wallMs);
}

function mean(swept: readonly Swept[]): number {
  return swept.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / swept.length;
}
