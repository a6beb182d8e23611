import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import {
  decodeSmb1NegotiateRequest,
  decodeSmb1NegotiateResponse,
  encodeSmb1NegotiateRequest,
  encodeSmb1NegotiateResponse,
} from '../../../probes/wire/smb1-negotiate.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const WORD_COUNT_OFFSET = 32;
const DIALECT_INDEX_OFFSET = 33;
const CAPABILITIES_END = 56;
const BYTE_COUNT_OFFSET = 67;
const REQUEST_BYTE_COUNT = { field: 'ByteCount', offset: 33, size: 2 } as const;
const REQUEST_WORD_COUNT = { field: 'WordCount', offset: WORD_COUNT_OFFSET, size: 1 } as const;

codecContract('smb1-negotiate-request-ms-cifs-nt-lm', {
  decode: decodeSmb1NegotiateRequest,
  encode: ({ header }) => encodeSmb1NegotiateRequest(header),
  exact: true,
  limits: [REQUEST_WORD_COUNT, REQUEST_BYTE_COUNT],
});
for (const name of ['smbclient', 'nmap']) {
  codecContract(`smb1-negotiate-request-${name}`, {
    decode: decodeSmb1NegotiateRequest,
    limits: [REQUEST_WORD_COUNT, REQUEST_BYTE_COUNT],
  });
}
for (const name of ['samba4', 'samba4-signing-required', 'samba4-signing-enabled', 'samba4-challenge']) {
  codecContract(`smb1-negotiate-response-${name}`, {
    decode: decodeSmb1NegotiateResponse,
    encode: encodeSmb1NegotiateResponse,
    limits: [{ field: 'ByteCount', offset: BYTE_COUNT_OFFSET, size: 2 }],
    mayEndAt: (length) => length >= CAPABILITIES_END && length < BYTE_COUNT_OFFSET + 2,
  });
}
codecContract('smb1-negotiate-response-ms-cifs-cut-short', {
  decode: decodeSmb1NegotiateResponse,
  limits: [],
});
codecContract('smb1-negotiate-response-samba4-refused', {
  decode: decodeSmb1NegotiateResponse,
  encode: encodeSmb1NegotiateResponse,
  limits: [],
  mayEndAt: (length) => length >= DIALECT_INDEX_OFFSET + 2,
});
codecContract('smb1-negotiate-response-ms-cifs-lanman', {
  decode: decodeSmb1NegotiateResponse,
  encode: encodeSmb1NegotiateResponse,
  limits: [],
  mayEndAt: (length) => length >= DIALECT_INDEX_OFFSET + 2,
});
codecContract('smb1-negotiate-response-ms-cifs-error', {
  decode: decodeSmb1NegotiateResponse,
  encode: encodeSmb1NegotiateResponse,
  limits: [],
  mayEndAt: (length) => length > WORD_COUNT_OFFSET,
});

test('the request offers NT LM 0.12 and no other dialect', () => {
  const request = decodeSmb1NegotiateRequest(encodeSmb1NegotiateRequest({ pidLow: 1, mid: 2 }));
  expect(request.dialects).toEqual(['NT LM 0.12']);
});

describe('a response', () => {
  const selected = readFixture('smb1-negotiate-response-samba4').bytes;
  const challenge = readFixture('smb1-negotiate-response-samba4-challenge').bytes;

  test('is not read from an echo of our request', () => {
    const echo = encodeSmb1NegotiateRequest({ pidLow: 1, mid: 2 });
    expect(verdict(decodeSmb1NegotiateResponse, echo)).toBe('a DecodeError');
    expect(verdict(decodeSmb1NegotiateResponse, patched(echo, 9, 0x98))).toBe('a DecodeError');
  });

  test('is not read from another command or from SMB 2', () => {
    expect(verdict(decodeSmb1NegotiateResponse, patched(selected, 4, 0x73))).toBe('a DecodeError');
    expect(verdict(decodeSmb1NegotiateResponse, patched(selected, 0, 0xfe))).toBe('a DecodeError');
  });

  test('with DialectIndex 0xFFFF is a refusal whatever else it holds', () => {
    const response = decodeSmb1NegotiateResponse(patched(selected, DIALECT_INDEX_OFFSET, 0xff, 0xff));
    expect(response).toMatchObject({ kind: 'refused', dialectIndex: 0xffff });
  });

  test('with an error status is a refusal whatever else it holds', () => {
    const response = decodeSmb1NegotiateResponse(patched(selected, 5, 0xbb, 0x00, 0x00, 0xc0));
    expect(response).toMatchObject({ kind: 'refused', header: { status: NT_STATUS.STATUS_NOT_SUPPORTED } });
  });

  test('of one word that names a dialect is SMB 1 from before LAN Manager', () => {
    const bytes = patched(
      readFixture('smb1-negotiate-response-samba4-refused').bytes,
      DIALECT_INDEX_OFFSET,
      0,
      0,
    );
    expect(decodeSmb1NegotiateResponse(bytes)).toMatchObject({ kind: 'selected-older', dialectIndex: 0 });
  });

  test('with too few words for Capabilities is refused as malformed', () => {
    expect(() => decodeSmb1NegotiateResponse(patched(selected, WORD_COUNT_OFFSET, 11))).toThrow('17 words');
    expect(
      decodeSmb1NegotiateResponse(patched(selected.subarray(0, 57), WORD_COUNT_OFFSET, 12)),
    ).toMatchObject({
      kind: 'selected',
      systemTime: null,
    });
  });

  test('keeps a time zone east of UTC negative', () => {
    expect(decodeSmb1NegotiateResponse(patched(selected, 64, 0xc4, 0xff))).toMatchObject({
      serverTimeZone: -60,
    });
  });

  test('refuses a challenge that is longer than the data', () => {
    expect(verdict(decodeSmb1NegotiateResponse, patched(challenge, 66, 0xff))).toBe('a DecodeError');
  });

  test('lacks the server GUID when the data is too short for one', () => {
    const bytes = patched(selected.subarray(0, BYTE_COUNT_OFFSET + 2 + 15), BYTE_COUNT_OFFSET, 15, 0);
    expect(decodeSmb1NegotiateResponse(bytes)).toMatchObject({ serverGuid: null, securityBlob: null });
  });

  test('reads names that are not Unicode, and a last one without its NUL', () => {
    const names = Buffer.from('WORKGROUP\0NAS\u00c4', 'latin1');
    const start = BYTE_COUNT_OFFSET + 2 + 8;
    const bytes = Uint8Array.of(...patched(challenge, 11, 0x40).subarray(0, start), ...names);
    const response = decodeSmb1NegotiateResponse(patched(bytes, BYTE_COUNT_OFFSET, 8 + names.length, 0));
    expect(response).toMatchObject({ domainName: 'WORKGROUP', serverName: 'NAS\u00c4' });
  });
});
