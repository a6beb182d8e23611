import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import {
  type ConnectOutcome,
  connect,
  type FrameLength,
  isPrintPort,
} from '../../../probes/transport/tcp.ts';
import { beBusyFor } from '../../support/busy.ts';
import { type Converse, type FakeTcpServer, startFakeTcpServer } from '../../support/fake-tcp-server.ts';
import { accepted, connectTo, newMeter, timed, totalOf, untilTestEnds } from '../../support/loopback.ts';
import { openSilentPort } from '../../support/silent-port.ts';

/** The first byte says how long the whole frame is. */
const byFirstByte: FrameLength = (bytes) => bytes[0] ?? null;
const neverWhole: FrameLength = () => null;
const FRAME = Uint8Array.of(5, 10, 20, 30, 40);

const server = (converse: Converse = () => {}): Promise<FakeTcpServer> =>
  untilTestEnds(startFakeTcpServer(converse));

function attempt(
  { address, port }: { readonly address: string; readonly port: number },
  options: Partial<Parameters<typeof connect>[2]> = {},
): Promise<ConnectOutcome> {
  const usual = { patienceMs: () => 300, signal: new AbortController().signal, meter: newMeter() };
  return connect(address, port, { ...usual, ...options }).outcome;
}

/** Sends the bytes in pieces that end at `splits`, each in a segment of its own. */
const sendInPieces =
  (bytes: Uint8Array, ...splits: readonly number[]): Converse =>
  (socket) => {
    socket.setNoDelay(true);
    [0, ...splits].forEach((start, i) => {
      const piece = bytes.subarray(start, splits[i] ?? bytes.length);
      setTimeout(() => socket.write(piece), 3 * i);
    });
  };

describe('connecting', () => {
  it('is accepted by a port that listens, and says how long the handshake took', async () => {
    const outcome = await attempt(await server());
    expect(outcome).toMatchObject({ kind: 'accepted', tookMs: expect.any(Number) });
    await accepted(outcome).close();
  });

  it('is refused by a port on which nobody listens', async () => {
    const { address, port, close } = await startFakeTcpServer(() => {});
    await close();
    expect(await attempt({ address, port })).toMatchObject({ kind: 'refused' });
  });

  it('is silent when the attempt stays unanswered, and ends by its deadline', async () => {
    const silent = await untilTestEnds(openSilentPort('127.0.0.1'));
    const [outcome, took] = await timed(() => attempt(silent, { patienceMs: () => 150 }));
    expect(outcome).toEqual({ kind: 'silent' });
    expect(took).toBeGreaterThan(140);
    expect(took).toBeLessThan(400);
  });

  it('takes an answer that waits to be read for one, however busy we were', async () => {
    const outcome = attempt(await server(), { patienceMs: () => 60 });
    // The SYN goes in the next tick; whatever answers it is read in none before the one after.
    process.nextTick(() => process.nextTick(() => beBusyFor(200)));
    await accepted(await outcome).close();
  });

  it('waits longer when patience has grown meanwhile', async () => {
    const silent = await untilTestEnds(openSilentPort('127.0.0.1'));
    let patience = 50;
    setTimeout(() => {
      patience = 200;
    }, 20);
    const [, took] = await timed(() => attempt(silent, { patienceMs: () => patience }));
    expect(took).toBeGreaterThan(190);
  });

  it('ends at once when it is called off', async () => {
    const silent = await untilTestEnds(openSilentPort('127.0.0.1'));
    const [outcome, took] = await timed(() =>
      attempt(silent, { patienceMs: () => 5_000, signal: AbortSignal.timeout(50) }),
    );
    expect(outcome).toEqual({ kind: 'silent' });
    expect(took).toBeLessThan(500);
  });

  it('sends nothing when it was called off before it began', async () => {
    const fake = await server();
    const meter = newMeter();
    expect(await attempt(fake, { signal: AbortSignal.abort(), meter })).toEqual({ kind: 'silent' });
    expect(totalOf(meter).connections).toBe(0);
  });

  it('calls trouble of this very machine a local fault, which says nothing about the host', async () => {
    const loopbackBroadcast = { address: '127.255.255.255', port: 445 };
    expect(await attempt(loopbackBroadcast)).toEqual({ kind: 'local-fault', code: 'ENETUNREACH' });
  });
});

