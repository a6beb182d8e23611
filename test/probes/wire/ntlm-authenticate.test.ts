import { describe, expect, test } from 'vitest';
import {
  type AuthenticateMessage,
  decodeAuthenticateMessage,
  decodeChallengeToAnswer,
  encodeAnonymousAuthenticateMessage,
  encodeNtlmv2ClientChallenge,
  encodeUserAuthenticateMessage,
  isAnonymous,
} from '../../../probes/wire/ntlm-authenticate.ts';
import { decodeChallengeMessage, NTLMSSP_FLAG } from '../../../probes/wire/ntlmssp.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { bytesOf, patched, readFixture } from '../../support/hex-file.ts';

const SIGNATURE = { field: 'Signature', offset: 0, size: 4 } as const;
const MESSAGE_TYPE = { field: 'MessageType', offset: 8, size: 4 } as const;
const ANONYMOUS: AuthenticateMessage = {
  kind: 'authenticate',
  flags: NTLMSSP_FLAG.NTLMSSP_NEGOTIATE_ANONYMOUS,
  lmChallengeResponse: Uint8Array.of(0),
  ntChallengeResponse: new Uint8Array(),
  domainName: '',
  userName: '',
  workstation: '',
};

codecContract('ntlmssp-authenticate-ms-nlmp-anonymous', {
  decode: decodeAuthenticateMessage,
  encode: ({ flags }) => encodeAnonymousAuthenticateMessage({ challengeFlags: flags }),
  exact: true,
  limits: [
    SIGNATURE,
    MESSAGE_TYPE,
    { field: 'LmChallengeResponseLen', offset: 12, size: 2 },
    { field: 'LmChallengeResponseBufferOffset', offset: 16, size: 4 },
  ],
});
codecContract('ntlmssp-authenticate-smbclient-anonymous', {
  decode: decodeAuthenticateMessage,
  limits: [
    SIGNATURE,
    MESSAGE_TYPE,
    { field: 'EncryptedRandomSessionKeyLen', offset: 52, size: 2 },
    { field: 'EncryptedRandomSessionKeyBufferOffset', offset: 56, size: 4 },
  ],
});
for (const name of ['user', 'unknown-user']) {
  codecContract(`ntlmssp-authenticate-smbclient-${name}`, {
    decode: decodeAuthenticateMessage,
    limits: [
      SIGNATURE,
      MESSAGE_TYPE,
      { field: 'DomainNameLen', offset: 28, size: 2 },
      { field: 'DomainNameBufferOffset', offset: 32, size: 4 },
      { field: 'UserNameLen', offset: 36, size: 2 },
      { field: 'UserNameBufferOffset', offset: 40, size: 4 },
      { field: 'WorkstationLen', offset: 44, size: 2 },
      { field: 'WorkstationBufferOffset', offset: 48, size: 4 },
    ],
  });
}
codecContract('ntlmssp-authenticate-ms-nlmp-user', {
  decode: decodeAuthenticateMessage,
  encode: ({ flags, userName, ntChallengeResponse }) =>
    encodeUserAuthenticateMessage({ challengeFlags: flags, userName, ntChallengeResponse }),
  exact: true,
  limits: [
    SIGNATURE,
    MESSAGE_TYPE,
    { field: 'NtChallengeResponseLen', offset: 20, size: 2 },
    { field: 'NtChallengeResponseBufferOffset', offset: 24, size: 4 },
    { field: 'UserNameLen', offset: 36, size: 2 },
    { field: 'UserNameBufferOffset', offset: 40, size: 4 },
  ],
});

describe('an anonymous authenticate message', () => {
  const samba = decodeChallengeMessage(readFixture('ntlmssp-challenge-samba4').bytes);

  test('names nobody, proves nothing and has 65 bytes', () => {
    const bytes = encodeAnonymousAuthenticateMessage({ challengeFlags: samba.flags });
    expect(bytes).toHaveLength(65);
    expect(decodeAuthenticateMessage(bytes)).toEqual({ ...ANONYMOUS, flags: 0xa008_8a05 });
  });

  test('agrees to nothing that only one side knows, nor to a version', () => {
    const flagsFor = (challengeFlags: number) =>
      decodeAuthenticateMessage(encodeAnonymousAuthenticateMessage({ challengeFlags })).flags;
    expect(flagsFor(0)).toBe(0x0000_0800);
    expect(flagsFor(0xffff_ffff)).toBe(0xa008_8a05);
  });

  test('has no field that points out of it', () => {
    const view = new DataView(encodeAnonymousAuthenticateMessage({ challengeFlags: 0 }).buffer);
    const offsets = [16, 24, 32, 40, 48, 56].map((at) => view.getUint32(at, true));
    expect(offsets).toEqual([64, 64, 64, 64, 64, 64]);
  });
});

