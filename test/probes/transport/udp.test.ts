import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  askConnected,
  type DatagramOutcome,
  type Letter,
  openDesk,
  type PostingDesk,
} from '../../../probes/transport/udp.ts';
import { encodeNodeStatusRequest } from '../../../probes/wire/nbns.ts';
import { beBusyFor } from '../../support/busy.ts';
import { type FakeNbnsHost, type NbnsManner, startFakeNbnsHost } from '../../support/fake-nbns-host.ts';
import { newMeter, timed, totalOf, untilTestEnds } from '../../support/loopback.ts';

const REQUEST = encodeNodeStatusRequest({ transactionId: 0x1234 });
const matches = (reply: Uint8Array): boolean => reply[0] === 0x12 && reply[1] === 0x34 && reply.length > 50;
const signal = new AbortController().signal;

const host = (manner: NbnsManner = 'normal'): Promise<FakeNbnsHost> =>
  untilTestEnds(startFakeNbnsHost({ manner }));

const desk = (): Promise<PostingDesk> => untilTestEnds(openDesk());

/** Sends back a reply, and then keeps this process, ourselves included, from everything else. */
async function startBusyHost(
  busyMs: number,
): Promise<{ address: string; port: number; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  const reply = Uint8Array.from({ length: 60 }, (_, i) => REQUEST[i] ?? 0);
  socket.on('message', (_, { address, port }) => socket.send(reply, port, address, () => beBusyFor(busyMs)));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: '127.0.0.1',
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Both ways to ask must keep the same promises. */
const WAYS: [
  string,
  (host: Pick<FakeNbnsHost, 'address' | 'port'>, withinMs?: number) => Promise<DatagramOutcome>,
][] = [
  [
    'the desk',
    async ({ address, port }, withinMs = 150) =>
      (await desk()).ask(address, port, REQUEST, {
        matches,
        withinMs: () => withinMs,
        signal,
        meter: newMeter(),
      }),
  ],
  [
    'a connected socket',
    ({ address, port }, withinMs = 150) =>
      askConnected(address, port, REQUEST, { matches, withinMs, signal, meter: newMeter() }),
  ],
];

describe.each(WAYS)('a question by %s', (_, ask) => {
  it('is answered by the reply that matches it', async () => {
    const outcome = await ask(await host());
    expect(outcome.kind).toBe('answered');
    expect(outcome.kind === 'answered' && [...outcome.datagram.subarray(0, 2)]).toEqual([0x12, 0x34]);
  });

  it.each(['wrong-id', 'echo', 'oversized', 'from-another-address', 'from-another-port'] as const)(
    'is not answered by a reply that is %s',
    async (manner) => {
      const fake = await host(manner);
      expect(await ask(fake)).toEqual({ kind: 'silent' });
      expect(fake.received).toHaveLength(1);
    },
  );

  it('is answered by a reply that waited for us, however busy we were', async () => {
    const fake = await untilTestEnds(startBusyHost(200));
    expect((await ask(fake, 60)).kind).toBe('answered');
  });

  it('ends by its deadline when nothing comes', async () => {
    const fake = await host('silent');
    const [outcome, took] = await timed(() => ask(fake, 100));
    expect(outcome).toEqual({ kind: 'silent' });
    expect(took).toBeGreaterThan(95);
    expect(took).toBeLessThan(400);
  });
});

describe('the desk', () => {
  it('hands each of two questions to one host its own reply', async () => {
    const fake = await host();
    const shared = await desk();
    const ids = [0x0101, 0x0202];
    const outcomes = await Promise.all(
      ids.map((transactionId) =>
        shared.ask(fake.address, fake.port, encodeNodeStatusRequest({ transactionId }), {
          matches: (reply) => reply[0] === transactionId >> 8,
          withinMs: () => 500,
          signal,
          meter: newMeter(),
        }),
      ),
    );
    expect(outcomes.map((each) => each.kind === 'answered' && each.datagram[0])).toEqual([0x01, 0x02]);
  });

  it('keeps a reply that came before anybody waited for it', async () => {
    const fake = await host();
    const shared = await desk();
    const letter = shared.post(fake.address, fake.port, { datagram: REQUEST, matches });
    expect(letter.bytes).toBe(REQUEST.length);
    await sleep(100);
    const [outcome, took] = await timed(() => letter.reply({ withinMs: () => 1_000, signal }));
    expect(outcome.kind).toBe('answered');
    expect(took).toBeLessThan(50);
  });

  it('counts the wait from the sending, not from when somebody asked for the reply', async () => {
    const { address, port } = await host('silent');
    const shared = await desk();
    const letter = shared.post(address, port, { datagram: REQUEST, matches });
    await sleep(150);
    const [outcome, took] = await timed(() => letter.reply({ withinMs: () => 200, signal }));
    expect(outcome).toEqual({ kind: 'silent' });
    expect(took).toBeLessThan(150);
  });

  it('gives a dropped letter nothing, and its neighbours to the same host theirs', async () => {
    const fake = await host();
    const shared = await desk();
    const seen: number[] = [];
    const post = (id: number): Letter =>
      shared.post(fake.address, fake.port, {
        datagram: encodeNodeStatusRequest({ transactionId: id << 8 }),
        matches: (reply) => {
          seen.push(id);
          return reply[0] === id;
        },
      });
    const letters = [1, 2, 3].map(post);
    letters[1]?.drop();
    const outcomes = await Promise.all(
      [letters[0], letters[2]].map((letter) => letter?.reply({ withinMs: () => 500, signal })),
    );
    expect(outcomes.map((each) => each?.kind === 'answered' && each.datagram[0])).toEqual([1, 3]);
    expect(seen).not.toContain(2);
  });

  it('asks one address from one port, however often, so that a NAT on the way sees one flow', async () => {
    const ports = new Set<number>();
    const listener = createSocket('udp4', (_, from) => ports.add(from.port));
    await new Promise<void>((resolve) => listener.bind(0, '127.0.0.1', resolve));
    await untilTestEnds({ close: () => listener.close() });
    const shared = await desk();
    const options = { matches, withinMs: () => 50, signal, meter: newMeter() };
    for (let question = 0; question < 3; question += 1) {
      await shared.ask('127.0.0.1', listener.address().port, REQUEST, options);
    }
    expect(ports.size).toBe(1);
  });

  it('waits longer when its patience has grown meanwhile', async () => {
    const { address, port } = await host('silent');
    let withinMs = 50;
    setTimeout(() => {
      withinMs = 200;
    }, 20);
    const shared = await desk();
    const [, took] = await timed(() =>
      shared.ask(address, port, REQUEST, { matches, withinMs: () => withinMs, signal, meter: newMeter() }),
    );
    expect(took).toBeGreaterThan(190);
  });

  it('keeps the deadline under a hail of datagrams that answer nothing', async () => {
    const { address, port, close } = await startFakeNbnsHost({ manner: 'silent' });
    await close();
    const hail = await untilTestEnds(createSocket('udp4'));
    hail.bind(port, address);
    hail.on('message', (_question, from) => {
      for (let i = 0; i < 500; i += 1) hail.send(Buffer.alloc(200, i), from.port, from.address);
    });
    const shared = await desk();
    const [outcome, took] = await timed(() =>
      shared.ask(address, port, REQUEST, { matches, withinMs: () => 100, signal, meter: newMeter() }),
    );
    expect(outcome).toEqual({ kind: 'silent' });
    expect(took).toBeLessThan(500);
  });

  it('stops waiting when it is called off, and then sends nothing more', async () => {
    const fake = await host('silent');
    const meter = newMeter();
    const shared = await desk();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 30);
    const options = { matches, withinMs: () => 5_000, signal: stop.signal, meter };
    const [outcome, took] = await timed(() => shared.ask(fake.address, fake.port, REQUEST, options));
    expect(outcome).toEqual({ kind: 'silent' });
    expect(took).toBeLessThan(500);
    expect(await shared.ask(fake.address, fake.port, REQUEST, options)).toEqual({ kind: 'silent' });
    expect(totalOf(meter)).toEqual({ connections: 0, datagrams: 1, bytes: REQUEST.length });
  });
});

describe('a connected socket', () => {
  it('is silent, and sends nothing, when this very machine has no way there', async () => {
    const meter = newMeter();
    const options = { matches, withinMs: 500, signal, meter };
    expect(await askConnected('127.255.255.255', 137, REQUEST, options)).toEqual({ kind: 'silent' });
    expect(totalOf(meter).datagrams).toBe(0);
  });

  it('hears the refusal of a host on which nobody listens, which the desk cannot', async () => {
    const { address, port, close } = await startFakeNbnsHost();
    await close();
    const meter = newMeter();
    const options = { matches, withinMs: 500, signal, meter };
    expect(await askConnected(address, port, REQUEST, options)).toEqual({ kind: 'refused' });
    expect(totalOf(meter)).toEqual({ connections: 0, datagrams: 1, bytes: REQUEST.length });
    const shared = await desk();
    expect(
      await shared.ask(address, port, REQUEST, { matches, withinMs: () => 100, signal, meter: newMeter() }),
    ).toEqual({
      kind: 'silent',
    });
  });
});
