/** Curves as a picture: SVG without script, legible in a light and in a dark page. Pure. */
import { figure } from './tables.ts';

/** One curve in a frame of its own. Both axes are logarithmic where their values span more than a factor of twenty. */
export interface Curve {
  /** What and in which unit: `wall time, s`. */
  readonly title: string;
  /** At least two, in ascending order of x, each x once; all x and y above zero. */
  readonly points: readonly Point[];
  /** A line across that should not be reached. */
  readonly limit?: { readonly y: number; readonly label: string };
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Picture {
  /** A line in bold above everything. */
  readonly title: string;
  /** A line below it: what was held constant. */
  readonly about: string;
  /** Said below each curve. */
  readonly x: string;
  readonly curves: readonly Curve[];
}

const WIDTH = 800;
const HEADING = 64;
const FRAME = { width: WIDTH / 2, height: 236, left: 64, right: 34, top: 40, bottom: 50 } as const;
const LOGARITHMIC_FROM = 20;
/** Room above the highest point for its label. */
const HEADROOM = 0.16;

/** The curves two by two. */
export function drawCurves({ title, about, x, curves }: Picture): string {
  const height = HEADING + Math.ceil(curves.length / 2) * FRAME.height;
  const frames = curves.map((curve, i) => {
    const [left, top] = [(i % 2) * FRAME.width, HEADING + Math.floor(i / 2) * FRAME.height];
    return `<g transform="translate(${left} ${top})">\n${frame(curve, x)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(18, 27, title, 'title'),
    text(18, 47, about, 'about'),
    ...frames,
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `
text { font: 11px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a }
.page { fill: #ffffff }
.title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.about { font-size: 12px }
.name { font-size: 12px; font-weight: 600; fill: #1f2328 }
.value { fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 3px; stroke-linejoin: round }
.scale { font-size: 10px }
.grid { stroke: #d8dee4; stroke-width: 1 }
.axis { stroke: #8c959f; stroke-width: 1 }
.curve { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round }
.point { fill: #0969da; stroke: #ffffff; stroke-width: 1.5 }
.limit { stroke: #cf222e; stroke-width: 1; stroke-dasharray: 4 3 }
.limit-label { fill: #cf222e }
.end { text-anchor: end }
.middle { text-anchor: middle }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 }
  .page { fill: #0d1117 }
  .title, .name, .value { fill: #f0f6fc }
  .value { stroke: #0d1117 }
  .grid { stroke: #2a313c }
  .axis { stroke: #656c76 }
  .curve { stroke: #4493f8 }
  .point { fill: #4493f8; stroke: #0d1117 }
  .limit { stroke: #f85149 }
  .limit-label { fill: #f85149 }
}
`;

function frame({ title, points, limit }: Curve, x: string): string {
  const across = scaleFor(
    points.map((point) => point.x),
    { from: FRAME.left, to: FRAME.width - FRAME.right, toZero: false },
  );
  const up = scaleFor([...points.map((point) => point.y), ...(limit === undefined ? [] : [limit.y])], {
    from: FRAME.height - FRAME.bottom,
    to: FRAME.top,
    toZero: true,
  });
  const [left, right, bottom] = [
    FRAME.left - 16,
    FRAME.width - FRAME.right + 16,
    FRAME.height - FRAME.bottom,
  ];
  const line = (name: string, y: number): string =>
    `<line class="${name}" x1="${left}" x2="${right}" y1="${at(y)}" y2="${at(y)}"/>`;
  return [
    text(18, 22, `${title.charAt(0).toUpperCase()}${title.slice(1)}`, 'name'),
    ...(up.isLogarithmic ? [text(right, limit === undefined ? 22 : 36, 'logarithmic', 'scale end')] : []),
    ...up.ticks.flatMap((tick) => [
      line('grid', up.place(tick)),
      text(left - 6, up.place(tick) + 4, figure(tick), 'end'),
    ]),
    line('axis', bottom),
    ...points.map((point) => text(across.place(point.x), bottom + 17, figure(point.x), 'middle')),
    text((left + right) / 2, bottom + 36, x, 'middle'),
    ...(limit === undefined
      ? []
      : [line('limit', up.place(limit.y)), text(right, 22, `┄ ${limit.label}`, 'limit-label end')]),
    `<polyline class="curve" points="${points.map((point) => `${at(across.place(point.x))},${at(up.place(point.y))}`).join(' ')}"/>`,
    ...points.flatMap((point) => [
      `<circle class="point" r="4" cx="${at(across.place(point.x))}" cy="${at(up.place(point.y))}"/>`,
      text(across.place(point.x), up.place(point.y) - 10, figure(point.y), 'value middle'),
    ]),
  ].join('\n');
}

interface Scale {
  readonly isLogarithmic: boolean;
  readonly ticks: readonly number[];
  /** Where a value lies, in user units of the picture. */
  place(value: number): number;
}

function scaleFor(
  values: readonly number[],
  { from, to, toZero }: { readonly from: number; readonly to: number; readonly toZero: boolean },
): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = toZero ? 1 - HEADROOM : 1;
  if (most / least > LOGARITHMIC_FROM) {
    const floor = toZero ? 10 ** Math.floor(Math.log10(least)) : least;
    const span = Math.log10(most / floor);
    const first = Math.ceil(Math.log10(floor) - 1e-9);
    const ticks = Array.from(
      { length: Math.floor(Math.log10(most) + 1e-9) - first + 1 },
      (_, i) => 10 ** (first + i),
    );
    return {
      isLogarithmic: true,
      ticks,
      place: (value) => from + ((to - from) * room * Math.log10(value / floor)) / span,
    };
  }
  const floor = toZero ? 0 : least;
  const step = niceStep((most - floor) / 4);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step).filter(
    (tick) => tick >= floor,
  );
  return {
    isLogarithmic: false,
    ticks,
    place: (value) => from + ((to - from) * room * (value - floor)) / (most - floor),
  };
}

/** The least of 1, 2 and 5 times a power of ten that is not below `atLeast`. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= atLeast) ?? 10);
}

function text(x: number, y: number, content: string, name: string): string {
  return `<text class="${name}" x="${at(x)}" y="${at(y)}">${escaped(content)}</text>`;
}

/** A coordinate, to a tenth. */
function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
