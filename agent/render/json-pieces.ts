import { safeJson } from '../../domain/text.ts';

/** So much is handed on at a time, at least. */
const CHUNK_CHARACTERS = 65_536;

/**
 * What `safeJson(document, 2)` gives, and the end of the line, in chunks: lists are taken one element at a time, because
 * the text of thousands of hosts is many times as large as the hosts. No value of the document may be undefined.
 */
export function* jsonChunks(document: object): Generator<string> {
  let chunk = '';
  for (const piece of documentPieces(document)) {
    chunk += piece;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}\n`;
}

function* documentPieces(document: object): Generator<string> {
  let before = '{\n';
  for (const [name, value] of Object.entries(document)) {
    yield `${before}  ${safeJson(name)}: `;
    if (Array.isArray(value) && value.length > 0) yield* listPieces(value);
    else yield indented(value, '  ');
    before = ',\n';
  }
  yield '\n}';
}

function* listPieces(list: readonly unknown[]): Generator<string> {
  let before = '[\n';
  for (const element of list) {
    yield `${before}    ${indented(element, '    ')}`;
    before = ',\n';
  }
  yield '\n  ]';
}

/** Line ends within texts are escaped, so each that is left begins a line of the layout. */
function indented(value: unknown, margin: string): string {
  return safeJson(value, 2).replaceAll('\n', `\n${margin}`);
}
