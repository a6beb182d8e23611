import { describe, expect, it } from 'vitest';
import { type CsvValue, csvLine } from '../../../agent/render/csv.ts';

describe('a line of CSV', () => {
  it.each<[CsvValue, string]>([
    ['plain', 'plain'],
    [null, ''],
    [-5, '-5'],
    [true, 'true'],
    [['a', 'b'], '"a; b"'],
    [[], ''],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', 'two\\x0alines'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\\x09=1"],
    ['\rx', "'\\x0dx"],
    ['  =1', `"'  =1"`],
    ['＝1', "'＝1"],
    [['=1', 'b'], `"'=1; b"`],
    ['a=b', 'a=b'],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u202egnp', '\\u202egnp'],
  ])('holds %j as %s', (value, cell) => {
    expect(csvLine([value, 'end'])).toBe(`${cell},end\r\n`);
  });
});
