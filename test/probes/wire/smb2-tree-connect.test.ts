import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { SMB2_COMMAND, SMB2_HEADER_LENGTH, type Smb2Error } from '../../../probes/wire/smb2-header.ts';
import { encodeSmb2Error } from '../../../probes/wire/smb2-negotiate.ts';
import {
  decodeSmb2LogoffRequest,
  decodeSmb2LogoffResponse,
  decodeSmb2TreeConnectRequest,
  decodeSmb2TreeConnectResponse,
  decodeSmb2TreeDisconnectRequest,
  decodeSmb2TreeDisconnectResponse,
  encodeSmb2LogoffRequest,
  encodeSmb2LogoffResponse,
  encodeSmb2TreeConnectRequest,
  encodeSmb2TreeConnectResponse,
  encodeSmb2TreeDisconnectRequest,
  encodeSmb2TreeDisconnectResponse,
  SMB2_SHARE_TYPE,
  type Smb2LogoffResponse,
  type Smb2TreeConnectRequest,
  type Smb2TreeConnectResponse,
  type Smb2TreeDisconnectResponse,
} from '../../../probes/wire/smb2-tree-connect.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const LIMITS = [
  { field: 'StructureSize', offset: 4, size: 2 },
  { field: 'StructureSize of the body', offset: 64, size: 2 },
] as const;
const REQUEST_LIMITS = [
  ...LIMITS,
  { field: 'PathOffset', offset: 68, size: 2 },
  { field: 'PathLength', offset: 70, size: 2 },
] as const;

codecContract('smb2-tree-connect-request-ms-smb2', {
  decode: decodeSmb2TreeConnectRequest,
  encode: askAgain,
  exact: true,
  limits: REQUEST_LIMITS,
});
codecContract('smb2-tree-connect-request-smbclient', {
  decode: decodeSmb2TreeConnectRequest,
  limits: REQUEST_LIMITS,
});
for (const name of ['pipe', 'read-only', 'writable']) {
  codecContract(`smb2-tree-connect-response-samba4-${name}`, {
    decode: decodeSmb2TreeConnectResponse,
    encode: answerAgain,
    exact: true,
    limits: LIMITS,
  });
}
for (const name of ['bad-network-name', 'access-denied']) {
  codecContract(`smb2-tree-connect-response-samba4-${name}`, {
    decode: decodeSmb2TreeConnectResponse,
    encode: answerAgain,
    exact: true,
    limits: LIMITS.slice(0, 1),
    mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
  });
}
codecContract('smb2-tree-disconnect-request-ms-smb2', {
  decode: decodeSmb2TreeDisconnectRequest,
  encode: ({ header }) => encodeSmb2TreeDisconnectRequest(header),
  exact: true,
  limits: LIMITS,
});
codecContract('smb2-tree-disconnect-request-smbclient', {
  decode: decodeSmb2TreeDisconnectRequest,
  limits: LIMITS,
});
codecContract('smb2-tree-disconnect-response-samba4', {
  decode: decodeSmb2TreeDisconnectResponse,
  encode: (response: Smb2TreeDisconnectResponse | Smb2Error) =>
    response.kind === 'smb2-error'
      ? encodeSmb2Error(response.header)
      : encodeSmb2TreeDisconnectResponse(response),
  exact: true,
  limits: LIMITS,
});
codecContract('smb2-tree-disconnect-response-samba4-network-name-deleted', {
  decode: decodeSmb2TreeDisconnectResponse,
  encode: ({ header }) => encodeSmb2Error(header),
  exact: true,
  limits: LIMITS.slice(0, 1),
  mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
});
codecContract('smb2-logoff-request-ms-smb2', {
  decode: decodeSmb2LogoffRequest,
  encode: ({ header }) => encodeSmb2LogoffRequest(header),
  exact: true,
  limits: LIMITS,
});
codecContract('smb2-logoff-response-samba4', {
  decode: decodeSmb2LogoffResponse,
  encode: (response: Smb2LogoffResponse | Smb2Error) =>
    response.kind === 'smb2-error' ? encodeSmb2Error(response.header) : encodeSmb2LogoffResponse(response),
  exact: true,
  limits: LIMITS,
});

