import { describe, expect, test } from 'vitest';
import {
  decodeBind,
  decodeBindResponse,
  ENDPOINT_MAPPER,
  encodeBind,
  encodeBindResponse,
  NDR,
  pduLength,
  SRVSVC,
} from '../../../probes/wire/dcerpc-bind.ts';
import { DecodeError } from '../../../probes/wire/reader.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { bytesOf, readFixture } from '../../support/hex-file.ts';

const FRAG_LENGTH = { field: 'frag_length', offset: 8, size: 2 } as const;

codecContract('dcerpc-bind-request-rpcclient', {
  decode: decodeBind,
  encode: encodeBind,
  exact: true,
  limits: [
    FRAG_LENGTH,
    { field: 'n_context_elem', offset: 24, size: 1 },
    { field: 'n_transfer_syn', offset: 30, size: 1 },
  ],
});
codecContract('dcerpc-bind-request-smbclient-srvsvc', {
  decode: decodeBind,
  encode: ({ callId }) => encodeBind({ callId, abstractSyntax: SRVSVC }),
  exact: true,
  limits: [
    FRAG_LENGTH,
    { field: 'n_context_elem', offset: 24, size: 1 },
    { field: 'n_transfer_syn', offset: 30, size: 1 },
  ],
});
for (const name of ['samba4-ack', 'samba4-ack-rejecting']) {
  codecContract(`dcerpc-bind-response-${name}`, {
    decode: decodeBindResponse,
    encode: encodeBindResponse,
    exact: true,
    limits: [
      FRAG_LENGTH,
      { field: 'sec_addr length', offset: 24, size: 2 },
      { field: 'n_results', offset: 32, size: 1 },
    ],
  });
}
codecContract('dcerpc-bind-response-samba4-ack-srvsvc', {
  decode: decodeBindResponse,
  encode: encodeBindResponse,
  exact: true,
  limits: [
    FRAG_LENGTH,
    { field: 'sec_addr length', offset: 24, size: 2 },
    { field: 'n_results', offset: 40, size: 1 },
  ],
});
for (const name of ['samba4-nak', 'c706-fault']) {
  codecContract(`dcerpc-bind-response-${name}`, {
    decode: decodeBindResponse,
    encode: encodeBindResponse,
    limits: [FRAG_LENGTH],
  });
}

test('the bind asks for the endpoint mapper, NDR, unless told otherwise', () => {
  const { contexts } = decodeBind(encodeBind({ callId: 9 }));
  expect(contexts).toEqual([{ abstractSyntax: ENDPOINT_MAPPER, transferSyntaxes: [NDR] }]);
});

test('results behind a secondary address of any length are found', () => {
  for (const secondaryAddress of ['', '1', '13', '135', '\\PIPE\\epmapper']) {
    const ack = {
      kind: 'bind-ack',
      callId: 1,
      maxTransmitFragment: 4280,
      maxReceiveFragment: 4280,
      associationGroup: 1,
      secondaryAddress,
      results: [{ result: 0, reason: 0, transferSyntax: NDR }],
    } as const;
    expect(decodeBindResponse(encodeBindResponse(ack))).toEqual(ack);
  }
});

test('a bind is no answer to a bind', () => {
  expect(verdict(decodeBindResponse, encodeBind({ callId: 9 }))).toBe('a DecodeError');
});

describe('the length of a PDU', () => {
  const ack = readFixture('dcerpc-bind-response-samba4-ack').bytes;

  test('is known from its first sixteen bytes', () => {
    expect(pduLength(ack.subarray(0, 15))).toBeNull();
    expect(pduLength(ack.subarray(0, 16))).toBe(ack.length);
    expect(pduLength(Uint8Array.of(...ack, ...ack))).toBe(ack.length);
  });

  test('is not taken from another protocol, from big endian or from less than a header', () => {
    expect(() => pduLength(bytesOf('48545450 2f312e31 20343030 20426164'))).toThrow('rpc_vers at offset 0');
    expect(() => pduLength(bytesOf('05000c03 00000000 003c0000 00000001'))).toThrow(
      'packed_drep at offset 4',
    );
    expect(() => pduLength(bytesOf('05000c03 10000000 0f000000 00000001'))).toThrow(DecodeError);
  });

  test('must be that of the PDU', () => {
    expect(verdict(decodeBindResponse, Uint8Array.of(...ack, 0))).toBe('a DecodeError');
  });
});