describe('the guard for print ports', () => {
  const PRINT_PORTS = [515, 9100, 9101, 9103, 9107, 9109, 9110, 9112, 9116, 9999];

  it.each(PRINT_PORTS)('throws before a packet leaves for port %i', (port) => {
    const meter = newMeter();
    expect(() => attempt({ address: '127.0.0.1', port }, { meter })).toThrow(/print port/);
    expect(meter.entries()).toEqual([]);
  });

  it('keeps a printer that listens from ever hearing of us', async () => {
    const address = '127.0.91.1';
    const printer = await untilTestEnds(startFakeTcpServer(() => {}, { address, port: 9100 }));
    expect(() => attempt(printer, { silentConnection: true })).toThrow(/print port/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(printer.connections).toEqual([]);
  });

  it('covers exactly the ports that the configuration refuses', () => {
    const ports = [500, 1_000, 9_080, 9_980].flatMap((from) =>
      Array.from({ length: 50 }, (_, i) => from + i),
    );
    expect(ports.filter((port) => !isConfigurable(port))).toEqual(ports.filter(isPrintPort));
  });

  it('leaves the ports beside them alone', () => {
    expect([445, 514, 516, 9099, 9117, 9998, 10_000].filter(isPrintPort)).toEqual([]);
  });
});

function isConfigurable(port: number): boolean {
  try {
    parseConfig(`ports: { extra: [${port}] }`, 'test.yaml');
    return true;
  } catch {
    return false;
  }
}

describe('an open connection', () => {
  it('reads a frame that comes in one piece, byte by byte, and cut at every point', async () => {
    const cuts = [[], [1, 2, 3, 4], ...[1, 2, 3, 4].map((at) => [at])];
    for (const splits of cuts) {
      const connection = await connectTo(await server(sendInPieces(FRAME, ...splits)));
      const read = await connection.readFrame(byFirstByte, 500);
      expect(read, `cut at ${splits}`).toEqual({ kind: 'frame', bytes: FRAME });
    }
  });

  it('reads two frames of one segment one after the other, each a copy', async () => {
    const connection = await connectTo(await server(sendInPieces(Uint8Array.of(...FRAME, 2, 99))));
    const first = await connection.readFrame(byFirstByte, 500);
    if (first.kind === 'frame') first.bytes.fill(0);
    expect(await connection.readFrame(byFirstByte, 500)).toEqual({
      kind: 'frame',
      bytes: Uint8Array.of(2, 99),
    });
  });

  it('reads a frame that came before the other side hung up', async () => {
    const connection = await connectTo(await server((socket) => void socket.end(FRAME)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await connection.readFrame(byFirstByte, 500)).toEqual({ kind: 'frame', bytes: FRAME });
    expect(await connection.readFrame(byFirstByte, 500)).toEqual({ kind: 'hung-up', received: 0 });
  });

  it('says how many bytes of a frame had come when the other side hung up or reset', async () => {
    const early = await connectTo(await server((socket) => void socket.end(FRAME.subarray(0, 3))));
    expect(await early.readFrame(byFirstByte, 500)).toEqual({ kind: 'hung-up', received: 3 });
    const reset = await connectTo(
      await server((socket) => void socket.on('data', () => socket.resetAndDestroy())),
    );
    reset.write(FRAME);
    expect(await reset.readFrame(byFirstByte, 500)).toEqual({ kind: 'hung-up', received: 0 });
  });

  it('gives up a silent reply by the deadline', async () => {
    const connection = await connectTo(await server());
    const [read, took] = await timed(() => connection.readFrame(byFirstByte, 100));
    expect(read).toEqual({ kind: 'silent', received: 0 });
    expect(took).toBeLessThan(300);
  });

  it('reads a reply that waited for us, however busy we were', async () => {
    const busyAfterwards: Converse = (socket) => {
      socket.on('data', () => {
        socket.write(FRAME);
        beBusyFor(200);
      });
    };
    const connection = await connectTo(await server(busyAfterwards));
    connection.write(Uint8Array.of(1));
    expect(await connection.readFrame(byFirstByte, 60)).toEqual({ kind: 'frame', bytes: FRAME });
  });

  it('gives up a reply that drips for ever by the same deadline', async () => {
    const dripping: Converse = (socket) => {
      const timer = setInterval(() => socket.write(Uint8Array.of(200)), 10);
      socket.on('close', () => clearInterval(timer));
    };
    const connection = await connectTo(await server(dripping));
    const [read, took] = await timed(() => connection.readFrame(byFirstByte, 150));
    expect(read.kind).toBe('silent');
    expect(took).toBeGreaterThan(140);
    expect(took).toBeLessThan(400);
  });

  it('cuts off a host that sends more than a frame could ever hold', async () => {
    const flooding: Converse = (socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(new Uint8Array(16_384)));
      };
      socket.on('drain', pour);
      pour();
    };
    const connection = await connectTo(await server(flooding));
    const [read, took] = await timed(() => connection.readFrame(neverWhole, 2_000));
    expect(read.kind).toBe('hung-up');
    expect(read.kind === 'hung-up' && read.received).toBeLessThan(256 * 1024);
    expect(took).toBeLessThan(1_000);
  });

  it('lets the error of an impossible frame through at once', async () => {
    const connection = await connectTo(await server(sendInPieces(FRAME)));
    const impossible: FrameLength = (bytes) => {
      if (bytes.length > 0) throw new RangeError('16 MiB');
      return null;
    };
    await expect(connection.readFrame(impossible, 2_000)).rejects.toThrow('16 MiB');
  });

  it('counts connections and bytes', async () => {
    const fake = await server();
    const meter = newMeter();
    const connection = accepted(await attempt(fake, { meter }));
    connection.write(FRAME);
    await connection.close();
    expect(totalOf(meter)).toEqual({ connections: 1, datagrams: 0, bytes: 5 });
  });

  it('writes nothing where zero bytes were promised', async () => {
    const fake = await server();
    const meter = newMeter();
    const connection = accepted(await attempt(fake, { silentConnection: true, meter }));
    expect(() => connection.write(FRAME)).toThrow(/zero bytes/);
    await connection.close();
    expect(fake.connections).toMatchObject([{ received: [], endedAt: expect.any(Number) }]);
    expect(totalOf(meter).bytes).toBe(0);
  });

  it('ends with FIN, waits only shortly for the other side, and may be closed twice', async () => {
    const fake = await server((socket) => {
      socket.allowHalfOpen = true;
    });
    const connection = await connectTo(fake);
    const [, took] = await timed(() => connection.close());
    expect(took).toBeLessThan(400);
    expect(fake.connections[0]?.endedAt).not.toBeNull();
    await connection.close();
  });
});
