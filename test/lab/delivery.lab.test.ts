/**
 * Nothing that the history has recorded is lost on its way: the real daemon and a real Mosquitto, both killed again and
 * again. SMBWARDEN_DELIVERY=CHANGES,KILLS sets how much; the full run, 1000,60, is recorded in docs/delivery.md.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseConfig } from '../../agent/config.ts';
import { createRuntime } from '../../agent/runtime.ts';
import { eventsFor } from '../../domain/event.ts';
import { openTestStorage } from '../support/open-database.ts';
import { AGENT_ID, recordingLog, TOPICS } from '../support/publisher-parts.ts';
import { firstSight, manyHosts, sweepOf } from '../support/sample-history.ts';
import { sampleChange } from '../support/samples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { Audit, type Recorded, Subscriber } from './delivery.ts';
import { LoopbackDaemon } from './loopback-daemon.ts';
import { LoopbackMosquitto } from './loopback-mosquitto.ts';

const [CHANGES = 260, KILLS = 8] = (process.env.SMBWARDEN_DELIVERY ?? '')
  .split(',')
  .filter(Boolean)
  .map(Number);
const HOSTS = manyHosts(64);
const FINDINGS = HOSTS.flatMap((host) => host.findings.map(({ id }) => id));
/** Between two kills, milliseconds. */
const GAP = { least: 1_000, most: 9_000 };
const LONGEST_DEAD_MS = 2_000;
/** Changes that the command line records while no daemon runs, at each of its deaths. */
const DECIDED_BESIDE = 2;
/** A daemon that sees its broker return without Home Assistant's birth waits a minute for it. */
const DRAIN_WITHIN_MS = 150_000;
/** So many events at once, and hardly longer, await the broker's acknowledgement: where a kill comes first, nobody knows it. */
const MOST_ON_THEIR_WAY = 15;
const LONGEST_ON_THEIR_WAY_MS = 2_000;

/** From a kill until everybody is back, milliseconds UTC. */
interface Strike {
  readonly from: number;
  readonly until: number;
}

let broker: LoopbackMosquitto;
let subscriber: Subscriber;
let daemon: LoopbackDaemon;
let strikes: Strike[];

beforeEach(async () => {
  strikes = [];
  broker = await LoopbackMosquitto.start({ persistence: true });
  subscriber = new Subscriber(broker, TOPICS.status, TOPICS.event);
  daemon = new LoopbackDaemon(temporaryDirectory());
  daemon.prepare(AGENT_ID, broker, []);
});
afterEach(async () => {
  await daemon.end('SIGKILL');
  await subscriber.close();
  await broker.close();
});

/** A history of 64 hosts, as one sweep recorded them before anybody could be told. */
function recordFirstSweep(): Audit {
  const file = join(daemon.directory, 'smbwarden.db');
  const audit = new Audit(file);
  const now = Date.now();
  const storage = openTestStorage({ file, now: Date.now });
  const changes = HOSTS.flatMap((host) =>
    host.findings.map((finding) =>
      sampleChange({ at: now, hostId: host.id, findingId: finding.id, type: 'finding_opened' }),
    ),
  );
  const ids = changes.map((_, n) => `first${String(n).padStart(4, '0')}`);
  const events = eventsFor(changes, {
    hosts: new Map(HOSTS.map((host) => [host.id, host])),
    threshold: 'medium',
    newId: () => ids.shift() ?? '',
  });
  const updates = HOSTS.map((host) =>
    firstSight(
      host,
      changes.filter(({ hostId }) => hostId === host.id),
    ),
  );
  storage.history.recordSweep({ ...sweepOf(now, updates), events });
  storage.close();
  return audit;
}

type Decisions = ReturnType<typeof decisions>;

/** Toggles findings one after the other, over all hosts. Each is a change of its own. */
function* decisions(): Generator<{ readonly kind: 'ack' | 'unack'; readonly findingId: string }, never> {
  for (let n = 0; ; n += 1) {
    const findingId = FINDINGS[(n * 5) % FINDINGS.length] ?? '';
    yield { kind: Math.floor(n / FINDINGS.length) % 2 === 0 ? 'ack' : 'unack', findingId };
  }
}

/** The daemon records what it is told, unless it is dead, or is struck in the middle of it. */
async function tellDaemon(kind: 'ack' | 'unack', findingId: string): Promise<void> {
  await daemon.ask(kind, { scope: { findingId }, until: null, note: null, by: null }).catch(() => {});
}

/** The command line records it while no daemon runs. */
async function decideBeside(kind: 'ack' | 'unack', findingId: string): Promise<void> {
  const config = parseConfig(`mqtt: {url: "${broker.url}"}`, 'delivery.yaml');
  const runtime = createRuntime({
    config,
    reloadConfig: () => config,
    dataDir: daemon.directory,
    version: '1.0.0',
    vendorOf: () => null,
    log: recordingLog(),
    now: Date.now,
  });
  const scope = { findingId };
  await runtime.decide(kind === 'ack' ? { kind, scope, until: null, note: null, by: null } : { kind, scope });
}

/** The daemon is told of one change after the other for `forMs`, whoever dies meanwhile. */
async function keepDeciding(next: Decisions, count: number, forMs: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const { kind, findingId } = next.next().value;
    await tellDaemon(kind, findingId);
    await sleep(forMs / count);
  }
}

