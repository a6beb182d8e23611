/** Most messages of ours are shorter. */
const FIRST_ROOM = 256;

/**
 * Collects the bytes of one message. A value that does not fit its field is a bug of the caller: RangeError.
 */
export class Writer {
  #bytes = new Uint8Array(FIRST_ROOM);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** How many bytes were written, which is also the offset of the next one. */
  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    const at = this.#takeFor(value, 1);
    this.#view.setUint8(at, value);
    return this;
  }

  uint16be(value: number): this {
    const at = this.#takeFor(value, 2);
    this.#view.setUint16(at, value);
    return this;
  }

  uint32be(value: number): this {
    const at = this.#takeFor(value, 4);
    this.#view.setUint32(at, value);
    return this;
  }

  uint16le(value: number): this {
    const at = this.#takeFor(value, 2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  /** Signed, two's complement. */
  int16le(value: number): this {
    if (value < -0x8000 || value > 0x7fff) throw new RangeError(`${value} does not fit 2 bytes`);
    return this.uint16le(value < 0 ? value + 0x1_0000 : value);
  }

  uint32le(value: number): this {
    const at = this.#takeFor(value, 4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  uint64le(value: bigint): this {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${value} does not fit 8 bytes`);
    return this.uint32le(Number(value & 0xffff_ffffn)).uint32le(Number(value >> 32n));
  }

  bytes(bytes: Iterable<number>): this {
    if (bytes instanceof Uint8Array) {
      const start = this.#take(bytes.length);
      this.#bytes.set(bytes, start);
    } else for (const byte of bytes) this.uint8(byte);
    return this;
  }

  /** `bytes`, which must be exactly `length` long. */
  fixed(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`);
    return this.bytes(bytes);
  }

  zeros(count: number): this {
    this.#take(count);
    return this;
  }

  /** One byte a character, U+0000 to U+00FF. */
  latin1(text: string): this {
    for (const character of text) this.uint8(character.codePointAt(0) ?? 0);
    return this;
  }

  /** UTF-16, little endian, no NUL at the end. */
  utf16le(text: string): this {
    for (let i = 0; i < text.length; i += 1) this.uint16le(text.charCodeAt(i));
    return this;
  }

  /**
   * Zeros up to the next multiple of `multiple`, counted from the start of this message; none if it is there.
   */
  align(multiple: number): this {
    return this.zeros(padding(this.length, multiple));
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Where the next `width` bytes lie, that hold `value`. */
  #takeFor(value: number, width: 1 | 2 | 4): number {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
      throw new RangeError(`${value} does not fit ${width} bytes`);
    }
    return this.#take(width);
  }

  /** Where the next `count` bytes lie, zero so far. */
  #take(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }
}

/** How many bytes are missing from `length` to the next multiple of `multiple`. */
export function padding(length: number, multiple: number): number {
  return (multiple - (length % multiple)) % multiple;
}
