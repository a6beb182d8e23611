import { expect, it } from 'vitest';
import { compareTexts } from '../../domain/order.ts';

it('sorts by code units, whatever the language of the machine', () => {
  expect(['b', 'ä', 'a', 'B', 'a'].sort(compareTexts)).toEqual(['B', 'a', 'a', 'b', 'ä']);
});
