import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain, safeJson, visible } from '../../domain/text.ts';

/** What must never reach a terminal raw: written as code points, independent of the code under test. */
function isDangerous(codePoint: number): boolean {
  const inRange = ([first, last]: readonly [number, number]) => first <= codePoint && codePoint <= last;
  const ranges: readonly (readonly [number, number])[] = [
    [0x00, 0x1f], // C0
    [0x7f, 0x9f], // DEL, C1
    [0xad, 0xad], // soft hyphen
    [0x61c, 0x61c], // Arabic letter mark
    [0x200b, 0x200f], // zero width, direction marks
    [0x2028, 0x202e], // separators, bidi
    [0x2060, 0x2069], // word joiner, isolates
    [0xd800, 0xdfff], // lone surrogates
    [0xfeff, 0xfeff], // byte order mark
    [0xe0000, 0xe007f], // tags
  ];
  return ranges.some(inRange);
}

function dangersIn(text: string): string[] {
  return [...text].filter((character) => isDangerous(character.codePointAt(0)!));
}

const strangersText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc
    .array(fc.constantFrom('\x1b[2J', '\u202e', '\u200b', '\ud83d', '</b>', '{{ x }}', ' ', 'NAS', '😀'), {})
    .map((parts) => parts.join('')),
);

describe('text for terminals', () => {
  it.each([
    ['an escape sequence', 'NAS\x1b[31mX', 'NAS\\x1b[31mX'],
    ['a new line', 'a\r\nb', 'a\\x0d\\x0ab'],
    ['a C1 control', 'a\x9b2Jb', 'a\\x9b2Jb'],
    ['a bidi override', 'exe\u202ecod', 'exe\\u202ecod'],
    ['a zero-width space', 'N\u200bAS', 'N\\u200bAS'],
    ['a lone surrogate', 'a\ud800b', 'a\\ud800b'],
    ['an invisible tag', 'a\u{e0041}', 'a\\udb40\\udc41'],
  ])('makes %s visible', (_what, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  it('leaves letters, symbols and emoji as they are', () => {
    const text = 'Müllers NAS – 日本語 😀 <b> {{x}}';
    expect(visible(text)).toBe(text);
  });

  it('escapes every dangerous character and no other of the first 65,536 and the tags', () => {
    const codePoints = [...Array(0x1_0000).keys(), ...Array.from({ length: 0x100 }, (_, i) => 0xe0000 + i)];
    const wrong = codePoints.filter((codePoint) => {
      const character = String.fromCodePoint(codePoint);
      return (visible(character) !== character) !== isDangerous(codePoint);
    });
    expect(wrong).toEqual([]);
  });

  it('never lets a dangerous character through', () => {
    fc.assert(fc.property(strangersText, (text) => dangersIn(visible(text)).length === 0));
  });
});

describe('text for Home Assistant', () => {
  it.each([
    ['templates', '{{ states.x }}', 'states.x'],
    ['markup', '<img src="x" onerror=\'y\'>`z`&amp;%', 'img src=x onerror=yzamp;'],
    ['dangerous characters', 'N\x1bA\u200bS\u202e', 'NAS'],
    ['runs of blanks', '  My\u00a0   NAS ', 'My NAS'],
    ['a character that normalises to a backtick', 'a\u1fefb', 'ab'],
  ])('drops %s', (_what, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('is never empty', () => {
    expect(['', '   ', '\x00', '<>'].map((text) => plain(text))).toEqual(Array(4).fill('unnamed'));
  });

  it('is cut between characters, not inside one, and leaves no blank at the end', () => {
    expect(plain('😀😀😀', 2)).toBe('😀😀');
    expect(plain('ab cd', 3)).toBe('ab');
  });

  it('is harmless, trimmed and bounded, whatever a stranger sent', () => {
    fc.assert(
      fc.property(strangersText, fc.integer({ min: 7, max: 64 }), (text, longest) => {
        const cleaned = plain(text, longest);
        expect(dangersIn(cleaned)).toEqual([]);
        expect(cleaned).not.toMatch(/[<>&"'{}%`]/);
        expect(cleaned).toBe(cleaned.trim());
        expect([...cleaned].length).toBeGreaterThan(0);
        expect([...cleaned].length).toBeLessThanOrEqual(longest);
      }),
    );
  });
});

describe('JSON for a terminal', () => {
  it('says the same as what went in, without a dangerous character but the new lines of the indent', () => {
    fc.assert(
      fc.property(strangersText, fc.constantFrom(undefined, 2), (text, indent) => {
        const value = { [text]: [text, 1, null] };
        const json = safeJson(value, indent);
        expect(JSON.parse(json)).toEqual(value);
        expect(dangersIn(json).filter((character) => character !== '\n')).toEqual([]);
      }),
    );
  });

  it('writes dangerous characters as escapes that JSON knows', () => {
    expect(safeJson('\x7f\x1b\u202e')).toBe('"\\u007f\\u001b\\u202e"');
  });
});
