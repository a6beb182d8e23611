import { describe, expect, test } from 'vitest';
import {
  type ChallengeMessage,
  decodeChallengeMessage,
  decodeNegotiateMessage,
  encodeChallengeMessage,
  encodeNegotiateMessage,
  NTLMSSP_FLAG,
} from '../../../probes/wire/ntlmssp.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { bytesOf, patched, plain, readFixture } from '../../support/hex-file.ts';

const SIGNATURE = { field: 'Signature', offset: 0, size: 4 } as const;
const MESSAGE_TYPE = { field: 'MessageType', offset: 8, size: 4 } as const;
const TARGET_NAME = [
  { field: 'TargetNameLen', offset: 12, size: 2 },
  { field: 'TargetNameBufferOffset', offset: 16, size: 4 },
] as const;
const TARGET_INFO = [
  { field: 'TargetInfoLen', offset: 40, size: 2 },
  { field: 'TargetInfoBufferOffset', offset: 44, size: 4 },
] as const;
const UNICODE_WITH_INFO = NTLMSSP_FLAG.NTLMSSP_NEGOTIATE_UNICODE | NTLMSSP_FLAG.NTLMSSP_NEGOTIATE_TARGET_INFO;
/** Where the first AV pair's length stands in the fixtures. */
const CHALLENGES = [
  ['samba4', 68 + 2],
  ['samba4-before-unknown-user', 72 + 2],
  ['samba4-no-dns-names', 68 + 2],
  ['samba4-oem', 62 + 2],
  ['ms-nlmp-no-version', 58 + 2],
  ['ms-nlmp-windows10', 82 + 2],
] as const;

codecContract('ntlmssp-negotiate-ms-nlmp', {
  decode: decodeNegotiateMessage,
  encode: encodeNegotiateMessage,
  exact: true,
  limits: [SIGNATURE, MESSAGE_TYPE],
});
codecContract('ntlmssp-negotiate-smbclient', {
  decode: decodeNegotiateMessage,
  limits: [SIGNATURE, MESSAGE_TYPE],
});
for (const [name, avLenOffset] of CHALLENGES) {
  codecContract(`ntlmssp-challenge-${name}`, {
    decode: decodeChallengeMessage,
    encode: encodeChallengeMessage,
    limits: [
      SIGNATURE,
      MESSAGE_TYPE,
      ...TARGET_NAME,
      ...TARGET_INFO,
      { field: 'AvLen', offset: avLenOffset, size: 2 },
    ],
  });
}
codecContract('ntlmssp-challenge-samba4-no-target', {
  decode: decodeChallengeMessage,
  encode: encodeChallengeMessage,
  limits: [SIGNATURE, MESSAGE_TYPE, { field: 'TargetNameLen', offset: 12, size: 2 }],
});

describe('a negotiate message', () => {
  test('asks for the target and the version, and neither signs nor seals', () => {
    expect(decodeNegotiateMessage(encodeNegotiateMessage())).toEqual({
      kind: 'negotiate',
      flags: 0xa2088205,
      version: { major: 6, minor: 1, build: 0 },
    });
  });

  test('without the version flag ends before the version', () => {
    const bytes = patched(encodeNegotiateMessage().subarray(0, 32), 15, 0xa0);
    expect(decodeNegotiateMessage(bytes)).toEqual({ kind: 'negotiate', flags: 0xa0088205, version: null });
  });
});