/** Kills one or both, leaves them dead for a while, and starts them again. */
async function strike(victim: 'broker' | 'daemon' | 'both', next: Decisions): Promise<void> {
  const from = Date.now();
  if (victim !== 'daemon') await broker.kill();
  if (victim !== 'broker') {
    await daemon.end('SIGKILL');
    for (let n = 0; n < DECIDED_BESIDE; n += 1) {
      const { kind, findingId } = next.next().value;
      await decideBeside(kind, findingId);
    }
    await daemon.start();
  }
  await sleep(Math.random() * LONGEST_DEAD_MS);
  if (victim !== 'daemon') await broker.restart();
  strikes.push({ from, until: Date.now() });
}

/** Everything has arrived that is not counted in a summary, and every summary. */
function expectDrained(audit: Audit): void {
  const { events, summaries } = audit.account();
  const counted = new Set([...summaries.values()].flatMap(({ replaced }) => replaced));
  const there = new Set(subscriber.firstArrivals());
  const awaited = [...events.map(({ id }) => id).filter((id) => !counted.has(id)), ...summaries.keys()];
  expect(awaited.filter((id) => !there.has(id))).toEqual([]);
}

/** What was recorded against what arrived. */
function expectNothingLost(audit: Audit, kills: number): void {
  const { events, summaries, acknowledged } = audit.account();
  const order = subscriber.firstArrivals();
  const there = new Set(order);
  const replaced = [...summaries.values()].flatMap((summary) => summary.replaced);
  const counted = new Set(replaced);
  const missing = events.filter(({ id }) => !there.has(id));
  console.log(
    `${events.length} changes, ${kills} kills: ${events.length - missing.length} arrived as events of their own, ` +
      `${missing.length} are only counted, in ${summaries.size} summaries of ${counted.size}; ` +
      `${acknowledged.size} acknowledgements were written down; ` +
      `${subscriber.arrived.length - order.length} repeats`,
  );
  expect(there.size).toBeGreaterThan(100);
  // None unaccounted for, and none invented.
  expect(missing.filter(({ id }) => !counted.has(id))).toEqual([]);
  const known = new Set([...events.map(({ id }) => id), ...summaries.keys()]);
  expect(order.filter((id) => !known.has(id))).toEqual([]);
  // Each summary arrived and counts what it stands for; nothing is counted twice.
  for (const [id, summary] of summaries) {
    expect(summary.replaced).toHaveLength(summary.count);
    expect(subscriber.arrived.find((event) => event.id === id)?.count).toBe(summary.count);
  }
  expect(counted.size).toBe(replaced.length);
  expectExactCount(replaced, acknowledged);
  // A repeat is the same event.
  expect(new Set(subscriber.arrived.map(({ text }) => text)).size).toBe(order.length);
  expectOrderPerHost(events, order);
}

/** Of what a summary counts, at most what was on its way when somebody was killed had arrived. */
function expectExactCount(counted: readonly string[], acknowledged: ReadonlySet<string>): void {
  expect(acknowledged.size).toBeGreaterThan(100);
  expect(counted.filter((id) => acknowledged.has(id))).toEqual([]);
  const lastAt = new Map(subscriber.arrived.map(({ id, at }) => [id, at]));
  const arrivals = counted.flatMap((id) => lastAt.get(id) ?? []);
  const undecided = Map.groupBy(arrivals, (at) =>
    strikes.reduce((a, b) => (distance(b, at) < distance(a, at) ? b : a)),
  );
  for (const [strike, at] of undecided) {
    expect(at.length).toBeLessThanOrEqual(MOST_ON_THEIR_WAY);
    expect(at.filter((each) => distance(strike, each) > LONGEST_ON_THEIR_WAY_MS)).toEqual([]);
  }
}

/** Milliseconds between a moment and a strike; 0: in its midst. */
function distance({ from, until }: Strike, at: number): number {
  return Math.max(from - at, at - until, 0);
}

function expectOrderPerHost(events: readonly Recorded[], order: readonly string[]): void {
  const place = new Map(order.map((id, n) => [id, n]));
  for (const { id: host } of HOSTS) {
    const ofHost = events.filter((event) => event.host === host);
    const places = ofHost.flatMap((event) => place.get(event.id) ?? []);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  }
}

test(`of ${CHANGES} changes, ${KILLS} kills of daemon and broker lose none`, {
  timeout: KILLS * 20_000 + DRAIN_WITHIN_MS + 120_000,
}, async () => {
  // The broker has the subscriber's session on disk before the first message.
  await sleep(2_000);
  const audit = recordFirstSweep();
  const next = decisions();
  const perRound = Math.max(2, Math.ceil(((CHANGES - audit.size()) * 4) / (KILLS * 3)));
  await daemon.start();
  let kills = 0;
  for (let round = 0; kills < KILLS || audit.size() < CHANGES; round += 1) {
    const gap = GAP.least + Math.random() * (GAP.most - GAP.least);
    const deciding = keepDeciding(next, perRound, gap);
    await sleep(gap * Math.random());
    const victim = (['broker', 'daemon', 'both'] as const)[round % 3] ?? 'both';
    await strike(victim, next);
    kills += victim === 'both' ? 2 : 1;
    await deciding;
  }
  await vi.waitFor(() => expectDrained(audit), { timeout: DRAIN_WITHIN_MS, interval: 500 });
  // Repeats may still come, and would have to be the same.
  await sleep(3_000);
  expectNothingLost(audit, kills);
});
