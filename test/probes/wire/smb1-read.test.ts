import { expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { encodeSmb1Error } from '../../../probes/wire/smb1-body.ts';
import { SMB_COM, type Smb1Error } from '../../../probes/wire/smb1-header.ts';
import {
  decodeSmb1ReadRequest,
  decodeSmb1ReadResponse,
  encodeSmb1PipeReadRequest,
  encodeSmb1ReadResponse,
  type Smb1ReadResponse,
} from '../../../probes/wire/smb1-read.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const WORDS = { field: 'WordCount', offset: 32, size: 1 } as const;

codecContract('smb1-read-request-ms-cifs', {
  decode: decodeSmb1ReadRequest,
  encode: ({ header, fid, maxCount }) => encodeSmb1PipeReadRequest({ ...header, fid, maxCount }),
  exact: true,
  limits: [WORDS, { field: 'ByteCount', offset: 53, size: 2 }],
});
codecContract('smb1-read-request-smbclient', {
  decode: decodeSmb1ReadRequest,
  limits: [WORDS, { field: 'ByteCount', offset: 57, size: 2 }],
});
codecContract('smb1-read-response-samba4', {
  decode: decodeSmb1ReadResponse,
  encode: answerAgain,
  limits: [
    WORDS,
    { field: 'DataLength', offset: 43, size: 2 },
    { field: 'DataOffset', offset: 45, size: 2 },
    { field: 'ByteCount', offset: 57, size: 2 },
  ],
});
codecContract('smb1-read-response-samba4-invalid-handle', {
  decode: decodeSmb1ReadResponse,
  encode: answerAgain,
  exact: true,
  limits: [],
  mayEndAt: (length) => length >= 32,
});

const { bytes } = readFixture('smb1-read-response-samba4');

test('a part of a pipe that leaves more behind is kept with that status', () => {
  const overflow = patched(bytes, 5, 5, 0, 0, 0x80);
  expect(decodeSmb1ReadResponse(overflow)).toMatchObject({
    kind: 'smb1-read-response',
    header: { status: NT_STATUS.STATUS_BUFFER_OVERFLOW },
  });
});

test('data that would lie among the words are refused', () => {
  expect(() => decodeSmb1ReadResponse(patched(bytes, 45, 33, 0))).toThrow('an offset from 59 to');
});

test('an answer is not read from our own request', () => {
  const request = readFixture('smb1-read-request-ms-cifs').bytes;
  expect(verdict(decodeSmb1ReadResponse, request)).toBe('a DecodeError');
});

function answerAgain(response: Smb1ReadResponse | Smb1Error): Uint8Array {
  return response.kind === 'smb1-error'
    ? encodeSmb1Error(response, SMB_COM.SMB_COM_READ_ANDX)
    : encodeSmb1ReadResponse(response);
}
