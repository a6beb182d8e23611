import { compareSeverity, countBySeverity, type Finding, type Severity } from './finding.ts';
import { findingRuns } from './runs.ts';
import type { HostHistory } from './timeline.ts';

/** Two moments, milliseconds UTC; `to` is not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** While `counts` findings were open, acknowledged ones included. */
export interface ExposureStep extends Span {
  readonly counts: Readonly<Record<Severity, number>>;
}

/** The worst severity that was open on a host for a while. */
export interface WorstBand extends Span {
  readonly severity: Severity;
}

/** A finding for as long as it was not resolved. */
interface OpenPeriod extends Span {
  readonly finding: Finding;
}

/**
 * How many findings were open, as steps that cover the span without a gap, oldest first. A finding counts with the severity
 * that it has now. `hosts` need all changes of their findings, those before the span too.
 */
export function exposureSteps(hosts: readonly HostHistory[], span: Span): readonly ExposureStep[] {
  const periods = hosts.flatMap((host) => openPeriods(host, span));
  const steps = momentsOf(periods, span).map((at) => ({ at, counts: countsAt(periods, at) }));
  return withoutRepeats(steps, ({ counts }) => JSON.stringify(counts)).map(({ at, counts }, i, all) => ({
    from: at,
    to: all[i + 1]?.at ?? span.to,
    counts,
  }));
}

/** The worst severity open on a host, oldest first; while nothing was open there is no band. */
export function worstBands(host: HostHistory, span: Span): readonly WorstBand[] {
  const periods = openPeriods(host, span);
  const steps = momentsOf(periods, span).map((at) => ({ at, severity: worstAt(periods, at) }));
  return withoutRepeats(steps, ({ severity }) => severity).flatMap(({ at, severity }, i, all) =>
    severity === null ? [] : [{ from: at, to: all[i + 1]?.at ?? span.to, severity }],
  );
}

function openPeriods({ host, changes }: HostHistory, span: Span): OpenPeriod[] {
  return host.findings.flatMap((finding) =>
    findingRuns(finding, changes)
      .filter(({ value }) => value !== 'resolved')
      .map(({ since, until }) => ({
        finding,
        from: Math.max(since, span.from),
        to: Math.min(until ?? span.to, span.to),
      }))
      .filter(({ from, to }) => from < to),
  );
}

/** The beginning of the span and every moment in it at which a period begins or ends, ascending. */
function momentsOf(periods: readonly OpenPeriod[], span: Span): number[] {
  const turns = periods.flatMap(({ from, to }) => [from, to]).filter((at) => at < span.to);
  return [...new Set([span.from, ...turns])].sort((a, b) => a - b);
}

function openAt(periods: readonly OpenPeriod[], at: number): Finding[] {
  return periods.filter(({ from, to }) => from <= at && at < to).map(({ finding }) => finding);
}

function countsAt(periods: readonly OpenPeriod[], at: number): Readonly<Record<Severity, number>> {
  return countBySeverity(openAt(periods, at).map((finding) => ({ ...finding, state: 'open' })));
}

function worstAt(periods: readonly OpenPeriod[], at: number): Severity | null {
  const [worst = null] = openAt(periods, at)
    .map(({ severity }) => severity)
    .sort((a, b) => compareSeverity(b, a));
  return worst;
}

function withoutRepeats<Step>(steps: readonly Step[], key: (step: Step) => string | null): readonly Step[] {
  return steps.filter((step, i) => {
    const before = steps[i - 1];
    return before === undefined || key(before) !== key(step);
  });
}