describe('the authenticate message of a user', () => {
  const logon = { userName: 'somebody', ntChallengeResponse: Uint8Array.of(1, 2, 3) };

  test('agrees to nothing that only one side knows, nor to a version, and is not anonymous', () => {
    const message = decodeAuthenticateMessage(
      encodeUserAuthenticateMessage({ ...logon, challengeFlags: 0xffff_ffff }),
    );
    expect(message.flags).toBe(0xa008_8205);
    expect(isAnonymous(message)).toBe(false);
  });

  test('writes the name one byte a character for a server that knows no Unicode', () => {
    const bytes = encodeUserAuthenticateMessage({ ...logon, challengeFlags: 0 });
    expect(Buffer.from(bytes.subarray(-8)).toString('latin1')).toBe('somebody');
    expect(decodeAuthenticateMessage(bytes)).toMatchObject(logon);
  });
});

describe('the client challenge of an NTLMv2 response', () => {
  const targetInfo = bytesOf('02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000');

  test('is the one of the example in [MS-NLMP] 4.2.4.1.3', () => {
    const challengeFromClient = new Uint8Array(8).fill(0xaa);
    const bytes = encodeNtlmv2ClientChallenge({ timestamp: 0n, challengeFromClient, targetInfo });
    const { ntChallengeResponse } = decodeAuthenticateMessage(
      readFixture('ntlmssp-authenticate-ms-nlmp-user').bytes,
    );
    expect(bytes).toEqual(ntChallengeResponse.slice(16));
  });

  test('holds the time at its eighth byte, and needs eight bytes of challenge', () => {
    const challenge = { timestamp: 0x01dd_7a33_0ccf_27c0n, targetInfo };
    const bytes = encodeNtlmv2ClientChallenge({ ...challenge, challengeFromClient: new Uint8Array(8) });
    expect(bytes.slice(8, 16)).toEqual(bytesOf('c027cf0c337add01'));
    expect(() =>
      encodeNtlmv2ClientChallenge({ ...challenge, challengeFromClient: new Uint8Array(7) }),
    ).toThrow(RangeError);
  });
});

describe('a challenge to be answered', () => {
  const { bytes } = readFixture('ntlmssp-challenge-samba4-before-unknown-user');

  test('gives the eight bytes of the server, its AV pairs as they were sent, and its time', () => {
    expect(decodeChallengeToAnswer(bytes)).toEqual({
      flags: 0x628a_8215,
      serverChallenge: bytesOf('e3f4f1f14bea3fff'),
      targetInfo: bytes.slice(0x48),
      timestamp: 0x01dd_7a33_0ccf_27c0n,
    });
  });

  test('without AV pairs gives none, and no time', () => {
    const challenge = decodeChallengeToAnswer(readFixture('ntlmssp-challenge-samba4-no-target').bytes);
    expect(challenge).toMatchObject({ targetInfo: new Uint8Array(), timestamp: null });
  });

  test.each([
    ['the length', 40, 2],
    ['the offset', 44, 4],
  ])('is refused when %s of its AV pairs leads out of it', (_, offset, size) => {
    const bad = bytes.slice().fill(0xff, offset, offset + size);
    expect(verdict(decodeChallengeToAnswer, bad)).toBe('a DecodeError');
  });

  test('is refused wherever it is cut short', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(verdict(decodeChallengeToAnswer, bytes.subarray(0, length)), `${length} bytes`).toBe(
        'a DecodeError',
      );
    }
  });
});

describe('an authenticate message', () => {
  test('with a payload in its fixed part is refused', () => {
    const { bytes } = readFixture('ntlmssp-authenticate-smbclient-user');
    expect(() => decodeAuthenticateMessage(patched(bytes, 32, 64))).toThrow('an offset from 72 to');
  });

  test('with half a character is refused', () => {
    const { bytes } = readFixture('ntlmssp-authenticate-smbclient-user');
    expect(verdict(decodeAuthenticateMessage, patched(bytes, 36, 7))).toBe('a DecodeError');
  });

  test('logs nobody on with an LM response that is empty or one zero byte', () => {
    expect(isAnonymous(ANONYMOUS)).toBe(true);
    expect(isAnonymous({ ...ANONYMOUS, lmChallengeResponse: new Uint8Array() })).toBe(true);
    expect(isAnonymous({ ...ANONYMOUS, domainName: 'WORKGROUP', workstation: 'PC' })).toBe(true);
  });

  test('logs somebody on with a name or any proof', () => {
    expect(isAnonymous({ ...ANONYMOUS, userName: 'root' })).toBe(false);
    expect(isAnonymous({ ...ANONYMOUS, ntChallengeResponse: new Uint8Array(24) })).toBe(false);
    expect(isAnonymous({ ...ANONYMOUS, lmChallengeResponse: Uint8Array.of(1) })).toBe(false);
    expect(isAnonymous({ ...ANONYMOUS, lmChallengeResponse: new Uint8Array(24) })).toBe(false);
  });
});
