import { describe, expect, it } from 'vitest';
import { AddressSet } from '../../domain/address-set.ts';

describe('a set of addresses', () => {
  it('holds what was put in, once, and nothing beside it', () => {
    const set = new AddressSet(['192.168.1.0', '192.168.1.31', '192.168.1.32', '192.168.1.255', '10.0.0.31']);
    set.add('192.168.1.31');
    expect(set.size).toBe(5);
    for (const address of ['192.168.1.0', '192.168.1.31', '192.168.1.32', '192.168.1.255', '10.0.0.31'])
      expect(set.has(address)).toBe(true);
    for (const address of ['192.168.1.1', '192.168.1.63', '192.168.2.31', '10.0.0.0', '92.168.1.0'])
      expect(set.has(address)).toBe(false);
  });

  it('gives all 256 of a /24 back, in ascending order', () => {
    const all = Array.from({ length: 256 }, (_, last) => `10.1.2.${last}`);
    const set = new AddressSet(all.toReversed());
    expect([...set]).toEqual(all);
    expect(set.size).toBe(256);
  });

  it('is empty without addresses', () => {
    expect([...new AddressSet()]).toEqual([]);
  });
});
