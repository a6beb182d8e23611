import * as v from 'valibot';
import { type Document, isMap, isScalar, type LineCounter, type Node } from 'yaml';
import { visible } from '../../domain/text.ts';
import { type configSchema, NOT_BUILT_YET } from './schema.ts';
import { didYouMean } from './spelling.ts';

/** One thing that is wrong with the configuration. */
export interface Mistake {
  /** From 1; null where the mistake has no place in the file. */
  readonly line: number | null;
  /** As the owner would say it: `mqtt.baseTopic`, `targets[0]`; empty for the file as a whole. */
  readonly path: string;
  /** What was found and what is allowed. Harmless to print; secrets are not repeated. */
  readonly message: string;
}

type Path = readonly (string | number)[];
type Schema = ReturnType<typeof configSchema>;

/** Mistakes of YAML itself, in the order of the file. */
export function syntaxMistakes(document: Document, lines: LineCounter): Mistake[] {
  return [...document.errors, ...document.warnings].map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    path: '',
    message: visible((error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')),
  }));
}

/** Everything that `schema` refuses about `value`, unknown keys included, sorted by line. */
export function schemaMistakes(
  schema: Schema,
  value: unknown,
  document: Document,
  lines: LineCounter,
): Mistake[] {
  const issues = v.safeParse(schema, value).issues ?? [];
  const refused = issues
    // An unknown key stops valibot's search for others: unknownKeys finds them all.
    .filter((issue) => !(issue.type === 'strict_object' && issue.expected === 'never'))
    .map((issue) => {
      const path = (issue.path ?? []).map((item) => item.key as string | number);
      return { path, message: sentenceOf(issue, path) };
    });
  const unknown = unknownKeys(schema, value, []);
  const isBelowOne = (path: Path) => unknown.some((each) => isBelow(path, each.path));
  const mistakes = [...unknown, ...refused.filter(({ path }) => !isBelowOne(path))].map(
    ({ path, message }) => ({
      line: lineOf(document, lines, path),
      path: pathText(path),
      message: visible(message),
    }),
  );
  const distinct = new Map(mistakes.map((each) => [`${each.path} ${each.message}`, each]));
  return [...distinct.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function isBelow(path: Path, above: Path): boolean {
  return path.length > above.length && above.every((part, i) => path[i] === part);
}

function sentenceOf(issue: v.BaseIssue<unknown>, path: Path): string {
  if (issue.type === 'check' || issue.type === 'partial_check' || issue.type === 'raw_check')
    return issue.message;
  const found = path.at(-1) === 'password' ? '***' : (JSON.stringify(issue.input) ?? 'nothing');
  return `found ${found.length > 60 ? `${found.slice(0, 60)}…` : found}; allowed: ${issue.message}`;
}

function unknownKeys(schema: unknown, value: unknown, path: Path): { path: Path; message: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = entriesOf(schema, value);
  if (entries === null) return [];
  if (Array.isArray(value)) return [{ path, message: 'found a list; allowed: keys with values' }];
  return Object.entries(value).flatMap(([key, member]) => {
    const below = [...path, key];
    return Object.hasOwn(entries, key)
      ? unknownKeys(entries[key], member, below)
      : [{ path: below, message: unknownKey(below, Object.keys(entries)) }];
  });
}

function unknownKey(path: Path, known: readonly string[]): string {
  if (NOT_BUILT_YET.includes(path.join('.')))
    return 'planned, but not built yet in this version; remove this key';
  const suggestion = didYouMean(String(path.at(-1)), known);
  return `unknown key${suggestion || `; known here: ${known.join(', ')}`}`;
}

/**
 * The keys of an object schema, looked for inside `optional`, and those that `value` has where the keys are free; null
 * for other schemas.
 */
function entriesOf(schema: unknown, value: object): Readonly<Record<string, unknown>> | null {
  const { entries, wrapped, getter, type } = schema as {
    entries?: Record<string, unknown>;
    wrapped?: unknown;
    getter?: (value: object) => unknown;
    type: string;
  };
  if (type === 'record') {
    const { value: member } = schema as unknown as { value: unknown };
    return Object.fromEntries(Object.keys(value).map((key) => [key, member]));
  }
  if (getter !== undefined) return entriesOf(getter(value), value);
  return entries ?? (wrapped === undefined ? null : entriesOf(wrapped, value));
}

/** Line of the key, or of the nearest thing above it that is in the file. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = (keyNode(document, path.slice(0, length)) ?? nodeAt(document, path.slice(0, length)))
      ?.range?.[0];
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return null;
}

function keyNode(document: Document, path: Path): Node | null {
  const parent = path.length === 1 ? document.contents : nodeAt(document, path.slice(0, -1));
  if (!isMap(parent)) return null;
  const pair = parent.items.find((each) => isScalar(each.key) && each.key.value === path.at(-1));
  return isScalar(pair?.key) ? pair.key : null;
}

function nodeAt(document: Document, path: Path): Node | null {
  return (document.getIn(path, true) as Node | undefined) ?? null;
}

function pathText(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}
