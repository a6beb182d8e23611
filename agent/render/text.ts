import { styleText } from 'node:util';
import type { Severity } from '../../domain/finding.ts';
import { visible } from '../../domain/text.ts';
import type { Clock } from './time.ts';

/** For whom something is rendered. */
export interface View extends Clock {
  readonly color: boolean;
  /** Columns; Infinity where there is no terminal. */
  readonly width: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'cyan' | 'green';

/** Harmless text and how it is coloured. */
export interface Cell {
  readonly text: string;
  readonly style?: readonly Style[];
}

/** A stranger's text made harmless, or a dash for nothing. */
export function cell(text: string | null, ...style: readonly Style[]): Cell {
  return { text: text === null || text === '' ? '–' : visible(text), style };
}

/** The text in colour where the view has colours. Measure before, not after. */
export function paint(text: string, style: readonly Style[], view: Pick<View, 'color'>): string {
  return view.color && style.length > 0 && text !== ''
    ? styleText([...style], text, { validateStream: false })
    : text;
}

export const SEVERITY_STYLE: Readonly<Record<Severity, readonly Style[]>> = {
  critical: ['bold', 'red'],
  high: ['red'],
  medium: ['yellow'],
  low: ['cyan'],
  info: ['dim'],
};

const ZERO_WIDTH = /\p{Mn}|\p{Me}/u;
const DOUBLE_WIDTH =
  /\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Emoji_Presentation}|[\uff01-\uff60]/u;

/** Terminal columns that harmless, uncoloured text takes. */
export function textWidth(text: string): number {
  return [...text].reduce((sum, character) => sum + characterWidth(character), 0);
}

function characterWidth(character: string): number {
  if (character < '\u0300' || character === '…') return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return DOUBLE_WIDTH.test(character) ? 2 : 1;
}

/** The text, cut to `width` columns with an ellipsis where it is longer. */
export function clip(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
}

/**
 * Lines of at most `width` columns; the first begins with `first`, the others with `rest`. What stands between backticks
 * is not broken, so that it can be copied.
 */
export function wrap(text: string, width: number, first = '', rest = first): string {
  const lines: string[] = [];
  let line = first;
  let isBlank = true;
  for (const word of text.match(/[^\s`]*`[^`]*`\S*|\S+/g) ?? []) {
    const longer = isBlank ? line + word : `${line} ${word}`;
    if (isBlank || textWidth(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = rest + word;
    }
    isBlank = false;
  }
  return [...lines, line].join('\n');
}

/** A whole number with its thousands set apart: `12,345`. `toLocaleString` would read the languages' tables first, 9 ms and 6 MB. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3 hosts`, `1 host`. */
export function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `254 addresses`, `1 address`. */
export function addressCount(number: number): string {
  return `${grouped(number)} ${number === 1 ? 'address' : 'addresses'}`;
}
