/** Makes the table of network card manufacturers from the IEEE registry. agent/vendors.ts describes and reads it. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Not manufacturers: blocks that the IEEE sold on in parts, and owners who do not want to be named. */
const NOBODY = ['IEEE Registration Authority', 'Private'];

/** Writes the table of the whole registry (package oui-data) to `file`. */
export function buildVendors(file) {
  writeFileSync(file, vendorTable(createRequire(import.meta.url)('oui-data')));
}

/**
 * The table as bytes. `registry`: entries by prefix (6, 7 or 9 hex digits); the first line of an entry is the name.
 * @param {Readonly<Record<string, string>>} registry
 */
export function vendorTable(registry) {
  const blocks = Object.entries(registry)
    .map(([prefix, entry]) => ({
      key: `${prefix.padEnd(9, '0')}${prefix.length}`,
      name: entry.split('\n')[0].trim(),
    }))
    .filter(({ name }) => name !== '' && !NOBODY.includes(name))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const header = Buffer.alloc(8);
  const names = nameTable(
    blocks.map(({ name }) => name),
    header.length + blocks.length * 8,
  );
  const records = blocks.map(({ key, name }) => {
    const record = Buffer.alloc(8);
    record.write(key, 'hex');
    record.writeUIntBE(names.offsets.get(name), 5, 3);
    return record;
  });
  const table = Buffer.concat([header, ...records, names.bytes]);
  table.writeUInt32BE(table.length, 0);
  table.writeUInt32BE(blocks.length, 4);
  return table;
}

/** Each name once, and where it lies when the first lies at `start`. */
function nameTable(names, start) {
  const offsets = new Map();
  const parts = [];
  let end = start;
  for (const name of new Set(names)) {
    const text = Buffer.from(name);
    const length = Buffer.alloc(1);
    length.writeUInt8(text.length);
    offsets.set(name, end);
    parts.push(length, text);
    end += length.length + text.length;
  }
  return { offsets, bytes: Buffer.concat(parts) };
}
