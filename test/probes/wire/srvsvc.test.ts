import { describe, expect, test } from 'vitest';
import {
  decodeNetrShareEnumRequest,
  decodeNetrShareEnumResponse,
  encodeNetrShareEnumRequest,
  encodeNetrShareEnumResponse,
  SHARE_ENUM_RETURN,
  SHARE_KIND_MASK,
  SHARE_TYPE,
  type Share,
} from '../../../probes/wire/srvsvc.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { bytesOf, patched, readFixture } from '../../support/hex-file.ts';

const LEVEL = { field: 'Level', offset: 0, size: 4 } as const;
const SHARE_INFO = { field: 'ShareInfo', offset: 4, size: 4 } as const;
const ENTRIES_READ = { field: 'EntriesRead', offset: 12, size: 4 } as const;
const MAX_COUNT = { field: 'max_count', offset: 20, size: 4 } as const;

codecContract('srvsvc-net-share-enum-request-smbclient', {
  decode: decodeNetrShareEnumRequest,
  encode: encodeNetrShareEnumRequest,
  exact: true,
  limits: [
    { field: 'ServerName offset', offset: 8, size: 4 },
    { field: 'ServerName actual_count', offset: 12, size: 4 },
    { field: 'EntriesRead', offset: 48, size: 4 },
    { field: 'Buffer', offset: 52, size: 4 },
  ],
});
codecContract('srvsvc-net-share-enum-request-python-samba-no-server-name', {
  decode: decodeNetrShareEnumRequest,
  encode: encodeNetrShareEnumRequest,
  exact: true,
  limits: [{ field: 'Level', offset: 4, size: 4 }],
});
codecContract('srvsvc-net-share-enum-request-rpcclient-no-resume-handle', {
  decode: decodeNetrShareEnumRequest,
  encode: encodeNetrShareEnumRequest,
  limits: [{ field: 'ResumeHandle', offset: 60, size: 4 }],
});
codecContract('srvsvc-net-share-enum-response-samba4', {
  decode: decodeNetrShareEnumResponse,
  encode: encodeNetrShareEnumResponse,
  exact: true,
  limits: [
    LEVEL,
    SHARE_INFO,
    ENTRIES_READ,
    MAX_COUNT,
    { field: 'shi1_netname offset', offset: 88, size: 4 },
    { field: 'shi1_netname actual_count', offset: 92, size: 4 },
  ],
});
codecContract('srvsvc-net-share-enum-response-samba4-no-resume-handle', {
  decode: decodeNetrShareEnumResponse,
  encode: encodeNetrShareEnumResponse,
  limits: [LEVEL, SHARE_INFO, ENTRIES_READ, MAX_COUNT],
});
codecContract('srvsvc-net-share-enum-response-samba4-access-denied', {
  decode: decodeNetrShareEnumResponse,
  encode: encodeNetrShareEnumResponse,
  exact: true,
  limits: [LEVEL, SHARE_INFO, ENTRIES_READ],
});

test('the request has the length that its padding makes, with any server name', () => {
  const lengths = [null, '', 'a', 'ab', '\\\\10.0.0.5'].map((serverName) => {
    const stub = encodeNetrShareEnumRequest({ serverName });
    expect(decodeNetrShareEnumRequest(stub).serverName).toBe(serverName);
    return stub.length;
  });
  expect(lengths).toEqual([36, 52, 52, 56, 72]);
});

test('a request with something behind it is refused', () => {
  const stub = Uint8Array.of(...encodeNetrShareEnumRequest({ serverName: null }), 0);
  expect(verdict(decodeNetrShareEnumRequest, stub)).toBe('a DecodeError');
});

describe('the shares', () => {
  test('come back with names and comments of every length up to nine, from an odd and an even place', () => {
    const texts = Array.from({ length: 10 }, (_, length) => 'x'.repeat(length));
    const shares = texts.flatMap((name) => texts.map((comment) => shareOf({ name, comment })));
    expect(roundTrip(shares)).toEqual(shares);
  });

  test('keep any text as it was sent', () => {
    const shares = [shareOf({ name: '\n<b>\ud800\u{1f5a7}', comment: 'a\u0000b' })];
    expect(roundTrip(shares)).toEqual(shares);
  });

  test('have a type whose topmost bit does not make it negative', () => {
    const ipc = SHARE_TYPE.STYPE_IPC + SHARE_TYPE.STYPE_SPECIAL;
    const [share] = roundTrip([shareOf({ type: ipc })]);
    expect(share?.type).toBe(0x8000_0003);
    expect((share?.type ?? 0) & SHARE_KIND_MASK).toBe(SHARE_TYPE.STYPE_IPC);
  });

  test('are at most 1,024', () => {
    const shares = Array.from({ length: 1_025 }, () => shareOf({}));
    expect(roundTrip(shares.slice(1))).toHaveLength(1_024);
    expect(() => roundTrip(shares)).toThrow('wanted at most 1024');
  });

  test('have names of at most 256 characters and comments of at most 1,024', () => {
    const longest = shareOf({ name: 'n'.repeat(256), comment: 'c'.repeat(1_024) });
    expect(roundTrip([longest])).toEqual([longest]);
    expect(() => roundTrip([{ ...longest, name: 'n'.repeat(257) }])).toThrow('shi1_netname actual_count');
    expect(() => roundTrip([{ ...longest, comment: 'c'.repeat(1_025) }])).toThrow('shi1_remark actual_count');
  });
});

