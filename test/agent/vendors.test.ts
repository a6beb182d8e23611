import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVendors } from '../../agent/vendors.ts';
// @ts-expect-error: build scripts are plain JavaScript without types.
import { buildVendors, vendorTable } from '../../scripts/build-vendors.mjs';
import { temporaryDirectory } from '../support/temporary-directory.ts';

function lookUpIn(bytes: Uint8Array) {
  const file = join(temporaryDirectory(), 'vendors.bin');
  writeFileSync(file, bytes);
  return openVendors(file);
}

/** The registry of this test, as the package has it: name, address, country. */
const REGISTRY = {
  '001132': 'Synology Incorporated\nNew Taipei City 220632\nTaiwan',
  '001133': 'Synology Incorporated\nNew Taipei City 220632\nTaiwan',
  '70B3D5': 'IEEE Registration Authority\nPiscataway NJ 08554',
  '70B3D5A': ' A Medium Maker \nSomewhere',
  '70B3D5ABC': 'BURG-WÄCHTER KG\nWetter',
  '00AABB': 'Private',
};

describe('the whole registry', () => {
  it('knows the manufacturers of a home network', () => {
    const file = join(temporaryDirectory(), 'vendors.bin');
    buildVendors(file);
    const vendorOf = openVendors(file);
    expect(vendorOf('00:11:32:aa:bb:cc')).toBe('Synology Incorporated');
    expect(vendorOf('00:15:5d:01:02:03')).toBe('Microsoft Corporation');
    expect(vendorOf('dc:a6:32:01:02:03')).toBe('Raspberry Pi Trading Ltd');
    expect(readFileSync(file).length).toBeLessThan(1_200_000);
  });
});

describe('the manufacturer of a MAC', () => {
  it('is the first line of the longest registered prefix', () => {
    const vendorOf = lookUpIn(vendorTable(REGISTRY));
    expect(vendorOf('00:11:32:00:00:00')).toBe('Synology Incorporated');
    expect(vendorOf('00:11:33:ff:ff:ff')).toBe('Synology Incorporated');
    expect(vendorOf('70:b3:d5:ab:c0:00')).toBe('BURG-WÄCHTER KG');
    expect(vendorOf('70:b3:d5:ab:d0:00')).toBe('A Medium Maker');
  });

  it('is unknown where nobody is named', () => {
    const vendorOf = lookUpIn(vendorTable(REGISTRY));
    expect(vendorOf('70:b3:d5:bb:d0:00')).toBeNull();
    expect(vendorOf('00:aa:bb:00:00:01')).toBeNull();
    expect(vendorOf('00:11:31:ff:ff:ff')).toBeNull();
    expect(vendorOf('fc:ff:ff:ff:ff:ff')).toBeNull();
  });

  it('is unknown for a randomised MAC, whatever is registered', () => {
    const vendorOf = lookUpIn(vendorTable({ ...REGISTRY, '02608C': '3COM' }));
    expect(vendorOf('02:60:8c:01:02:03')).toBeNull();
  });
});

describe('a table on disk', () => {
  it('holds one name for all its prefixes', () => {
    const bytes: Buffer = vendorTable(REGISTRY);
    expect(bytes.toString('latin1').split('Synology').length - 1).toBe(1);
  });

  it('has the layout that its reader describes', () => {
    const bytes: Buffer = vendorTable({ '70B3D5ABC': 'WMF\nGermany', '001132': 'Synology\nTaiwan' });
    const header = ['00000025', '00000002'];
    const records = ['0011320006', '000018', '70b3d5abc9', '000021'];
    const names = ['08', '53796e6f6c6f6779', '03', '574d46'];
    expect(bytes.toString('hex')).toBe([...header, ...records, ...names].join(''));
  });

  it('knows nobody while it is missing, and is read once it is there', () => {
    const file = join(temporaryDirectory(), 'vendors.bin');
    const vendorOf = openVendors(file);
    expect(vendorOf('00:11:32:aa:bb:cc')).toBeNull();
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, vendorTable(REGISTRY));
    expect(vendorOf('00:11:32:aa:bb:cc')).toBe('Synology Incorporated');
  });

  it('is asked once for each block of addresses', () => {
    const file = join(temporaryDirectory(), 'vendors.bin');
    writeFileSync(file, vendorTable(REGISTRY));
    const vendorOf = openVendors(file);
    expect(vendorOf('00:11:32:aa:bb:cc')).toBe('Synology Incorporated');
    expect(vendorOf('00:11:31:aa:bb:cc')).toBeNull();
    writeFileSync(file, '');
    expect(vendorOf('00:11:32:aa:bd:ee')).toBe('Synology Incorporated');
    expect(vendorOf('00:11:31:aa:bd:ee')).toBeNull();
    expect(vendorOf('00:11:33:aa:bb:cc')).toBeNull();
  });

  it('knows nobody when it is cut short, at whatever length', () => {
    const bytes: Buffer = vendorTable(REGISTRY);
    const lengths = Array.from({ length: bytes.length }, (_, length) => length);
    const known = lengths.filter(
      (length) => lookUpIn(bytes.subarray(0, length))('70:b3:d5:ab:c0:00') !== null,
    );
    expect(known).toEqual([]);
  });

  it('knows nobody when it is a directory or garbage', () => {
    const directory = join(temporaryDirectory(), 'vendors.bin');
    mkdirSync(directory);
    expect(openVendors(directory)('00:11:32:aa:bb:cc')).toBeNull();
    expect(lookUpIn(Buffer.alloc(64, 0xff))('00:11:32:aa:bb:cc')).toBeNull();
  });
});
