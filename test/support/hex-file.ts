import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../fixtures/', import.meta.url);
const HEADER_LINES = ['origin', 'date', 'tool', 'anonymised'] as const;

/** A message whose bytes did not come from our own encoders, and what it says. */
export interface Fixture {
  /** `<protocol>-<message>-<origin>`, the file's name without its ending. */
  readonly name: string;
  /** Header lines by their first word; `origin` names software and version. */
  readonly header: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** From the `.json` beside it; bytes and 64-bit numbers as in `plain`. */
  readonly expected: unknown;
}

/** Names of all fixtures, in order. */
export function fixtureNames(): string[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.hex'));
  return names.map((name) => name.slice(0, -'.hex'.length)).sort();
}

/**
 * @throws Error that names the file and the line, for a header that is not whole and for text that is not
 * hex.
 */
export function readFixture(name: string): Fixture {
  const text = readFileSync(new URL(`${name}.hex`, FOLDER), 'utf8');
  const expected: unknown = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
  return { name, ...parseHexText(text, name), expected };
}

/**
 * Reads annotated hex: bytes in groups of any size, `#` before a word on them, and at the head `# word: text`
 * lines, of which origin, date, tool and anonymised must be there.
 */
export function parseHexText(text: string, name: string): Pick<Fixture, 'header' | 'bytes'> {
  const lines = text.split('\n');
  const header = Object.fromEntries(
    lines.flatMap((line) => {
      const match = /^# (\w+): (.+)$/.exec(line);
      return match === null ? [] : [[match[1], match[2]]];
    }),
  );
  const missing = HEADER_LINES.filter((word) => header[word] === undefined);
  if (missing.length > 0) throw new Error(`${name}.hex: no "# ${missing.join(':", no "# ')}:" line`);
  const bytes = lines.flatMap((line, i) => {
    const hex = (line.split('#')[0] ?? '').replaceAll(/\s/g, '');
    if (!/^(?:[0-9a-f]{2})*$/.test(hex)) throw new Error(`${name}.hex line ${i + 1}: not hex: ${line}`);
    return [...bytesOf(hex)];
  });
  return { header, bytes: Uint8Array.from(bytes) };
}

/** Bytes written as hex digits in lower case; white space is for the eye. */
export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

/** A copy of `bytes` with other values from `offset` on. */
export function patched(bytes: Uint8Array, offset: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

/** A decoded message as JSON can hold it: bytes as hex, 64-bit numbers as `0x` and sixteen digits. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value === 'bigint') return `0x${value.toString(16).padStart(16, '0')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
