import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeNegotiateMessage } from '../../../probes/wire/ntlmssp.ts';
import {
  decodeNegTokenInit,
  decodeNegTokenResp,
  encodeAuthenticateToken,
  encodeNegTokenInit,
  encodeNegTokenResp,
  findChallenge,
  NEG_STATE,
  type NegTokenInit,
  NTLMSSP_OID,
} from '../../../probes/wire/spnego.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { bytesOf, patched, readFixture } from '../../support/hex-file.ts';

for (const name of ['smbclient', 'rfc4178']) {
  codecContract(`spnego-neg-token-init-${name}`, {
    decode: decodeNegTokenInit,
    encode: offerAgain,
    exact: true,
    limits: [
      { field: 'InitialContextToken length', offset: 1, size: 1 },
      { field: 'thisMech length', offset: 3, size: 1 },
      { field: 'NegTokenInit length', offset: 11, size: 1 },
      { field: 'mechTypes length', offset: 17, size: 1 },
      { field: 'MechType length', offset: 19, size: 1 },
      { field: 'mechToken length', offset: 33, size: 1 },
    ],
  });
}
codecContract('spnego-neg-token-resp-samba4', {
  decode: decodeNegTokenResp,
  encode: encodeNegTokenResp,
  exact: true,
  limits: [
    { field: 'NegTokenResp length', offset: 1, size: 2 },
    { field: 'SEQUENCE length', offset: 4, size: 2 },
    { field: 'negState length', offset: 9, size: 1 },
    { field: 'supportedMech length', offset: 14, size: 1 },
  ],
});
codecContract('spnego-neg-token-resp-samba4-completed', {
  decode: decodeNegTokenResp,
  encode: encodeNegTokenResp,
  exact: true,
  limits: [
    { field: 'NegTokenResp length', offset: 1, size: 1 },
    { field: 'SEQUENCE length', offset: 3, size: 1 },
    { field: 'negState length', offset: 5, size: 1 },
  ],
});
codecContract('spnego-neg-token-resp-smbclient', {
  decode: decodeNegTokenResp,
  encode: ({ responseToken }) => encodeAuthenticateToken(responseToken ?? new Uint8Array()),
  exact: true,
  limits: [
    { field: 'NegTokenResp length', offset: 1, size: 1 },
    { field: 'SEQUENCE length', offset: 3, size: 1 },
    { field: 'responseToken length', offset: 5, size: 1 },
    { field: 'OCTET STRING length', offset: 7, size: 1 },
  ],
});

test.each([0, 1, 0x3f, 0x7f, 0x80, 0xff, 0x100, 0xff00])('a token of %i bytes comes back', (length) => {
  const token = new Uint8Array(length).fill(0x5a);
  expect(decodeNegTokenInit(encodeNegTokenInit(token)).mechToken).toEqual(token);
  expect(decodeNegTokenResp(wrapped(token)).responseToken).toEqual(token);
});

test('a response may hold fields of no meaning to us, and none that have', () => {
  expect(decodeNegTokenResp(bytesOf('a106 3004 a302 0400'))).toEqual({
    kind: 'neg-token-resp',
    negState: null,
    supportedMech: null,
    responseToken: null,
  });
});

test.each([
  ['reaches behind what it stands in', 'a104 3003 a003 0a0101'],
  ['is indefinite', 'a180 3000 0000'],
  ['has more than two bytes', 'a183000002 3000'],
])('a length that %s is refused', (_, token) => {
  expect(verdict(decodeNegTokenResp, bytesOf(token))).toBe('a DecodeError');
});

describe('the challenge', () => {
  const challenge = readFixture('ntlmssp-challenge-samba4').bytes;

  test('is found in a NegTokenResp', () => {
    expect(findChallenge(readFixture('spnego-neg-token-resp-samba4').bytes)).toEqual(challenge);
  });

  test('ends where its NegTokenResp says so', () => {
    expect(findChallenge(Uint8Array.of(...wrapped(challenge), 1, 2, 3))).toEqual(challenge);
  });

  test('is found without SPNEGO', () => {
    expect(findChallenge(challenge)).toEqual(challenge);
  });

  test('is found by its signature where the DER around it is broken', () => {
    const broken = patched(wrapped(challenge), 1, 0x84);
    expect(findChallenge(broken)).toEqual(challenge);
  });

  test('is found by its signature in a token of another kind', () => {
    expect(findChallenge(encodeNegTokenInit(challenge))).toEqual(challenge);
  });

  test('is a copy', () => {
    const given = challenge.slice();
    const found = findChallenge(given);
    given.fill(0);
    expect(found).toEqual(challenge);
  });

  test('is not there in an empty buffer, at the end of a negotiation, or in our own request', () => {
    expect(findChallenge(new Uint8Array())).toBeNull();
    expect(findChallenge(readFixture('spnego-neg-token-resp-samba4-completed').bytes)).toBeNull();
    expect(findChallenge(encodeNegTokenInit(encodeNegotiateMessage()))).toBeNull();
    expect(findChallenge(challenge.subarray(0, 11))).toBeNull();
  });

  test('is looked for in any bytes without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const found = findChallenge(bytes);
        return found === null || found.length >= 12;
      }),
    );
  });
});

function wrapped(responseToken: Uint8Array): Uint8Array {
  return encodeNegTokenResp({
    kind: 'neg-token-resp',
    negState: NEG_STATE['accept-incomplete'],
    supportedMech: NTLMSSP_OID,
    responseToken,
  });
}

function offerAgain({ mechToken }: NegTokenInit): Uint8Array {
  return encodeNegTokenInit(mechToken ?? new Uint8Array());
}
