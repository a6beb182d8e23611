import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { type ProbeContext, STANDARD_PORTS } from '../../probes/probe.ts';
import { HostLine } from '../../probes/transport/line.ts';
import { Meter } from '../../probes/transport/meter.ts';
import { learnReplyPatience, type Patience } from '../../probes/transport/patience.ts';
import { type Connection, type ConnectOutcome, connect } from '../../probes/transport/tcp.ts';
import { openDesk } from '../../probes/transport/udp.ts';

/** Closes a fake, a desk or a socket when the test ends. */
export async function untilTestEnds<Opened extends { close(): unknown }>(
  opened: Opened | Promise<Opened>,
): Promise<Opened> {
  const open = await opened;
  onTestFinished(async () => {
    await open.close();
  });
  return open;
}

export function newMeter(): Meter {
  return new Meter('test');
}

/** What a meter counted in all. */
export function totalOf(meter: Meter): { connections: number; datagrams: number; bytes: number } {
  const sum = (what: 'connections' | 'datagrams' | 'bytes') =>
    meter.entries().reduce((total, entry) => total + entry[what], 0);
  return { connections: sum('connections'), datagrams: sum('datagrams'), bytes: sum('bytes') };
}

/** Always waits as long; learns nothing. */
export function fixedPatience(attemptMs: number, isQuick = true): Patience {
  return { attemptMs: () => attemptMs, learn: () => {}, isQuick: () => isQuick };
}

export const random = (bytes: number): Uint8Array => Uint8Array.from(randomBytes(bytes));

/** Connects within a second and closes when the test ends. @throws Error when the fake does not accept. */
export async function connectTo(server: {
  readonly address: string;
  readonly port: number;
}): Promise<Connection> {
  const { outcome } = connect(server.address, server.port, {
    patienceMs: () => 1_000,
    signal: new AbortController().signal,
    meter: newMeter(),
  });
  return untilTestEnds(accepted(await outcome));
}

export function accepted(outcome: ConnectOutcome): Connection {
  if (outcome.kind !== 'accepted') throw new Error(`not accepted but ${outcome.kind}`);
  return outcome.connection;
}

/** What a probe is given, on loopback: a desk and a line of its own, 100 ms for attempts, a host that is alive. */
export async function probeContext(overrides: Partial<ProbeContext> = {}): Promise<ProbeContext> {
  const address = overrides.address ?? '127.0.0.1';
  const meter = overrides.meter ?? newMeter();
  const patience = overrides.patience ?? fixedPatience(100);
  const signal = overrides.signal ?? new AbortController().signal;
  const line = new HostLine(address, { pauseMs: 10, patience, signal, meter });
  onTestFinished(() => line.hangUp());
  return {
    address,
    line,
    desk: await untilTestEnds(openDesk()),
    patience,
    replyPatience: learnReplyPatience(),
    meter,
    signal,
    random,
    ports: STANDARD_PORTS,
    connection: null,
    isAlive: () => true,
    calledNames: ['*SMBSERVER'],
    smbPort: 445,
    bestDialect: null,
    dialects: null,
    bestCipher: null,
    ...overrides,
  };
}

/** Runs `work` and says how long it took, milliseconds. */
export async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const begun = performance.now();
  return [await work(), performance.now() - begun];
}
