import { describe, expect, it } from 'vitest';
import { jsonChunks } from '../../../agent/render/json-pieces.ts';
import { safeJson } from '../../../domain/text.ts';

const HOSTILE = { name: 'a\nb\u202e\u001b[31m', notes: ['"', '\\n'], nothing: null, none: {}, empty: [] };

describe('a JSON document in chunks', () => {
  it.each([
    ['plain values', { schema: 1, agent: { id: null }, complete: true }],
    [
      'lists, some of them empty',
      { schema: 1, hosts: [HOSTILE, HOSTILE], findings: [], changes: [[1], 'x'] },
    ],
    ['one list alone', { hosts: [1, null, { deep: [{ deeper: [] }] }] }],
    ['texts of strangers', HOSTILE],
  ])('is the whole document, to the character: %s', (_, document) => {
    expect([...jsonChunks(document)].join('')).toBe(`${safeJson(document, 2)}\n`);
  });

  it('never holds more than a chunk and one element of a list', () => {
    const hosts = Array.from({ length: 5_000 }, (_, n) => ({ ...HOSTILE, n }));
    const chunks = [...jsonChunks({ hosts })];
    expect(chunks.join('')).toBe(`${safeJson({ hosts }, 2)}\n`);
    expect(chunks.length).toBeGreaterThan(5);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(66_000);
  });
});
