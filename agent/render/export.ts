import { safeJson } from '../../domain/text.ts';
import { csvLine } from './csv.ts';
import { type Exported, type ExportSource, KINDS } from './export-kinds.ts';
import { isoTime } from './time.ts';

export const FORMATS = ['json', 'ndjson', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

/** A piece of an export, harmless on a terminal; `records` is how many it holds: 0 for what stands between them. */
export interface Piece {
  readonly text: string;
  readonly records: 0 | 1;
}

/** The export, piece by piece. A table is of one kind: of `what`, CSV holds the first. */
export function exportPieces(
  format: Format,
  what: readonly [Exported, ...Exported[]],
  source: ExportSource,
): Iterable<Piece> {
  switch (format) {
    case 'json':
      return jsonPieces(what, source);
    case 'ndjson':
      return ndjsonPieces(what, source);
    case 'csv':
      return csvPieces(what[0], source);
    default:
      return format satisfies never;
  }
}

/** One document, with a line for each record. */
function* jsonPieces(what: readonly Exported[], source: ExportSource): Generator<Piece> {
  const head = { schema: 1, agent: source.agent, exportedAt: isoTime(source.at) };
  yield between(safeJson(head).slice(0, -1));
  for (const each of what) {
    yield between(`,\n"${each}":[`);
    let separator = '\n';
    for (const object of KINDS[each].objects(source)) {
      yield record(`${separator}${safeJson(object)}`);
      separator = ',\n';
    }
    yield between(']');
  }
  yield between('}\n');
}

/** One document in each line; `what` says of which kind it is. */
function* ndjsonPieces(what: readonly Exported[], source: ExportSource): Generator<Piece> {
  for (const each of what) {
    for (const object of KINDS[each].objects(source)) {
      yield record(`${safeJson({ what: each, ...object })}\n`);
    }
  }
}

function* csvPieces(what: Exported, source: ExportSource): Generator<Piece> {
  yield between(csvLine(KINDS[what].columns));
  for (const cells of KINDS[what].rows(source)) yield record(csvLine(cells));
}

function record(text: string): Piece {
  return { text, records: 1 };
}

function between(text: string): Piece {
  return { text, records: 0 };
}
