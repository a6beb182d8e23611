import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { SMB2_COMMAND, SMB2_HEADER_LENGTH, smb2RequestHeader } from '../../../probes/wire/smb2-header.ts';
import { encodeSmb2Error } from '../../../probes/wire/smb2-negotiate.ts';
import {
  decodeSmb2SessionSetupRequest,
  decodeSmb2SessionSetupResponse,
  encodeSmb2SessionSetupRequest,
  encodeSmb2SessionSetupResponse,
  type Smb2SessionSetupError,
  type Smb2SessionSetupRequest,
  type Smb2SessionSetupResponse,
} from '../../../probes/wire/smb2-session-setup.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const STRUCTURE_SIZE = { field: 'StructureSize', offset: 4, size: 2 } as const;
const BODY_SIZE = { field: 'StructureSize of the body', offset: 64, size: 2 } as const;
const REQUEST_LIMITS = [
  STRUCTURE_SIZE,
  BODY_SIZE,
  { field: 'SecurityBufferOffset', offset: 76, size: 2 },
  { field: 'SecurityBufferLength', offset: 78, size: 2 },
] as const;
const RESPONSE_LIMITS = [
  STRUCTURE_SIZE,
  BODY_SIZE,
  { field: 'SecurityBufferOffset', offset: 68, size: 2 },
  { field: 'SecurityBufferLength', offset: 70, size: 2 },
] as const;

codecContract('smb2-session-setup-request-ms-smb2', {
  decode: decodeSmb2SessionSetupRequest,
  encode: askAgain,
  exact: true,
  limits: REQUEST_LIMITS,
});
codecContract('smb2-session-setup-request-smbclient', {
  decode: decodeSmb2SessionSetupRequest,
  limits: REQUEST_LIMITS,
});
for (const name of ['', '-bare-ntlm', '-success', '-guest']) {
  codecContract(`smb2-session-setup-response-samba4${name}`, {
    decode: decodeSmb2SessionSetupResponse,
    encode: answerAgain,
    exact: true,
    limits: RESPONSE_LIMITS,
  });
}
codecContract('smb2-session-setup-response-samba4-invalid-parameter', {
  decode: decodeSmb2SessionSetupResponse,
  encode: answerAgain,
  exact: true,
  limits: [STRUCTURE_SIZE],
  mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
});

describe('a request', () => {
  test('neither binds to a session nor ends one nor requires signing', () => {
    const request = decodeSmb2SessionSetupRequest(ask());
    expect(request).toMatchObject({ flags: 0, previousSessionId: 0n, securityMode: 1, channel: 0 });
    expect(request.header).toMatchObject({ sessionId: 0n, messageId: 1n, creditCharge: 0 });
  });

  test('charges the credits that it is given', () => {
    const bytes = encodeSmb2SessionSetupRequest({
      messageId: 1n,
      securityBuffer: new Uint8Array(),
      creditCharge: 1,
    });
    expect(decodeSmb2SessionSetupRequest(bytes).header.creditCharge).toBe(1);
  });

  test('with a token that does not fit is a bug of the caller', () => {
    const securityBuffer = new Uint8Array(0x1_0000);
    expect(() => encodeSmb2SessionSetupRequest({ messageId: 1n, securityBuffer })).toThrow(RangeError);
  });
});

describe('a response', () => {
  const samba = readFixture('smb2-session-setup-response-samba4').bytes;

  test('is not read from our own request or from another command', () => {
    expect(verdict(decodeSmb2SessionSetupResponse, ask())).toBe('a DecodeError');
    const negotiate = patched(samba, 12, SMB2_COMMAND.SMB2_NEGOTIATE);
    expect(verdict(decodeSmb2SessionSetupResponse, negotiate)).toBe('a DecodeError');
  });

  test('with its buffer in the fixed part is refused', () => {
    expect(() => decodeSmb2SessionSetupResponse(patched(samba, 68, 64, 0))).toThrow('an offset from 72 to');
  });

  test('without a buffer may name any offset for it', () => {
    const response = decodeSmb2SessionSetupResponse(patched(samba, 68, 0, 0, 0, 0));
    expect(response).toMatchObject({
      kind: 'smb2-session-setup-response',
      securityBuffer: new Uint8Array(),
    });
  });

  test('keeps the status of a refusal without reading its body', () => {
    const header = {
      ...smb2RequestHeader({ messageId: 1n, command: SMB2_COMMAND.SMB2_SESSION_SETUP }),
      status: NT_STATUS.STATUS_ACCESS_DENIED,
      flags: 1,
    };
    const bytes = encodeSmb2Error(header);
    expect(decodeSmb2SessionSetupResponse(bytes)).toEqual({ kind: 'smb2-error', header });
    expect(decodeSmb2SessionSetupResponse(bytes.subarray(0, SMB2_HEADER_LENGTH))).toEqual({
      kind: 'smb2-error',
      header,
    });
  });
});

function ask(): Uint8Array {
  return encodeSmb2SessionSetupRequest({ messageId: 1n, securityBuffer: Uint8Array.of(1, 2, 3) });
}

/** Asks once more with the same token. */
function askAgain({ header, securityBuffer }: Smb2SessionSetupRequest): Uint8Array {
  const { messageId, creditCharge } = header;
  return encodeSmb2SessionSetupRequest({ messageId, creditCharge, securityBuffer });
}

function answerAgain(response: Smb2SessionSetupResponse | Smb2SessionSetupError): Uint8Array {
  return response.kind === 'smb2-error'
    ? encodeSmb2Error(response.header)
    : encodeSmb2SessionSetupResponse(response);
}
