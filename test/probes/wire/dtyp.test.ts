import { expect, test } from 'vitest';
import {
  filetimeToMilliseconds,
  guidBytes,
  guidText,
  millisecondsToFiletime,
} from '../../../probes/wire/dtyp.ts';
import { bytesOf } from '../../support/hex-file.ts';

test('a GUID is written upper case with dashes, its first three groups turned round', () => {
  const bytes = bytesOf('0883afe1 1f5d c911 91a4 08002b14a0fa');
  expect(guidText(bytes)).toBe('E1AF8308-5D1F-11C9-91A4-08002B14A0FA');
  expect(guidBytes('e1af8308-5d1f-11c9-91a4-08002b14a0fa')).toEqual(bytes);
});

test('what is no GUID is a bug of the caller', () => {
  expect(() => guidText(new Uint8Array(15))).toThrow(RangeError);
  expect(() => guidBytes('E1AF8308-5D1F-11C9-91A4')).toThrow(RangeError);
  expect(() => guidBytes('{E1AF8308-5D1F-11C9-91A4-08002B14A0FA}')).toThrow(RangeError);
});

test('FILETIME counts from 1601 and is rounded down to milliseconds', () => {
  expect(filetimeToMilliseconds(116_444_736_000_000_000n)).toBe(0);
  expect(filetimeToMilliseconds(116_444_736_000_019_999n)).toBe(1);
  expect(filetimeToMilliseconds(133_801_056_001_234_567n)).toBe(Date.UTC(2024, 11, 31, 8, 0, 0, 123));
  expect(filetimeToMilliseconds(1n)).toBe(Date.UTC(1601, 0, 1));
});

test('FILETIME 0 means not told', () => {
  expect(filetimeToMilliseconds(0n)).toBeNull();
});

test('the largest FILETIME is still a date', () => {
  const milliseconds = filetimeToMilliseconds(0xffff_ffff_ffff_ffffn);
  expect(new Date(milliseconds ?? 0).getUTCFullYear()).toBe(60056);
});

test('milliseconds come back from FILETIME', () => {
  const now = Date.UTC(2026, 10, 22, 12, 34, 56, 789);
  expect(filetimeToMilliseconds(millisecondsToFiletime(now))).toBe(now);
});
