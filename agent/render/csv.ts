import { visible } from '../../domain/text.ts';

/** What a cell of CSV may hold; a list becomes one text with `; ` between. null: an empty cell. */
export type CsvValue = string | number | boolean | null | readonly (string | number)[];

/** One line by RFC 4180, its CR LF included. Strangers' text is made harmless for terminals and for spreadsheets. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

/**
 * What a spreadsheet would run as a formula: it begins with one of these, blanks before it or not; some take the
 * full-width forms as well. A tab or a carriage return at the beginning hides the same from a careless check.
 */
const FORMULA = /^(?:[\t\r]|\s*[=+\-@＝＋－＠])/u;

function csvCell(value: CsvValue): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : (value ?? []).join('; ');
  const harmless = `${FORMULA.test(text) ? "'" : ''}${visible(text)}`;
  return /[",;\s]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
