import { describe, expect, test } from 'vitest';
import {
  readNetbiosName,
  trimPadding,
  WILDCARD,
  writeNetbiosName,
} from '../../../probes/wire/netbios-name.ts';
import { latin1Text, Reader } from '../../../probes/wire/reader.ts';
import { Writer } from '../../../probes/wire/writer.ts';
import { bytesOf } from '../../support/hex-file.ts';

/** `WORKGROUP` <00>, 34 bytes, letter by letter from RFC 1001 §14.1. */
const WORKGROUP = `20${text('FHEPFCELEHFCEPFFFACACACACACACAAA')}00`;

describe('writing', () => {
  test('pads with spaces and writes in upper case', () => {
    expect(encoded('WorkGroup', 0x00)).toBe(latin1Text(bytesOf(WORKGROUP)));
  });

  test('pads the wildcard with NUL', () => {
    expect(encoded(WILDCARD.name, WILDCARD.suffix)).toBe(` CK${'A'.repeat(30)}\0`);
  });

  test('pads *SMBSERVER with spaces', () => {
    expect(encoded('*SMBSERVER', 0x20)).toBe(' CKFDENECFDEFFCFGEFFCCACACACACACA\0');
  });

  test('refuses a name of sixteen bytes and one that no code page holds', () => {
    expect(() => encoded('SIXTEEN-BYTES-XX', 0)).toThrow(RangeError);
    expect(() => encoded('日本', 0)).toThrow(RangeError);
  });
});

describe('reading', () => {
  test('takes padding and suffix off', () => {
    expect(read(WORKGROUP)).toEqual({ name: 'WORKGROUP', suffix: 0x00 });
  });

  test('leaves the cursor behind the name, and behind a pointer if it ended with one', () => {
    const reader = new Reader(bytesOf(`${WORKGROUP}c000ff`), 'name');
    readNetbiosName(reader);
    expect(reader.offset).toBe(34);
    expect(readNetbiosName(reader)).toEqual({ name: 'WORKGROUP', suffix: 0x00 });
    expect(reader.offset).toBe(36);
  });

  test('drops a scope', () => {
    const scoped = `20${text('FHEPFCELEHFCEPFFFACACACACACACAAA')}07${text('EXAMPLE')}03${text('COM')}00`;
    expect(read(scoped)).toEqual({ name: 'WORKGROUP', suffix: 0x00 });
  });

  test.each([
    ['a label that is not 32 letters long', `03${text('WWW')}00`, 'a label of 32 letters'],
    ['an empty name', '00', 'a label of 32 letters'],
    ['letters beyond P', `20${text('Q'.repeat(32))}00`, 'a letter A to P'],
    ['letters before A', `20${text('@'.repeat(32))}00`, 'a letter A to P'],
    ['a label of the reserved kind', `20${text('A'.repeat(32))}40`, 'a shorter label'],
    [
      'a scope that ends nowhere',
      `20${text('A'.repeat(32))}${`3f${'41'.repeat(63)}`.repeat(4)}00`,
      'a shorter label',
    ],
    ['a pointer at itself', 'c000', 'an offset before 0'],
    ['a pointer forwards', `c002${WORKGROUP}`, 'an offset before 0'],
  ])('refuses %s', (_, hex, wanted) => {
    expect(() => read(hex)).toThrow(wanted);
  });

  test('refuses a name that runs back into the pointer that led to it', () => {
    const name = `20${text('A'.repeat(32))}`;
    const reader = new Reader(bytesOf(`${name}c000`), 'name', { start: 33, end: 35 });
    expect(() => readNetbiosName(reader)).toThrow('wanted 1 byte, present 0 bytes');
  });

  test('follows eight pointers and not nine', () => {
    expect(readChain(8)).toEqual({ name: 'WORKGROUP', suffix: 0x00 });
    expect(() => readChain(9)).toThrow('at most 8 pointers');
  });

  /** A name, then pointers each to the one before; reads the last of them. */
  function readChain(pointers: number): unknown {
    const at = (hop: number) => (hop === 0 ? 0 : 34 + 2 * (hop - 1));
    const hops = Array.from({ length: pointers }, (_, hop) => (0xc000 + at(hop)).toString(16));
    const bytes = bytesOf(WORKGROUP + hops.join(''));
    return readNetbiosName(new Reader(bytes, 'name', { start: at(pointers), end: bytes.length }));
  }
});

test('trims spaces and NULs at the end only', () => {
  expect(trimPadding(' A B \0 \0')).toBe(' A B');
  expect(trimPadding('\u0001\u0002__MSBROWSE__\u0002')).toBe('\u0001\u0002__MSBROWSE__\u0002');
});

function encoded(name: string, suffix: number): string {
  const writer = new Writer();
  writeNetbiosName(writer, { name, suffix });
  return latin1Text(writer.finish());
}

function read(hex: string): unknown {
  return readNetbiosName(new Reader(bytesOf(hex), 'name'));
}

function text(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('hex');
}
