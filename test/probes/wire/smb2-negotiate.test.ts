import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { SMB2_COMMAND, SMB2_HEADER_LENGTH, smb2RequestHeader } from '../../../probes/wire/smb2-header.ts';
import {
  decodeSmb2NegotiateRequest,
  decodeSmb2NegotiateResponse,
  encodeSmb2Error,
  encodeSmb2NegotiateRequest,
  encodeSmb2NegotiateResponse,
  SMB2_DIALECT,
  type Smb2NegotiateError,
  type Smb2NegotiateRequest,
  type Smb2NegotiateResponse,
} from '../../../probes/wire/smb2-negotiate.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const ALL_DIALECTS = Object.values(SMB2_DIALECT);
const CLIENT_GUID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const SALT = Uint8Array.from({ length: 32 }, (_, i) => 0xff - i);

const STRUCTURE_SIZE = { field: 'StructureSize', offset: 4, size: 2 } as const;
const BODY_SIZE = { field: 'StructureSize of the body', offset: 64, size: 2 } as const;
const DIALECT_COUNT = { field: 'DialectCount', offset: 66, size: 2 } as const;
const REQUEST_CONTEXTS = [
  { field: 'NegotiateContextOffset', offset: 92, size: 4 },
  { field: 'NegotiateContextCount', offset: 96, size: 2 },
] as const;
const BUFFER = [
  { field: 'SecurityBufferOffset', offset: 120, size: 2 },
  { field: 'SecurityBufferLength', offset: 122, size: 2 },
] as const;
const RESPONSE_CONTEXTS = [
  { field: 'NegotiateContextCount', offset: 70, size: 2 },
  { field: 'NegotiateContextOffset', offset: 124, size: 4 },
] as const;
const FIRST_CONTEXT_OFFSET = 208;

for (const name of ['all-dialects', '3.1.1', '2.0.2']) {
  codecContract(`smb2-negotiate-request-ms-smb2-${name}`, {
    decode: decodeSmb2NegotiateRequest,
    encode: offerAgain,
    exact: true,
    limits: [STRUCTURE_SIZE, BODY_SIZE, DIALECT_COUNT, ...(name === '2.0.2' ? [] : REQUEST_CONTEXTS)],
  });
}
for (const name of ['smbclient', 'nmap', 'nmap-2.0.2']) {
  codecContract(`smb2-negotiate-request-${name}`, {
    decode: decodeSmb2NegotiateRequest,
    limits: [STRUCTURE_SIZE, BODY_SIZE, DIALECT_COUNT, ...(name === 'nmap-2.0.2' ? [] : REQUEST_CONTEXTS)],
  });
}
for (const name of ['', '-port139', '-signing-required', '-encryption-required', '-no-cipher']) {
  codecContract(`smb2-negotiate-response-samba4${name}`, {
    decode: decodeSmb2NegotiateResponse,
    encode: answerAgain,
    exact: true,
    limits: [
      STRUCTURE_SIZE,
      BODY_SIZE,
      ...BUFFER,
      ...RESPONSE_CONTEXTS,
      { field: 'DataLength', offset: FIRST_CONTEXT_OFFSET + 2, size: 2 },
      { field: 'HashAlgorithmCount', offset: FIRST_CONTEXT_OFFSET + 8, size: 2 },
      { field: 'SaltLength', offset: FIRST_CONTEXT_OFFSET + 10, size: 2 },
    ],
  });
}
for (const name of ['2.0.2', '2.1', '3.0.2']) {
  codecContract(`smb2-negotiate-response-samba4-${name}`, {
    decode: decodeSmb2NegotiateResponse,
    encode: answerAgain,
    limits: [STRUCTURE_SIZE, BODY_SIZE, ...BUFFER],
  });
}
codecContract('smb2-negotiate-response-ms-smb2-compression', {
  decode: decodeSmb2NegotiateResponse,
  encode: answerAgain,
  exact: true,
  limits: [
    STRUCTURE_SIZE,
    BODY_SIZE,
    { field: 'SecurityBufferLength', offset: 122, size: 2 },
    ...RESPONSE_CONTEXTS,
  ],
});
for (const name of ['not-supported', 'invalid-parameter']) {
  codecContract(`smb2-negotiate-response-samba4-${name}`, {
    decode: decodeSmb2NegotiateResponse,
    encode: answerAgain,
    exact: true,
    limits: [STRUCTURE_SIZE],
    mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
  });
}

