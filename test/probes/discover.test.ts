import { describe, expect, it } from 'vitest';
import { type DiscoverOptions, discover, type Found, isStillThere } from '../../probes/discover.ts';
import type { Neighbour } from '../../probes/transport/neighbours4.ts';
import { timed } from '../support/loopback.ts';

const MAC = '00:11:32:aa:bb:cc';
const SETTLED_AFTER_MS = 120;
/** Kept free in the table, for everybody else on the machine. */
const RESERVE = 128;

/** A kernel's neighbour table: `living` answer `answersAfterMs` after they were primed. */
class FakeKernel {
  readonly table = new Map<string, Neighbour>();
  readonly primed: string[] = [];
  /** The most entries that were pending at the same time. */
  mostPending = 0;
  readonly #living: ReadonlySet<string>;
  readonly #answersAfterMs: number;

  constructor(living: readonly string[] = [], answersAfterMs = 0) {
    this.#living = new Set(living);
    this.#answersAfterMs = answersAfterMs;
  }

  prime(address: string): void {
    this.primed.push(address);
    if (this.table.get(address)?.complete) return;
    this.#put(address, false);
    this.mostPending = Math.max(this.mostPending, this.table.size);
    if (this.#living.has(address)) setTimeout(() => this.#put(address, true), this.#answersAfterMs);
  }

  knows(address: string): void {
    this.#put(address, true);
  }

  #put(address: string, complete: boolean): void {
    this.table.set(address, { complete, mac: complete ? MAC : '00:00:00:00:00:00' });
  }
}

function optionsFor(kernel: FakeKernel, overrides: Partial<DiscoverOptions> = {}): DiscoverOptions {
  return {
    addresses: [],
    prime: (address) => kernel.prime(address),
    listNeighbours: async () => new Map(kernel.table),
    neighbourLimit: 1_024,
    addressesPerSecond: Number.POSITIVE_INFINITY,
    signal: AbortSignal.timeout(4_000),
    onAbsent: () => {},
    settledAfterMs: SETTLED_AFTER_MS,
    ...overrides,
  };
}

async function foundBy(options: DiscoverOptions): Promise<Found[]> {
  const found: Found[] = [];
  for await (const each of discover(options)) found.push(each);
  return found;
}

const addresses = (count: number): string[] => Array.from({ length: count }, (_, i) => `192.168.1.${i + 1}`);

