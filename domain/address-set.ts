import type { Address } from './address.ts';

/** Bits in a word, and words for the 256 addresses that share their first three bytes. */
const WORD = 32;
const WORDS = 256 / WORD;

/**
 * A set of addresses that costs some 200 bytes for each /24 it touches, however many of its addresses are in it. Walked
 * through, it gives the /24s in the order in which they were touched, ascending within each.
 */
export class AddressSet implements Iterable<Address> {
  /** By the first three bytes as text: `192.168.1.`. */
  readonly #blocks = new Map<string, Uint32Array>();
  #size = 0;

  constructor(addresses: Iterable<Address> = []) {
    for (const address of addresses) this.add(address);
  }

  get size(): number {
    return this.#size;
  }

  has(address: Address): boolean {
    const [block, last] = split(address);
    return isSet(this.#blocks.get(block), last);
  }

  /** One that is in it already changes nothing. */
  add(address: Address): void {
    const [block, last] = split(address);
    const words = this.#blocks.get(block) ?? new Uint32Array(WORDS);
    if (isSet(words, last)) return;
    words[Math.floor(last / WORD)] = (words[Math.floor(last / WORD)] ?? 0) | (1 << (last % WORD));
    this.#blocks.set(block, words);
    this.#size += 1;
  }

  *[Symbol.iterator](): Iterator<Address> {
    for (const [block, words] of this.#blocks) {
      for (let last = 0; last < 256; last += 1) if (isSet(words, last)) yield `${block}${last}`;
    }
  }
}

function isSet(words: Uint32Array | undefined, last: number): boolean {
  return (((words?.[Math.floor(last / WORD)] ?? 0) >>> (last % WORD)) & 1) === 1;
}

function split(address: Address): [string, number] {
  const end = address.lastIndexOf('.') + 1;
  return [address.slice(0, end), Number(address.slice(end))];
}
