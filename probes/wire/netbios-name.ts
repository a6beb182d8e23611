/**
 * NetBIOS names, RFC 1001 §14.1 (first-level encoding) and RFC 1002 §4.1 (second-level encoding, with the
 * compression pointers of RFC 1035 §4.1.4). A name is 15 bytes and a suffix; each of the 16 bytes is sent as
 * two letters. Pointer offsets are counted from the first byte of the datagram.
 *
 *  offset  size
 *       0     1  label length, always 0x20
 *       1    32  two letters for each byte: 'A' + high nibble, 'A' + low nibble
 *      33     1  0x00, the root label: we send no scope
 */
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** A name without its padding. Text is one character a byte: the code page is the host's own and unknown. */
export interface NetbiosName {
  readonly name: string;
  /** The 16th byte: what registered the name. */
  readonly suffix: number;
}

/** Suffixes that we ask for or use; the others stay numbers. */
export const SUFFIX = { WORKSTATION: 0x00, FILE_SERVER: 0x20 } as const;

/**
 * "Whoever you are": the name of a node status request. It alone is padded with NUL; see `writeNetbiosName`.
 */
export const WILDCARD: NetbiosName = { name: '*', suffix: 0x00 };

export const NAME_LENGTH = 15;
const PADDED_LENGTH = 16;
const ENCODED_LENGTH = 2 * PADDED_LENGTH;
const LETTER_A = 0x41;
const LARGEST_NIBBLE = 0x0f;
/** A label length with both upper bits set is a pointer. */
const POINTER = 0xc0;
const LARGEST_LABEL = 0x3f;
/** A name in a hostile datagram may jump this often, each time backwards. */
const MOST_JUMPS = 8;
const LONGEST_NAME = 255;
/** Asked of every address of every sweep. */
const ENCODED_WILDCARD = lettersOf(WILDCARD);

/**
 * Writes 34 bytes: the name in ASCII upper case, padded with spaces to 15 bytes, and its suffix. A
 * space-padded wildcard would be a different name, which many hosts do not answer.
 * @throws RangeError for a name of more than 15 bytes or with characters above U+00FF.
 */
export function writeNetbiosName(writer: Writer, name: NetbiosName): void {
  writer.uint8(ENCODED_LENGTH);
  writer.bytes(name === WILDCARD ? ENCODED_WILDCARD : lettersOf(name));
  writer.uint8(0);
}

/** First-level encoding: two letters for each of the 16 bytes. */
function lettersOf({ name, suffix }: NetbiosName): Uint8Array {
  if (name.length > NAME_LENGTH) throw new RangeError(`NetBIOS name of ${name.length} bytes, at most 15`);
  const filler = name === WILDCARD.name ? '\0' : ' ';
  const padded = name.replace(/[a-z]/g, (letter) => letter.toUpperCase()).padEnd(NAME_LENGTH, filler);
  const bytes = [...Array.from(padded, (character) => character.charCodeAt(0)), suffix];
  if (bytes.some((byte) => byte > 0xff))
    throw new RangeError(`NetBIOS name "${name}" has characters above U+00FF`);
  return Uint8Array.from(bytes.flatMap((byte) => [LETTER_A + (byte >>> 4), LETTER_A + (byte & 0x0f)]));
}

/**
 * The name at the cursor, which is left behind the name even when a pointer led elsewhere. Scope labels are
 * read and dropped: we never ask with a scope.
 * @throws DecodeError for a label that is not first-level encoded, a pointer that does not lead backwards,
 * more than 8 pointers or more than 255 bytes.
 */
export function readNetbiosName(reader: Reader): NetbiosName {
  let cursor = reader;
  let jumps = 0;
  let length = 0;
  let name: NetbiosName | null = null;
  for (;;) {
    const start = cursor.offset;
    const label = cursor.uint8('label length');
    if (label >= POINTER) {
      jumps += 1;
      if (jumps > MOST_JUMPS) throw cursor.wrong(`at most ${MOST_JUMPS} pointers`, 'one more');
      const target = ((label & ~POINTER) << 8) | cursor.uint8('label pointer');
      if (target >= start) throw cursor.wrong(`an offset before ${start}`, target);
      cursor = cursor.window(target, start - target, 'label pointer');
    } else if (label === 0) {
      if (name === null) throw cursor.wrong('a label of 32 letters', label);
      return name;
    } else {
      length += 1 + label;
      if (label > LARGEST_LABEL || length > LONGEST_NAME) throw cursor.wrong('a shorter label', label);
      if (name === null) name = readFirstLevel(cursor, label);
      else cursor.skip(label, 'scope');
    }
  }
}

function readFirstLevel(reader: Reader, length: number): NetbiosName {
  if (length !== ENCODED_LENGTH) throw reader.wrong('a label of 32 letters', length);
  const bytes = Array.from({ length: PADDED_LENGTH }, () => (readNibble(reader) << 4) | readNibble(reader));
  return {
    name: trimPadding(String.fromCharCode(...bytes.slice(0, NAME_LENGTH))),
    suffix: bytes[NAME_LENGTH] ?? 0,
  };
}

function readNibble(reader: Reader): number {
  const nibble = reader.uint8('encoded name') - LETTER_A;
  if (nibble < 0 || nibble > LARGEST_NIBBLE) throw reader.wrong('a letter A to P', nibble + LETTER_A);
  return nibble;
}

/** Spaces and NULs at the end are padding: RFC 1001 wants spaces, some hosts pad with NUL. */
export function trimPadding(text: string): string {
  return text.replace(/[ \0]+$/, '');
}
