import { describe, expect, it } from 'vitest';
import { factInWords, factLabel } from '../../domain/fact-words.ts';
import type { FactValue } from '../../domain/facts.ts';
import { sampleIdentity } from '../support/samples.ts';

describe('a fact in words', () => {
  it.each<[FactValue | null, string]>([
    [null, 'none'],
    [[], 'none'],
    ['3.1.1', '3.1.1'],
    [445, '445'],
    [['2.1', '3.0'], '2.1, 3.0'],
    [[{ name: 'NAS', suffix: 0x20, group: false }], 'NAS<20>'],
    [sampleIdentity()['smb.identity']!, 'NASLEGACY, WORKGROUP, naslegacy.home.arpa, home.arpa, 6.1.0'],
    [
      [
        { name: 'music', type: 'disk', comment: '', readable: 'yes', writable: 'yes' },
        { name: 'secret', type: 'disk', comment: '', readable: 'no', writable: 'unknown' },
      ],
      'music (readable, writable), secret',
    ],
    [[{ name: '\u001b[2J', type: 'disk', comment: '', readable: 'no', writable: 'no' }], '\\x1b[2J'],
  ])('%j is said as %s', (value, words) => {
    expect(factInWords(value)).toBe(words);
  });

  it('has a label, and a service its key', () => {
    expect(factLabel('smb.signing.smb2')).toBe('signing over SMB 2/3');
    expect(factLabel('tcp/8445')).toBe('tcp/8445');
  });
});
