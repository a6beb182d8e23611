import { heldAt } from '../../../domain/held.ts';
import { firstAddress, isIgnored } from '../../../domain/host.ts';
import type { Track } from '../../../domain/timeline.ts';
import { identityInWords, ipv6InWords, portsInWords, sharesInWords, smbInWords } from '../posture.ts';
import { count } from '../text.ts';
import type { Calendar } from './calendar.ts';
import { outlineChart, trackChart } from './chart-tracks.ts';
import { type HostView, hadFindings, hostAnchor } from './data.ts';
import { type Html, html, nameText, shortened } from './html.ts';
import { type Axis, axisLine } from './scale.ts';
import { findingLink } from './section-findings.ts';
import { severityWord } from './severity.ts';

/** More than these are not shown unfolded: the rows alone fit on a page then. */
const MOST_UNFOLDED = 12;
const LONGEST_WORDS = 400;

/** A timeline for each host, worst first; those that never had a finding in the span are folded away. */
export function hostsSection(views: readonly HostView[], axis: Axis, calendar: Calendar): Html {
  const exposed = views.filter(hadFindings);
  const quiet = views.filter((view) => !hadFindings(view));
  const rows = (own: readonly HostView[], unfolded: number) =>
    own.map((view, i) => hostRow(view, i < unfolded && view.open.length > 0, axis, calendar));
  return html`<section id="hosts"><h2>Hosts over time</h2>
<p class="soft">The line says when a host was there, the steps on it how bad the worst open finding was. Each row unfolds.</p>
${exposed.length === 0 ? null : html`<div class="hosts">${rowAxis(axis)}${rows(exposed, MOST_UNFOLDED)}</div>`}
${quiet.length === 0 ? null : html`<details class="quiet"><summary>${count(quiet.length, 'host')} without findings</summary><div class="hosts">${rowAxis(axis)}${rows(quiet, 0)}</div></details>`}
</section>`;
}

function rowAxis(axis: Axis): Html {
  return html`<div class="row-axis"><div></div>${axisLine(axis)}<div></div></div>`;
}

function hostRow(view: HostView, unfolded: boolean, axis: Axis, calendar: Calendar): Html {
  const { host, name, worst, worstBands, there } = view;
  const state =
    worst === null
      ? html`<span class="soft">${hadFindings(view) ? 'resolved' : 'nothing'}</span>`
      : severityWord(worst);
  const label = `${shortened(name, 64)}: ${worst === null ? 'nothing open now' : `worst open finding ${worst}`}, there ${share(view, axis)}`;
  const where = firstAddress(host);
  return html`<details class="host" id="${hostAnchor(host)}"${unfolded ? html` open` : null}>
<summary><span class="who">${nameText(name)}${where === null || where === name ? null : html` <span class="where">${where}</span>`}</span>${outlineChart(worstBands, there, axis, { label, calendar })}<span class="state">${state}</span></summary>
${hostCard(view, axis, calendar)}
</details>`;
}

function hostCard(view: HostView, axis: Axis, calendar: Calendar): Html {
  const { open, tracks, away } = view;
  const lines = tellingTracks(tracks).map(
    (track) =>
      html`<div class="line"><span class="label">${track.label}</span><div class="chart">${trackChart(track, track.name === 'presence' ? [] : away, axis, calendar)}</div></div>`,
  );
  return html`<div class="card">
${about(view, axis.span.to, calendar)}
${open.length === 0 ? null : html`<ul class="open-here">${open.map((finding) => findingLink(finding, calendar))}</ul>`}
<div class="lines">${lines}<div class="line"><span class="label"></span>${axisLine(axis)}</div></div>
</div>`;
}

/** What is worth a line: ports that were ever open, and the posture of hosts that ever had a port for SMB; words do for the rest. */
export function tellingTracks(tracks: readonly Track[]): readonly Track[] {
  const open = new Set(
    tracks.filter(({ bands }) => bands.some(({ state }) => state === 'open')).map(({ name }) => name),
  );
  const hasSmb = open.has('tcp/445') || open.has('tcp/139');
  return tracks.filter(({ name }) => (name.includes('/') ? open.has(name) : hasSmb || name === 'presence'));
}

function about({ host, vendor }: HostView, now: number, calendar: Calendar): Html {
  const { facts } = host;
  const who = [
    (facts.addresses ?? []).join(', '),
    host.mac ?? '',
    vendor ?? '',
    host.isAgent ? 'this machine' : '',
    host.present ? '' : 'not there when last asked',
    isIgnored(host, now) ? 'ignored' : '',
  ].filter((each) => each !== '');
  const held = heldAt(host, vendor);
  const words = [
    ['note', host.ownersWord?.note ?? null],
    ['held', held === null ? null : `at ${held.level}: ${held.why}`],
    ['ports', portsInWords(facts)],
    ['IPv6', ipv6InWords(facts)],
    ['SMB', smbInWords(facts)],
    ['identity', identityInWords(facts)],
    ['shares', sharesInWords(facts)],
  ] as const;
  const rows = words.flatMap(([label, text]) =>
    text === null ? [] : [html`<dt>${label}</dt><dd>${shortened(text, LONGEST_WORDS)}</dd>`],
  );
  return html`<p class="who-else">${shortened(who.join(' · '), LONGEST_WORDS)}</p>
<dl class="posture">${rows}<dt>seen</dt><dd>first ${calendar.moment(host.firstSeenAt)}, last ${calendar.moment(host.lastSeenAt)}</dd></dl>`;
}

function share({ there }: HostView, { span }: Axis): string {
  const sum = there.reduce((all, { from, to }) => all + to - from, 0);
  return `${Math.round((sum / Math.max(1, span.to - span.from)) * 100)} % of the time`;
}
