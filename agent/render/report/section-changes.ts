import type { ChangeType, RecordedChange } from '../../../domain/change.ts';
import { factInWords, factLabel } from '../../../domain/fact-words.ts';
import type { FactValue } from '../../../domain/facts.ts';
import type { Severity } from '../../../domain/finding.ts';
import type { HostId } from '../../../domain/host.ts';
import { count } from '../text.ts';
import type { Calendar } from './calendar.ts';
import { isPassing } from './clock.ts';
import type { HostView } from './data.ts';
import { type Html, html, nameText, shortened } from './html.ts';
import { severityMark } from './severity.ts';

/** Newer days are shown, older ones folded away. */
const DAYS_SHOWN = 8;
const MOST_PER_DAY = 40;
const MOST_VISITORS = 24;
const LONGEST_VALUE = 80;

/** One word for each type of change. */
const WORDS: Readonly<Partial<Record<ChangeType, string>>> = {
  baseline: 'start',
  host_new: 'new',
  host_returned: 'back',
  host_lost: 'away',
  host_moved: 'moved',
  service_changed: 'port',
  fact_changed: 'differs',
  finding_opened: 'opened',
  finding_reopened: 'open again',
  finding_resolved: 'resolved',
  finding_acknowledged: 'known',
  severity_raised: 'worse',
  sweep_failed: 'failed',
  sweep_suspect: 'suspect',
};

type Names = ReadonlyMap<HostId, HostView>;

/** The changes of one day; or of several in a row on which hosts came and went and nothing else changed. */
export interface Chapter {
  /** One for each day, newest first; the changes of a day newest first. */
  readonly days: readonly (readonly RecordedChange[])[];
}

/** What changed, by day, newest first. */
export function changesSection(
  changes: readonly RecordedChange[],
  views: readonly HostView[],
  calendar: Calendar,
): Html {
  const names: Names = new Map(views.map((view) => [view.host.id, view]));
  const chapters = chaptersOf(changes, calendar);
  const [shown, older] = [chapters.slice(0, DAYS_SHOWN), chapters.slice(DAYS_SHOWN)];
  const olderChanges = older.flatMap(({ days }) => days.flat()).length;
  const folded =
    older.length === 0
      ? null
      : html`<details class="older"><summary>${count(olderChanges, 'earlier change')}</summary>${older.map((each) => chapterPart(each, names, calendar))}</details>`;
  return html`<section id="changes"><h2>What changed</h2>
${chapters.length === 0 ? html`<p>Nothing changed.</p>` : shown.map((each) => chapterPart(each, names, calendar))}
${folded}</section>`;
}

/** The days of the changes, which are newest first; quiet days in a row are put together. */
export function chaptersOf(changes: readonly RecordedChange[], calendar: Calendar): readonly Chapter[] {
  const days = [...Map.groupBy(changes, ({ at }) => calendar.dateOf(at)).values()];
  const chapters: { days: RecordedChange[][] }[] = [];
  for (const day of days) {
    const last = chapters.at(-1);
    const isQuiet = last !== undefined && [...last.days, day].every((each) => each.every(isPassing));
    if (isQuiet) last.days.push(day);
    else chapters.push({ days: [day] });
  }
  return chapters;
}

function chapterPart({ days }: Chapter, names: Names, calendar: Calendar): Html {
  const [newest, oldest] = [days[0]?.[0], days.at(-1)?.[0]];
  if (newest === undefined || oldest === undefined) return html``;
  const title =
    days.length === 1
      ? calendar.longDay(newest.at)
      : `${calendar.longDay(oldest.at)}, to ${calendar.longDay(newest.at)}`;
  const rows = days.length === 1 ? dayRows(days[0] ?? [], names, calendar) : visitorsRow(days.flat(), names);
  return html`<div class="day"><h3>${title}</h3><ol class="changes">${rows}</ol></div>`;
}

function dayRows(changes: readonly RecordedChange[], names: Names, calendar: Calendar): Html {
  const passing = changes.filter(isPassing).toReversed();
  const lasting = changes.filter((change) => !isPassing(change));
  const more = lasting.length - MOST_PER_DAY;
  const rest =
    more > 0
      ? html`<li><span></span><span></span><span class="what">and ${count(more, 'more change')}: <code>smbwarden history</code></span></li>`
      : null;
  const rows = lasting.slice(0, MOST_PER_DAY).map((change) => changeRow(change, names, calendar));
  return html`${rows}${rest}${passing.length === 0 ? null : passingRow(passing, names, calendar)}`;
}

function changeRow(change: RecordedChange, names: Names, calendar: Calendar): Html {
  const { at, type } = change;
  const severity = severityOf(change, names);
  return html`<li class="${type}"><time>${calendar.time(at)}</time><span class="word">${severity === null ? null : severityMark(severity)} ${WORDS[type] ?? type.replaceAll('_', ' ')}</span><span class="what">${whatChanged(change, names)}</span></li>`;
}

/** Hosts that came and went on one day share a line, the earliest first. */
function passingRow(changes: readonly RecordedChange[], names: Names, calendar: Calendar): Html {
  const byHost = [...Map.groupBy(changes, ({ hostId }) => hostId)];
  const visitors = byHost.slice(0, MOST_VISITORS).map(([hostId, own]) => {
    const turns = own.map(({ at, type }) => `${WORDS[type] ?? ''} ${calendar.time(at)}`).join(', ');
    return html`<span class="visitor">${nameOf(hostId, names)} <span class="soft">${turns}</span></span> `;
  });
  return toAndFro(visitors, byHost.length);
}

function visitorsRow(changes: readonly RecordedChange[], names: Names): Html {
  const hosts = [...new Set(changes.map(({ hostId }) => hostId))];
  const visitors = hosts
    .slice(0, MOST_VISITORS)
    .map((hostId) => html`<span class="visitor">${nameOf(hostId, names)}</span> `);
  return toAndFro(visitors, hosts.length);
}

function toAndFro(visitors: readonly Html[], all: number): Html {
  const more = all - visitors.length;
  return html`<li><span></span><span class="word">to and fro</span><span class="what">${visitors}${more > 0 ? `and ${count(more, 'more host')}` : null}</span></li>`;
}

function severityOf({ findingId, hostId, type }: RecordedChange, names: Names): Severity | null {
  if (type === 'finding_resolved' || findingId === null || hostId === null) return null;
  return names.get(hostId)?.host.findings.find(({ id }) => id === findingId)?.severity ?? null;
}

/** Facts in words of our own; everything else says it in its summary. */
function whatChanged({ fact, hostId, summary }: RecordedChange, names: Names): Html {
  if (fact === null || hostId === null || !names.has(hostId))
    return html`${shortened(summary, 3 * LONGEST_VALUE)}`;
  const inWords = (value: FactValue | null) => shortened(factInWords(value), LONGEST_VALUE);
  return html`${nameOf(hostId, names)}: ${factLabel(fact.name)} <span class="soft">${inWords(fact.before)}</span> → ${inWords(fact.after)}`;
}

function nameOf(hostId: HostId | null, names: Names): Html {
  const view = hostId === null ? undefined : names.get(hostId);
  return view === undefined ? html`a host that is no longer known` : nameText(view.name, 32);
}
