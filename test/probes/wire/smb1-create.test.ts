import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { encodeSmb1Error } from '../../../probes/wire/smb1-body.ts';
import {
  decodeSmb1CloseRequest,
  decodeSmb1CloseResponse,
  decodeSmb1CreateRequest,
  decodeSmb1CreateResponse,
  encodeSmb1CloseRequest,
  encodeSmb1CloseResponse,
  encodeSmb1CreateRequest,
  encodeSmb1CreateResponse,
  type Smb1CreateResponse,
} from '../../../probes/wire/smb1-create.ts';
import { SMB_COM, SMB_FLAGS2, type Smb1Error } from '../../../probes/wire/smb1-header.ts';
import { SMB2_CREATE_ACTION, SMB2_CREATE_DISPOSITION } from '../../../probes/wire/smb2-create.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { readFixture } from '../../support/hex-file.ts';

const WORDS = { field: 'WordCount', offset: 32, size: 1 } as const;
const REQUEST_LIMITS = [WORDS, { field: 'ByteCount', offset: 81, size: 2 }] as const;

for (const name of ['ms-cifs-pipe', 'ms-cifs-root']) {
  codecContract(`smb1-create-request-${name}`, {
    decode: decodeSmb1CreateRequest,
    encode: ({ header, ...request }) => encodeSmb1CreateRequest({ ...header, ...request }),
    exact: true,
    limits: REQUEST_LIMITS,
  });
}
for (const name of ['smbclient-pipe', 'smbcacls-root']) {
  codecContract(`smb1-create-request-${name}`, { decode: decodeSmb1CreateRequest, limits: REQUEST_LIMITS });
}
for (const name of ['pipe', 'root']) {
  codecContract(`smb1-create-response-samba4-${name}`, {
    decode: decodeSmb1CreateResponse,
    encode: answerAgain,
    limits: [WORDS, { field: 'ByteCount', offset: 101, size: 2 }],
  });
}
codecContract('smb1-create-response-samba4-dos-error', {
  decode: decodeSmb1CreateResponse,
  encode: answerAgain,
  exact: true,
  limits: [],
  mayEndAt: (length) => length >= 32,
});
codecContract('smb1-close-request-ms-cifs', {
  decode: decodeSmb1CloseRequest,
  encode: ({ header, fid }) => encodeSmb1CloseRequest({ ...header, fid }),
  exact: true,
  limits: [WORDS, { field: 'ByteCount', offset: 39, size: 2 }],
});
codecContract('smb1-close-request-smbclient', {
  decode: decodeSmb1CloseRequest,
  limits: [WORDS, { field: 'ByteCount', offset: 39, size: 2 }],
});
codecContract('smb1-close-response-samba4', {
  decode: decodeSmb1CloseResponse,
  encode: (response) =>
    response.kind === 'smb1-error'
      ? encodeSmb1Error(response, SMB_COM.SMB_COM_CLOSE)
      : encodeSmb1CloseResponse(response),
  exact: true,
  limits: [WORDS, { field: 'ByteCount', offset: 33, size: 2 }],
});

describe('a request to open', () => {
  test.each(['smb1-create-request-ms-cifs-pipe', 'smb1-create-request-ms-cifs-root'])(
    'opens what exists, without an oplock (%s)',
    (name) => {
      const { header, ...request } = decodeSmb1CreateRequest(readFixture(name).bytes);
      const ours = decodeSmb1CreateRequest(encodeSmb1CreateRequest({ ...header, ...request }));
      expect(ours).toMatchObject({ createDisposition: SMB2_CREATE_DISPOSITION.FILE_OPEN, flags: 0 });
    },
  );

  test('has a name of one byte a character where the header says so', () => {
    const flags2 = SMB_FLAGS2.SMB_FLAGS2_NT_STATUS;
    const what = { name: '\\srvsvc', desiredAccess: 3, shareAccess: 3, createOptions: 0 };
    const bytes = encodeSmb1CreateRequest({ pidLow: 1, mid: 2, uid: 3, tid: 4, flags2, ...what });
    expect(bytes).toHaveLength(83 + 8);
    expect(decodeSmb1CreateRequest(bytes)).toMatchObject(what);
  });
});

describe('a response to a request to open', () => {
  const { bytes } = readFixture('smb1-create-response-samba4-pipe');

  test('holds the number that stands for what is open', () => {
    expect(decodeSmb1CreateResponse(bytes)).toMatchObject({
      fid: 0x2ad4,
      createDisposition: SMB2_CREATE_ACTION.FILE_OPENED,
      opLockLevel: 0,
    });
  });

  test('keeps an error of DOS as the number that it is', () => {
    const refusal = decodeSmb1CreateResponse(readFixture('smb1-create-response-samba4-dos-error').bytes);
    expect(refusal.kind).toBe('smb1-error');
    expect(Object.values(NT_STATUS)).not.toContain(refusal.header.status);
  });

  test('is not read from our own request', () => {
    const request = readFixture('smb1-create-request-ms-cifs-pipe').bytes;
    expect(verdict(decodeSmb1CreateResponse, request)).toBe('a DecodeError');
  });
});

test('a request to close leaves the times as they are', () => {
  const bytes = encodeSmb1CloseRequest({ pidLow: 1, mid: 2, uid: 3, tid: 4, fid: 5 });
  expect(decodeSmb1CloseRequest(bytes)).toMatchObject({ fid: 5, lastTimeModified: 0xffffffff });
});

function answerAgain(response: Smb1CreateResponse | Smb1Error): Uint8Array {
  return response.kind === 'smb1-error'
    ? encodeSmb1Error(response, SMB_COM.SMB_COM_NT_CREATE_ANDX)
    : encodeSmb1CreateResponse(response);
}
