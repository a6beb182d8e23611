/**
 * Collects the bytes of one message. A value that does not fit its field is a bug of the caller: RangeError.
 */
export class Writer {
  readonly #bytes: number[] = [];

  /** How many bytes were written, which is also the offset of the next one. */
  get length(): number {
    return this.#bytes.length;
  }

  uint8(value: number): this {
    return this.#integer(value, 1, 'big');
  }

  uint16be(value: number): this {
    return this.#integer(value, 2, 'big');
  }

  uint32be(value: number): this {
    return this.#integer(value, 4, 'big');
  }

  uint16le(value: number): this {
    return this.#integer(value, 2, 'little');
  }

  /** Signed, two's complement. */
  int16le(value: number): this {
    if (value < -0x8000 || value > 0x7fff) throw new RangeError(`${value} does not fit 2 bytes`);
    return this.uint16le(value < 0 ? value + 0x1_0000 : value);
  }

  uint32le(value: number): this {
    return this.#integer(value, 4, 'little');
  }

  uint64le(value: bigint): this {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`${value} does not fit 8 bytes`);
    return this.uint32le(Number(value & 0xffff_ffffn)).uint32le(Number(value >> 32n));
  }

  bytes(bytes: Iterable<number>): this {
    for (const byte of bytes) this.uint8(byte);
    return this;
  }

  /** `bytes`, which must be exactly `length` long. */
  fixed(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`);
    return this.bytes(bytes);
  }

  zeros(count: number): this {
    for (let i = 0; i < count; i += 1) this.#bytes.push(0);
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
    return Uint8Array.from(this.#bytes);
  }

  #integer(value: number, width: 1 | 2 | 4, order: 'big' | 'little'): this {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
      throw new RangeError(`${value} does not fit ${width} bytes`);
    }
    for (let i = 0; i < width; i += 1) {
      const shift = 8 * (order === 'little' ? i : width - 1 - i);
      this.#bytes.push((value >>> shift) & 0xff);
    }
    return this;
  }
}

/** How many bytes are missing from `length` to the next multiple of `multiple`. */
export function padding(length: number, multiple: number): number {
  return (multiple - (length % multiple)) % multiple;
}
