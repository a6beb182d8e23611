import type { RecordedChange } from '../../domain/change.ts';
import { tableText } from './table.ts';
import { cell, type View } from './text.ts';
import { localTime } from './time.ts';

/** The change log as a table, in the order given. */
export function historyText(changes: readonly RecordedChange[], view: View): string {
  if (changes.length === 0) return 'No changes are recorded for this.';
  const rows = changes.map(({ at, type, summary }) => [
    cell(localTime(at, view), 'dim'),
    cell(type.replaceAll('_', ' ')),
    cell(summary),
  ]);
  return tableText(
    [{ title: 'WHEN' }, { title: 'CHANGE', dropped: 1 }, { title: 'WHAT', shrinkTo: 20 }],
    rows,
    view,
  );
}
