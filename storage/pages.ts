import type { Statement } from 'better-sqlite3';

const PAGE_ROWS = 500;

/**
 * Every row of a table by ascending id, read page by page. Between two pages no read is open, so that a slow consumer,
 * such as a pager at the other end of a pipe, neither holds many rows in memory nor keeps the daemon from cutting its
 * write-ahead log. `after` takes an id and a limit.
 */
export function* pages<Row extends { readonly id: number }>(
  after: Statement<[number, number], Row>,
): Generator<Row> {
  let last = 0;
  for (;;) {
    const rows = after.all(last, PAGE_ROWS);
    yield* rows;
    last = rows.at(-1)?.id ?? last;
    if (rows.length < PAGE_ROWS) return;
  }
}
