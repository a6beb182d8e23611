import type { ExposureStep } from '../../../domain/exposure.ts';
import { compareSeverity } from '../../../domain/finding.ts';
import { count } from '../text.ts';
import { type Calendar, spanInWords } from './calendar.ts';
import { clockChart } from './chart-clock.ts';
import { trendChart } from './chart-trend.ts';
import { changesByHour, clockInWords, withoutFirstSight } from './clock.ts';
import type { HostView, ReportData } from './data.ts';
import { type Html, html } from './html.ts';
import type { Axis } from './scale.ts';
import { severityMark, WORST_FIRST } from './severity.ts';

const NUMBERS = [
  'No',
  'One',
  'Two',
  'Three',
  'Four',
  'Five',
  'Six',
  'Seven',
  'Eight',
  'Nine',
  'Ten',
  'Eleven',
  'Twelve',
];

/** What the owner wants to know first: is there something to do, how much, and since when is this report counting. */
export function heading(data: ReportData, views: readonly HostView[], calendar: Calendar): Html {
  const { span, sweeps } = data;
  const targets = sweeps.find(({ kind }) => kind === 'sweep')?.targets ?? [];
  const there = views.filter(({ host }) => host.present).length;
  return html`<header>
<p class="overline">smbwarden report</p>
<h1>${verdict(views)}</h1>
<p class="lead">${spanInWords(span, calendar)}${targets.length === 0 ? '' : ` · ${targets.join(', ')}`}</p>
<p class="lead soft">${count(views.length, 'host')} known, ${there} there when last asked. ${movement(data)}</p>
</header>`;
}

/** One sentence: how many hosts need somebody. */
export function verdict(views: readonly HostView[]): string {
  const urgent = views.filter(({ worst }) => worst !== null && compareSeverity(worst, 'high') >= 0).length;
  if (urgent === 1) return 'One host needs attention';
  if (urgent > 1) return `${NUMBERS[urgent] ?? urgent} hosts need attention`;
  const exposed = views.filter(({ worst }) => worst !== null).length;
  if (exposed > 0) return 'Nothing urgent, something to tidy up';
  return views.length === 0 ? 'Nobody has answered yet' : 'Nothing found that is open';
}

function movement({ changes }: ReportData): string {
  const since = withoutFirstSight(changes);
  const number = (...types: readonly string[]) => since.filter(({ type }) => types.includes(type)).length;
  const parts = [
    [number('finding_opened', 'finding_reopened'), 'opened'],
    [number('finding_resolved'), 'resolved'],
  ] as const;
  const hosts = number('host_new');
  const words = parts.map(([each, verb]) => `${count(each, 'finding')} ${verb}`);
  return `In this time: ${[...words, hosts === 0 ? 'no new host' : count(hosts, 'new host')].join(', ')}.`;
}

/** Open findings by severity, as they are now and as they were at the beginning. */
export function tiles(steps: readonly ExposureStep[]): Html {
  const [first, last] = [steps[0], steps.at(-1)];
  const shown = WORST_FIRST.filter((severity) => severity !== 'info' || (last?.counts.info ?? 0) > 0);
  const items = shown.map((severity) => {
    const [before, now] = [first?.counts[severity] ?? 0, last?.counts[severity] ?? 0];
    const course = now === before ? 'as before' : `${now > before ? 'up' : 'down'} from ${before}`;
    return html`<li class="tile ${now === 0 ? 'none' : severity}"><span class="tile-word">${severityMark(severity)} ${severity}</span><span class="tile-number">${now}</span><span class="tile-course">${course}</span></li>`;
  });
  return html`<ul class="tiles" aria-label="Open findings by severity">${items}</ul>`;
}

/** The trend of what is open, and the hours at which things change. */
export function courseSection(
  { changes }: ReportData,
  steps: readonly ExposureStep[],
  axis: Axis,
  calendar: Calendar,
): Html {
  const hours = changesByHour(changes, calendar);
  return html`<section class="course" aria-label="Trend and clock">
<div><h2>What was open</h2><p class="soft">Open findings by severity, the worst at the bottom.</p>${trendChart(steps, axis)}</div>
<div><h2>When things change</h2><p class="soft">${clockInWords(hours)}</p>${clockChart(hours)}</div>
</section>`;
}
