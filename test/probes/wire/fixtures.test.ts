import { describe, expect, test } from 'vitest';
import { verdict } from '../../support/codec-contract.ts';
import { fixtureNames, parseHexText, plain, readFixture } from '../../support/hex-file.ts';
import { DECODERS, messageOf } from './decoders.ts';

describe.each(fixtureNames())('%s', (name) => {
  const decode = DECODERS[messageOf(name) ?? ''];

  test('is named for a message that has a decoder', () => {
    expect(decode).toBeDefined();
  });

  test('has a date, and an origin that is not this project', () => {
    const { header } = readFixture(name);
    expect(header.date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(header.origin).not.toMatch(/smbwarden/i);
  });

  test('decodes to the object beside it', () => {
    const { bytes, expected } = readFixture(name);
    expect(plain(decode!(bytes))).toEqual(expected);
  });

  test('fails only with DecodeError when it is cut short', () => {
    const { bytes } = readFixture(name);
    const verdicts = Array.from(bytes, (_, length) => verdict(decode!, bytes.subarray(0, length)));
    expect(verdicts).not.toContain('another error');
    expect(verdicts[0]).toBe('a DecodeError');
  });
});

test('every message has a fixture', () => {
  const messages = new Set(fixtureNames().map(messageOf));
  expect(Object.keys(DECODERS).filter((message) => !messages.has(message))).toEqual([]);
});

describe('annotated hex', () => {
  const header = '# title\n# origin: a\n# date: b\n# tool: c\n# anonymised: d\n';

  test('is bytes in groups with a word behind each', () => {
    const { bytes, header: words } = parseHexText(
      `${header}\n00 ff  # two\n0102\n  03   # add: more`,
      'example',
    );
    expect(plain(bytes)).toBe('00ff010203');
    expect(words.origin).toBe('a');
  });

  test('names the file and the line that is not hex', () => {
    expect(() => parseHexText(`${header}00\n0`, 'example')).toThrow('example.hex line 7');
    expect(() => parseHexText(`${header}zz`, 'example')).toThrow('example.hex line 6');
  });

  test('has no place for bytes of unknown origin', () => {
    expect(() => parseHexText('# date: b\n# tool: c\n# anonymised: d\n00', 'example')).toThrow('"# origin:"');
  });
});
