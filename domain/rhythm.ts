import type { RecordedSweep } from './sweep.ts';

/** How regularly sweeps were made. Times are milliseconds UTC. */
export interface Rhythm {
  /** The usual time from the start of one sweep to the start of the next; null: too few sweeps to tell. */
  readonly everyMs: number | null;
  /** Times without a sweep that should have seen at least one, oldest first. */
  readonly gaps: readonly Gap[];
}

export interface Gap {
  readonly from: number;
  readonly to: number;
  /** How many sweeps would have fallen into it, at least 1. */
  readonly missed: number;
}

const FEWEST_SWEEPS = 4;
/** A sweep may begin late, and a cron pattern is not even: only what is longer than this many usual times is a gap. */
const GAP_FROM = 1.9;

/** The rhythm of `sweeps`, in any order, checks left out, until `to`: what was missed at the end counts too. */
export function rhythmOf(sweeps: readonly RecordedSweep[], to: number): Rhythm {
  const starts = sweeps
    .filter(({ kind, startedAt }) => kind === 'sweep' && startedAt < to)
    .map(({ startedAt }) => startedAt)
    .sort((a, b) => a - b);
  if (starts.length < FEWEST_SWEEPS) return { everyMs: null, gaps: [] };
  const everyMs = median(starts.slice(1).map((start, i) => start - (starts[i] ?? start)));
  if (everyMs <= 0) return { everyMs: null, gaps: [] };
  const gaps = starts.flatMap((from, i) => {
    const next = starts[i + 1] ?? to;
    const missed = Math.round((next - from) / everyMs) - 1;
    return next - from > everyMs * GAP_FROM && missed > 0 ? [{ from, to: next, missed }] : [];
  });
  return { everyMs, gaps };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
