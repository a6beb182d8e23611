import { expect, it } from 'vitest';
import { operatingSystem } from '../../domain/os.ts';
import { sampleIdentity } from '../support/samples.ts';

it.each([
  ['6.1.0', 'Samba', null],
  ['6.1.7601', 'Windows 7 or Server 2008 R2', 7601],
  ['10.0.26100', 'Windows 11 24H2 to 26H2 or LTSC 2024, or Server 2025', 26100],
  ['10.0.31337', null, 31337],
  ['0.0.0', null, null],
  ['nonsense', null, null],
  [null, null, null],
])('reads the version %s as %s, build %s', (version, os, osBuild) => {
  expect(operatingSystem(sampleIdentity({ version })['smb.identity'])).toEqual({ os, osBuild });
});

it('knows nothing where the server sends no challenge, or was not asked', () => {
  expect([null, undefined].map(operatingSystem)).toEqual([
    { os: null, osBuild: null },
    { os: null, osBuild: null },
  ]);
});
