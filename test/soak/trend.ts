/** Where a row of measurements is heading, told so that a few wild ones do not count. */

/** One measurement: `sweep` is the number of sweeps done before it. */
export interface Point {
  readonly sweep: number;
  readonly value: number;
}

/** The middle value, of an even number the upper of the two; NaN of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Theil–Sen: the median of the slopes between all pairs of points, in units of `value` a sweep. Up to 29 % of the points
 * may be anything. 0 where there are not two points at different sweeps.
 */
export function slope(points: readonly Point[]): number {
  const slopes = points.flatMap((from, i) =>
    points
      .slice(i + 1)
      .filter((to) => to.sweep !== from.sweep)
      .map((to) => (to.value - from.value) / (to.sweep - from.sweep)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/** The last `share` (0 to 1) of the points, one at least. */
export function lastShare<Each>(points: readonly Each[], share: number): readonly Each[] {
  return points.slice(-Math.max(1, Math.round(points.length * share)));
}

/** The first `share` (0 to 1) of the points, one at least. */
export function firstShare<Each>(points: readonly Each[], share: number): readonly Each[] {
  return points.slice(0, Math.max(1, Math.round(points.length * share)));
}
