/**
 * What follows the header of every SMB 1 message: Parameter block, [MS-CIFS] 2.2.3.2, and Data block, 2.2.3.3;
 * and the first words of the commands that can be chained, which are called ANDX. Little endian; offsets are
 * counted from the first byte of the SMB header (smb1-header.ts).
 *
 *  offset  size
 *      32     1  WordCount
 *      33   2·w  Words
 *  33+2·w     2  ByteCount
 *  35+2·w     b  Bytes
 *
 *  Words of an ANDX command begin with:
 *      33     1  AndXCommand: FF, no further command
 *      34     1  AndXReserved
 *      35     2  AndXOffset
 */
import type { Reader } from './reader.ts';
import { SMB_FLAGS2, type Smb1Error, type Smb1Header, writeSmb1Header } from './smb1-header.ts';
import { Writer } from './writer.ts';

/** AndXCommand, [MS-CIFS] 2.2.2.1. */
const SMB_COM_NO_ANDX_COMMAND = 0xff;
const ANDX_LENGTH = 4;

export interface Smb1Body {
  readonly wordCount: number;
  /** Exactly the Words. */
  readonly words: Reader;
  /** Exactly the Bytes. */
  readonly bytes: Reader;
}

/**
 * The two blocks of a message whose header `reader` has behind it. What follows them is not read.
 * @throws DecodeError when a count leads out of the message.
 */
export function readSmb1Body(reader: Reader): Smb1Body {
  const wordCount = reader.uint8('WordCount');
  const words = reader.window(reader.offset, 2 * wordCount, 'Words');
  reader.skip(2 * wordCount, 'Words');
  const byteCount = reader.uint16le('ByteCount');
  return { wordCount, words, bytes: reader.window(reader.offset, byteCount, 'Bytes') };
}

/** The whole message. `words` hold an even number of bytes. @throws RangeError when a block does not fit its count. */
export function encodeSmb1Message(
  { header, command }: { readonly header: Smb1Header; readonly command: number },
  words: Writer = new Writer(),
  bytes: Writer = new Writer(),
): Uint8Array {
  const writer = new Writer();
  writeSmb1Header(writer, command, header);
  writer.uint8(words.length / 2).bytes(words.finish());
  return writer.uint16le(bytes.length).bytes(bytes.finish()).finish();
}

/** A refusal of `command` as a fake server sends it: empty blocks behind a header with a status. */
export function encodeSmb1Error({ header }: Pick<Smb1Error, 'header'>, command: number): Uint8Array {
  return encodeSmb1Message({ header, command });
}

/** Words that begin as those of a command behind which no other one stands. */
export function andXWords(): Writer {
  return new Writer().uint8(SMB_COM_NO_ANDX_COMMAND).zeros(ANDX_LENGTH - 1);
}

/** What stands behind is not read: nothing was chained to our requests. */
export function skipAndX(words: Reader): void {
  words.skip(ANDX_LENGTH, 'AndX');
}

/**
 * A text and its NUL, in UTF-16 where `flags2` says so, else one byte a character. The Bytes of every message
 * begin at an odd offset, and characters of UTF-16 stand at even ones.
 */
export function writeSmb1Text(bytes: Writer, flags2: number, text: string): void {
  if (!isSmb1Unicode(flags2)) {
    bytes.latin1(`${text}\0`);
    return;
  }
  if (bytes.length % 2 === 0) bytes.zeros(1);
  bytes.utf16le(`${text}\0`);
}

/**
 * The next text, without its NUL.
 * @throws DecodeError when there is no NUL.
 */
export function readSmb1Text(bytes: Reader, flags2: number, field: string): string {
  const unicode = isSmb1Unicode(flags2);
  if (unicode && bytes.offset % 2 === 1) bytes.skip(1, 'Pad');
  let text = '';
  for (;;) {
    const code = unicode ? bytes.uint16le(field) : bytes.uint8(field);
    if (code === 0) return text;
    text += String.fromCharCode(code);
  }
}

function isSmb1Unicode(flags2: number): boolean {
  return (flags2 & SMB_FLAGS2.SMB_FLAGS2_UNICODE) !== 0;
}
