import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cidrRange,
  compareAddresses,
  fromNumber,
  isAddress,
  isLoopback,
  liesWithin,
  PRIVATE_RANGES,
  rangeText,
  toNumber,
} from '../../domain/address.ts';
import { parseTarget } from '../../domain/target.ts';

const anyAddress = fc.ipV4();
const anyNumber = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('an address as a number', () => {
  it('counts the first byte highest', () => {
    expect(toNumber('0.0.0.0')).toBe(0);
    expect(toNumber('192.168.1.20')).toBe(0xc0_a8_01_14);
    expect(toNumber('255.255.255.255')).toBe(0xff_ff_ff_ff);
    expect(fromNumber(0x0a_00_00_ff)).toBe('10.0.0.255');
  });

  it('comes back the same, both ways', () => {
    fc.assert(fc.property(anyAddress, (address) => fromNumber(toNumber(address)) === address));
    fc.assert(fc.property(anyNumber, (number) => toNumber(fromNumber(number)) === number));
  });

  it.each(['', '10.1', '0x7f.0.0.1', '010.0.0.1', '1.2.3.4.5', '256.0.0.1', '::1', 'nas'])(
    'refuses %j, which is not dotted-quad',
    (text) => {
      expect(isAddress(text)).toBe(false);
      expect(() => toNumber(text)).toThrow(TypeError);
    },
  );

  it('sorts addresses by number, not by text', () => {
    const sorted = ['10.0.0.10', '9.255.0.0', '10.0.0.9', '192.168.0.1'].sort(compareAddresses);
    expect(sorted).toEqual(['9.255.0.0', '10.0.0.9', '10.0.0.10', '192.168.0.1']);
  });
});

describe('a range', () => {
  it('is the whole subnet, whichever of its addresses the CIDR names', () => {
    const whole = { first: toNumber('192.168.1.0'), last: toNumber('192.168.1.255') };
    expect(cidrRange('192.168.1.0/24')).toEqual(whole);
    expect(cidrRange('192.168.1.77/24')).toEqual(whole);
    expect(cidrRange('10.0.0.5/32')).toEqual({ first: toNumber('10.0.0.5'), last: toNumber('10.0.0.5') });
    expect(cidrRange('0.0.0.0/0')).toEqual({ first: 0, last: 2 ** 32 - 1 });
  });

  it.each([
    ['192.168.1.0', '192.168.1.255', '192.168.1.0/24'],
    ['192.168.1.20', '192.168.1.20', '192.168.1.20'],
    ['192.168.1.10', '192.168.1.11', '192.168.1.10/31'],
    ['192.168.1.1', '192.168.1.2', '192.168.1.1-192.168.1.2'],
    ['192.168.1.10', '192.168.1.40', '192.168.1.10-192.168.1.40'],
  ])('from %s to %s is written %s', (first, last, text) => {
    expect(rangeText({ first: toNumber(first), last: toNumber(last) })).toBe(text);
  });

  it('is written so that it reads back as the same range', () => {
    const base = toNumber('10.0.0.0');
    const offset = fc.nat({ max: 2 ** 24 - 1 });
    fc.assert(
      fc.property(offset, offset, (a, b) => {
        const range = { first: base + Math.min(a, b), last: base + Math.max(a, b) };
        expect(parseTarget(rangeText(range))).toMatchObject(range);
      }),
    );
  });

  it('lies within another only as a whole', () => {
    const outer = [cidrRange('192.168.0.0/16')];
    expect(liesWithin(cidrRange('192.168.255.0/24'), outer)).toBe(true);
    expect(liesWithin(outer[0]!, outer)).toBe(true);
    expect(liesWithin({ first: toNumber('192.168.255.255'), last: toNumber('192.169.0.0') }, outer)).toBe(
      false,
    );
  });
});

it.each([
  ['10.0.0.0', '10.255.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['169.254.0.0', '169.254.255.255'],
  ['127.0.0.0', '127.255.255.255'],
])('calls %s to %s private, and neither neighbour of it', (first, last) => {
  const isPrivate = (number: number) => liesWithin({ first: number, last: number }, PRIVATE_RANGES);
  expect([toNumber(first), toNumber(last)].map(isPrivate)).toEqual([true, true]);
  expect([toNumber(first) - 1, toNumber(last) + 1].map(isPrivate)).toEqual([false, false]);
});

it('knows loopback by its first byte', () => {
  expect(['127.0.0.1', '127.255.0.3', '128.0.0.1', '12.7.0.1'].map(isLoopback)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