describe('a challenge', () => {
  const samba = readFixture('ntlmssp-challenge-samba4').bytes;

  /** ksmbd sends its pairs in another order. */
  const inOurOrder = CHALLENGES.filter(([name]) => name !== 'ms-nlmp-no-version');
  test.each(inOurOrder)('like %s encodes to the same bytes but for ServerChallenge', (name) => {
    const { bytes } = readFixture(`ntlmssp-challenge-${name}`);
    const anonymous = bytes.slice().fill(0, 24, 32);
    expect(plain(encodeChallengeMessage(decodeChallengeMessage(bytes)))).toEqual(plain(anonymous));
  });

  test('may have a gap before its payload', () => {
    const moved = withInfo('0100 0400 41004200 0000 0000', { gap: 5 });
    expect(decodeChallengeMessage(moved).targetInfo.nbComputerName).toBe('AB');
  });

  test('may promise a version and leave it out: its payload begins where that would be', () => {
    const without = encodeChallengeMessage({
      ...decodeChallengeMessage(samba),
      flags: 0x00820201,
      version: null,
    });
    const promised = patched(without, 20, 0x02820201);
    expect(decodeChallengeMessage(promised)).toMatchObject({
      version: null,
      targetInfo: decodeChallengeMessage(samba).targetInfo,
    });
  });

  test('with a payload in its fixed part is refused', () => {
    expect(() => decodeChallengeMessage(patched(samba, 16, 52))).toThrow('an offset from 56 to');
    expect(() => decodeChallengeMessage(patched(samba, 44, 0))).toThrow('an offset from 56 to');
  });

  test('without a name or target info may name any offset for them', () => {
    const bytes = patched(patched(samba, 12, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), 40, 0, 0, 0, 0, 0xff, 0xff);
    expect(decodeChallengeMessage(bytes)).toMatchObject({
      targetName: null,
      targetInfo: { nbComputerName: null, timestamp: null },
    });
  });

  test('without the target info flag has none, whatever stands in its fields', () => {
    const bytes = patched(samba, 22, (samba[22] ?? 0) & 0x7f);
    expect(decodeChallengeMessage(bytes).targetInfo).toEqual({
      nbComputerName: null,
      nbDomainName: null,
      dnsComputerName: null,
      dnsDomainName: null,
      timestamp: null,
    });
  });
});

describe('target info', () => {
  test('tells an empty name from none', () => {
    const { targetInfo } = decodeChallengeMessage(withInfo('0400 0000 0000 0000'));
    expect(targetInfo).toMatchObject({ dnsDomainName: '', dnsComputerName: null });
  });

  test('may hold pairs that nobody knows, and of two alike the first counts', () => {
    const { targetInfo } = decodeChallengeMessage(
      withInfo('ff00 0300 010203 0100 0200 4100 0100 0200 4200 0600 0400 02000000 0000 0000'),
    );
    expect(targetInfo.nbComputerName).toBe('A');
  });

  test.each([
    ['without an end', '0100 0200 4100'],
    ['with half a character', '0100 0300 410042 0000 0000'],
    ['with a timestamp of four bytes', '0700 0400 01020304 0000 0000'],
    ['with a timestamp of nine bytes', '0700 0900 010203040506070809 0000 0000'],
    ['with a pair that leads out of it', '0100 0600 4100 0000 0000'],
    ['with more pairs than anybody sends', `${'ff00 0000'.repeat(64)} 0000 0000`],
  ])('%s is refused', (_, pairs) => {
    expect(verdict(decodeChallengeMessage, withInfo(pairs))).toBe('a DecodeError');
  });

  test('keeps any text as it was sent', () => {
    const odd = '\u0000\n<b>\ud800\u{1f5a7}';
    const message: ChallengeMessage = {
      kind: 'challenge',
      flags: UNICODE_WITH_INFO,
      targetName: odd,
      version: null,
      targetInfo: {
        nbComputerName: odd,
        nbDomainName: '',
        dnsComputerName: null,
        dnsDomainName: null,
        timestamp: 0xffff_ffff_ffff_ffffn,
      },
    };
    expect(decodeChallengeMessage(encodeChallengeMessage(message))).toEqual(message);
  });
});

/** A challenge without a name, with these pairs `gap` bytes behind its fixed part. */
function withInfo(pairs: string, { gap = 0 } = {}): Uint8Array {
  const info = bytesOf(pairs);
  const bytes = new Uint8Array(48 + gap + info.length);
  bytes.set(bytesOf('4e544c4d53535000 02000000'));
  const view = new DataView(bytes.buffer);
  view.setUint32(20, UNICODE_WITH_INFO, true);
  view.setUint16(40, info.length, true);
  view.setUint32(44, 48 + gap, true);
  bytes.set(info, 48 + gap);
  return bytes;
}
