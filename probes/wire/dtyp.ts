/** Common types of [MS-DTYP]: GUID (2.3.4) and FILETIME (2.3.3). Little endian. */

const GUID_LENGTH = 16;
/** Where each byte of the text stands in the packet: the first three groups are little endian, 2.3.4.2. */
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;
const GUID_TEXT = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/i;
const HUNDREDS_OF_NANOSECONDS_PER_MILLISECOND = 10_000n;
const MILLISECONDS_FROM_1601_TO_1970 = 11_644_473_600_000;

/** Sixteen bytes as text, upper case with dashes and without braces, 2.3.4.3. */
export function guidText(guid: Uint8Array): string {
  if (guid.length !== GUID_LENGTH) throw new RangeError(`GUID of ${guid.length} bytes`);
  const hex = GUID_ORDER.map((i) => (guid[i] ?? 0).toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5').toUpperCase();
}

/** The reverse of `guidText`: sixteen bytes as they are sent. */
export function guidBytes(text: string): Uint8Array {
  if (!GUID_TEXT.test(text)) throw new RangeError(`no GUID: ${text}`);
  const hex = text.replaceAll('-', '');
  return Uint8Array.from(GUID_ORDER, (i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** Milliseconds UTC since 1970, rounded down; null for 0, with which a server says that it does not tell. */
export function filetimeToMilliseconds(filetime: bigint): number | null {
  if (filetime === 0n) return null;
  return Number(filetime / HUNDREDS_OF_NANOSECONDS_PER_MILLISECOND) - MILLISECONDS_FROM_1601_TO_1970;
}

/** The FILETIME of a whole millisecond UTC since 1970. */
export function millisecondsToFiletime(milliseconds: number): bigint {
  return BigInt(milliseconds + MILLISECONDS_FROM_1601_TO_1970) * HUNDREDS_OF_NANOSECONDS_PER_MILLISECOND;
}
