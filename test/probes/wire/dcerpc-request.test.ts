import { describe, expect, test } from 'vitest';
import { PFC_FLAG } from '../../../probes/wire/dcerpc-bind.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../../probes/wire/dcerpc-request.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { bytesOf, patched, readFixture } from '../../support/hex-file.ts';

const FRAG_LENGTH = { field: 'frag_length', offset: 8, size: 2 } as const;
const AUTH_LENGTH = { field: 'auth_length', offset: 10, size: 2 } as const;

codecContract('dcerpc-request-smbclient', {
  decode: decodeRequest,
  encode: encodeRequest,
  exact: true,
  limits: [FRAG_LENGTH, AUTH_LENGTH],
});
codecContract('dcerpc-response-samba4', {
  decode: decodeResponse,
  encode: encodeResponse,
  exact: true,
  limits: [FRAG_LENGTH, AUTH_LENGTH],
});
codecContract('dcerpc-response-c706-first-fragment', {
  decode: decodeResponse,
  encode: encodeResponse,
  limits: [FRAG_LENGTH, AUTH_LENGTH],
});
codecContract('dcerpc-response-samba4-fault', {
  decode: decodeResponse,
  encode: encodeResponse,
  limits: [FRAG_LENGTH],
});

describe('a request', () => {
  const request = { kind: 'request', callId: 0xffff_ffff, opnum: 15, stub: bytesOf('01020304') } as const;

  test('may have no arguments', () => {
    const empty = { ...request, stub: new Uint8Array() };
    expect(decodeRequest(encodeRequest(empty))).toEqual(empty);
  });

  test('for an object has its stub behind the object', () => {
    const bytes = encodeRequest({ ...request, stub: Uint8Array.of(...new Uint8Array(16), 5, 6) });
    const forObject = patched(bytes, 3, 0x03 | PFC_FLAG.PFC_OBJECT_UUID);
    expect(decodeRequest(forObject).stub).toEqual(Uint8Array.of(5, 6));
  });

  test('in parts is refused', () => {
    const bytes = patched(encodeRequest(request), 3, PFC_FLAG.PFC_FIRST_FRAG);
    expect(verdict(decodeRequest, bytes)).toBe('a DecodeError');
  });

  test('is no answer to a request, nor the reverse', () => {
    expect(verdict(decodeResponse, encodeRequest(request))).toBe('a DecodeError');
    expect(verdict(decodeRequest, readFixture('dcerpc-response-samba4').bytes)).toBe('a DecodeError');
  });
});

test.each([
  ['the first', PFC_FLAG.PFC_FIRST_FRAG, false],
  ['one in the middle', 0, false],
  ['the last', PFC_FLAG.PFC_LAST_FRAG, true],
  ['the only one', PFC_FLAG.PFC_FIRST_FRAG | PFC_FLAG.PFC_LAST_FRAG, true],
] as const)('of several fragments %s says whether another follows', (_, flags, lastFragment) => {
  const response = { kind: 'response', callId: 7, flags, stub: bytesOf('0a0b') } as const;
  expect(decodeResponse(encodeResponse(response))).toEqual({ ...response, lastFragment });
});
