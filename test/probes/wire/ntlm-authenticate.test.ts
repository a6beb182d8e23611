import { describe, expect, test } from 'vitest';
import {
  type AuthenticateMessage,
  decodeAuthenticateMessage,
  encodeAnonymousAuthenticateMessage,
  isAnonymous,
} from '../../../probes/wire/ntlm-authenticate.ts';
import { decodeChallengeMessage, NTLMSSP_FLAG } from '../../../probes/wire/ntlmssp.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

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
codecContract('ntlmssp-authenticate-smbclient-user', {
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
