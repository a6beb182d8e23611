import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { encodeSmb1Error } from '../../../probes/wire/smb1-body.ts';
import { SMB_COM, type Smb1Error } from '../../../probes/wire/smb1-header.ts';
import {
  decodeSmb1TreeConnectRequest,
  decodeSmb1TreeConnectResponse,
  decodeSmb1TreeDisconnectRequest,
  decodeSmb1TreeDisconnectResponse,
  encodeSmb1TreeConnectRequest,
  encodeSmb1TreeConnectResponse,
  encodeSmb1TreeDisconnectRequest,
  encodeSmb1TreeDisconnectResponse,
  SMB1_SERVICE,
  type Smb1TreeConnectResponse,
  TREE_CONNECT_ANDX_EXTENDED_RESPONSE,
} from '../../../probes/wire/smb1-tree-connect.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const WORDS = { field: 'WordCount', offset: 32, size: 1 } as const;
const REQUEST_LIMITS = [
  WORDS,
  { field: 'PasswordLength', offset: 39, size: 2 },
  { field: 'ByteCount', offset: 41, size: 2 },
] as const;

codecContract('smb1-tree-connect-request-ms-smb', {
  decode: decodeSmb1TreeConnectRequest,
  encode: ({ header, path }) => encodeSmb1TreeConnectRequest({ ...header, path }),
  exact: true,
  limits: REQUEST_LIMITS,
});
for (const name of ['smbclient', 'nmap']) {
  codecContract(`smb1-tree-connect-request-${name}`, {
    decode: decodeSmb1TreeConnectRequest,
    limits: REQUEST_LIMITS,
  });
}
for (const name of ['samba4-writable', 'samba4-read-only', 'samba4-pipe', 'impacket-disk']) {
  codecContract(`smb1-tree-connect-response-${name}`, {
    decode: decodeSmb1TreeConnectResponse,
    encode: answerAgain,
    limits: [WORDS, { field: 'ByteCount', offset: 47, size: 2 }],
  });
}
codecContract('smb1-tree-connect-response-samba4-three-words', {
  decode: decodeSmb1TreeConnectResponse,
  encode: answerAgain,
  limits: [WORDS, { field: 'ByteCount', offset: 39, size: 2 }],
});
for (const name of ['access-denied', 'bad-network-name']) {
  codecContract(`smb1-tree-connect-response-samba4-${name}`, {
    decode: decodeSmb1TreeConnectResponse,
    encode: answerAgain,
    exact: true,
    limits: [],
    mayEndAt: (length) => length >= 32,
  });
}
const DISCONNECT_LIMITS = [WORDS, { field: 'ByteCount', offset: 33, size: 2 }] as const;
codecContract('smb1-tree-disconnect-request-smbclient', {
  decode: decodeSmb1TreeDisconnectRequest,
  limits: DISCONNECT_LIMITS,
});
codecContract('smb1-tree-disconnect-request-ms-cifs', {
  decode: decodeSmb1TreeDisconnectRequest,
  encode: ({ header }) => encodeSmb1TreeDisconnectRequest(header),
  exact: true,
  limits: DISCONNECT_LIMITS,
});
codecContract('smb1-tree-disconnect-response-samba4', {
  decode: decodeSmb1TreeDisconnectResponse,
  encode: (response) =>
    response.kind === 'smb1-error'
      ? encodeSmb1Error(response, SMB_COM.SMB_COM_TREE_DISCONNECT)
      : encodeSmb1TreeDisconnectResponse(response),
  exact: true,
  limits: DISCONNECT_LIMITS,
});

describe('a request for a share', () => {
  test('belongs to the session and to no share yet, asks for the rights and takes any service', () => {
    const path = '\\\\192.0.2.7\\Gemälde';
    const request = decodeSmb1TreeConnectRequest(
      encodeSmb1TreeConnectRequest({ pidLow: 1, mid: 2, uid: 3, path }),
    );
    expect(request).toMatchObject({
      header: { uid: 3, tid: 0xffff },
      flags: TREE_CONNECT_ANDX_EXTENDED_RESPONSE,
      path,
      service: SMB1_SERVICE.ANY,
    });
  });

  test('is read from clients that send one byte a character', () => {
    const { bytes } = readFixture('smb1-tree-connect-request-nmap');
    expect(decodeSmb1TreeConnectRequest(bytes).path).toBe('\\\\127.0.0.1\\IPC$');
  });
});

describe('a response to a request for a share', () => {
  const writable = readFixture('smb1-tree-connect-response-samba4-writable').bytes;

  test('tells a share that guests may write to from one that they may only read', () => {
    const readOnly = readFixture('smb1-tree-connect-response-samba4-read-only').bytes;
    const service = SMB1_SERVICE.DISK;
    expect(decodeSmb1TreeConnectResponse(writable)).toMatchObject({
      service,
      maximalShareAccessRights: 0x001f01ff,
    });
    expect(decodeSmb1TreeConnectResponse(readOnly)).toMatchObject({
      service,
      maximalShareAccessRights: 0x001f00a9,
    });
  });

  test('tells no rights where the server leaves them out', () => {
    const { bytes } = readFixture('smb1-tree-connect-response-samba4-three-words');
    expect(decodeSmb1TreeConnectResponse(bytes)).toMatchObject({ maximalShareAccessRights: null });
  });

  test('keeps all 32 bits of the rights, never negative', () => {
    const bytes = writable.slice().fill(0xff, 39, 43);
    expect(decodeSmb1TreeConnectResponse(bytes)).toMatchObject({ maximalShareAccessRights: 0xffffffff });
  });

  test('without an end of its service is refused', () => {
    const { bytes } = readFixture('smb1-tree-connect-response-samba4-pipe');
    expect(verdict(decodeSmb1TreeConnectResponse, bytes.slice().fill(0x41, 49))).toBe('a DecodeError');
  });

  test('keeps the status of a refusal', () => {
    const { bytes } = readFixture('smb1-tree-connect-response-samba4-bad-network-name');
    const status = NT_STATUS.STATUS_BAD_NETWORK_NAME;
    expect(decodeSmb1TreeConnectResponse(bytes)).toMatchObject({ kind: 'smb1-error', header: { status } });
  });

  test('is not read from our own request or from another command', () => {
    const request = readFixture('smb1-tree-connect-request-ms-smb').bytes;
    expect(verdict(decodeSmb1TreeConnectResponse, request)).toBe('a DecodeError');
    expect(verdict(decodeSmb1TreeConnectResponse, patched(writable, 4, 0x73))).toBe('a DecodeError');
  });
});

function answerAgain(response: Smb1TreeConnectResponse | Smb1Error): Uint8Array {
  return response.kind === 'smb1-error'
    ? encodeSmb1Error(response, SMB_COM.SMB_COM_TREE_CONNECT_ANDX)
    : encodeSmb1TreeConnectResponse(response);
}
