import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { encodeSmb1Error } from '../../../probes/wire/smb1-body.ts';
import { SMB_COM, type Smb1Error } from '../../../probes/wire/smb1-header.ts';
import { SMB1_CAPABILITIES } from '../../../probes/wire/smb1-negotiate.ts';
import {
  decodeSmb1LogoffRequest,
  decodeSmb1LogoffResponse,
  decodeSmb1SessionSetupRequest,
  decodeSmb1SessionSetupResponse,
  encodeSmb1AnonymousSessionSetupRequest,
  encodeSmb1LogoffRequest,
  encodeSmb1LogoffResponse,
  encodeSmb1SessionSetupRequest,
  encodeSmb1SessionSetupResponse,
  type Smb1ClassicSessionSetupRequest,
  type Smb1SessionSetupRequest,
  type Smb1SessionSetupResponse,
} from '../../../probes/wire/smb1-session-setup.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, plain, readFixture } from '../../support/hex-file.ts';

const WORDS = { field: 'WordCount', offset: 32, size: 1 } as const;
const EXTENDED_LIMITS = [
  WORDS,
  { field: 'SecurityBlobLength', offset: 47, size: 2 },
  { field: 'ByteCount', offset: 57, size: 2 },
] as const;
const CLASSIC_LIMITS = [
  WORDS,
  { field: 'OEMPasswordLen', offset: 47, size: 2 },
  { field: 'UnicodePasswordLen', offset: 49, size: 2 },
  { field: 'ByteCount', offset: 59, size: 2 },
] as const;

for (const name of ['smbclient', 'nmap']) {
  codecContract(`smb1-session-setup-request-${name}`, {
    decode: decodeSmb1SessionSetupRequest,
    limits: EXTENDED_LIMITS,
  });
}
codecContract('smb1-session-setup-request-ms-smb', {
  decode: decodeSmb1SessionSetupRequest,
  encode: askAgain,
  exact: true,
  limits: EXTENDED_LIMITS,
});
codecContract('smb1-session-setup-request-smbclient-classic', {
  decode: decodeSmb1SessionSetupRequest,
  limits: CLASSIC_LIMITS,
});
codecContract('smb1-session-setup-request-ms-cifs-anonymous', {
  decode: decodeSmb1SessionSetupRequest,
  encode: askAgain,
  exact: true,
  limits: CLASSIC_LIMITS,
});
for (const name of ['samba4', 'samba4-success']) {
  codecContract(`smb1-session-setup-response-${name}`, {
    decode: decodeSmb1SessionSetupResponse,
    encode: answerAgain,
    limits: [
      WORDS,
      { field: 'SecurityBlobLength', offset: 39, size: 2 },
      { field: 'ByteCount', offset: 41, size: 2 },
    ],
  });
}
codecContract('smb1-session-setup-response-samba4-classic', {
  decode: decodeSmb1SessionSetupResponse,
  encode: answerAgain,
  limits: [WORDS, { field: 'ByteCount', offset: 39, size: 2 }],
});
const LOGOFF_LIMITS = [WORDS, { field: 'ByteCount', offset: 37, size: 2 }] as const;
codecContract('smb1-logoff-request-smbclient', { decode: decodeSmb1LogoffRequest, limits: LOGOFF_LIMITS });
codecContract('smb1-logoff-request-ms-cifs', {
  decode: decodeSmb1LogoffRequest,
  encode: ({ header }) => encodeSmb1LogoffRequest(header),
  exact: true,
  limits: LOGOFF_LIMITS,
});
codecContract('smb1-logoff-response-samba4', {
  decode: decodeSmb1LogoffResponse,
  encode: (response) =>
    response.kind === 'smb1-error'
      ? encodeSmb1Error(response, SMB_COM.SMB_COM_LOGOFF_ANDX)
      : encodeSmb1LogoffResponse(response),
  limits: LOGOFF_LIMITS,
});

