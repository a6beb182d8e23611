import type { Span } from '../../../domain/exposure.ts';
import type { Rhythm } from '../../../domain/rhythm.ts';
import type { RecordedSweep } from '../../../domain/sweep.ts';
import type { Calendar } from './calendar.ts';
import { type Html, html } from './html.ts';
import { type Axis, axisLine, percentAt, rounded } from './scale.ts';

const HEIGHT = 64;
/** Share of a day's width that is drawn; the rest is a seam. */
const FILLED = 0.82;

/** How the sweeps of one day went. */
export interface DayCoverage extends Span {
  readonly complete: number;
  /** Ended early, or not to be believed. */
  readonly partial: number;
  readonly missed: number;
}

/** The sweeps of each day, checks left out; a gap counts for each day by its share. */
export function coverageByDay(
  days: readonly Span[],
  sweeps: readonly RecordedSweep[],
  { everyMs, gaps }: Rhythm,
): readonly DayCoverage[] {
  return days.map(({ from, to }) => {
    const own = sweeps.filter(
      ({ kind, startedAt }) => kind === 'sweep' && startedAt >= from && startedAt < to,
    );
    const complete = own.filter((sweep) => sweep.complete && sweep.suspect === null).length;
    const blindMs = gaps
      .map((gap) => ({ from: gap.from + (everyMs ?? 0), to: gap.to }))
      .reduce((sum, gap) => sum + Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from)), 0);
    const missed = everyMs === null ? 0 : Math.round(blindMs / everyMs);
    return { from, to, complete, partial: own.length - complete, missed };
  });
}

/** A column for each day: complete sweeps solid, partial ones hatched, missed ones an empty frame on top. */
export function coverageChart(days: readonly DayCoverage[], axis: Axis, calendar: Calendar): Html {
  const most = Math.max(1, ...days.map(({ complete, partial, missed }) => complete + partial + missed));
  const columns = days.map((day) => {
    const x = percentAt(day.from, axis.span);
    const width = rounded((percentAt(day.to, axis.span) - x) * FILLED);
    const height = (number: number) => rounded((number / most) * HEIGHT);
    const [complete, partial, missed] = [height(day.complete), height(day.partial), height(day.missed)];
    const part = (name: string, y: number, size: number) =>
      size === 0
        ? null
        : html`<rect class="${name}" x="${x}%" y="${rounded(y)}" width="${width}%" height="${size}"/>`;
    return html`<g><title>${dayInWords(day, calendar)}</title>${part('complete', HEIGHT - complete, complete)}${part('partial', HEIGHT - complete - partial, partial)}${part('missed', HEIGHT - complete - partial - missed, missed)}</g>`;
  });
  const sum = (name: 'complete' | 'partial' | 'missed') => days.reduce((all, day) => all + day[name], 0);
  const label = `Sweeps by day: ${sum('complete')} complete, ${sum('partial')} partial, ${sum('missed')} missed`;
  return html`<svg class="coverage" role="img" aria-label="${label}" width="100%" height="${HEIGHT + 1}">
<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V5" class="hatch"/></pattern></defs>${columns}</svg>${axisLine(axis)}`;
}

function dayInWords({ from, complete, partial, missed }: DayCoverage, calendar: Calendar): string {
  return `${calendar.shortDay(from)}: ${complete} complete, ${partial} partial, ${missed} missed`;
}