describe('a request', () => {
  test.each([1, 2, 3, 4, 5])('of %i dialects has its contexts at a multiple of 8', (count) => {
    const dialects = ALL_DIALECTS.slice(-count);
    const bytes = encodeSmb2NegotiateRequest({ dialects, clientGuid: CLIENT_GUID, salt: SALT });
    const offset = new DataView(bytes.buffer).getUint32(92, true);
    expect(offset % 8).toBe(0);
    expect(offset - (100 + 2 * count)).toBeGreaterThanOrEqual(0);
    expect(offset - (100 + 2 * count)).toBeLessThan(8);
    const request = decodeSmb2NegotiateRequest(bytes);
    expect(request.dialects).toEqual(dialects);
    expect(request.contexts?.preauthIntegrity).toEqual({ hashAlgorithms: [1], salt: SALT });
  });

  test('without 3.1.1 has no contexts', () => {
    const request = offer([SMB2_DIALECT.SMB_3_0, SMB2_DIALECT.SMB_3_0_2]);
    expect(request.contexts).toBeNull();
    expect(request.capabilities).toBe(0x7f);
  });

  test('claims no capabilities for 2.x alone', () => {
    expect(offer([SMB2_DIALECT.SMB_2_0_2, SMB2_DIALECT.SMB_2_1]).capabilities).toBe(0);
  });

  test('has no client GUID when 2.0.2 is offered alone', () => {
    expect(offer([SMB2_DIALECT.SMB_2_0_2]).clientGuid).toEqual(new Uint8Array(16));
    expect(offer([SMB2_DIALECT.SMB_2_1]).clientGuid).toEqual(CLIENT_GUID);
  });

  test('does not require signing', () => {
    expect(offer(ALL_DIALECTS).securityMode).toBe(0x0001);
  });

  test('offers the ciphers and algorithms that it is given', () => {
    const bytes = encodeSmb2NegotiateRequest({
      dialects: [SMB2_DIALECT.SMB_3_1_1],
      clientGuid: CLIENT_GUID,
      salt: SALT,
      messageId: 1n,
      ciphers: [3],
      compressionAlgorithms: [2, 4],
      signingAlgorithms: [1],
    });
    const request = decodeSmb2NegotiateRequest(bytes);
    expect(request.header.messageId).toBe(1n);
    expect(request.contexts).toMatchObject({
      ciphers: [3],
      compression: { algorithms: [2, 4] },
      signingAlgorithms: [1],
    });
  });

  test('without dialects is not read', () => {
    const bytes = patched(readFixture('smb2-negotiate-request-ms-smb2-2.0.2').bytes, 66, 0, 0);
    expect(() => decodeSmb2NegotiateRequest(bytes)).toThrow('DialectCount at offset 66');
  });

  test('without dialects or with a GUID of another length is a bug of the caller', () => {
    expect(() => offer([])).toThrow(RangeError);
    const clientGuid = new Uint8Array(15);
    expect(() => encodeSmb2NegotiateRequest({ dialects: ALL_DIALECTS, clientGuid, salt: SALT })).toThrow(
      RangeError,
    );
  });
});

describe('a response', () => {
  const samba = readFixture('smb2-negotiate-response-samba4').bytes;

  test('is not read from our own request or from another command', () => {
    const echo = encodeSmb2NegotiateRequest({ dialects: ALL_DIALECTS, clientGuid: CLIENT_GUID, salt: SALT });
    expect(verdict(decodeSmb2NegotiateResponse, echo)).toBe('a DecodeError');
    expect(verdict(decodeSmb2NegotiateResponse, patched(samba, 12, SMB2_COMMAND.SMB2_SESSION_SETUP))).toBe(
      'a DecodeError',
    );
  });

  test('with a buffer or contexts in its fixed part is refused', () => {
    expect(() => decodeSmb2NegotiateResponse(patched(samba, 120, 64, 0))).toThrow(
      'an offset from 128 to 284',
    );
    expect(() => decodeSmb2NegotiateResponse(patched(samba, 124, 64, 0))).toThrow(
      'an offset from 128 to 284',
    );
  });

  test('without a buffer may name any offset for it', () => {
    const response = decodeSmb2NegotiateResponse(patched(samba, 120, 0, 0, 0, 0));
    expect(response).toMatchObject({ kind: 'smb2-negotiate-response', securityBuffer: new Uint8Array() });
  });

  test('below 3.1.1 has no contexts, whatever stands in their fields', () => {
    const older = readFixture('smb2-negotiate-response-samba4-3.0.2').bytes;
    const response = decodeSmb2NegotiateResponse(patched(patched(older, 70, 0xff, 0xff), 124, 0xff, 0xff));
    expect(response).toMatchObject({ dialectRevision: 0x0302, contexts: null });
  });

  test('keeps the status of an error without reading its body', () => {
    const header = {
      ...smb2RequestHeader({ messageId: 7n }),
      status: NT_STATUS.STATUS_NOT_SUPPORTED,
      flags: 1,
    };
    const bytes = encodeSmb2Error(header);
    expect(decodeSmb2NegotiateResponse(bytes)).toEqual({ kind: 'smb2-error', header });
    expect(decodeSmb2NegotiateResponse(bytes.subarray(0, SMB2_HEADER_LENGTH))).toEqual({
      kind: 'smb2-error',
      header,
    });
  });
});

function offer(dialects: readonly number[]): Smb2NegotiateRequest {
  return decodeSmb2NegotiateRequest(
    encodeSmb2NegotiateRequest({ dialects, clientGuid: CLIENT_GUID, salt: SALT }),
  );
}

/** Asks once more for what `request` asked for. */
function offerAgain({ header, dialects, clientGuid, contexts }: Smb2NegotiateRequest): Uint8Array {
  return encodeSmb2NegotiateRequest({
    dialects,
    clientGuid,
    messageId: header.messageId,
    salt: contexts?.preauthIntegrity?.salt ?? new Uint8Array(),
  });
}

function answerAgain(response: Smb2NegotiateResponse | Smb2NegotiateError): Uint8Array {
  return response.kind === 'smb2-error'
    ? encodeSmb2Error(response.header)
    : encodeSmb2NegotiateResponse(response);
}