describe.concurrent('discover', () => {
  it('yields a host the moment its entry appears, while others are still awaited', async () => {
    const kernel = new FakeKernel(['192.168.1.2'], 10);
    const absent: string[] = [];
    const options = optionsFor(kernel, {
      addresses: addresses(3),
      onAbsent: (address) => absent.push(address),
      settledAfterMs: 400,
    });
    const sweep = discover(options);
    const [first, took] = await timed(() => sweep.next());
    expect(first.value).toEqual({ address: '192.168.1.2', mac: MAC, proven: true });
    expect(took).toBeLessThan(200);
    expect(absent).toEqual([]);
    expect(await sweep.next()).toEqual({ value: undefined, done: true });
    expect(absent.sort()).toEqual(['192.168.1.1', '192.168.1.3']);
  });

  it('asks in the order it was given', async () => {
    const kernel = new FakeKernel();
    const order = ['192.168.1.9', '192.168.1.3', '192.168.1.7'];
    await foundBy(optionsFor(kernel, { addresses: order }));
    expect(kernel.primed).toEqual(order);
  });

  it('calls nobody absent before the kernel has given up, and reports each once', async () => {
    const kernel = new FakeKernel();
    const begun = performance.now();
    const reports: { address: string; after: number }[] = [];
    const onAbsent = (address: string): void => {
      reports.push({ address, after: performance.now() - begun });
    };
    expect(await foundBy(optionsFor(kernel, { addresses: addresses(5), onAbsent }))).toEqual([]);
    expect(reports.map((each) => each.address).sort()).toEqual(addresses(5));
    expect(Math.min(...reports.map((each) => each.after))).toBeGreaterThanOrEqual(SETTLED_AFTER_MS);
  });

  it('waits 3.2 s, three ARP requests, when it is not told otherwise', async () => {
    const { settledAfterMs: _, ...usual } = optionsFor(new FakeKernel(), { addresses: addresses(1) });
    const [, took] = await timed(() => foundBy(usual));
    expect(took).toBeGreaterThanOrEqual(3_200);
    expect(took).toBeLessThan(3_600);
  });

  it('says that an entry from before this sweep proves nothing', async () => {
    const kernel = new FakeKernel(['192.168.1.2']);
    kernel.knows('192.168.1.1');
    const found = await foundBy(optionsFor(kernel, { addresses: addresses(2) }));
    expect(found.map(({ address, proven }) => [address, proven])).toEqual([
      ['192.168.1.1', false],
      ['192.168.1.2', true],
    ]);
  });

  it('never fills the neighbour table beyond its limit less the reserve', async () => {
    const kernel = new FakeKernel();
    for (let i = 0; i < 10; i += 1) kernel.knows(`10.0.0.${i}`);
    const absent: string[] = [];
    const onAbsent = (address: string): void => {
      absent.push(address);
      kernel.table.delete(address);
    };
    const neighbourLimit = RESERVE + 10 + 8;
    await foundBy(optionsFor(kernel, { addresses: addresses(20), neighbourLimit, onAbsent }));
    expect(kernel.mostPending).toBeLessThanOrEqual(18);
    expect(absent).toHaveLength(20);
  });

  it('counts failed entries as room, because the kernel reclaims them', async () => {
    const kernel = new FakeKernel();
    const absent: string[] = [];
    const options = { neighbourLimit: RESERVE + 8, onAbsent: (address: string) => absent.push(address) };
    await foundBy(optionsFor(kernel, { addresses: addresses(20), ...options }));
    expect(absent).toHaveLength(20);
  });

  it('waits while the table is full, however long that is', async () => {
    const kernel = new FakeKernel(['192.168.1.1']);
    for (let i = 0; i < 8; i += 1) kernel.knows(`10.0.0.${i}`);
    setTimeout(() => kernel.table.clear(), 150);
    const [found, took] = await timed(() =>
      foundBy(optionsFor(kernel, { addresses: ['192.168.1.1'], neighbourLimit: RESERVE + 8 })),
    );
    expect(found).toHaveLength(1);
    expect(took).toBeGreaterThan(140);
  });

  it('asks again whoever was evicted before it settled', async () => {
    const kernel = new FakeKernel();
    const absent: string[] = [];
    const prime = (address: string): void => {
      kernel.prime(address);
      if (kernel.primed.length === 1) kernel.table.delete(address);
    };
    const onAbsent = (address: string): void => {
      absent.push(address);
    };
    await foundBy(optionsFor(kernel, { addresses: ['192.168.1.1'], prime, onAbsent }));
    expect(kernel.primed).toEqual(['192.168.1.1', '192.168.1.1']);
    expect(absent).toEqual(['192.168.1.1']);
  });

  it('takes an entry that is gone after it was nearly settled for failed: the kernel evicts no other', async () => {
    const kernel = new FakeKernel();
    const absent: string[] = [];
    let primedAt = 0;
    const listNeighbours = async () => {
      const listed = new Map(kernel.table);
      // So many readings fall into this time that one of them is the last to show the entry.
      if (performance.now() - primedAt > 1_820) kernel.table.clear();
      return listed;
    };
    const prime = (address: string): void => {
      primedAt = performance.now();
      kernel.prime(address);
    };
    const onAbsent = (address: string): void => {
      absent.push(address);
    };
    const settledAfterMs = 2_000;
    await foundBy(
      optionsFor(kernel, { addresses: addresses(1), listNeighbours, prime, onAbsent, settledAfterMs }),
    );
    expect(kernel.primed).toEqual(['192.168.1.1']);
    expect(absent).toEqual(['192.168.1.1']);
  });

  it('asks again, soon and fewer at once, when others fill the table where they cannot be seen', async () => {
    const others = 200;
    const limit = RESERVE + 300;
    const kernel = new FakeKernel(addresses(250));
    let refused = 0;
    let pending = 0;
    const prime = (address: string): void => {
      if (kernel.table.size + others >= limit) refused += 1;
      else kernel.prime(address);
      pending = Math.max(pending, kernel.table.size);
    };
    const silent = Array.from({ length: 400 }, (_, i) => `192.168.${2 + (i >> 8)}.${i & 255}`);
    const absent: string[] = [];
    const onAbsent = (address: string): void => {
      absent.push(address);
      kernel.table.delete(address);
    };
    const all = silent.flatMap((address, i) => (i < 250 ? [address, addresses(250)[i] ?? ''] : [address]));
    // Found hosts leave again, as stale entries are reclaimed.
    const found: string[] = [];
    const options = optionsFor(kernel, {
      addresses: all,
      prime,
      onAbsent,
      neighbourLimit: limit,
      signal: AbortSignal.timeout(30_000),
    });
    for await (const { address } of discover(options)) {
      found.push(address);
      kernel.table.delete(address);
    }
    expect(found.sort()).toEqual(addresses(250).sort());
    expect(absent).toHaveLength(400);
    expect(refused).toBeGreaterThan(0);
    // Some of the first burst, and few more each time that it is tried whether there is room again: 72, and 134 without learning.
    expect(refused).toBeLessThan(110);
    expect(pending + others).toBeLessThanOrEqual(limit);
  }, 40_000);

  it('gives up an address for which the kernel never makes an entry, and settles nothing', async () => {
    const absent: string[] = [];
    const unsettled: string[] = [];
    let primed = 0;
    const options = optionsFor(new FakeKernel(), {
      addresses: addresses(1),
      prime: () => {
        primed += 1;
      },
      onAbsent: (address) => absent.push(address),
      onUnsettled: (address) => unsettled.push(address),
      settledAfterMs: 320,
    });
    expect(await foundBy(options)).toEqual([]);
    expect(absent).toEqual([]);
    expect(unsettled).toEqual(addresses(1));
    expect(primed).toBe(10);
  });

  it('takes unresolved entries that others left for failed ones, once they have had the time to fail', async () => {
    const kernel = new FakeKernel(['192.168.1.1']);
    for (let i = 0; i < 8; i += 1) kernel.prime(`10.0.0.${i}`);
    const [found, took] = await timed(() =>
      foundBy(optionsFor(kernel, { addresses: ['192.168.1.1'], neighbourLimit: RESERVE + 8 })),
    );
    expect(found).toHaveLength(1);
    expect(took).toBeGreaterThan(SETTLED_AFTER_MS - 10);
  });

  it('settles somebody a little earlier who is told to have failed, and not at once', async () => {
    const kernel = new FakeKernel();
    const absentAfter: number[] = [];
    const begun = performance.now();
    await foundBy(
      optionsFor(kernel, {
        addresses: addresses(1),
        listNeighbours: async () =>
          [...kernel.table].map(([address, entry]) => [address, { ...entry, reclaimable: true }] as const),
        onAbsent: () => absentAfter.push(performance.now() - begun),
        settledAfterMs: 2_000,
      }),
    );
    expect(absentAfter).toHaveLength(1);
    expect(absentAfter[0]).toBeGreaterThanOrEqual(1_800);
    expect(absentAfter[0]).toBeLessThan(2_000);
  });

  it('counts stale entries as room when they are told, and remembers it when they are not', async () => {
    const kernel = new FakeKernel(['192.168.1.1', '192.168.1.2']);
    for (let i = 0; i < 8; i += 1) kernel.knows(`10.0.0.${i}`);
    let readings = 0;
    const found = await foundBy(
      optionsFor(kernel, {
        addresses: ['192.168.1.1', '192.168.1.2'],
        neighbourLimit: RESERVE + 9,
        signal: AbortSignal.timeout(1_000),
        listNeighbours: async () => {
          readings += 1;
          return [...kernel.table].map(([address, entry]) => {
            const isStale = address.startsWith('10.');
            return [address, readings === 2 ? { ...entry, reclaimable: isStale } : entry] as const;
          });
        },
      }),
    );
    expect(found).toHaveLength(2);
  });

  it('takes each address only when its turn has come', async () => {
    const kernel = new FakeKernel();
    let taken = 0;
    function* counted(): Generator<string> {
      for (const address of addresses(200)) {
        taken += 1;
        yield address;
      }
    }
    const stop = AbortSignal.timeout(60);
    await foundBy(optionsFor(kernel, { addresses: counted(), neighbourLimit: RESERVE + 8, signal: stop }));
    expect(taken).toBe(8);
  });

  it('keeps to its rate after the first burst', async () => {
    const kernel = new FakeKernel();
    const stop = AbortSignal.timeout(400);
    const many = Array.from({ length: 500 }, (_, i) => `192.168.${i >> 8}.${i & 255}`);
    await foundBy(optionsFor(kernel, { addresses: many, addressesPerSecond: 100, signal: stop }));
    expect(kernel.primed.length).toBeGreaterThan(100);
    expect(kernel.primed.length).toBeLessThan(160);
  });

  it('stops when it is called off', async () => {
    const absent: string[] = [];
    const options = { signal: AbortSignal.timeout(40), onAbsent: (address: string) => absent.push(address) };
    const kernel = new FakeKernel();
    const [found, took] = await timed(() =>
      foundBy(optionsFor(kernel, { addresses: addresses(3), settledAfterMs: 5_000, ...options })),
    );
    expect(found).toEqual([]);
    expect(absent).toEqual([]);
    expect(took).toBeLessThan(500);
  });
});

