import type { Span } from '../../../domain/exposure.ts';
import type { Calendar } from './calendar.ts';
import { type Html, html } from './html.ts';

/** A time axis: charts place everything in percent of their width, so that they fit any screen without scaling text. */
export interface Axis {
  readonly span: Span;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  /** Percent of the width. */
  readonly x: number;
  readonly label: string;
}

const HOUR_MS = 3_600_000;
const HOUR_STEPS = [1, 2, 3, 6, 12, 24] as const;
/** More labels than these do not fit beside each other on a phone. */
const MOST_TICKS = 5;
/** A label this near an edge, in percent, would stand out beyond it on a phone. */
const EDGE = 8;

/** Where a moment lies in a span, in percent from 0 to 100, to a thousandth. */
export function percentAt(at: number, { from, to }: Span): number {
  const share = to > from ? (at - from) / (to - from) : 0;
  return rounded(Math.min(1, Math.max(0, share)) * 100);
}

/** To a thousandth. */
export function rounded(number: number): number {
  return Math.round(number * 1000) / 1000;
}

/** The axis of a span: at most five labels, on full hours or on midnights of the reader's zone, none near an edge. */
export function axisOf(span: Span, calendar: Calendar): Axis {
  const days = calendar.daysOf(span).slice(1);
  const step = Math.ceil(days.length / MOST_TICKS);
  const moments =
    days.length < 4
      ? someHours(span, calendar)
      : days.filter((_, i) => i % step === Math.floor(step / 2)).map(({ from }) => from);
  const ticks = moments
    .map((at) => ({ x: percentAt(at, span), label: tickLabel(at, calendar) }))
    .filter(({ x }) => x > EDGE && x < 100 - EDGE);
  return { span, ticks };
}

/** A midnight is called by its day. */
function tickLabel(at: number, calendar: Calendar): string {
  return calendar.hourOf(at) === 0 ? calendar.shortDay(at) : calendar.time(at);
}

function someHours({ from, to }: Span, calendar: Calendar): number[] {
  const first = Math.ceil(from / HOUR_MS) * HOUR_MS;
  const hours = Array.from(
    { length: Math.max(0, Math.ceil((to - first) / HOUR_MS)) },
    (_, i) => first + i * HOUR_MS,
  );
  const step = HOUR_STEPS.find((each) => hours.length / each <= MOST_TICKS) ?? 24;
  return hours.filter((at) => calendar.hourOf(at) % step === 0);
}

/** Thin lines at the ticks, over the full height of a chart. */
export function gridLines({ ticks }: Axis): Html {
  return html`<g class="grid">${ticks.map(({ x }) => html`<line x1="${x}%" x2="${x}%" y1="0" y2="100%"/>`)}</g>`;
}

/** The labels of the ticks, as a line of their own below charts. For the eye: charts say their times in words. */
export function axisLine({ ticks }: Axis): Html {
  return html`<svg class="axis" width="100%" height="20" aria-hidden="true">${ticks.map(
    ({ x, label }) => html`<text x="${x}%" y="14" text-anchor="middle">${label}</text>`,
  )}</svg>`;
}
