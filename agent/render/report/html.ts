import { visible } from '../../../domain/text.ts';

const MARKUP = Symbol('markup');

/**
 * Markup of HTML or inline SVG. Only `html` makes it, and everything else that goes into a page is text: a stranger's name
 * cannot become markup, whatever it holds.
 */
export interface Html {
  readonly [MARKUP]: string;
}

/** What may stand in a template. `null` and `false` are nothing; lists are joined. */
export type Piece = Html | string | number | null | false | readonly Piece[];

/**
 * A template of HTML or SVG. Texts are made harmless by `visible`, then escaped for element content and for attributes in
 * quotes; an attribute without quotes is not safe.
 */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const parts = strings.map((markup, i) => markup + markupFor(pieces[i] ?? null));
  return { [MARKUP]: parts.join('') };
}

/** The text of a finished page or part. */
export function markupOf(piece: Html): string {
  return piece[MARKUP];
}

/** Text in which words between backticks become code, as the advice has them. */
export function prose(text: string): Html {
  const parts = text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
  return html`${parts}`;
}

/** A stranger's name: set apart from the direction of the text around it, and at most `longest` characters. */
export function nameText(name: string, longest = 64): Html {
  return html`<bdi class="name">${shortened(name, longest)}</bdi>`;
}

/** The text, or its beginning and an ellipsis. */
export function shortened(text: string, longest: number): string {
  const characters = [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join('')}…`;
}

function markupFor(piece: Piece): string {
  if (piece === null || piece === false) return '';
  if (typeof piece === 'number') return String(piece);
  if (typeof piece === 'string') return escaped(visible(piece));
  return isList(piece) ? piece.map(markupFor).join('') : piece[MARKUP];
}

function isList(piece: Html | readonly Piece[]): piece is readonly Piece[] {
  return Array.isArray(piece);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
