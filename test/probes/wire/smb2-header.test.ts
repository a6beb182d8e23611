import { expect, test } from 'vitest';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { Reader } from '../../../probes/wire/reader.ts';
import {
  isInterim,
  readSmb2RequestHeader,
  readSmb2ResponseHeader,
  SMB2_COMMAND,
  SMB2_FLAGS,
  SMB2_HEADER_LENGTH,
  smb2RequestHeader,
  writeSmb2Header,
  writeSmb2RequestHeader,
} from '../../../probes/wire/smb2-header.ts';
import { Writer } from '../../../probes/wire/writer.ts';
import { plain } from '../../support/hex-file.ts';

const COMMAND = SMB2_COMMAND.SMB2_SESSION_SETUP;
const HEADER = smb2RequestHeader({
  creditCharge: 1,
  command: COMMAND,
  messageId: 0x0102030405060708n,
  treeId: 0x11121314,
  sessionId: 0x2122232425262728n,
});

test('a header lies as [MS-SMB2] 2.2.1 has it', () => {
  const lies = [
    ...['fe534d42', '4000', '0100', '00000000', '0100', '1f00', '00000000', '00000000', '0807060504030201'],
    ...['fffe0000', '14131211', '2827262524232221', '00'.repeat(16)],
  ];
  expect(plain(bytes(HEADER))).toBe(lies.join(''));
  expect(bytes(HEADER)).toHaveLength(SMB2_HEADER_LENGTH);
});

test('a request is not read as a response, nor a response as a request', () => {
  const reply = { ...HEADER, status: 0xc0000022, flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR };
  expect(readSmb2RequestHeader(new Reader(bytes(HEADER), 'example'), COMMAND)).toEqual(HEADER);
  expect(readSmb2ResponseHeader(new Reader(bytes(reply), 'example'), COMMAND)).toEqual(reply);
  expect(() => readSmb2ResponseHeader(new Reader(bytes(HEADER), 'example'), COMMAND)).toThrow(
    'Flags at offset 16',
  );
  expect(() => readSmb2RequestHeader(new Reader(bytes(reply), 'example'), COMMAND)).toThrow(
    'Flags at offset 16',
  );
});

test('another command is refused', () => {
  const reader = new Reader(bytes(HEADER), 'example');
  expect(() => readSmb2RequestHeader(reader, SMB2_COMMAND.SMB2_NEGOTIATE)).toThrow('Command at offset 12');
});

test('a status is never negative', () => {
  const reply = { ...HEADER, status: 0xffffffff, flags: 1 };
  expect(readSmb2ResponseHeader(new Reader(bytes(reply), 'example'), COMMAND).status).toBe(0xffffffff);
});

test('a request within a session says its session and its tree, and asks for credits', () => {
  const writer = new Writer();
  writeSmb2RequestHeader(writer, COMMAND, { messageId: 2n, sessionId: 3n, treeId: 4 });
  const written = readSmb2RequestHeader(new Reader(writer.finish(), 'example'), COMMAND);
  expect(written).toEqual(smb2RequestHeader({ command: COMMAND, messageId: 2n, sessionId: 3n, treeId: 4 }));
});

test('an interim response is pending, asynchronous, and a response', () => {
  const flags = SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR | SMB2_FLAGS.SMB2_FLAGS_ASYNC_COMMAND;
  const interim = { ...HEADER, status: NT_STATUS.STATUS_PENDING, flags };
  expect(isInterim(bytes(interim))).toBe(true);
  expect(isInterim(bytes({ ...interim, status: NT_STATUS.STATUS_SUCCESS }))).toBe(false);
  expect(isInterim(bytes({ ...interim, flags: SMB2_FLAGS.SMB2_FLAGS_SERVER_TO_REDIR }))).toBe(false);
  expect(isInterim(bytes({ ...interim, flags: SMB2_FLAGS.SMB2_FLAGS_ASYNC_COMMAND }))).toBe(false);
});

test('what is no whole SMB2 header is no interim response', () => {
  expect(isInterim(new Uint8Array())).toBe(false);
  expect(isInterim(bytes(HEADER).subarray(0, SMB2_HEADER_LENGTH - 1))).toBe(false);
  expect(isInterim(new Uint8Array(100))).toBe(false);
});

function bytes(header: typeof HEADER): Uint8Array {
  const writer = new Writer();
  writeSmb2Header(writer, header);
  return writer.finish();
}
