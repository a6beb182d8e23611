import { describe, expect, test } from 'vitest';
import { DecodeError, Reader } from '../../../probes/wire/reader.ts';

const BYTES = Uint8Array.of(0xff, 0xfe, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88);

describe('integers', () => {
  test('are read in the order that the method names', () => {
    const reader = () => new Reader(BYTES, 'example');
    expect(reader().uint8('field')).toBe(0xff);
    expect(reader().uint16be('field')).toBe(0xfffe);
    expect(reader().uint16le('field')).toBe(0xfeff);
    expect(reader().int16le('field')).toBe(-257);
    expect(reader().uint32le('field')).toBe(0x0201feff);
    expect(reader().uint64le('field')).toBe(0x060504030201feffn);
  });

  test('are read relative to the array, not to the buffer that it is a part of', () => {
    expect(new Reader(BYTES.subarray(2), 'example').uint16be('field')).toBe(0x0102);
  });
});

describe('a read that does not fit', () => {
  const reads: readonly [string, number, (reader: Reader) => unknown][] = [
    ['uint8', 1, (reader) => reader.uint8('field')],
    ['uint16be', 2, (reader) => reader.uint16be('field')],
    ['uint16le', 2, (reader) => reader.uint16le('field')],
    ['int16le', 2, (reader) => reader.int16le('field')],
    ['uint32le', 4, (reader) => reader.uint32le('field')],
    ['uint64le', 8, (reader) => reader.uint64le('field')],
    ['bytes', 5, (reader) => reader.bytes(5, 'field')],
    ['latin1', 5, (reader) => reader.latin1(5, 'field')],
    ['skip', 5, (reader) => reader.skip(5, 'field')],
  ];

  test.each(reads)('%s throws with one byte too few and leaves the cursor', (_, width, read) => {
    const reader = new Reader(BYTES.subarray(0, width + 1), 'example');
    reader.skip(2, 'start');
    expect(() => read(reader)).toThrow(DecodeError);
    expect(reader.offset).toBe(2);
  });

  test.each(reads)('%s reads to the last byte', (_, width, read) => {
    const reader = new Reader(BYTES.subarray(0, width), 'example');
    read(reader);
    expect(reader.remaining).toBe(0);
  });

  test('says structure, field, offset, bytes wanted and bytes present', () => {
    const reader = new Reader(BYTES.subarray(0, 4), 'NODE STATUS RESPONSE');
    reader.skip(3, 'start');
    expect(() => reader.uint16be('RDLENGTH')).toThrow(
      expect.objectContaining({
        structure: 'NODE STATUS RESPONSE',
        field: 'RDLENGTH',
        offset: 3,
        wanted: '2 bytes',
        present: '1 byte',
        message: 'NODE STATUS RESPONSE: RDLENGTH at offset 3: wanted 2 bytes, present 1 byte',
      }),
    );
  });

  test('does not go backwards for a negative length', () => {
    const reader = new Reader(BYTES, 'example');
    reader.skip(4, 'start');
    expect(() => reader.skip(-1, 'field')).toThrow(DecodeError);
    expect(() => reader.bytes(-1, 'field')).toThrow(DecodeError);
  });
});

describe('bytes', () => {
  test('are a copy', () => {
    const source = BYTES.slice();
    const copy = new Reader(source, 'example').bytes(2, 'field');
    source.fill(0);
    expect([...copy]).toEqual([0xff, 0xfe]);
  });

  test('become text one character each, whatever they are', () => {
    expect(new Reader(BYTES, 'example').latin1(3, 'field')).toBe('\u00ff\u00fe\u0001');
  });
});

describe('a window', () => {
  test('ends where it was told to and leaves the outer cursor', () => {
    const reader = new Reader(BYTES, 'example');
    const window = reader.window(2, 3, 'list');
    expect([...window.bytes(3, 'field')]).toEqual([1, 2, 3]);
    expect(() => window.uint8('field')).toThrow('field at offset 5: wanted 1 byte, present 0 bytes');
    expect(reader.offset).toBe(0);
  });

  test('lies within its own reader', () => {
    const window = new Reader(BYTES, 'example').window(2, 3, 'list');
    expect(() => window.window(2, 4, 'inner')).toThrow(DecodeError);
    expect(() => window.window(6, 0, 'inner')).toThrow(DecodeError);
    expect(() => window.window(2, -1, 'inner')).toThrow(DecodeError);
    expect(window.window(5, 0, 'inner').remaining).toBe(0);
  });

  test('from an offset runs to the end and does not begin before the cursor', () => {
    const reader = new Reader(BYTES, 'example');
    reader.skip(4, 'fixed part');
    expect(reader.from(8, 'list').remaining).toBe(2);
    expect(reader.from(10, 'list').remaining).toBe(0);
    expect(() => reader.from(3, 'list')).toThrow('wanted an offset from 4 to 10, present 3');
    expect(() => reader.from(11, 'list')).toThrow(DecodeError);
  });
});

test('a value that may not be is told with the field read last', () => {
  const reader = new Reader(BYTES, 'example');
  reader.skip(2, 'start');
  const value = reader.uint16be('StructureSize');
  reader.expect(value, 0x0102);
  expect(() => reader.expect(value, 64)).toThrow(
    'example: StructureSize at offset 2: wanted 0x40, present 0x102',
  );
  expect(reader.wrong('a name', 'none').message).toBe(
    'example: StructureSize at offset 2: wanted a name, present none',
  );
});

test('a range outside the bytes is a bug of the caller', () => {
  expect(() => new Reader(BYTES, 'example', { start: 4, end: 11 })).toThrow(RangeError);
  expect(() => new Reader(BYTES, 'example', { start: 4, end: 3 })).toThrow(RangeError);
});
