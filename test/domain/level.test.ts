import { expect, it } from 'vitest';
import { allows, LEVELS } from '../../domain/level.ts';

it('allows a level and all below it', () => {
  expect(LEVELS.filter((level) => allows('L2', level))).toEqual(['L0', 'L1', 'L2']);
  expect(LEVELS.filter((level) => allows('L0', level))).toEqual(['L0']);
});