describe('an entry older than the sweep', () => {
  const longAgo = performance.now() - 10_000;
  const { signal } = new AbortController();

  it('still stands when the kernel has asked and the entry is complete', async () => {
    const kernel = new FakeKernel();
    kernel.knows('192.168.1.1');
    expect(await isStillThere('192.168.1.1', longAgo, optionsFor(kernel, { signal }))).toBe(true);
  });

  it('was a machine that has left when the kernel has asked in vain', async () => {
    const kernel = new FakeKernel();
    kernel.prime('192.168.1.1');
    expect(await isStillThere('192.168.1.1', longAgo, optionsFor(kernel, { signal }))).toBe(false);
    expect(await isStillThere('192.168.1.2', longAgo, optionsFor(kernel, { signal }))).toBe(false);
  });

  it('is waited for until 9 s after the question, or until the sweep is called off', async () => {
    const kernel = new FakeKernel();
    const primedAt = performance.now() - 8_900;
    const [, took] = await timed(() => isStillThere('192.168.1.1', primedAt, optionsFor(kernel, { signal })));
    expect(took).toBeGreaterThan(90);
    const stopped = optionsFor(kernel, { signal: AbortSignal.timeout(30) });
    const [, cut] = await timed(() => isStillThere('192.168.1.1', performance.now(), stopped));
    expect(cut).toBeLessThan(500);
  });
});
