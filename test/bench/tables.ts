/** What was measured as tables, for a terminal and for a page in Markdown, out of the same cells. Pure. */
import type { Measured, Table, Unit } from './section.ts';

/** How a row fared: `told` has nothing to keep to. */
export type Verdict = 'told' | 'kept' | 'missed';

/** Against everything that the row promises: most, least, and the ratio to its peer. A value that is no number misses. */
export function verdictOf({ value, most, least, peer }: Measured): Verdict {
  const promises = [
    ...(most === null ? [] : [value <= most]),
    ...(least === undefined ? [] : [value >= least]),
    ...(peer === undefined || peer.mostRatio === null ? [] : [value / peer.value <= peer.mostRatio]),
  ];
  if (promises.length === 0) return 'told';
  return promises.every(Boolean) ? 'kept' : 'missed';
}

/** The rows of a section as a table, without the columns that would stay empty. */
export function tableOf(caption: string, measured: readonly Measured[]): Table {
  const columns: readonly [string, (row: Measured) => string][] = [
    ['', ({ what }) => what],
    ['measured', ({ value, unit, rounds }) => withRange(value, unit, rounds)],
    ['limit', limitOf],
    ['beside it', ({ peer }) => peer?.what ?? ''],
    ['took', ({ peer, unit }) => (peer === undefined ? '' : withRange(peer.value, unit, peer.rounds))],
    ['ratio', ({ value, peer }) => (peer === undefined ? '' : ratio(value / peer.value))],
    ['aim', ({ peer }) => (peer?.mostRatio == null ? '' : `≤ ${ratio(peer.mostRatio)}`)],
    ['', (row) => ({ told: '', kept: 'kept', missed: '**missed**' })[verdictOf(row)]],
    ['', ({ note }) => note ?? ''],
  ];
  const filled = columns.filter(([, cell]) => measured.some((row) => cell(row) !== ''));
  return {
    caption,
    header: filled.map(([name]) => name),
    rows: measured.map((row) => filled.map(([, cell]) => cell(row))),
  };
}

/** With its unit, three significant digits where there are decimals: `1.69 ms`, `1,106 ms`, `12.5 MB`, `0.348`. */
export function amount(value: number, unit: Unit): string {
  if (unit === 'share') return ratio(value);
  const isOne = value === 1 && unit.length > 3;
  return `${figure(value)} ${isOne ? unit.replace(/s$/, '') : unit}`;
}

/** Thousands apart, three significant digits below 100: `0.07`, `1.69`, `31.4`, `313`, `12,650`. */
export function figure(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** For a terminal: columns aligned, Markdown's stars and backticks left out, so wide as it needs to be. */
export function terminalTable({ caption, header, rows }: Table): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replace(/[*`]/g, '')));
  const widths = header.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const right = numeric(rows, header.length);
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [caption, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** GitHub's tables, with an empty line before them. */
export function markdownTable({ caption, header, rows }: Table): string {
  const right = numeric(rows, header.length);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${header.map((_, i) => (right[i] ? '---:' : '---')).join('|')}|`;
  return [caption, '', line(header), rule, ...rows.map(line)].join('\n');
}

function withRange(value: number, unit: Unit, rounds: readonly number[] | undefined): string {
  if (rounds === undefined || rounds.length < 2) return amount(value, unit);
  const [least, most] = [Math.min(...rounds), Math.max(...rounds)];
  return `${amount(value, unit)} (${figure(least)} to ${figure(most)}; ${rounds.length} rounds)`;
}

function limitOf({ most, least, unit }: Measured): string {
  const bounds = [
    ...(least === undefined ? [] : [`≥ ${amount(least, unit)}`]),
    ...(most === null ? [] : [`≤ ${amount(most, unit)}`]),
  ];
  return bounds.join(', ');
}

/** Three digits that count: `0.348`, `1.21`, `0.0501`. */
function ratio(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value >= 10
    ? figure(value)
    : value.toLocaleString('en-GB', { minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
}

/** Does each column hold nothing but numbers, with or without a unit? */
function numeric(rows: Table['rows'], columns: number): boolean[] {
  return Array.from({ length: columns }, (_, i) =>
    rows.every((row) => /^([≤≥]? ?-?[\d.,]+( \S+)?|–?)$/.test(row[i] ?? '')),
  );
}
