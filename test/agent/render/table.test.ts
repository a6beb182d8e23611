import { describe, expect, it } from 'vitest';
import { tableText } from '../../../agent/render/table.ts';
import { cell, clip, textWidth, type View, wrap } from '../../../agent/render/text.ts';

const VIEW: View = { color: false, width: 30, now: 0, timeZone: 'UTC' };
const COLUMNS = [
  { title: 'HOST', shrinkTo: 6 },
  { title: 'PORT', align: 'right' as const },
];

describe('a table', () => {
  it('pads columns to their widest cell, without blanks at the end of lines', () => {
    const text = tableText(
      COLUMNS,
      [
        [cell('nas'), cell('445')],
        [cell('printer'), cell('9')],
      ],
      VIEW,
    );
    expect(text.split('\n')).toEqual(['HOST     PORT', 'nas       445', 'printer     9']);
  });

  it('clips what may shrink, and nothing else, when the terminal is narrow', () => {
    const rows = [[cell('a-very-long-host-name'), cell('445')]];
    expect(tableText(COLUMNS, rows, { ...VIEW, width: 16 })).toContain('a-very-lo…   445');
    expect(tableText(COLUMNS, rows, { ...VIEW, width: 5 })).toContain('a-ver…   445');
  });

  it('leaves out droppable columns in their order, when shrinking is not enough', () => {
    const columns = [{ title: 'HOST' }, { title: 'MAC', dropped: 1 }, { title: 'SEEN', dropped: 2 }];
    const rows = [[cell('nas'), cell('00:11:32'), cell('today')]];
    const at = (width: number) => tableText(columns, rows, { ...VIEW, width }).split('\n')[0];
    expect(at(21)).toBe('HOST  MAC       SEEN');
    expect(at(20)).toBe('HOST  SEEN');
    expect(at(8)).toBe('HOST');
  });

  it('colours after it has measured, so that colours do not shift columns', () => {
    const rows = [
      [cell('nas', 'red'), cell('445')],
      [cell('pc'), cell('1')],
    ];
    const colored = tableText(COLUMNS, rows, { ...VIEW, color: true });
    expect(colored).toContain('\u001b[31mnas\u001b[39m');
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(tableText(COLUMNS, rows, VIEW));
  });

  it('makes a stranger’s text visible, and shows nothing as a dash', () => {
    expect(cell('\u001b[31m')).toMatchObject({ text: '\\x1b[31m' });
    expect([cell(null).text, cell('').text]).toEqual(['–', '–']);
  });
});

describe('the width of text', () => {
  it('counts columns, not code units', () => {
    expect(['nas', 'größe', '打印机', 'e\u0301', '🖨'].map(textWidth)).toEqual([3, 5, 6, 1, 1]);
  });

  it('is kept by clipping, wide characters included', () => {
    expect([clip('printer', 7), clip('printer', 5), clip('打印机', 5), clip('打印机', 4)]).toEqual([
      'printer',
      'prin…',
      '打印…',
      '打…',
    ]);
  });
});

describe('wrapping', () => {
  it('indents the lines after the first', () => {
    expect(wrap('one two three four', 11, '- ', '  ')).toBe('- one two\n  three\n  four');
  });

  it('does not break what is to be copied', () => {
    expect(wrap('Run `a long command --with=this` now.', 12)).toBe('Run\n`a long command --with=this`\nnow.');
  });

  it('puts a word that is too long on a line of its own', () => {
    expect(wrap('a extraordinarily b', 6, '  ')).toBe('  a\n  extraordinarily\n  b');
  });
});
