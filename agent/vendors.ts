import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isGloballyAdministered, type VendorOf } from '../domain/host.ts';

/*
 * The table of network card manufacturers stays on disk: 53,000 prefixes in 1.1 MB, of which a look-up reads some fifty
 * pieces of eight bytes. scripts/build-vendors.mjs makes it from the IEEE registry (package oui-data). Integers are
 * big-endian, offsets are measured from the beginning of the file.
 *
 *   offset  size   field
 *   0       4      size of the file
 *   4       4      n, the number of records
 *   8       8 * n  records, ascending: 5 bytes key, 3 bytes offset of the name
 *   …       …      names, each once: 1 byte length, then UTF-8
 *
 * A key is ten hex digits: the prefix, filled up with zeros to nine, and the number of its digits.
 */
const HEADER_SIZE = 8;
const KEY_SIZE = 5;
const RECORD_SIZE = 8;
/** The IEEE sells blocks of three sizes, the smaller ones cut out of the larger: MA-S, MA-M, MA-L. */
const PREFIX_DIGITS = [9, 7, 6];
const LONGEST_PREFIX = 9;
/** Answers that are kept: a sweep asks for each network card some ten times, and a look-up costs up to fifty reads. */
const MOST_KEPT = 1_024;

/**
 * Looks manufacturers up in the table `file`, which is opened at the first question and stays open. The longest
 * registered prefix wins. Null for a MAC that is not registered or locally administered, and for all where the file is
 * missing, unreadable or cut short: a manufacturer is an ornament that must not stop a sweep.
 */
export function openVendors(file: string): VendorOf {
  let table: Table | null = null;
  const kept = new Map<string, string | null>();
  return (mac) => {
    if (!isGloballyAdministered(mac)) return null;
    table ??= openTable(file);
    if (table === null) return null;
    const prefix = mac.replaceAll(':', '').slice(0, LONGEST_PREFIX);
    const known = kept.get(prefix);
    if (known !== undefined) return known;
    const vendor = vendorIn(table, prefix);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(prefix, vendor);
    return vendor;
  };
}

interface Table {
  readonly fd: number;
  /** Of records. */
  readonly count: number;
}

/** Null where there is no whole table; the next question tries again. */
function openTable(file: string): Table | null {
  const fd = openIfThere(file);
  if (fd === null) return null;
  const header = read(fd, HEADER_SIZE, 0);
  if (header !== null && header.readUInt32BE(0) === fstatSync(fd).size) {
    return { fd, count: header.readUInt32BE(4) };
  }
  closeSync(fd);
  return null;
}

function openIfThere(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch {
    return null;
  }
}

function vendorIn(table: Table, hex: string): string | null {
  for (const digits of PREFIX_DIGITS) {
    const key = Number.parseInt(`${hex.slice(0, digits).padEnd(9, '0')}${digits}`, 16);
    const offset = findName(table, key);
    if (offset !== null) return nameAt(table, offset);
  }
  return null;
}

/** Offset of the name that belongs to `key`; binary search. */
function findName({ fd, count }: Table, key: number): number | null {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = read(fd, RECORD_SIZE, HEADER_SIZE + middle * RECORD_SIZE);
    if (record === null) return null;
    const found = record.readUIntBE(0, KEY_SIZE);
    if (found === key) return record.readUIntBE(KEY_SIZE, RECORD_SIZE - KEY_SIZE);
    if (found < key) low = middle + 1;
    else high = middle;
  }
  return null;
}

function nameAt({ fd }: Table, offset: number): string | null {
  const length = read(fd, 1, offset)?.readUInt8();
  return length === undefined ? null : (read(fd, length, offset + 1)?.toString('utf8') ?? null);
}

/** Exactly `size` bytes, or null where the file ends before or cannot be read. */
function read(fd: number, size: number, position: number): Buffer | null {
  const bytes = Buffer.alloc(size);
  try {
    return readSync(fd, bytes, 0, size, position) === size ? bytes : null;
  } catch {
    return null;
  }
}
