import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../probes/wire/reader.ts';
import { plain, readFixture } from './hex-file.ts';

/** One message and the fixture that pins it. */
export interface CodecContract<T> {
  readonly decode: (bytes: Uint8Array) => T;
  /** For messages that we or our fakes send. */
  readonly encode?: (message: T) => Uint8Array;
  /** Set where we send this very message: the object must encode to the fixture's bytes. */
  readonly exact?: true;
  /** A field that holds a length, a count or an offset: with all bits set, decoding must throw. */
  readonly limits: readonly {
    readonly field: string;
    readonly offset: number;
    readonly size: 1 | 2 | 3 | 4;
  }[];
  /**
   * Lengths at which the message may end early, where the specification or a real device makes a tail
   * optional.
   */
  readonly mayEndAt?: (length: number) => boolean;
}

/** The checks that hold for every codec. `name` is a fixture's. */
export function codecContract<T>(name: string, contract: CodecContract<T>): void {
  const { decode, encode, exact, limits, mayEndAt = () => false } = contract;
  const { bytes, expected } = readFixture(name);

  describe(name, () => {
    test('decodes to what the fixture says', () => {
      expect(plain(decode(bytes))).toEqual(expected);
    });

    test('throws DecodeError, and nothing else, wherever it is cut short', () => {
      for (let length = 0; length < bytes.length; length += 1) {
        const wanted = mayEndAt(length) ? 'a message' : 'a DecodeError';
        expect(verdict(decode, bytes.subarray(0, length)), `${length} bytes`).toBe(wanted);
      }
    });

    test.each(limits)('throws DecodeError when $field is all ones', ({ offset, size }) => {
      expect(verdict(decode, bytes.slice().fill(0xff, offset, offset + size))).toBe('a DecodeError');
    });

    test('throws nothing but DecodeError for random bytes, alone and behind a good beginning', () => {
      const tail = fc.uint8Array({ maxLength: 300 });
      const start = fc.nat({ max: bytes.length });
      // On failure fast-check prints the seed and the shortest bytes that it found.
      fc.assert(fc.property(tail, (random) => verdict(decode, random) !== 'another error'));
      fc.assert(
        fc.property(start, tail, (length, random) => {
          return verdict(decode, Uint8Array.of(...bytes.subarray(0, length), ...random)) !== 'another error';
        }),
      );
    });

    test('does not keep or change the bytes that it was given', () => {
      const given = bytes.slice();
      const message = plain(decode(given));
      const kept = decode(given);
      expect(given).toEqual(bytes);
      given.fill(0);
      expect(plain(kept)).toEqual(message);
    });

    if (encode !== undefined) {
      test('comes back the same from encoding and decoding', () => {
        expect(plain(decode(encode(decode(bytes))))).toEqual(expected);
      });
    }
    if (encode !== undefined && exact) {
      test('encodes to the bytes of the fixture', () => {
        expect(plain(encode(decode(bytes)))).toEqual(plain(bytes));
      });
    }
  });
}

/** How decoding ends. */
export function verdict(
  decode: (bytes: Uint8Array) => unknown,
  bytes: Uint8Array,
): 'a message' | 'a DecodeError' | 'another error' {
  try {
    decode(bytes);
    return 'a message';
  } catch (error) {
    return error instanceof DecodeError ? 'a DecodeError' : 'another error';
  }
}
