import { describe, expect, it } from 'vitest';
import { openCaller } from '../../../probes/transport/multicast6.ts';
import { newMeter, totalOf, untilTestEnds } from '../../support/loopback.ts';

/** Node-local (RFC 4291 2.7.1): what is sent there never leaves this machine, whatever the interface. */
const HERE_ONLY = { group: 'ff01::5a', port: 5353, datagram: Uint8Array.of(1, 2, 3) };

describe('a call', () => {
  it('is counted', async () => {
    const caller = await untilTestEnds(openCaller(() => {}));
    const meter = newMeter();
    caller.call(HERE_ONLY, 'lo', meter);
    expect(totalOf(meter)).toEqual({ connections: 0, datagrams: 1, bytes: 3 });
  });

  it('that cannot be made is told, and throws nothing', async () => {
    const troubles: string[] = [];
    const caller = await openCaller((what) => troubles.push(what));
    await caller.close();
    await caller.close();
    caller.call(HERE_ONLY, 'lo', newMeter());
    expect(troubles).toEqual(['call ff01::5a%lo']);
  });
});
