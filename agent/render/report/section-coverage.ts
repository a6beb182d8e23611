import { type Rhythm, rhythmOf } from '../../../domain/rhythm.ts';
import type { RecordedSweep } from '../../../domain/sweep.ts';
import { addressCount, count } from '../text.ts';
import type { Calendar } from './calendar.ts';
import { coverageByDay, coverageChart } from './chart-coverage.ts';
import type { ReportData } from './data.ts';
import { type Html, html } from './html.ts';
import { axisOf } from './scale.ts';

const MINUTE_MS = 60_000;

/** How well this time was watched: sweeps made, cut short and missed, and how many addresses they asked. */
export function coverageSection({ sweeps, span, everySweepSince }: ReportData, calendar: Calendar): Html {
  const watched = { from: Math.max(span.from, everySweepSince), to: span.to };
  const kept = sweeps.filter(({ finishedAt }) => finishedAt >= watched.from);
  const own = kept.filter(({ kind }) => kind === 'sweep');
  const rhythm = rhythmOf(own, span.to);
  const days = coverageByDay(calendar.daysOf(watched), own, rhythm);
  const rows = [...numbers(own, rhythm, calendar), ...reach(own), sent(kept)];
  const isCut = watched.from > span.from;
  return html`<section id="coverage"><h2>How well it was watched</h2>
<p class="soft">Sweeps by day: complete ones solid, partial ones hatched, missed ones an empty frame.${isCut ? ` From ${calendar.fullDate(watched.from)} on: of a day before that, one sweep is kept.` : null}</p>
${coverageChart(days, axisOf(watched, calendar), calendar)}
<dl class="figures">${rows.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}

type Row = readonly [label: string, value: string];

function numbers(sweeps: readonly RecordedSweep[], { everyMs, gaps }: Rhythm, calendar: Calendar): Row[] {
  const complete = sweeps.filter((sweep) => sweep.complete && sweep.suspect === null).length;
  const suspect = sweeps.filter((sweep) => sweep.suspect !== null).length;
  const missed = gaps.reduce((sum, gap) => sum + gap.missed, 0);
  const [longest] = [...gaps].sort((a, b) => b.to - b.from - (a.to - a.from));
  const every = everyMs === null ? '' : `, one every ${spanText(everyMs)}`;
  return [
    ['sweeps', `${sweeps.length.toLocaleString('en')}${every}`],
    ['complete', share(complete, sweeps.length)],
    ['cut short', String(sweeps.length - complete - suspect)],
    ...(suspect === 0 ? [] : [['not believed', String(suspect)] as const]),
    ['missed', everyMs === null ? 'too few sweeps to tell' : missed.toLocaleString('en')],
    ...(longest === undefined
      ? []
      : [
          [
            'longest time unwatched',
            `${spanText(longest.to - longest.from)}, from ${calendar.moment(longest.from)}`,
          ] as const,
        ]),
  ];
}

function reach(sweeps: readonly RecordedSweep[]): Row[] {
  const [last] = sweeps;
  if (last === undefined) return [];
  const hosts = sweeps.map(({ hostsUp }) => hostsUp);
  const [fewest, most] = [Math.min(...hosts), Math.max(...hosts)];
  return [
    ['asked', `${addressCount(last.addresses)} in ${last.targets.join(', ')}, down to level ${last.level}`],
    ['answered', fewest === most ? count(most, 'host') : `${fewest} to ${count(most, 'host')}`],
  ];
}

function sent(sweeps: readonly RecordedSweep[]): Row {
  const sum = (name: 'connections' | 'datagrams') =>
    sweeps.reduce((all, each) => all + each.sent[name], 0).toLocaleString('en');
  return ['sent', `${sum('connections')} connections, ${sum('datagrams')} datagrams`];
}

function share(part: number, whole: number): string {
  if (whole === 0) return '0';
  const percent = Math.floor((part / whole) * 1000) / 10;
  return `${part.toLocaleString('en')} (${percent} %)`;
}

/** `15 minutes`, `7 h 15 min`, `2 d 4 h`. */
export function spanText(milliseconds: number): string {
  const minutes = Math.round(milliseconds / MINUTE_MS);
  if (minutes < 60) return count(minutes, 'minute');
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const parts = days > 0 ? [`${days} d`, `${hours} h`] : [`${hours} h`, `${rest} min`];
  return parts.filter((part) => !part.startsWith('0 ')).join(' ');
}
