import { SEVERITIES, type Severity } from '../../../domain/finding.ts';
import { type Html, html } from './html.ts';

/** Worst first, as the report lists them. */
export const WORST_FIRST: readonly Severity[] = [...SEVERITIES].reverse();

/** A shape for each severity, so that none is told by its colour alone. */
const SHAPES: Readonly<Record<Severity, Html>> = {
  critical: html`<path d="M6 0 12 6 6 12 0 6Z"/>`,
  high: html`<path d="M6 .8 12 11.2H0Z"/>`,
  medium: html`<path d="M1 1h10v10H1Z"/>`,
  low: html`<circle cx="6" cy="6" r="5"/>`,
  info: html`<circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="2"/>`,
};

/** The shapes, to be placed once in a page. */
export function severitySymbols(): Html {
  const symbols = WORST_FIRST.map(
    (severity) => html`<symbol id="mark-${severity}" viewBox="0 0 12 12">${SHAPES[severity]}</symbol>`,
  );
  return html`<svg class="symbols" width="0" height="0" aria-hidden="true" focusable="false"><defs>${symbols}</defs></svg>`;
}

/** The shape of a severity in its colour; the word has to stand beside it. */
export function severityMark(severity: Severity): Html {
  return html`<svg class="mark ${severity}" width="12" height="12" aria-hidden="true"><use href="#mark-${severity}"/></svg>`;
}

/** Shape and word. */
export function severityWord(severity: Severity): Html {
  return html`<span class="severity ${severity}">${severityMark(severity)} ${severity}</span>`;
}
