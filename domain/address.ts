import ipaddr from 'ipaddr.js';

/** An IPv4 address in dotted-quad form, canonical: `192.168.1.20`. */
export type Address = string;

/** Addresses `first` to `last`, both included, as unsigned 32-bit numbers. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

/** True for dotted-quad IPv4 without leading zeros, which some programs read as octal. */
export function isAddress(text: string): text is Address {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** The address as an unsigned 32-bit number. @throws TypeError when `address` is not dotted-quad IPv4. */
export function toNumber(address: Address): number {
  if (!isAddress(address)) throw new TypeError(`not an IPv4 address: "${address}"`);
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The reverse of `toNumber`, for 0 to 2^32 − 1. */
export function fromNumber(number: number): Address {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** Every address of `cidr` ("192.168.1.7/24" covers 192.168.1.0 to .255), edges included. @throws Error on bad text. */
export function cidrRange(cidr: string): AddressRange {
  const [network, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(network.toString()) / size) * size;
  return { first, last: first + size - 1 };
}

/** True for addresses that are on this very machine's loopback (127.0.0.0/8). */
export function isLoopback(address: Address): boolean {
  return address.startsWith('127.');
}

/**
 * Address ranges that may be probed at all: RFC 1918, RFC 6598 (carrier-grade NAT), RFC 3927 (link-local), loopback.
 * No option widens this list.
 */
export const PRIVATE_RANGES: readonly AddressRange[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
].map(cidrRange);

/** True when the whole of `inner` lies in one of `outers`. */
export function liesWithin(inner: AddressRange, outers: readonly AddressRange[]): boolean {
  return outers.some((outer) => outer.first <= inner.first && inner.last <= outer.last);
}

/** The range as a person writes it: one address, a CIDR where it is one, else `first-last`. */
export function rangeText({ first, last }: AddressRange): string {
  if (first === last) return fromNumber(first);
  const size = last - first + 1;
  const isCidr = Number.isInteger(Math.log2(size)) && first % size === 0;
  return isCidr ? `${fromNumber(first)}/${32 - Math.log2(size)}` : `${fromNumber(first)}-${fromNumber(last)}`;
}

/** Order of addresses by number, for sorting. */
export function compareAddresses(a: Address, b: Address): number {
  return toNumber(a) - toNumber(b);
}
