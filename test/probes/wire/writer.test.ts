import { describe, expect, test } from 'vitest';
import { padding, Writer } from '../../../probes/wire/writer.ts';

describe('integers', () => {
  test('are written in the order that the method names', () => {
    const writer = new Writer().uint8(0xfe).uint16be(0x0102).uint32be(0x8090a0b0);
    writer.uint16le(0x0102).uint32le(0x8090a0b0).uint64le(0x8877665544332211n).int16le(-2);
    expect(Buffer.from(writer.finish()).toString('hex')).toBe(
      'fe' + '0102' + '8090a0b0' + '0201' + 'b0a09080' + '1122334455667788' + 'feff',
    );
  });

  test('that do not fit are a bug of the caller', () => {
    expect(() => new Writer().uint8(256)).toThrow(RangeError);
    expect(() => new Writer().uint16be(-1)).toThrow(RangeError);
    expect(() => new Writer().uint16le(0x1_0000)).toThrow(RangeError);
    expect(() => new Writer().int16le(-0x8001)).toThrow(RangeError);
    expect(() => new Writer().uint32le(2 ** 32)).toThrow(RangeError);
    expect(() => new Writer().uint32be(1.5)).toThrow(RangeError);
    expect(() => new Writer().uint64le(1n << 64n)).toThrow(RangeError);
    expect(() => new Writer().uint64le(-1n)).toThrow(RangeError);
  });
});

test('text is one byte a character, or two with UTF-16', () => {
  expect([...new Writer().latin1('A\u00ff').finish()]).toEqual([0x41, 0xff]);
  expect([...new Writer().utf16le('A\u20ac').finish()]).toEqual([0x41, 0x00, 0xac, 0x20]);
  expect(() => new Writer().latin1('\u20ac')).toThrow(RangeError);
});

test('bytes of a fixed length are not stretched or cut', () => {
  expect(() => new Writer().fixed(new Uint8Array(15), 16)).toThrow(RangeError);
  expect(new Writer().fixed(new Uint8Array(16), 16).length).toBe(16);
});

test('padding reaches the next multiple, and is none where it is reached', () => {
  expect([0, 1, 7, 8, 9, 15, 16].map((length) => padding(length, 8))).toEqual([0, 7, 1, 0, 7, 1, 0]);
  expect(new Writer().zeros(5).align(4).length).toBe(8);
});