describe('a request for a share', () => {
  test('belongs to the session, and to no tree yet', () => {
    const { header, path } = decodeSmb2TreeConnectRequest(ask('\\\\192.0.2.7\\Gemälde'));
    expect(path).toBe('\\\\192.0.2.7\\Gemälde');
    expect(header).toMatchObject({
      messageId: 3n,
      sessionId: 0x21n,
      treeId: 0,
      creditCharge: 0,
      credits: 31,
    });
  });

  test('charges and asks for the credits that it is given', () => {
    const credits = { creditCharge: 1, credits: 8 };
    const bytes = encodeSmb2TreeConnectRequest({ messageId: 3n, sessionId: 1n, path: 'a', ...credits });
    expect(decodeSmb2TreeConnectRequest(bytes).header).toMatchObject(credits);
  });

  test('with a path that does not fit is a bug of the caller', () => {
    expect(() => ask('x'.repeat(0x8000))).toThrow(RangeError);
  });

  test('with half a character at its end, or its path in the fixed part, is refused', () => {
    const samba = readFixture('smb2-tree-connect-request-smbclient').bytes;
    expect(() => decodeSmb2TreeConnectRequest(patched(samba, 70, 3, 0))).toThrow('PathName');
    expect(() => decodeSmb2TreeConnectRequest(patched(samba, 68, 64, 0))).toThrow('an offset from 72 to');
  });
});

describe('a response to a request for a share', () => {
  const writable = readFixture('smb2-tree-connect-response-samba4-writable').bytes;

  test('tells a share that guests may write to from one that they may only read', () => {
    const readOnly = readFixture('smb2-tree-connect-response-samba4-read-only').bytes;
    const shareType = SMB2_SHARE_TYPE.SMB2_SHARE_TYPE_DISK;
    expect(decodeSmb2TreeConnectResponse(writable)).toMatchObject({ shareType, maximalAccess: 0x001f01ff });
    expect(decodeSmb2TreeConnectResponse(readOnly)).toMatchObject({ shareType, maximalAccess: 0x001f00a9 });
  });

  test('keeps all 32 bits of ShareFlags and MaximalAccess, never negative', () => {
    const bytes = writable.slice().fill(0xff, 68, 80);
    expect(decodeSmb2TreeConnectResponse(bytes)).toMatchObject({
      shareFlags: 0xffffffff,
      capabilities: 0xffffffff,
      maximalAccess: 0xffffffff,
    });
  });

  test('keeps the status of a refusal without reading its body', () => {
    const { bytes } = readFixture('smb2-tree-connect-response-samba4-access-denied');
    const refusal = decodeSmb2TreeConnectResponse(bytes.subarray(0, SMB2_HEADER_LENGTH));
    expect(refusal).toMatchObject({
      kind: 'smb2-error',
      header: { status: NT_STATUS.STATUS_ACCESS_DENIED },
    });
  });

  test('is not read from our own request or from another command', () => {
    expect(verdict(decodeSmb2TreeConnectResponse, ask('\\\\192.0.2.7\\a'))).toBe('a DecodeError');
    const logoff = patched(writable, 12, SMB2_COMMAND.SMB2_LOGOFF);
    expect(verdict(decodeSmb2TreeConnectResponse, logoff)).toBe('a DecodeError');
  });
});

function ask(path: string): Uint8Array {
  return encodeSmb2TreeConnectRequest({ messageId: 3n, sessionId: 0x21n, path });
}

/** Asks once more for the same share. */
function askAgain({ header, path }: Smb2TreeConnectRequest): Uint8Array {
  return encodeSmb2TreeConnectRequest({ ...header, path });
}

function answerAgain(response: Smb2TreeConnectResponse | Smb2Error): Uint8Array {
  return response.kind === 'smb2-error'
    ? encodeSmb2Error(response.header)
    : encodeSmb2TreeConnectResponse(response);
}
