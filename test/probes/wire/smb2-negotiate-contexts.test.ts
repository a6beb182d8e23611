import { describe, expect, test } from 'vitest';
import { DecodeError, Reader } from '../../../probes/wire/reader.ts';
import {
  contextListOffset,
  encodeContexts,
  type NegotiateContexts,
  readContexts,
  writeContexts,
} from '../../../probes/wire/smb2-negotiate-contexts.ts';
import { Writer } from '../../../probes/wire/writer.ts';
import { bytesOf } from '../../support/hex-file.ts';

const NONE: NegotiateContexts = {
  preauthIntegrity: null,
  ciphers: null,
  compression: null,
  signingAlgorithms: null,
  others: [],
};

test('the list begins at the next multiple of 8', () => {
  expect([100, 102, 104, 106, 108, 110, 112].map(contextListOffset)).toEqual([
    104, 104, 104, 112, 112, 112, 112,
  ]);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
  'contexts with %i ciphers come back, the last one without padding',
  (count) => {
    const ciphers = Array.from({ length: count }, (_, i) => i + 1);
    const contexts = { ...NONE, ciphers, signingAlgorithms: [2, 1, 0] };
    const bytes = written(contexts);
    expect(bytes).toHaveLength(contextListOffset(8 + 2 + 2 * count) + 8 + 2 + 6);
    expect(readContexts(new Reader(bytes, 'example'), 2)).toEqual(contexts);
  },
);

test('types that are not understood are kept as bytes, in order', () => {
  const others = [
    { contextType: 0x0100, data: Uint8Array.of(1, 2, 3) },
    { contextType: 0x0005, data: new Uint8Array() },
    { contextType: 0x0100, data: Uint8Array.of(4) },
  ];
  expect(readContexts(new Reader(written({ ...NONE, others }), 'example'), 3)).toEqual({ ...NONE, others });
});

describe('refused is', () => {
  test('a second context of a type that is understood', () => {
    const twice = bytesOf('0200 0400 00000000 0100 0200 00000000 0200 0400 00000000 0100 0200');
    expect(() => readContexts(new Reader(twice, 'example'), 2)).toThrow('a type that was not there before');
  });

  test('a list that is longer than the data of its context', () => {
    const ciphers = bytesOf('0200 0400 00000000 0200 0200 0100 0000');
    expect(() => readContexts(new Reader(ciphers, 'example'), 1)).toThrow('Ciphers at offset 12');
  });

  test('more than 32 contexts', () => {
    const many = bytesOf('0500 0000 00000000'.repeat(33));
    expect(readContexts(new Reader(many, 'example'), 32).others).toHaveLength(32);
    expect(() => readContexts(new Reader(many, 'example'), 33)).toThrow('at most 32');
  });

  test('a second context that would begin beyond the end', () => {
    const one = bytesOf('0200 0400 00000000 0100 0200');
    expect(() => readContexts(new Reader(one, 'example'), 2)).toThrow(DecodeError);
  });
});

function written(contexts: NegotiateContexts): Uint8Array {
  const writer = new Writer();
  writeContexts(writer, encodeContexts(contexts));
  return writer.finish();
}
