import { describe, expect, it } from 'vitest';
import { type Door, HostLine, type Knock, type LineOptions } from '../../../probes/transport/line.ts';
import { beBusyFor } from '../../support/busy.ts';
import {
  type ConnectionLog,
  type FakeTcpServer,
  mostAtOnce,
  shortestPause,
  startFakeTcpServer,
} from '../../support/fake-tcp-server.ts';
import { accepted, fixedPatience, newMeter, timed, totalOf, untilTestEnds } from '../../support/loopback.ts';
import { openSilentPort, type SilentPort } from '../../support/silent-port.ts';

const ADDRESS = '127.0.32.1';
const PAUSE_MS = 60;
/** Timers may fire a little early by the monotonic clock. */
const TOLERANCE_MS = 3;

function lineTo(overrides: Partial<LineOptions> = {}): HostLine {
  const usual = { pauseMs: PAUSE_MS, patience: fixedPatience(120), signal: new AbortController().signal };
  return new HostLine(ADDRESS, { ...usual, meter: newMeter(), ...overrides });
}

const openDoor = (log: ConnectionLog): Promise<FakeTcpServer> =>
  untilTestEnds(startFakeTcpServer(() => {}, { address: ADDRESS, log }));

const silentDoor = (): Promise<SilentPort> => untilTestEnds(openSilentPort(ADDRESS));

async function closedDoor(): Promise<{ port: number }> {
  const { port, close } = await startFakeTcpServer(() => {}, { address: ADDRESS });
  await close();
  return { port };
}

const doors = (...ports: readonly { readonly port: number }[]): Door[] =>
  ports.map(({ port }) => ({ port, speaks: true }));

async function knockAt(line: HostLine, at: readonly Door[]): Promise<[number, Knock['outcome']['kind']][]> {
  const knocks: [number, Knock['outcome']['kind']][] = [];
  for await (const { port, outcome } of line.knock(at)) knocks.push([port, outcome.kind]);
  return knocks;
}

