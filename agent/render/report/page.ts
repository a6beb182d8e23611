import { exposureSteps } from '../../../domain/exposure.ts';
import { calendarIn, spanInWords } from './calendar.ts';
import { hostViews, type ReportData } from './data.ts';
import { html, markupOf } from './html.ts';
import { axisOf } from './scale.ts';
import { changesSection } from './section-changes.ts';
import { coverageSection } from './section-coverage.ts';
import { findingsSection } from './section-findings.ts';
import { hostsSection } from './section-hosts.ts';
import { courseSection, heading, tiles } from './section-summary.ts';
import { severitySymbols } from './severity.ts';
import { stylesheet } from './style.ts';

/** By this a report is told from other files, within its first kilobyte. */
export const GENERATOR = '<meta name="generator" content="smbwarden';

/**
 * The report: one HTML page without scripts, which loads nothing from anywhere. Times are shown in `timeZone`, IANA name,
 * undefined: this machine's.
 */
export function reportPage(data: ReportData, timeZone: string | undefined): string {
  const { span, agent } = data;
  const calendar = calendarIn(timeZone, span.to);
  const axis = axisOf(span, calendar);
  const views = hostViews(data);
  const steps = exposureSteps(data.hosts, span);
  const title = `smbwarden report, ${spanInWords(span, calendar)}`;
  const made = `Made by smbwarden ${agent.version}${agent.id === null ? '' : `, agent ${agent.id}`}, on ${calendar.fullDate(span.to)} at ${calendar.time(span.to)}.`;
  return markupOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="smbwarden ${agent.version}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
${stylesheet()}
</head>
<body>
${severitySymbols()}
<main>
${heading(data, views, calendar)}
${tiles(steps)}
${courseSection(data, steps, axis, calendar)}
${findingsSection(views, calendar)}
${hostsSection(views, axis, calendar)}
${changesSection(data.changes, views, calendar)}
${coverageSection(data, calendar)}
</main>
<footer><p>${made} Times are those of ${calendar.zone}. This page loads nothing and tells nobody; it names the weak spots of a network, so mind where you leave it.</p></footer>
</body>
</html>
`);
}
