/**
 * Text that came off the wire is a stranger's: it may hold escape sequences, text-direction marks, markup and template
 * syntax. It is kept as observed and made harmless here, by the two functions that every output uses.
 */

/** C0, DEL, C1, soft hyphen, bidi and zero-width marks, line and paragraph separators, byte order mark, lone surrogates. */
const DANGEROUS =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}|[\u{e0000}-\u{e007f}]/gu;

/** For terminals, logs and reports: dangerous characters become visible escapes such as `\x1b` and `\u202e`. */
export function visible(text: string): string {
  return text.replace(DANGEROUS, escapeOf);
}

/**
 * For MQTT and Home Assistant, where templates, Markdown and HTML lurk: dangerous characters and `<>&"'{}%` and
 * backticks are dropped, runs of blanks become one, and at most `longest` characters remain. Never empty: `unnamed` at
 * least.
 */
export function plain(text: string, longest = 64): string {
  const cleaned = text
    .normalize('NFC')
    .replace(DANGEROUS, '')
    .replace(/[<>&"'{}%`]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return [...cleaned].slice(0, longest).join('').trimEnd() || 'unnamed';
}

/** JSON with dangerous characters written as `\u` escapes, so that printing it to a terminal is harmless. */
export function safeJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(DANGEROUS, (character) =>
    character === '\n' ? character : unicodeEscape(character),
  );
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(character);
}

function unicodeEscape(character: string): string {
  return Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
