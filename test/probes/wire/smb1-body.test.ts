import { describe, expect, test } from 'vitest';
import { Reader } from '../../../probes/wire/reader.ts';
import { readSmb1Body, readSmb1Text, writeSmb1Text } from '../../../probes/wire/smb1-body.ts';
import { SMB_FLAGS2 } from '../../../probes/wire/smb1-header.ts';
import { Writer } from '../../../probes/wire/writer.ts';
import { bytesOf, plain } from '../../support/hex-file.ts';

const UNICODE = SMB_FLAGS2.SMB_FLAGS2_UNICODE;

describe('the blocks of a message', () => {
  const read = (hex: string) => readSmb1Body(new Reader(bytesOf(hex), 'example'));

  test('are what their counts say, and no more', () => {
    const { wordCount, words, bytes } = read('01 3412 0300 616263 64');
    expect([wordCount, words.uint16le('word'), words.remaining]).toEqual([1, 0x1234, 0]);
    expect([bytes.latin1(3, 'bytes'), bytes.remaining]).toEqual(['abc', 0]);
  });

  test.each([
    ['words', '02 3412'],
    ['the count of bytes', '01 3412 03'],
    ['bytes', '01 3412 0300 6162'],
  ])('that end within %s are refused', (_, hex) => {
    expect(() => read(hex)).toThrow('example');
  });
});

describe('a text', () => {
  test('of UTF-16 begins at an odd offset of the bytes, which is an even one of the message', () => {
    const bytes = new Writer();
    writeSmb1Text(bytes, UNICODE, 'ab');
    writeSmb1Text(bytes, UNICODE, '');
    expect(plain(bytes.finish())).toBe('00610062000000' + '0000');
  });

  test('is one byte a character without the flag, and needs no padding', () => {
    const bytes = new Writer();
    writeSmb1Text(bytes, 0, 'ab');
    expect(plain(bytes.finish())).toBe('616200');
  });

  test('is read from an even offset on', () => {
    const message = bytesOf('ff 00 6100 6200 0000');
    const reader = new Reader(message, 'example', { start: 1, end: message.length });
    expect(readSmb1Text(reader, UNICODE, 'text')).toBe('ab');
  });

  test('without its NUL is refused', () => {
    const reader = (hex: string) => new Reader(bytesOf(hex), 'example');
    expect(() => readSmb1Text(reader('61006200'), UNICODE, 'text')).toThrow('text');
    expect(() => readSmb1Text(reader('6162'), 0, 'text')).toThrow('text');
  });
});
