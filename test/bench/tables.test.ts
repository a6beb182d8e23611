import { expect, it } from 'vitest';
import { median, ofRounds } from './section.ts';
import { amount, markdownTable, tableOf, terminalTable, verdictOf } from './tables.ts';

const SWEEP = ofRounds([1_100, 1_000, 1_250], {
  what: 'a sweep, pace fast',
  unit: 'ms',
  most: null,
  peer: { what: '`nmap -n`', rounds: [3_100, 3_200, 3_000], mostRatio: 0.36 },
});
const SIZE = { what: 'size | of it', value: 7.29, unit: 'MB', most: 25 } as const;

it('shows the same cells to a terminal and to a page', () => {
  const table = tableOf('What was measured:', [SWEEP, { ...SIZE, value: 30, note: 'too much' }]);
  expect(terminalTable(table)).toBe(
    [
      'What was measured:',
      '                      measured                               limit  beside it  took                                 ratio      aim',
      '  a sweep, pace fast  1,100 ms (1,000 to 1,250; 3 rounds)           nmap -n    3,100 ms (3,000 to 3,200; 3 rounds)  0.355  ≤ 0.360  kept',
      '  size | of it        30 MB                                ≤ 25 MB                                                                  missed  too much',
    ].join('\n'),
  );
  expect(markdownTable(table)).toBe(
    [
      'What was measured:',
      '',
      '|  | measured | limit | beside it | took | ratio | aim |  |  |',
      '|---|---|---:|---|---|---:|---:|---|---|',
      '| a sweep, pace fast | 1,100 ms (1,000 to 1,250; 3 rounds) |  | `nmap -n` | 3,100 ms (3,000 to 3,200; 3 rounds) | 0.355 | ≤ 0.360 | kept |  |',
      '| size \\| of it | 30 MB | ≤ 25 MB |  |  |  |  | **missed** | too much |',
    ].join('\n'),
  );
});

it('leaves out the columns that no row fills', () => {
  expect(tableOf('', [SIZE]).header).toEqual(['', 'measured', 'limit', '']);
});

it.each([
  ['told', { most: null }],
  ['kept', { most: 7.29 }],
  ['missed', { most: 7.28 }],
  ['kept', { most: null, least: 7 }],
  ['missed', { most: 25, least: 8 }],
  ['missed', { most: 25, value: Number.NaN }],
  ['kept', { most: null, peer: { what: '', value: 14.58, mostRatio: 0.5 } }],
  ['missed', { most: null, peer: { what: '', value: 14, mostRatio: 0.5 } }],
  ['told', { most: null, peer: { what: '', value: 1, mostRatio: null } }],
] as const)('says %s of a row that promises %o', (verdict, promises) => {
  expect(verdictOf({ ...SIZE, ...promises })).toBe(verdict);
});

it('shows three digits that count, and thousands apart', () => {
  const shown = [0.071, 1.694, 31.42, 313.4, 12_650, 0].map((value) => amount(value, 'ms'));
  expect(shown).toEqual(['0.07 ms', '1.69 ms', '31.4 ms', '313 ms', '12,650 ms', '0 ms']);
  expect(amount(0.0501, 'share')).toBe('0.0501');
});

it('takes the middle of the rounds, or the mean of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  expect(() => median([])).toThrow(RangeError);
});
