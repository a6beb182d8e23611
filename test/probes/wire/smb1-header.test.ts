import { expect, test } from 'vitest';
import { Reader } from '../../../probes/wire/reader.ts';
import {
  readSmb1RequestHeader,
  readSmb1ResponseHeader,
  SMB_COM,
  SMB_FLAGS,
  smb1RequestHeader,
  writeSmb1Header,
} from '../../../probes/wire/smb1-header.ts';
import { Writer } from '../../../probes/wire/writer.ts';
import { plain } from '../../support/hex-file.ts';

const COMMAND = SMB_COM.SMB_COM_NEGOTIATE;
const HEADER = smb1RequestHeader({ pidLow: 0x1234, mid: 0x5678 });

test('a request header lies as [MS-CIFS] 2.2.3.1 has it', () => {
  expect(plain(bytes(HEADER))).toBe(
    'ff534d42' +
      '72' +
      '00000000' +
      '18' +
      '43c8' +
      '0000' +
      '0000000000000000' +
      '0000' +
      'ffff' +
      '3412' +
      '0000' +
      '7856',
  );
});

test('a request is not read as a response, nor a response as a request', () => {
  const reply = { ...HEADER, flags: HEADER.flags | SMB_FLAGS.SMB_FLAGS_REPLY };
  expect(readSmb1RequestHeader(new Reader(bytes(HEADER), 'example'), COMMAND)).toEqual(HEADER);
  expect(readSmb1ResponseHeader(new Reader(bytes(reply), 'example'), COMMAND)).toEqual(reply);
  expect(() => readSmb1ResponseHeader(new Reader(bytes(HEADER), 'example'), COMMAND)).toThrow(
    'Flags at offset 9',
  );
  expect(() => readSmb1RequestHeader(new Reader(bytes(reply), 'example'), COMMAND)).toThrow(
    'Flags at offset 9',
  );
});

test('another command is refused', () => {
  expect(() => readSmb1RequestHeader(new Reader(bytes(HEADER), 'example'), 0x73)).toThrow(
    'Command at offset 4',
  );
});

function bytes(header: typeof HEADER): Uint8Array {
  const writer = new Writer();
  writeSmb1Header(writer, COMMAND, header);
  return writer.finish();
}
