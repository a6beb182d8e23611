import type { ExposureStep } from '../../../domain/exposure.ts';
import type { Severity } from '../../../domain/finding.ts';
import { type Html, html } from './html.ts';
import { type Axis, axisLine, gridLines, percentAt, rounded } from './scale.ts';
import { severityMark, WORST_FIRST } from './severity.ts';

const HEIGHT = 170;
/** Room above the highest step. */
const TOP = 10;
/** Units of the path, which is stretched to the width. */
const WIDTH = 1000;

/** Open findings over time, the worst at the bottom: a stepped area for each severity, and the numbers of now beside it. */
export function trendChart(steps: readonly ExposureStep[], axis: Axis): Html {
  const shown = WORST_FIRST.filter((severity) => steps.some(({ counts }) => counts[severity] > 0));
  const top = scaleTop(Math.max(0, ...steps.map(({ counts }) => total(counts))));
  const y = (number: number) => rounded(HEIGHT - (number / top) * (HEIGHT - TOP));
  const areas = shown.map((severity) => {
    const below = WORST_FIRST.slice(0, WORST_FIRST.indexOf(severity));
    return html`<path class="${severity}" d="${areaPath(steps, [severity], below, axis, y)}"><title>${severity}</title></path>`;
  });
  const levels = levelsTo(top);
  return html`<div class="trend">
<svg class="levels" width="26" height="${HEIGHT + 6}" aria-hidden="true">${levels.map((level) => html`<text x="20" y="${y(level) + 4}" text-anchor="end">${level}</text>`)}</svg>
<svg class="plot" role="img" aria-label="${trendInWords(steps)}" width="100%" height="${HEIGHT + 1}">
<g class="grid">${levels.map((level) => html`<line x1="0" x2="100%" y1="${y(level)}" y2="${y(level)}"/>`)}</g>${gridLines(axis)}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" width="100%" height="${HEIGHT}">${areas}</svg></svg>
<div class="plot-axis">${axisLine(axis)}</div>
</div>
${legend(steps, shown)}`;
}

/** `at the beginning 5 findings were open, at the end 3; at most 7` */
export function trendInWords(steps: readonly ExposureStep[]): string {
  const totals = steps.map(({ counts }) => total(counts));
  return `Open findings: ${totals[0] ?? 0} at the beginning, ${totals.at(-1) ?? 0} at the end, at most ${Math.max(0, ...totals)}`;
}

function legend(steps: readonly ExposureStep[], shown: readonly Severity[]): Html {
  const [first, last] = [steps[0], steps.at(-1)];
  const entries = shown.map((severity) => {
    const [before, now] = [first?.counts[severity] ?? 0, last?.counts[severity] ?? 0];
    return html`<li>${severityMark(severity)} ${severity} <span class="soft">${before === now ? now : `${before} → ${now}`}</span></li>`;
  });
  return html`<ul class="legend">${entries}</ul>`;
}

/** The outline of a stepped area, from `below` upwards, in units of the path. */
export function areaPath(
  steps: readonly ExposureStep[],
  own: readonly Severity[],
  below: readonly Severity[],
  { span }: Axis,
  y: (number: number) => number,
): string {
  const corners = steps.map(({ from, to, counts }) => {
    const base = sum(counts, below);
    return {
      left: rounded((percentAt(from, span) / 100) * WIDTH),
      right: rounded((percentAt(to, span) / 100) * WIDTH),
      top: y(base + sum(counts, own)),
      bottom: y(base),
    };
  });
  const there = corners.map(({ left, right, top }) => `${left} ${top} ${right} ${top}`);
  const back = corners.toReversed().map(({ left, right, bottom }) => `${right} ${bottom} ${left} ${bottom}`);
  return `M${[...there, ...back].join(' ')}Z`;
}

/** The number that the height of the chart stands for: even steps reach it. */
export function scaleTop(most: number): number {
  const step = levelStep(most);
  return Math.max(step, Math.ceil(most / step) * step);
}

function levelStep(most: number): number {
  return [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => most / step <= 4) ?? 1000;
}

function levelsTo(top: number): number[] {
  const step = levelStep(top);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
}

function sum(counts: Readonly<Record<Severity, number>>, severities: readonly Severity[]): number {
  return severities.reduce((all, severity) => all + counts[severity], 0);
}

function total(counts: Readonly<Record<Severity, number>>): number {
  return sum(counts, WORST_FIRST);
}
