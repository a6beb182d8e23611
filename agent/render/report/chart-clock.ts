import { clockInWords, type HoursOfDay, sum } from './clock.ts';
import { type Html, html } from './html.ts';
import { rounded } from './scale.ts';

const SIZE = 220;
const MIDDLE = SIZE / 2;
const INNER = 38;
const OUTER = 86;
const LABELS_AT = 99;
const HOURS = 24;
const DEGREES_PER_HOUR = 360 / HOURS;
/** Degrees between two wedges. */
const SEAM = 1.6;
const LABELLED = [0, 6, 12, 18] as const;

/** A dial of 24 hours, midnight at the top: a wedge for each hour, as large as there were changes in it. */
export function clockChart(hours: HoursOfDay): Html {
  const total = sum(hours.lasting) + sum(hours.passing);
  const labels = LABELLED.map((hour) => {
    const [x, y] = pointAt(hour * DEGREES_PER_HOUR, LABELS_AT);
    return html`<text x="${x}" y="${rounded(y + 4)}" text-anchor="middle">${hour}</text>`;
  });
  return html`<svg class="clock" role="img" aria-label="${total} changes by hour of the day. ${clockInWords(hours)}" viewBox="0 0 ${SIZE} ${SIZE}" width="${SIZE}" height="${SIZE}">
<circle class="dial" cx="${MIDDLE}" cy="${MIDDLE}" r="${OUTER}"/><circle class="hub" cx="${MIDDLE}" cy="${MIDDLE}" r="${INNER}"/>
<g class="wedges">${wedges(hours)}</g><g class="hour-marks">${hourMarks()}</g><g class="hour-labels">${labels}</g>
<text class="clock-total" x="${MIDDLE}" y="${MIDDLE + 3}" text-anchor="middle">${total.toLocaleString('en')}</text><text class="clock-unit" x="${MIDDLE}" y="${MIDDLE + 18}" text-anchor="middle">${total === 1 ? 'change' : 'changes'}</text></svg>
<ul class="legend"><li><svg class="mark lasting" width="12" height="12" aria-hidden="true"><rect width="12" height="12"/></svg> changed</li><li><svg class="mark passing" width="12" height="12" aria-hidden="true"><rect x=".5" y=".5" width="11" height="11"/></svg> came and went</li></ul>`;
}

/** What lasts lies at the middle, comings and goings around it. */
function wedges({ lasting, passing }: HoursOfDay): Html[] {
  const most = Math.max(1, ...lasting.map((number, hour) => number + (passing[hour] ?? 0)));
  // The eye compares areas, so the area grows with the number.
  const radius = (number: number) => Math.sqrt(INNER ** 2 + (number / most) * (OUTER ** 2 - INNER ** 2));
  return lasting.flatMap((stays, hour) => {
    const passes = passing[hour] ?? 0;
    const until = (hour + 1) % HOURS;
    const title = `${hour}:00 to ${until}:00: ${stays} changed, ${passes} came or went`;
    const wedge = (name: string, from: number, to: number) =>
      from === to
        ? []
        : [
            html`<path class="${name}" d="${wedgePath(hour, radius(from), radius(to))}"><title>${title}</title></path>`,
          ];
    return [...wedge('lasting', 0, stays), ...wedge('passing', stays, stays + passes)];
  });
}

function hourMarks(): Html[] {
  return Array.from({ length: HOURS }, (_, hour) => {
    const [x, y] = pointAt(hour * DEGREES_PER_HOUR, OUTER + 3.5);
    return html`<circle cx="${x}" cy="${y}" r="${hour % 6 === 0 ? 1.6 : 0.8}"/>`;
  });
}

/** The outline of one hour between two radii, in units of the dial. */
export function wedgePath(hour: number, inner: number, outer: number): string {
  const [begin, end] = [hour * DEGREES_PER_HOUR + SEAM / 2, (hour + 1) * DEGREES_PER_HOUR - SEAM / 2];
  const [near, far] = [rounded(inner), rounded(outer)];
  const corners = [pointAt(begin, near), pointAt(begin, far), pointAt(end, far), pointAt(end, near)];
  const [a, b, c, d] = corners.map((point) => point.join(' '));
  return `M${a}L${b}A${far} ${far} 0 0 1 ${c}L${d}A${near} ${near} 0 0 0 ${a}Z`;
}

/** A point of the dial, clockwise from the top. */
export function pointAt(degrees: number, radius: number): [x: number, y: number] {
  const angle = ((degrees - 90) / 180) * Math.PI;
  return [rounded(MIDDLE + Math.cos(angle) * radius), rounded(MIDDLE + Math.sin(angle) * radius)];
}
