/** A message whose bytes are not what its specification says. `wanted` and `present` are text for people. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  /** The specification's structure, as its file calls it: `NODE STATUS RESPONSE`. */
  readonly structure: string;
  readonly field: string;
  /** Where the field begins, or was said to begin, in bytes from the start of the message. */
  readonly offset: number;
  readonly wanted: string;
  readonly present: string;

  constructor(at: {
    readonly structure: string;
    readonly field: string;
    readonly offset: number;
    readonly wanted: string;
    readonly present: string;
  }) {
    super(`${at.structure}: ${at.field} at offset ${at.offset}: wanted ${at.wanted}, present ${at.present}`);
    this.structure = at.structure;
    this.field = at.field;
    this.offset = at.offset;
    this.wanted = at.wanted;
    this.present = at.present;
  }
}

/**
 * A cursor over one message. Every read names its field and is checked: what does not fit throws DecodeError,
 * nothing is ever cut short. Offsets are counted from the first byte of the message, in windows too. Bytes
 * are copied out.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #structure: string;
  readonly #end: number;
  #offset: number;
  #last = { field: 'message', offset: 0 };

  /** Reads `bytes`, or only the part from `range.start` to before `range.end`, which must lie within. */
  constructor(bytes: Uint8Array, structure: string, range = { start: 0, end: bytes.length }) {
    if (range.start < 0 || range.start > range.end || range.end > bytes.length) {
      throw new RangeError(`no range ${range.start} to ${range.end} in ${bytes.length} bytes`);
    }
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#structure = structure;
    this.#offset = range.start;
    this.#end = range.end;
  }

  /** Where the next read begins. */
  get offset(): number {
    return this.#offset;
  }

  /** How many bytes are left to read. */
  get remaining(): number {
    return this.#end - this.#offset;
  }

  uint8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  uint16be(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  uint16le(field: string): number {
    return this.#view.getUint16(this.#take(2, field), true);
  }

  int16le(field: string): number {
    return this.#view.getInt16(this.#take(2, field), true);
  }

  uint32le(field: string): number {
    return this.#view.getUint32(this.#take(4, field), true);
  }

  uint64le(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field), true);
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number, field: string): Uint8Array {
    const start = this.#take(length, field);
    return this.#bytes.slice(start, start + length);
  }

  /** The next `length` bytes as text, one character a byte, whatever code page they were meant in. */
  latin1(length: number, field: string): string {
    return latin1Text(this.bytes(length, field));
  }

  skip(length: number, field: string): void {
    this.#take(length, field);
  }

  /** A reader of its own for `length` bytes from `offset` on; this cursor stays where it is. */
  window(offset: number, length: number, field: string): Reader {
    if (offset < 0 || length < 0 || offset > this.#end || length > this.#end - offset) {
      throw this.#error(field, offset, bytesText(length), bytesText(Math.max(0, this.#end - offset)));
    }
    return new Reader(this.#bytes, this.#structure, { start: offset, end: offset + length });
  }

  /**
   * A reader of its own from `offset` to the end.
   * @throws DecodeError when that is before this cursor or outside.
   */
  from(offset: number, field: string): Reader {
    if (offset < this.#offset || offset > this.#end) {
      throw this.#error(field, offset, `an offset from ${this.#offset} to ${this.#end}`, `${offset}`);
    }
    return this.window(offset, this.#end - offset, field);
  }

  /** @throws DecodeError about the field read last, unless it holds the one value that it may. */
  expect(present: number, wanted: number): void {
    if (present !== wanted) throw this.wrong(hexText(wanted), present);
  }

  /** The error for a value, the one read last, that is well within the message but not allowed. */
  wrong(wanted: string, present: number | string): DecodeError {
    const { field, offset } = this.#last;
    return this.#error(field, offset, wanted, typeof present === 'number' ? hexText(present) : present);
  }

  #take(length: number, field: string): number {
    const start = this.#offset;
    if (length < 0 || length > this.#end - start) {
      throw this.#error(field, start, bytesText(length), bytesText(this.#end - start));
    }
    this.#offset = start + length;
    this.#last = { field, offset: start };
    return start;
  }

  #error(field: string, offset: number, wanted: string, present: string): DecodeError {
    return new DecodeError({ structure: this.#structure, field, offset, wanted, present });
  }
}

/** One character a byte, U+0000 to U+00FF. */
export function latin1Text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function bytesText(length: number): string {
  return length === 1 ? '1 byte' : `${length} bytes`;
}

function hexText(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
}