describe('a session setup', () => {
  test.each(['smb1-session-setup-request-ms-smb', 'smb1-session-setup-request-ms-cifs-anonymous'])(
    'never has VcNumber 0, on which servers drop their other connections (%s)',
    (name) => {
      const request = decodeSmb1SessionSetupRequest(readFixture(name).bytes);
      expect(decodeSmb1SessionSetupRequest(askAgain(request)).vcNumber).toBe(1);
    },
  );

  test('of nobody holds one byte of password, which is zero, and no name', () => {
    const bytes = encodeSmb1AnonymousSessionSetupRequest({ pidLow: 1, mid: 2, uid: 0, sessionKey: 3 });
    const request = decodeSmb1SessionSetupRequest(bytes);
    expect(plain(request)).toMatchObject({
      kind: 'smb1-classic-session-setup-request',
      oemPassword: '00',
      unicodePassword: '',
      accountName: '',
      primaryDomain: '',
      sessionKey: 3,
    });
    expect(request.capabilities & SMB1_CAPABILITIES.CAP_EXTENDED_SECURITY).toBe(0);
  });

  test('pads its texts to an even offset, whatever the length of the token', () => {
    for (let length = 0; length < 5; length += 1) {
      const securityBlob = new Uint8Array(length).fill(0x60);
      const bytes = encodeSmb1SessionSetupRequest({ pidLow: 1, mid: 2, uid: 3, sessionKey: 4, securityBlob });
      expect(bytes.length % 2, `${length} bytes`).toBe(0);
      expect(decodeSmb1SessionSetupRequest(bytes)).toMatchObject({ securityBlob });
    }
  });

  test('with another number of words is of neither form', () => {
    const { bytes } = readFixture('smb1-session-setup-request-smbclient');
    const lanManager = Uint8Array.of(...bytes.subarray(0, 32), 10, ...new Uint8Array(22));
    expect(() => decodeSmb1SessionSetupRequest(lanManager)).toThrow('12 or 13 words');
  });
});

describe('the answer to a session setup', () => {
  const { bytes } = readFixture('smb1-session-setup-response-samba4');

  test('holds the number of the session before it stands', () => {
    const response = decodeSmb1SessionSetupResponse(bytes);
    expect(response.header.status).toBe(NT_STATUS.STATUS_MORE_PROCESSING_REQUIRED);
    expect(response.header.uid).toBe(0x7798);
  });

  test('keeps the status of a refusal without reading its body', () => {
    const refusal = patched(bytes.subarray(0, 32), 5, 0x22, 0, 0, 0xc0);
    expect(decodeSmb1SessionSetupResponse(refusal)).toMatchObject({
      kind: 'smb1-error',
      header: { status: NT_STATUS.STATUS_ACCESS_DENIED },
    });
  });

  test('is not read from our own request or from another command', () => {
    const request = readFixture('smb1-session-setup-request-ms-smb').bytes;
    expect(verdict(decodeSmb1SessionSetupResponse, request)).toBe('a DecodeError');
    expect(verdict(decodeSmb1SessionSetupResponse, patched(bytes, 4, 0x75))).toBe('a DecodeError');
  });
});

/** Asks once more in the same session and the same form. */
function askAgain(request: Smb1SessionSetupRequest | Smb1ClassicSessionSetupRequest): Uint8Array {
  const { header, sessionKey } = request;
  return request.kind === 'smb1-session-setup-request'
    ? encodeSmb1SessionSetupRequest({ ...header, sessionKey, securityBlob: request.securityBlob })
    : encodeSmb1AnonymousSessionSetupRequest({ ...header, sessionKey });
}

function answerAgain(response: Smb1SessionSetupResponse | Smb1Error): Uint8Array {
  return response.kind === 'smb1-error'
    ? encodeSmb1Error(response, SMB_COM.SMB_COM_SESSION_SETUP_ANDX)
    : encodeSmb1SessionSetupResponse(response);
}
