import { expect, test } from 'vitest';
import { ntStatusName } from '../../../probes/wire/nt-status.ts';

test('a known status has its name, another one its eight digits', () => {
  expect(ntStatusName(0xc00000bb)).toBe('STATUS_NOT_SUPPORTED');
  expect(ntStatusName(0x00000000)).toBe('STATUS_SUCCESS');
  expect(ntStatusName(0xc0000133)).toBe('0xC0000133');
  expect(ntStatusName(0x00000005)).toBe('0x00000005');
});
