import { describe, expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import {
  isInterim,
  SMB2_COMMAND,
  SMB2_HEADER_LENGTH,
  type Smb2Error,
} from '../../../probes/wire/smb2-header.ts';
import {
  decodeSmb2IoctlRequest,
  decodeSmb2IoctlResponse,
  encodeSmb2IoctlResponse,
  encodeSmb2PipeTransceiveRequest,
  FSCTL_CODE,
  SMB2_IOCTL_FLAG,
  type Smb2IoctlRequest,
  type Smb2IoctlResponse,
} from '../../../probes/wire/smb2-ioctl.ts';
import { encodeSmb2Error } from '../../../probes/wire/smb2-negotiate.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const STRUCTURE_SIZE = { field: 'StructureSize', offset: 4, size: 2 } as const;
const BODY_SIZE = { field: 'StructureSize of the body', offset: 64, size: 2 } as const;
const REQUEST_LIMITS = [
  STRUCTURE_SIZE,
  BODY_SIZE,
  { field: 'InputOffset', offset: 88, size: 4 },
  { field: 'InputCount', offset: 92, size: 4 },
] as const;
const RESPONSE_LIMITS = [
  STRUCTURE_SIZE,
  BODY_SIZE,
  { field: 'OutputOffset', offset: 96, size: 4 },
  { field: 'OutputCount', offset: 100, size: 4 },
] as const;

codecContract('smb2-ioctl-request-ms-smb2', {
  decode: decodeSmb2IoctlRequest,
  encode: askAgain,
  exact: true,
  limits: REQUEST_LIMITS,
});
codecContract('smb2-ioctl-request-smbclient', { decode: decodeSmb2IoctlRequest, limits: REQUEST_LIMITS });
for (const name of ['', '-overflow']) {
  codecContract(`smb2-ioctl-response-samba4${name}`, {
    decode: decodeSmb2IoctlResponse,
    encode: answerAgain,
    exact: true,
    limits: RESPONSE_LIMITS,
  });
}
for (const name of ['interim', 'file-closed']) {
  codecContract(`smb2-ioctl-response-samba4-${name}`, {
    decode: decodeSmb2IoctlResponse,
    encode: answerAgain,
    limits: [STRUCTURE_SIZE],
    mayEndAt: (length) => length >= SMB2_HEADER_LENGTH,
  });
}

describe('a request', () => {
  test('writes to the pipe and takes as much as one credit pays for', () => {
    const data = Uint8Array.of(1, 2, 3);
    expect(decodeSmb2IoctlRequest(ask({ data }))).toMatchObject({
      header: { messageId: 5n, sessionId: 0x21n, treeId: 5 },
      ctlCode: FSCTL_CODE.FSCTL_PIPE_TRANSCEIVE,
      flags: SMB2_IOCTL_FLAG.SMB2_0_IOCTL_IS_FSCTL,
      maxOutputResponse: 65_536,
      input: data,
    });
  });

  test('takes no more than it is told to', () => {
    expect(decodeSmb2IoctlRequest(ask({ maxOutputResponse: 64 })).maxOutputResponse).toBe(64);
  });

  test('with an id that is not sixteen bytes is a bug of the caller', () => {
    expect(() => ask({ fileId: new Uint8Array(17) })).toThrow(RangeError);
  });
});

describe('a response', () => {
  const samba = readFixture('smb2-ioctl-response-samba4').bytes;
  const overflow = readFixture('smb2-ioctl-response-samba4-overflow').bytes;

  test('with more to come is a response, and its status says so', () => {
    const response = decodeSmb2IoctlResponse(overflow);
    expect(response).toMatchObject({
      kind: 'smb2-ioctl-response',
      header: { status: NT_STATUS.STATUS_BUFFER_OVERFLOW },
    });
    expect((response as Smb2IoctlResponse).output).toHaveLength(64);
  });

  test('that came late is told from the word that it will', () => {
    expect(isInterim(readFixture('smb2-ioctl-response-samba4-interim').bytes)).toBe(true);
    expect(isInterim(samba)).toBe(false);
    expect(decodeSmb2IoctlResponse(samba).kind).toBe('smb2-ioctl-response');
  });

  test('with its output in the fixed part is refused', () => {
    expect(() => decodeSmb2IoctlResponse(patched(samba, 96, 64))).toThrow('an offset from 112 to');
  });

  test('without output may name any offset for it', () => {
    const response = decodeSmb2IoctlResponse(patched(samba, 96, 0, 0, 0, 0, 0, 0, 0, 0));
    expect(response).toMatchObject({ kind: 'smb2-ioctl-response', output: new Uint8Array() });
  });

  test('is not read from our own request or from another command', () => {
    expect(verdict(decodeSmb2IoctlResponse, ask({}))).toBe('a DecodeError');
    expect(verdict(decodeSmb2IoctlResponse, patched(samba, 12, SMB2_COMMAND.SMB2_READ))).toBe(
      'a DecodeError',
    );
  });
});

function ask(given: { data?: Uint8Array; fileId?: Uint8Array; maxOutputResponse?: number }): Uint8Array {
  const { data = new Uint8Array(), fileId = new Uint8Array(16), ...rest } = given;
  return encodeSmb2PipeTransceiveRequest({
    messageId: 5n,
    sessionId: 0x21n,
    treeId: 5,
    fileId,
    data,
    ...rest,
  });
}

/** Writes the same once more. */
function askAgain({ header, fileId, input, maxOutputResponse }: Smb2IoctlRequest): Uint8Array {
  return encodeSmb2PipeTransceiveRequest({ ...header, fileId, data: input, maxOutputResponse });
}

function answerAgain(response: Smb2IoctlResponse | Smb2Error): Uint8Array {
  return response.kind === 'smb2-error'
    ? encodeSmb2Error(response.header)
    : encodeSmb2IoctlResponse(response);
}
