import { type Cell, clip, paint, textWidth, type View } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** May be clipped, down to this many columns, when the table is wider than the terminal. */
  readonly shrinkTo?: number;
  /** Where shrinking is not enough the column is left out: 1 first, then 2. */
  readonly dropped?: number;
}

const GAP = '  ';

/**
 * A table that fits `view.width`: cells are harmless text already (`cell` of text.ts), clipped where a column may shrink,
 * padded, then coloured. Lines have no blanks at their end.
 */
export function tableText(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  view: View,
): string {
  const natural = naturalWidths(columns, rows);
  const kept = indicesThatFit(columns, natural, view.width);
  const shown = pick(columns, kept);
  const widths = shrunk(shown, pick(natural, kept), view.width);
  const header = columns.map(({ title }) => ({ text: title, style: ['dim'] as const }));
  return [header, ...rows].map((row) => line(pick(row, kept), shown, widths, view)).join('\n');
}

function pick<Each>(all: readonly Each[], indices: readonly number[]): Each[] {
  return indices.flatMap((index) => all.slice(index, index + 1));
}

/** Leaves out droppable columns, in their order, until the rest fits when shrunk as far as it may be. */
function indicesThatFit(columns: readonly Column[], natural: readonly number[], available: number): number[] {
  let kept = columns.map((_, index) => index);
  const least = (index: number) => Math.min(natural[index] ?? 0, columns[index]?.shrinkTo ?? Infinity);
  const width = () => kept.reduce((sum, index) => sum + least(index), GAP.length * (kept.length - 1));
  const order = (index: number) => columns[index]?.dropped ?? Infinity;
  while (width() > available) {
    const next = [...kept].sort((a, b) => order(a) - order(b))[0];
    if (next === undefined || order(next) === Infinity) break;
    kept = kept.filter((index) => index !== next);
  }
  return kept;
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...rows.map((row) => textWidth(row[index]?.text ?? ''))),
  );
}

/** Takes one column at a time from the widest of those that may shrink. */
function shrunk(columns: readonly Column[], natural: readonly number[], available: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - available;
  while (excess > 0) {
    const widest = columns
      .map(({ shrinkTo }, index) => ({
        index,
        room: shrinkTo === undefined ? 0 : (widths[index] ?? 0) - shrinkTo,
      }))
      .filter(({ room }) => room > 0)
      .sort((a, b) => (widths[b.index] ?? 0) - (widths[a.index] ?? 0))[0];
    if (widest === undefined) return widths;
    widths[widest.index] = (widths[widest.index] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function line(
  row: readonly Cell[],
  columns: readonly Column[],
  widths: readonly number[],
  view: View,
): string {
  const cells = columns.map((column, index) => {
    const { text, style } = row[index] ?? { text: '' };
    const width = widths[index] ?? 0;
    const shown = clip(text, width);
    const blanks = ' '.repeat(Math.max(0, width - textWidth(shown)));
    const colored = paint(shown, style ?? [], view);
    return column.align === 'right'
      ? blanks + colored
      : colored + (index === columns.length - 1 ? '' : blanks);
  });
  return cells.join(GAP).trimEnd();
}
