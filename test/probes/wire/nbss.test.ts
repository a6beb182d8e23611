import { describe, expect, test } from 'vitest';
import {
  decodeSessionRequest,
  decodeSessionResponse,
  directTcpFrameLength,
  encodeSessionRequest,
  encodeSessionResponse,
  LONGEST_MESSAGE,
  sessionFrameLength,
  unwrapMessage,
  wrapMessage,
} from '../../../probes/wire/nbss.ts';
import { DecodeError } from '../../../probes/wire/reader.ts';
import { codecContract } from '../../support/codec-contract.ts';
import { bytesOf, plain } from '../../support/hex-file.ts';

const LENGTH = { field: 'FLAGS and LENGTH', offset: 1, size: 3 } as const;

codecContract('nbss-session-request-smbclient', {
  decode: decodeSessionRequest,
  encode: ({ called, calling }) =>
    encodeSessionRequest({ calledName: called.name, calledSuffix: called.suffix, callingName: calling.name }),
  exact: true,
  limits: [LENGTH, { field: 'CALLED_NAME: label length', offset: 4, size: 1 }],
});
for (const name of ['samba4-positive', 'samba4-negative', 'rfc1002-retarget', 'rfc1002-keep-alive']) {
  codecContract(`nbss-session-response-${name}`, {
    decode: decodeSessionResponse,
    encode: encodeSessionResponse,
    exact: true,
    limits: [LENGTH],
  });
}

test('a session request calls the file server service unless told otherwise', () => {
  const request = decodeSessionRequest(
    encodeSessionRequest({ calledName: '*smbserver', callingName: 'smbwarden' }),
  );
  expect(request.called).toEqual({ name: '*SMBSERVER', suffix: 0x20 });
  expect(request.calling).toEqual({ name: 'SMBWARDEN', suffix: 0x00 });
});

describe('cutting a stream into frames', () => {
  const positive = bytesOf('82000000');
  const keepAlive = bytesOf('85000000');
  const message = wrapMessage(Uint8Array.from({ length: 300 }, (_, i) => i & 0xff));
  const frames = [positive, keepAlive, message, wrapMessage(new Uint8Array()), message];
  const stream = Uint8Array.from(frames.flatMap((frame) => [...frame]));

  test('gives the same frames at every split point', () => {
    for (let split = 0; split <= stream.length; split += 1) {
      const chunks = [stream.subarray(0, split), stream.subarray(split)];
      expect(plain(cut(chunks, sessionFrameLength)), `split at ${split}`).toEqual(plain(frames));
    }
  });

  test('gives the same frames byte by byte', () => {
    const chunks = Array.from(stream, (byte) => Uint8Array.of(byte));
    expect(plain(cut(chunks, sessionFrameLength))).toEqual(plain(frames));
  });

  test('cuts direct TCP at every split point and byte by byte', () => {
    const twice = Uint8Array.of(...message, ...message);
    for (let split = 0; split <= twice.length; split += 1) {
      const chunks = [twice.subarray(0, split), twice.subarray(split)];
      expect(plain(cut(chunks, directTcpFrameLength)), `split at ${split}`).toEqual(
        plain([message, message]),
      );
    }
    const bytes = Array.from(twice, (byte) => Uint8Array.of(byte));
    expect(plain(cut(bytes, directTcpFrameLength))).toEqual(plain([message, message]));
  });

  test('knows the length of a frame before the frame is there', () => {
    expect(sessionFrameLength(bytesOf('00000123'))).toBe(4 + 0x123);
    expect(sessionFrameLength(bytesOf('000001'))).toBeNull();
    expect(sessionFrameLength(new Uint8Array())).toBeNull();
  });

  test('accepts 64 KiB and not a byte more', () => {
    expect(directTcpFrameLength(bytesOf('00010000'))).toBe(4 + LONGEST_MESSAGE);
    expect(sessionFrameLength(bytesOf('00010000'))).toBe(4 + LONGEST_MESSAGE);
    expect(() => directTcpFrameLength(bytesOf('00010001'))).toThrow('at most 65536 bytes');
    expect(() => sessionFrameLength(bytesOf('00010001'))).toThrow(DecodeError);
    expect(() => directTcpFrameLength(bytesOf('00ffffff'))).toThrow(DecodeError);
  });

  test('refuses reserved flags on 139', () => {
    expect(() => sessionFrameLength(bytesOf('00020004'))).toThrow(DecodeError);
  });

  test('refuses another protocol at its first byte', () => {
    expect(() => sessionFrameLength(bytesOf('48'))).toThrow('TYPE at offset 0');
    expect(() => directTcpFrameLength(bytesOf('48'))).toThrow('TYPE at offset 0');
    expect(() => directTcpFrameLength(bytesOf('82000000'))).toThrow('TYPE at offset 0');
  });
});

describe('a session message', () => {
  test('is wrapped with its length and comes back as a copy', () => {
    const frame = wrapMessage(bytesOf('ff534d42'));
    expect(plain(frame)).toBe('00000004ff534d42');
    const message = unwrapMessage(frame);
    frame.fill(0);
    expect(plain(message)).toBe('ff534d42');
  });

  test('is not taken from a frame of another type or length', () => {
    expect(() => unwrapMessage(bytesOf('82000000'))).toThrow(DecodeError);
    expect(() => unwrapMessage(bytesOf('00000002ff'))).toThrow(DecodeError);
    expect(() => unwrapMessage(bytesOf('00000001ffff'))).toThrow(DecodeError);
  });

  test('of more than 64 KiB is never sent', () => {
    expect(wrapMessage(new Uint8Array(LONGEST_MESSAGE))).toHaveLength(4 + LONGEST_MESSAGE);
    expect(() => wrapMessage(new Uint8Array(LONGEST_MESSAGE + 1))).toThrow(RangeError);
  });
});

test('bytes behind the fields of a response are not read', () => {
  expect(decodeSessionResponse(bytesOf('82000002 0000'))).toEqual({ kind: 'positive' });
  expect(decodeSessionResponse(bytesOf('83000003 820000'))).toEqual({ kind: 'negative', errorCode: 0x82 });
});

/** As a transport does it: collects chunks, and takes a frame off whenever one is whole. */
function cut(chunks: Uint8Array[], frameLength: (bytes: Uint8Array) => number | null): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let buffer = new Uint8Array();
  for (const chunk of chunks) {
    buffer = Uint8Array.of(...buffer, ...chunk);
    for (
      let length = frameLength(buffer);
      length !== null && length <= buffer.length;
      length = frameLength(buffer)
    ) {
      frames.push(buffer.slice(0, length));
      buffer = buffer.slice(length);
    }
  }
  return frames;
}
