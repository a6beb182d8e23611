import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { encodeSmb1Error } from '../../../probes/wire/smb1-body.ts';
import { SMB_COM, type Smb1Error } from '../../../probes/wire/smb1-header.ts';
import {
  decodeSmb1TransactionRequest,
  decodeSmb1TransactionResponse,
  encodeSmb1PipePeekRequest,
  encodeSmb1PipeTransactRequest,
  encodeSmb1TransactionResponse,
  type Smb1TransactionRequest,
  type Smb1TransactionResponse,
  TRANS_SUBCOMMAND,
} from '../../../probes/wire/smb1-transaction.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const WORDS = { field: 'WordCount', offset: 32, size: 1 } as const;
const SETUP = { field: 'SetupCount', offset: 59, size: 1 } as const;
const BYTES = { field: 'ByteCount', offset: 65, size: 2 } as const;
const DATA = [
  { field: 'DataCount', offset: 55, size: 2 },
  { field: 'DataOffset', offset: 57, size: 2 },
] as const;

for (const name of ['transact', 'peek']) {
  codecContract(`smb1-transaction-request-ms-cifs-${name}`, {
    decode: decodeSmb1TransactionRequest,
    encode: askAgain,
    exact: true,
    limits: name === 'peek' ? [WORDS, SETUP, BYTES] : [WORDS, SETUP, BYTES, ...DATA],
  });
}
codecContract('smb1-transaction-request-smbclient', {
  decode: decodeSmb1TransactionRequest,
  limits: [WORDS, SETUP, BYTES, ...DATA],
});
codecContract('smb1-transaction-request-nmap-peek', {
  decode: decodeSmb1TransactionRequest,
  limits: [WORDS, SETUP, BYTES],
  mayEndAt: (length) => length === 74,
});
for (const name of ['samba4', 'samba4-overflow']) {
  codecContract(`smb1-transaction-response-${name}`, {
    decode: decodeSmb1TransactionResponse,
    encode: answerAgain,
    limits: [
      WORDS,
      { field: 'DataCount', offset: 45, size: 2 },
      { field: 'DataOffset', offset: 47, size: 2 },
      { field: 'DataDisplacement', offset: 49, size: 2 },
      { field: 'ByteCount', offset: 53, size: 2 },
    ],
  });
}
for (const name of ['samba4-invalid-handle', 'ms-cifs-insuff-server-resources']) {
  codecContract(`smb1-transaction-response-${name}`, {
    decode: decodeSmb1TransactionResponse,
    encode: answerAgain,
    exact: true,
    limits: [],
    mayEndAt: (length) => length >= 32,
  });
}

describe('a message to a pipe', () => {
  const ids = { pidLow: 1, mid: 2, uid: 3, tid: 4 };

  test('stands at a multiple of four, and comes back whole, for every length', () => {
    for (let length = 0; length < 9; length += 1) {
      const data = new Uint8Array(length).fill(0x5a);
      const bytes = encodeSmb1PipeTransactRequest({ ...ids, fid: 5, data, maxDataCount: 4_280 });
      expect(decodeSmb1TransactionRequest(bytes)).toMatchObject({ data, maxDataCount: 4_280, fid: 5 });
      expect(bytes).toHaveLength(84 + length);
    }
  });

  test('that is a look asks as nmap does, and writes nothing', () => {
    const { bytes } = readFixture('smb1-transaction-request-nmap-peek');
    const { header: _, ...theirs } = decodeSmb1TransactionRequest(bytes);
    const { header: __, ...ours } = decodeSmb1TransactionRequest(
      encodeSmb1PipePeekRequest({ ...ids, fid: 0 }),
    );
    expect(ours).toEqual(theirs);
    expect(ours).toMatchObject({ subcommand: TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE, data: new Uint8Array() });
  });
});

describe('the answer of a pipe', () => {
  const { bytes } = readFixture('smb1-transaction-response-samba4');

  test('is kept with the status that says that more is left', () => {
    const overflow = readFixture('smb1-transaction-response-samba4-overflow').bytes;
    expect(decodeSmb1TransactionResponse(overflow)).toMatchObject({
      kind: 'smb1-transaction-response',
      header: { status: NT_STATUS.STATUS_BUFFER_OVERFLOW },
      totalDataCount: 64,
    });
  });

  test('with its data among the words is refused', () => {
    expect(() => decodeSmb1TransactionResponse(patched(bytes, 47, 33, 0))).toThrow('an offset from 55 to');
  });

  test.each([
    [
      'a server without the update of MS17-010',
      'ms-cifs-insuff-server-resources',
      'STATUS_INSUFF_SERVER_RESOURCES',
    ],
    ['Samba', 'samba4-invalid-handle', 'STATUS_INVALID_HANDLE'],
  ] as const)('to a look is a refusal: %s', (_, name, status) => {
    const refusal = decodeSmb1TransactionResponse(readFixture(`smb1-transaction-response-${name}`).bytes);
    expect(refusal).toMatchObject({ kind: 'smb1-error', header: { status: NT_STATUS[status] } });
  });

  test('is not read from our own request', () => {
    const request = readFixture('smb1-transaction-request-ms-cifs-peek').bytes;
    expect(verdict(decodeSmb1TransactionResponse, request)).toBe('a DecodeError');
  });
});

function askAgain({ header, subcommand, fid, data, maxDataCount }: Smb1TransactionRequest): Uint8Array {
  return subcommand === TRANS_SUBCOMMAND.TRANS_PEEK_NMPIPE
    ? encodeSmb1PipePeekRequest({ ...header, fid })
    : encodeSmb1PipeTransactRequest({ ...header, fid, data, maxDataCount });
}

function answerAgain(response: Smb1TransactionResponse | Smb1Error): Uint8Array {
  return response.kind === 'smb1-error'
    ? encodeSmb1Error(response, SMB_COM.SMB_COM_TRANSACTION)
    : encodeSmb1TransactionResponse(response);
}
