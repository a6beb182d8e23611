import { adviceOn, type Fix } from '../../../domain/advice.ts';
import {
  compareSeverity,
  type Finding,
  RULE_IDS,
  type RuleId,
  type Severity,
} from '../../../domain/finding.ts';
import { count } from '../text.ts';
import type { Calendar } from './calendar.ts';
import { type HostView, hostAnchor } from './data.ts';
import { type Html, html, nameText, prose, shortened } from './html.ts';
import { severityMark, severityWord, WORST_FIRST } from './severity.ts';

const LONGEST_NOTE = 120;

interface Found {
  readonly view: HostView;
  readonly finding: Finding;
}

/** Open findings, worst first: once for each rule, with the hosts it concerns and what to do on machines of their kind. */
export function findingsSection(views: readonly HostView[], calendar: Calendar): Html {
  const found = views.flatMap((view) => view.open.map((finding) => ({ view, finding })));
  const cards = WORST_FIRST.flatMap((severity) =>
    RULE_IDS.flatMap((rule) => {
      const own = found.filter(({ finding }) => finding.rule === rule && finding.severity === severity);
      return own.length === 0 ? [] : [findingCard(rule, severity, own, calendar)];
    }),
  );
  const body =
    cards.length === 0
      ? html`<p>Nothing is open. A host that is silent says nothing: what it was last known for stays open until it answers.</p>`
      : cards;
  return html`<section id="findings"><h2>Open findings</h2>${body}</section>`;
}

function findingCard(rule: RuleId, severity: Severity, found: readonly Found[], calendar: Calendar): Html {
  const { title, means, fixes, verify } = adviceOn(rule);
  const isUrgent = compareSeverity(severity, 'high') >= 0;
  const likely = new Set(found.flatMap(({ view }) => view.platforms));
  const near = fixes.filter(({ platform }) => likely.has(platform));
  const far = fixes.filter(({ platform }) => !likely.has(platform));
  return html`<article class="finding ${severity}">
<h3>${severityMark(severity)} ${found[0]?.finding.title ?? title}</h3>
<p class="kind">${severity} · ${count(found.length, 'host')} · <code>${rule}</code></p>
<ul class="found">${found.map((each) => foundOn(each, calendar))}</ul>
${(isUrgent ? means : means.slice(0, 1)).map((each) => html`<p>${prose(each)}</p>`)}
<details class="advice"${isUrgent ? html` open` : null}><summary>What to do</summary>
${near.length === 0 ? null : fixList(near)}
${far.length === 0 ? null : html`<details class="elsewhere"><summary>${near.length === 0 ? 'By kind of machine' : 'On other kinds of machine'}</summary>${fixList(far)}</details>`}
<p class="verify"><b>To verify</b> ${prose(verify[0] ?? '')}</p>
</details></article>`;
}

function foundOn({ view, finding }: Found, calendar: Calendar): Html {
  const evidence = finding.evidence.map((sentence) => html`<li>${sentence}</li>`);
  return html`<li id="${finding.id}"><a href="#${hostAnchor(view.host)}">${nameText(view.name)}</a> <span class="soft">since ${calendar.moment(finding.openedAt)}</span>${acknowledgedNote(finding, calendar)}<ul class="evidence">${evidence}</ul></li>`;
}

function fixList(fixes: readonly Fix[]): Html {
  const rows = fixes.map(
    ({ platform, steps }) =>
      html`<dt>${platform}</dt><dd>${steps.length === 1 ? prose(steps[0] ?? '') : html`<ol>${steps.map((step) => html`<li>${prose(step)}</li>`)}</ol>`}</dd>`,
  );
  return html`<dl class="fixes">${rows}</dl>`;
}

/** `high SMB 1 is accepted`, linked to the finding above. */
export function findingLink(finding: Finding, calendar: Calendar): Html {
  const { id, severity, title } = finding;
  return html`<li>${severityWord(severity)} <a href="#${id}">${title}</a>${acknowledgedNote(finding, calendar)}</li>`;
}

/** That the owner knows, until when, and in which words. */
function acknowledgedNote({ state, acknowledged }: Finding, calendar: Calendar): Html | null {
  if (state !== 'acknowledged') return null;
  const until = acknowledged?.until == null ? '' : ` until ${calendar.fullDate(acknowledged.until)}`;
  const note = acknowledged?.note == null ? '' : `: ${shortened(acknowledged.note, LONGEST_NOTE)}`;
  return html` <span class="note">acknowledged${until}${note}</span>`;
}
