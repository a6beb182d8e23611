import { expect, test } from 'vitest';
import { smbProtocol } from '../../../probes/wire/smb-message.ts';
import { bytesOf, fixtureNames, readFixture } from '../../support/hex-file.ts';

test.each(fixtureNames().filter((name) => name.startsWith('smb')))(
  '%s is of the protocol that it is named for',
  (name) => {
    expect(smbProtocol(readFixture(name).bytes)).toBe(name.slice(0, 4));
  },
);

test('transforms, other protocols and fewer than four bytes are neither', () => {
  for (const hex of ['fd534d42', 'fc534d42', 'fe534d', 'ff', '', '48545450', 'fe534d43']) {
    expect(smbProtocol(bytesOf(hex)), hex).toBeNull();
  }
});
