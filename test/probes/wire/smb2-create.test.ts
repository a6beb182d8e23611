import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import {
  decodeSmb2CloseRequest,
  decodeSmb2CloseResponse,
  decodeSmb2CreateRequest,
  decodeSmb2CreateResponse,
  encodeSmb2CloseRequest,
  encodeSmb2CloseResponse,
  encodeSmb2CreateRequest,
  encodeSmb2CreateResponse,
  SMB2_CREATE_ACTION,
  SMB2_CREATE_DISPOSITION,
  type Smb2CloseResponse,
  type Smb2CreateRequest,
  type Smb2CreateResponse,
} from '../../../probes/wire/smb2-create.ts';
import { SMB2_COMMAND, SMB2_HEADER_LENGTH, type Smb2Error } from '../../../probes/wire/smb2-header.ts';
import { encodeSmb2Error } from '../../../probes/wire/smb2-negotiate.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const LIMITS = [
  { field: 'StructureSize', offset: 4, size: 2 },
  { field: 'StructureSize of the body', offset: 64, size: 2 },
] as const;
const NAME_LENGTH = { field: 'NameLength', offset: 110, size: 2 } as const;
const NAME_LIMITS = [...LIMITS, { field: 'NameOffset', offset: 108, size: 2 }, NAME_LENGTH] as const;
/** An empty name may be anywhere. */
const ROOT_LIMITS = [...LIMITS, NAME_LENGTH] as const;

codecContract('smb2-create-request-ms-smb2-pipe', {
  decode: decodeSmb2CreateRequest,
  encode: askAgain,
  exact: true,
  limits: NAME_LIMITS,
});
codecContract('smb2-create-request-ms-smb2-root', {
  decode: decodeSmb2CreateRequest,
  encode: askAgain,
  exact: true,
  limits: ROOT_LIMITS,
});
codecContract('smb2-create-request-smbclient-pipe', { decode: decodeSmb2CreateRequest, limits: NAME_LIMITS });
codecContract('smb2-create-request-smbclient-root', { decode: decodeSmb2CreateRequest, limits: ROOT_LIMITS });
for (const name of ['pipe', 'root']) {
  codecContract(`smb2-create-response-samba4-${name}`, {
    decode: decodeSmb2CreateResponse,
    encode: answerAgain,
    limits: LIMITS,
  });
}
codecContract('smb2-create-response-samba4-object-name-not-found', {
  decode: decodeSmb2CreateResponse,
  encode: answerAgain,
  exact: true,
  limits: LIMITS.slice(0, 1),
  mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
});
codecContract('smb2-close-request-ms-smb2', {
  decode: decodeSmb2CloseRequest,
  encode: ({ header, fileId }) => encodeSmb2CloseRequest({ ...header, fileId }),
  exact: true,
  limits: LIMITS,
});
codecContract('smb2-close-request-smbclient', { decode: decodeSmb2CloseRequest, limits: LIMITS });
codecContract('smb2-close-response-samba4', {
  decode: decodeSmb2CloseResponse,
  encode: (response: Smb2CloseResponse | Smb2Error) =>
    response.kind === 'smb2-error' ? encodeSmb2Error(response.header) : encodeSmb2CloseResponse(response),
  exact: true,
  limits: LIMITS,
});

describe('a request to open', () => {
  test('opens what exists, and asks for no oplock', () => {
    const { header, ...request } = decodeSmb2CreateRequest(open('srvsvc'));
    expect(header).toMatchObject({ messageId: 4n, sessionId: 0x21n, treeId: 5 });
    expect(request).toMatchObject({
      name: 'srvsvc',
      createDisposition: SMB2_CREATE_DISPOSITION.FILE_OPEN,
      requestedOplockLevel: 0,
      impersonationLevel: 2,
      fileAttributes: 0,
    });
  });

  test('has a byte behind its fixed part even when the name is empty', () => {
    expect(open('')).toHaveLength(121);
    expect(decodeSmb2CreateRequest(open('')).name).toBe('');
    expect(verdict(decodeSmb2CreateRequest, open('').subarray(0, 120))).toBe('a DecodeError');
  });

  test('with a name that does not fit is a bug of the caller', () => {
    expect(() => open('x'.repeat(0x8000))).toThrow(RangeError);
  });

  test('with half a character at the end of its name is refused', () => {
    expect(() => decodeSmb2CreateRequest(patched(open('srvsvc'), 110, 3, 0))).toThrow('Name at offset 122');
  });
});

describe('a response to a request to open', () => {
  const samba = readFixture('smb2-create-response-samba4-pipe').bytes;

  test('says that it was there before, and by which id it is known from now on', () => {
    const response = decodeSmb2CreateResponse(samba);
    expect(response).toMatchObject({ createAction: SMB2_CREATE_ACTION.FILE_OPENED });
    expect((response as Smb2CreateResponse).fileId).toEqual(samba.slice(128, 144));
  });

  test('keeps the status of a refusal without reading its body', () => {
    const { bytes } = readFixture('smb2-create-response-samba4-object-name-not-found');
    expect(decodeSmb2CreateResponse(bytes.subarray(0, SMB2_HEADER_LENGTH))).toMatchObject({
      kind: 'smb2-error',
      header: { status: NT_STATUS.STATUS_OBJECT_NAME_NOT_FOUND },
    });
  });

  test('is not read from our own request or from another command', () => {
    expect(verdict(decodeSmb2CreateResponse, open('srvsvc'))).toBe('a DecodeError');
    const close = patched(samba, 12, SMB2_COMMAND.SMB2_CLOSE);
    expect(verdict(decodeSmb2CreateResponse, close)).toBe('a DecodeError');
  });
});

test('a request to close with an id that is not sixteen bytes is a bug of the caller', () => {
  const request = { messageId: 5n, sessionId: 1n, treeId: 1, fileId: new Uint8Array(15) };
  expect(() => encodeSmb2CloseRequest(request)).toThrow(RangeError);
});

function open(name: string): Uint8Array {
  const rights = { desiredAccess: 0x3, shareAccess: 0x7, createOptions: 0 };
  return encodeSmb2CreateRequest({ messageId: 4n, sessionId: 0x21n, treeId: 5, name, ...rights });
}

/** Asks once more to open the same. */
function askAgain(request: Smb2CreateRequest): Uint8Array {
  const { header, name, desiredAccess, shareAccess, createOptions } = request;
  return encodeSmb2CreateRequest({ ...header, name, desiredAccess, shareAccess, createOptions });
}

function answerAgain(response: Smb2CreateResponse | Smb2Error): Uint8Array {
  return response.kind === 'smb2-error'
    ? encodeSmb2Error(response.header)
    : encodeSmb2CreateResponse(response);
}
