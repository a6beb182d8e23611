import type { Advice } from '../../domain/advice.ts';
import type { Rule } from '../../domain/assess.ts';
import { tableText } from './table.ts';
import { cell, paint, SEVERITY_STYLE, type View, wrap } from './text.ts';

type Page = Pick<View, 'color' | 'width'>;

const MOST_COLUMNS = 100;

/** `explain RULE`. */
export function explainText(advice: Advice, page: Page): string {
  const width = Math.min(page.width, MOST_COLUMNS);
  const heading = (text: string) => paint(text, ['bold'], page);
  const paragraph = (text: string) => wrap(text, width, '  ');
  const step = (text: string) => wrap(text, width, '    - ', '      ');
  const { rule, severity, title } = advice;
  return [
    `${heading(title)}  ${paint(severity, SEVERITY_STYLE[severity], page)}  ${paint(rule, ['dim'], page)}`,
    `${heading('What it means')}\n${advice.means.map(paragraph).join('\n\n')}`,
    `${heading('How it was tested')}\n${paragraph(advice.tested)}`,
    `${heading('Evidence')}\n${paragraph(advice.evidence)}`,
    `${heading('How to fix it')}\n${advice.fixes.map(({ platform, steps }) => `  ${platform}\n${steps.map(step).join('\n')}`).join('\n\n')}`,
    `${heading('How to verify')}\n${advice.verify.map((text) => wrap(text, width, '  - ', '    ')).join('\n')}`,
  ].join('\n\n');
}

/** `explain` without a rule: all of them. */
export function rulesText(rules: readonly Rule[], page: Page): string {
  const rows = rules.map(({ id, severity, title }) => [
    cell(id, 'bold'),
    cell(severity, ...SEVERITY_STYLE[severity]),
    cell(title),
  ]);
  const view = { ...page, now: 0, timeZone: undefined };
  const table = tableText(
    [{ title: 'RULE' }, { title: 'SEVERITY', dropped: 1 }, { title: 'OPENS WHEN', shrinkTo: 20 }],
    rows,
    view,
  );
  return `${table}\n\nMore on one of them: smbwarden explain RULE`;
}
