/** Longest mutated input, in bytes: more than any message that a probe reads. */
export const LONGEST_INPUT = 2_000;

const EXTREME_BYTES = [0x00, 0x7f, 0x80, 0xc0, 0xff];

/**
 * One of the corpus with one to four changes: a flipped bit, one to four extreme bytes, a cut, a repeated run, the tail
 * of another. A copy of at most `LONGEST_INPUT` bytes; `below` gives whole numbers from 0 to before its limit.
 */
export function mutate(corpus: readonly Uint8Array[], below: (limit: number) => number): Uint8Array {
  let bytes = corpus[below(corpus.length)]!.slice();
  for (let changes = 1 + below(4); changes > 0; changes -= 1) {
    const at = below(bytes.length + 1);
    const kind = below(5);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (kind === 1) bytes.fill(EXTREME_BYTES[below(EXTREME_BYTES.length)]!, at, at + 1 + below(4));
    else if (kind === 2) bytes = bytes.slice(0, at);
    else if (kind === 3) bytes = joined(bytes.subarray(0, at), bytes.subarray(below(at + 1)));
    else bytes = joined(bytes.subarray(0, at), corpus[below(corpus.length)]!.subarray(at));
  }
  return bytes.length > LONGEST_INPUT ? bytes.slice(0, LONGEST_INPUT) : bytes;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

/** Mulberry32: the same whole numbers below a limit for the same seed, of 32 bits. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
