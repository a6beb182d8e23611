import type { Address } from '../../domain/address.ts';
import type { HostId, HostRecord } from '../../domain/host.ts';
import type { Coverage } from '../../domain/target.ts';
import type { Random } from '../ids.ts';

/** Addresses of known hosts first, so that their results come early; the others in random order. */
export function* knownFirst(
  addresses: readonly Address[],
  known: ReadonlyMap<HostId, HostRecord>,
  random: Random,
): Generator<Address> {
  const expected = presentAddresses(known);
  const order = shuffledIndexes(addresses.length, random);
  for (const wanted of [true, false]) {
    for (const index of order) {
      const address = addresses[index] ?? '';
      if (expected.has(address) === wanted) yield address;
    }
  }
}

function presentAddresses(known: ReadonlyMap<HostId, HostRecord>): ReadonlySet<Address> {
  const present = [...known.values()].filter((host) => host.present);
  return new Set(present.flatMap((host) => host.facts.addresses ?? []));
}

export function presentAmong(
  { onLink, routed, loopback }: Coverage,
  known: ReadonlyMap<HostId, HostRecord>,
): ReadonlySet<Address> {
  const present = presentAddresses(known);
  if (present.size === 0) return present;
  return new Set([...onLink, ...routed, ...loopback].filter((address) => present.has(address)));
}

/** The numbers from 0 to `length` − 1 in an order that nobody can foretell (Fisher and Yates). */
function shuffledIndexes(length: number, random: Random): Uint32Array {
  const indexes = Uint32Array.from({ length }, (_, i) => i);
  const draws = new DataView(Uint8Array.from(random(4 * length)).buffer);
  for (let i = length - 1; i > 0; i -= 1) {
    const j = Math.floor((draws.getUint32(4 * i) / 2 ** 32) * (i + 1));
    [indexes[i], indexes[j]] = [indexes[j] ?? 0, indexes[i] ?? 0];
  }
  return indexes;
}
