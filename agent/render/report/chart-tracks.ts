import type { Span, WorstBand } from '../../../domain/exposure.ts';
import type { Severity } from '../../../domain/finding.ts';
import type { Band, Track } from '../../../domain/timeline.ts';
import type { Calendar } from './calendar.ts';
import { type Html, html } from './html.ts';
import { type Axis, gridLines, percentAt, rounded } from './scale.ts';

const TRACK_HEIGHT = 22;
const BAND = { y: 2, height: 18 } as const;
/** A band that is shorter than this many percent would not be seen. */
const THINNEST = 0.35;
/** Percent of the width that a character of a label takes at most, in a chart of 35 rem and on a phone, and what is left blank. */
const CHARACTER = { wide: 1.35, narrow: 2.9 } as const;
const PADDING = { wide: 2, narrow: 5 } as const;
/** A longer list of states is put in a sentence. */
const MOST_STATES_READ_OUT = 4;

/** Where a band lies, in percent of the width, and whether its label fits into it. */
export interface Placed {
  readonly x: number;
  readonly width: number;
  readonly label: 'fits' | 'fits-wide' | 'none';
}

/** One line of a host's timeline: a bar for each state, with its name inside where there is room. */
export function trackChart(track: Track, away: readonly Span[], axis: Axis, calendar: Calendar): Html {
  const { span } = axis;
  const placed = track.bands.map((band) => ({ band, at: placeBand(band, span) }));
  const bars = placed.map(
    ({ band, at }) =>
      html`<rect class="band ${band.tone}" x="${at.x}%" y="${BAND.y}" width="${at.width}%" height="${BAND.height}" rx="3"><title>${bandTitle(track.label, band, span, calendar)}</title></rect>`,
  );
  const veils = away.map(({ from, to }) => {
    const { x, width } = placeBand({ from, to, state: '' }, span);
    return html`<rect class="veil" x="${x}%" y="0" width="${width}%" height="${TRACK_HEIGHT}"/>`;
  });
  const labels = placed
    .filter(({ at }) => at.label !== 'none')
    .map(
      ({ band, at }) =>
        html`<svg x="${at.x}%" width="${at.width}%" height="${TRACK_HEIGHT}"><text class="${at.label} on-${band.tone}" x="7" y="15">${band.state}</text></svg>`,
    );
  return html`<svg class="track" role="img" aria-label="${inWords(track, span, calendar)}" width="100%" height="${TRACK_HEIGHT}">${gridLines(axis)}${bars}${veils}${labels}</svg>`;
}

/** Where a band is drawn. One that would vanish is widened, to the left where the edge is near. */
export function placeBand({ from, to, state }: Pick<Band, 'from' | 'to' | 'state'>, span: Span): Placed {
  const start = percentAt(from, span);
  const width = Math.max(THINNEST, rounded(percentAt(to, span) - start));
  const x = Math.min(start, 100 - width);
  const fits = (size: 'wide' | 'narrow') => width >= state.length * CHARACTER[size] + PADDING[size];
  return {
    x: rounded(x),
    width: rounded(width),
    label: fits('narrow') ? 'fits' : fits('wide') ? 'fits-wide' : 'none',
  };
}

function bandTitle(label: string, { from, to, state }: Band, span: Span, calendar: Calendar): string {
  const begin = from <= span.from ? 'before' : calendar.moment(from);
  const end = to >= span.to ? 'now' : calendar.moment(to);
  return `${label}: ${state}, ${begin} to ${end}`;
}

function inWords({ label, bands }: Track, span: Span, calendar: Calendar): string {
  if (bands.length <= MOST_STATES_READ_OUT) {
    return `${label}: ${bands.map((band) => bandTitle('', band, span, calendar).slice(2)).join('; ')}`;
  }
  const states = [...new Set(bands.map(({ state }) => state))].join(' and ');
  return `${label}: changed ${bands.length - 1} times between ${states}; now ${bands.at(-1)?.state ?? ''}`;
}

const OUTLINE_HEIGHT = 26;
/** Height of a step by severity, so that the worst stands out without its colour. */
const STEP: Readonly<Record<Severity, number>> = { info: 4, low: 7, medium: 11, high: 15, critical: 19 };
const GROUND = { y: 21, height: 3 } as const;

/** A host at a glance: when it was there, as a line, and on it the worst finding that was open, as steps. */
export function outlineChart(
  worst: readonly WorstBand[],
  there: readonly Span[],
  axis: Axis,
  { label, calendar }: { readonly label: string; readonly calendar: Calendar },
): Html {
  const { span } = axis;
  const steps = worst.map((band) => {
    const { x, width } = placeBand({ ...band, state: '' }, span);
    const height = STEP[band.severity];
    const title = bandTitle(
      'worst open finding',
      { ...band, state: band.severity, tone: 'exposed' },
      span,
      calendar,
    );
    return html`<rect class="${band.severity}" x="${x}%" y="${GROUND.y - 1 - height}" width="${width}%" height="${height}"><title>${title}</title></rect>`;
  });
  const ground = there.map((band) => {
    const { x, width } = placeBand({ ...band, state: '' }, span);
    return html`<rect class="there" x="${x}%" y="${GROUND.y}" width="${width}%" height="${GROUND.height}"/>`;
  });
  return html`<svg class="outline" role="img" aria-label="${label}" width="100%" height="${OUTLINE_HEIGHT}">${gridLines(axis)}${steps}${ground}</svg>`;
}
