import { describe, expect, it } from 'vitest';
import { didYouMean, nearestWord } from '../../../agent/config/spelling.ts';

const WORDS = ['targets', 'exclude', 'baseTopic', 'log', 'keepalive'];

describe('the nearest word', () => {
  it.each([
    ['target', 'targets'],
    ['basetopic', 'baseTopic'],
    ['base_topic', 'baseTopic'],
    ['keep-alive', 'keepalive'],
    ['exlcude', 'exclude'],
    ['LOGS', 'log'],
  ])('to %s is %s', (written, word) => {
    expect(nearestWord(written, WORDS)).toBe(word);
  });

  it.each(['', 'x', 'lag-behind', 'completely-different'])('to "%s" is none', (written) => {
    expect(nearestWord(written, WORDS)).toBeNull();
    expect(didYouMean(written, WORDS)).toBe('');
  });

  it('is found in no time for a key as long as a book', () => {
    expect(nearestWord('x'.repeat(1_000_000), WORDS)).toBeNull();
  });
});
