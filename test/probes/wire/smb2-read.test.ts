import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { SMB2_COMMAND, SMB2_HEADER_LENGTH, type Smb2Error } from '../../../probes/wire/smb2-header.ts';
import { encodeSmb2Error } from '../../../probes/wire/smb2-negotiate.ts';
import {
  decodeSmb2ReadRequest,
  decodeSmb2ReadResponse,
  encodeSmb2PipeReadRequest,
  encodeSmb2ReadResponse,
  type Smb2ReadResponse,
} from '../../../probes/wire/smb2-read.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const LIMITS = [
  { field: 'StructureSize', offset: 4, size: 2 },
  { field: 'StructureSize of the body', offset: 64, size: 2 },
] as const;

codecContract('smb2-read-request-ms-smb2', {
  decode: decodeSmb2ReadRequest,
  encode: ({ header, fileId, length }) => encodeSmb2PipeReadRequest({ ...header, fileId, length }),
  exact: true,
  limits: LIMITS,
});
codecContract('smb2-read-response-samba4', {
  decode: decodeSmb2ReadResponse,
  encode: answerAgain,
  exact: true,
  limits: [
    ...LIMITS,
    { field: 'DataOffset', offset: 66, size: 1 },
    { field: 'DataLength', offset: 68, size: 4 },
  ],
});
codecContract('smb2-read-response-samba4-file-closed', {
  decode: decodeSmb2ReadResponse,
  encode: answerAgain,
  exact: true,
  limits: LIMITS.slice(0, 1),
  mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
});

test('a request reads from the start and does not wait for more', () => {
  expect(decodeSmb2ReadRequest(ask())).toMatchObject({
    header: { messageId: 7n, sessionId: 0x21n, treeId: 5 },
    length: 1024,
    offset: 0n,
    minimumCount: 0,
  });
});

describe('a response', () => {
  const samba = readFixture('smb2-read-response-samba4').bytes;

  test('with more to come is a response', () => {
    const { STATUS_BUFFER_OVERFLOW } = NT_STATUS;
    const bytes = patched(samba, 8, 0x05, 0x00, 0x00, 0x80);
    const response = decodeSmb2ReadResponse(bytes);
    expect(response).toMatchObject({
      kind: 'smb2-read-response',
      header: { status: STATUS_BUFFER_OVERFLOW },
    });
    expect((response as Smb2ReadResponse).data).toEqual(samba.slice(80));
  });

  test('reads no more than one byte as the offset of its data', () => {
    const response = decodeSmb2ReadResponse(patched(samba, 67, 0xff));
    expect((response as Smb2ReadResponse).data).toEqual(samba.slice(80));
  });

  test('with its data in the fixed part is refused, without data it may name any offset', () => {
    expect(() => decodeSmb2ReadResponse(patched(samba, 66, 64))).toThrow('an offset from 80 to');
    const empty = decodeSmb2ReadResponse(patched(samba, 66, 0, 0, 0, 0, 0, 0));
    expect(empty).toMatchObject({ kind: 'smb2-read-response', data: new Uint8Array() });
  });

  test('is not read from our own request or from another command', () => {
    expect(verdict(decodeSmb2ReadResponse, ask())).toBe('a DecodeError');
    expect(verdict(decodeSmb2ReadResponse, patched(samba, 12, SMB2_COMMAND.SMB2_IOCTL))).toBe(
      'a DecodeError',
    );
  });
});

function ask(): Uint8Array {
  const fileId = new Uint8Array(16);
  return encodeSmb2PipeReadRequest({ messageId: 7n, sessionId: 0x21n, treeId: 5, fileId, length: 1024 });
}

function answerAgain(response: Smb2ReadResponse | Smb2Error): Uint8Array {
  return response.kind === 'smb2-error' ? encodeSmb2Error(response.header) : encodeSmb2ReadResponse(response);
}