describe('knocking at the doors of one host', () => {
  it('settles each door, and counts what it sent', async () => {
    const [open, closed] = [await openDoor([]), await closedDoor()];
    const meter = newMeter();
    const knocks = await knockAt(lineTo({ meter }), doors(open, closed));
    expect(new Map(knocks)).toEqual(
      new Map([
        [open.port, 'accepted'],
        [closed.port, 'refused'],
      ]),
    );
    expect(knocks).toHaveLength(2);
    expect(totalOf(meter)).toEqual({ connections: 2, datagrams: 0, bytes: 0 });
  });

  it('has at most one connection open at a time, with the pause between them', async () => {
    const log: ConnectionLog = [];
    const open = [await openDoor(log), await openDoor(log), await openDoor(log), await openDoor(log)];
    const line = lineTo();
    for await (const { outcome } of line.knock(doors(...open))) {
      expect(accepted(outcome).address).toBe(ADDRESS);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await line.open(open[0]!.port);
    await line.open(open[1]!.port);
    await line.hangUp();
    expect(log).toHaveLength(6);
    expect(mostAtOnce(log)).toBe(1);
    expect(shortestPause(log)).toBeGreaterThanOrEqual(PAUSE_MS - TOLERANCE_MS);
  });

  it('repeats a silent attempt once before it calls the door silent', async () => {
    const silent = await silentDoor();
    const meter = newMeter();
    const [knocks, took] = await timed(() => knockAt(lineTo({ meter }), doors(silent)));
    expect(knocks).toEqual([[silent.port, 'silent']]);
    expect(totalOf(meter).connections).toBe(2);
    expect(took).toBeGreaterThan(230);
  });

  it('attempts silent doors side by side, not one after the other', async () => {
    const silent = [await silentDoor(), await silentDoor(), await silentDoor()];
    const patience = fixedPatience(300);
    const [knocks, took] = await timed(() => knockAt(lineTo({ patience }), doors(...silent)));
    expect(knocks.map(([, kind]) => kind)).toEqual(['silent', 'silent', 'silent']);
    expect(took).toBeLessThan(1_200);
  });

  it('calls a silent attempt back while another door is open, and makes it again afterwards', async () => {
    const log: ConnectionLog = [];
    const [silent, open] = [await silentDoor(), await openDoor(log)];
    const kinds: string[] = [];
    for await (const { port, outcome } of lineTo().knock(doors(silent, open))) {
      kinds.push(`${port === open.port ? 'open' : 'silent'} ${outcome.kind}`);
      if (outcome.kind === 'accepted') await new Promise((resolve) => setTimeout(resolve, 400));
    }
    expect(kinds).toEqual(['open accepted', 'silent silent']);
  });

  it('pauses from the moment at which the SYN has gone, however busy we were before', async () => {
    const log: ConnectionLog = [];
    const [closed, open] = [await closedDoor(), await openDoor(log)];
    const knocks = knockAt(lineTo(), doors(closed, open));
    beBusyFor(PAUSE_MS / 2);
    const goesAt = performance.now();
    await knocks;
    expect(log[0]!.beganAt - goesAt).toBeGreaterThanOrEqual(PAUSE_MS - TOLERANCE_MS);
  });

  it('hears the answers that wait to be read before it makes the next attempt', async () => {
    const log: ConnectionLog = [];
    const open = [await openDoor(log), await openDoor(log)];
    const knocks = knockAt(lineTo({ patience: fixedPatience(1_000) }), doors(...open));
    // The SYN goes in the next tick; whatever answers it is read in none before the one after.
    process.nextTick(() => process.nextTick(() => beBusyFor(2 * PAUSE_MS)));
    await knocks;
    expect(mostAtOnce(log)).toBe(1);
  });

  it('opens a port whose protocol we do not know for zero bytes', async () => {
    const log: ConnectionLog = [];
    const { port } = await openDoor(log);
    for await (const { outcome } of lineTo().knock([{ port, speaks: false }])) {
      expect(() => accepted(outcome).write(Uint8Array.of(1))).toThrow(/zero bytes/);
    }
    expect(log).toMatchObject([{ received: [] }]);
  });

  it('throws for a print port instead of knocking there', async () => {
    const meter = newMeter();
    await expect(knockAt(lineTo({ meter }), doors({ port: 9100 }))).rejects.toThrow(/print port/);
    expect(totalOf(meter).connections).toBe(0);
  });

  it('hangs up when its caller leaves early', async () => {
    const log: ConnectionLog = [];
    const open = [await openDoor(log), await openDoor(log)];
    for await (const _knock of lineTo().knock(doors(...open))) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log).toMatchObject([{ endedAt: expect.any(Number) }]);
  });

  it('stops knocking when it is called off', async () => {
    const silent = [await silentDoor(), await silentDoor()];
    const line = lineTo({ patience: fixedPatience(5_000), signal: AbortSignal.timeout(80) });
    const [knocks, took] = await timed(() => knockAt(line, doors(...silent)));
    expect(knocks).toEqual([]);
    expect(took).toBeLessThan(600);
  });
});

describe('a further connection', () => {
  it('ends the one before it, and waits for the pause', async () => {
    const log: ConnectionLog = [];
    const open = await openDoor(log);
    const line = lineTo();
    accepted(await line.open(open.port));
    accepted(await line.open(open.port));
    await line.hangUp();
    expect(mostAtOnce(log)).toBe(1);
    expect(shortestPause(log)).toBeGreaterThanOrEqual(PAUSE_MS - TOLERANCE_MS);
  });

  it('is given up after one repeat', async () => {
    const { port } = await silentDoor();
    const meter = newMeter();
    expect(await lineTo({ meter }).open(port)).toEqual({ kind: 'silent' });
    expect(totalOf(meter).connections).toBe(2);
  });

  it('teaches patience how long handshakes take here', async () => {
    const open = await openDoor([]);
    const learnt: number[] = [];
    const patience = { ...fixedPatience(120), learn: (ms: number) => void learnt.push(ms) };
    const line = lineTo({ patience });
    await line.open(open.port);
    await line.open((await closedDoor()).port);
    expect(learnt).toHaveLength(2);
  });
});