describe('a response', () => {
  const LEVEL_1 = '01000000 01000000 00000200';
  const ONE_ENTRY = `${LEVEL_1} 01000000 04000200 01000000`;
  const NAME_A = '02000000 00000000 02000000 4100 0000';
  const END = '01000000 00000000 00000000';

  test('may hold a share without a comment', () => {
    const stub = bytesOf(`${ONE_ENTRY} 08000200 00000000 00000000 ${NAME_A} ${END}`);
    expect(decodeNetrShareEnumResponse(stub).shares).toEqual([{ name: 'A', type: 0, comment: '' }]);
  });

  test('may hold a string without a NUL, and one without characters', () => {
    const strings = '01000000 00000000 01000000 4100 0000 00000000 00000000 00000000';
    const stub = bytesOf(`${ONE_ENTRY} 08000200 00000000 0c000200 ${strings} ${END}`);
    expect(decodeNetrShareEnumResponse(stub).shares).toEqual([{ name: 'A', type: 0, comment: '' }]);
  });

  test('may hold no list at all', () => {
    const stub = bytesOf('01000000 01000000 00000000 00000000 00000000 7c000000');
    expect(decodeNetrShareEnumResponse(stub)).toEqual({
      kind: 'net-share-enum-response',
      returnCode: SHARE_ENUM_RETURN.ERROR_INVALID_LEVEL,
      totalEntries: 0,
      shares: [],
    });
  });

  test('may hold an empty list that is not a null pointer', () => {
    const stub = bytesOf(`${LEVEL_1} 00000000 04000200 00000000 ${END}`);
    expect(decodeNetrShareEnumResponse(stub).shares).toEqual([]);
  });

  test('may have bytes behind it', () => {
    const { bytes } = readFixture('srvsvc-net-share-enum-response-samba4');
    const followed = Uint8Array.of(...bytes, 1, 2, 3, 4);
    expect(decodeNetrShareEnumResponse(followed)).toEqual(decodeNetrShareEnumResponse(bytes));
  });

  test.each([
    ['counts shares that it does not hold', `${LEVEL_1} 01000000 00000000 ${END}`],
    ['has two counts of its shares', `${LEVEL_1} 01000000 04000200 02000000 ${END}`],
    ['has a share without a name', `${ONE_ENTRY} 00000000 00000000 00000000 ${END}`],
    [
      'has a string longer than its own room',
      `${ONE_ENTRY} 08000200 00000000 00000000 01000000 00000000 02000000 4100 0000 ${END}`,
    ],
    [
      'has a string that begins elsewhere',
      `${ONE_ENTRY} 08000200 00000000 00000000 03000000 01000000 02000000 4100 0000 ${END}`,
    ],
  ])('that %s is refused', (_, stub) => {
    expect(verdict(decodeNetrShareEnumResponse, bytesOf(stub))).toBe('a DecodeError');
  });

  test('of another level is refused', () => {
    const { bytes } = readFixture('srvsvc-net-share-enum-response-samba4');
    expect(verdict(decodeNetrShareEnumResponse, patched(patched(bytes, 0, 2), 4, 2))).toBe('a DecodeError');
  });
});

function shareOf(share: Partial<Share>): Share {
  return { name: 'media', type: SHARE_TYPE.STYPE_DISKTREE, comment: 'Films and music', ...share };
}

function roundTrip(shares: readonly Share[]): readonly Share[] {
  const stub = encodeNetrShareEnumResponse({
    kind: 'net-share-enum-response',
    returnCode: SHARE_ENUM_RETURN.NERR_Success,
    totalEntries: shares.length,
    shares,
  });
  return decodeNetrShareEnumResponse(stub).shares;
}
