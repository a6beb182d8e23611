import type { FindingId } from '../domain/finding.ts';
import type { HostId } from '../domain/host.ts';

/** Cryptographic randomness, so many bytes. */
export type Random = (bytes: number) => Uint8Array;

/** Crockford's base 32, lower case: no i, l, o, u. */
const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';

/** `a` + 8 hex digits. */
export function newAgentId(random: Random): string {
  return `a${hex(random(4))}`;
}

/** `u` + 12 hex digits, for a host without a MAC to go by. */
export function newHostId(random: Random): HostId {
  return `u${hex(random(6))}`;
}

/** `f_` + 6 characters; about a thousand million of them, so ask `taken` about each. */
export function newFindingId(random: Random, taken: (id: FindingId) => boolean): FindingId {
  for (;;) {
    const id = `f_${base32(random(6))}`;
    if (!taken(id)) return id;
  }
}

/** A ULID: 10 characters of the time in milliseconds, 16 of randomness; sorts by time. */
export function newEventId(random: Random, at: number): string {
  const time = Array.from({ length: 10 }, (_, i) => BASE32[Math.floor(at / 32 ** (9 - i)) % 32]).join('');
  return `${time}${base32(random(16))}`.toUpperCase();
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function base32(bytes: Uint8Array): string {
  return [...bytes].map((byte) => BASE32[byte % 32]).join('');
}
