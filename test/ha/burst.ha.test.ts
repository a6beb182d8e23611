/** 64 host devices at once: how long until Home Assistant has them all, and whose time that is. */
import { chmod } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostRecord } from '../../domain/host.ts';
import { openStorage } from '../../storage/storage.ts';
import { castOf } from '../lab/hosts.ts';
import { firstSight, manyHosts, sweepOf } from '../support/sample-history.ts';
import { Home, isOurs, type Prepared, seconds, tell } from './home.ts';
import type { StateChange } from './home-assistant.ts';

const HOSTS = 64;
/** The aim: from the connection to the broker until every entity is there. */
const MOST_MS = 5_000;
const HOSTILE_NAME = `{{ 7*7 }}<img src=x>\`ls\`[a](//b)\u202e\u2066\u0007${'x'.repeat(300)}`;

/** A message of ours, with when the broker sent it on (milliseconds UTC). */
interface Passed {
  readonly at: number;
  readonly topic: string;
}

/** What counts where other programs keep the processors busy. */
const MOST_WHEN_BUSY_MS = 20_000;

let home: Home;
const passed: Passed[] = [];
/** Processes that wanted to run in the last minute, by processor, before anything of ours did. */
const load = (loadavg()[0] ?? 0) / availableParallelism();

beforeAll(async () => {
  home = await Home.open(castOf('broker'), {
    config: 'sweepInterval: 1440\ntargets: [10.77.0.5]\n',
    prepare: async (prepared) => {
      await fill(prepared);
      watch(prepared);
    },
  });
});
afterAll(() => home?.close());

test('64 host devices are there within five seconds of the connection', async (context) => {
  await home.allAvailable(60_000);
  const entities = await home.homeAssistant.entities();
  const enabled = entities.filter((entity) => entity.disabled_by === null && isOurs(entity));
  expect(await home.homeAssistant.devices()).toHaveLength(HOSTS + 1);
  const connected = connectedAt(home.daemon.log);
  const [discovered, sent] = [/\/config$/, /\/availability$/].map(lastFirstPassed) as [number, number];
  const ours = new Set(enabled.map(({ entity_id }) => entity_id));
  const changes = home.homeAssistant.changes.filter(({ entityId }) => ours.has(entityId));
  const present = changes.filter(({ from }) => from === null);
  expect(present).toHaveLength(ours.size);
  const there = Math.max(...present.map(({ firedAt }) => firedAt));
  const shown = Math.max(...firstShown(changes).values());
  tell(
    context,
    [
      `${ours.size} entities present after ${seconds(there - connected)}`,
      `ours: last discovery sent after ${seconds(discovered - connected)}, last state after ${seconds(sent - connected)}`,
      `Home Assistant's: last entity ${seconds(there - discovered)} after its discovery, last state ${seconds(shown - sent)} after it was sent`,
      ...(load > 1 ? [`on a busy machine (load ${load.toFixed(1)} for each processor)`] : []),
    ].join(', '),
  );
  expect(there - connected).toBeLessThan(load > 1 ? MOST_WHEN_BUSY_MS : MOST_MS);
});

test('a name of 300 characters, with templates and markup, is cut and stays text', async () => {
  const names = (await home.homeAssistant.devices()).map(({ name }) => name ?? '');
  const [hostile] = names.filter((name) => name.includes('7*7'));
  expect(hostile).toMatch(/^7\*7 ?img src=xls\[a\]\(\/\/b\)x+$/);
  expect(hostile).toHaveLength(64);
});

test('Home Assistant has not logged a single warning about it', () => {
  expect(home.homeAssistant.complaints()).toEqual([]);
});

/** Fills the daemon's database as if the last sweep had been right now. */
async function fill({ program }: Prepared): Promise<void> {
  const file = join(program.dataDir, 'smbwarden.db');
  const now = Date.now();
  const storage = openStorage({ file, mode: 'read-write', version: '0.1.0', now: () => now });
  const hosts = manyHosts(HOSTS).map((host, n) => named(host, n === 0 ? HOSTILE_NAME : `HOST${n}`, now));
  storage.history.recordSweep(
    sweepOf(
      now,
      hosts.map((host) => firstSight(host)),
    ),
  );
  storage.close();
  await chmod(file, 0o666);
}

function named(host: HostRecord, name: string, at: number): HostRecord {
  const facts = { ...host.facts, 'netbios.names': [{ name, suffix: 0x20, group: false }] };
  return { ...host, facts, firstSeenAt: at, lastSeenAt: at };
}

/** Notes when the broker passes messages of ours on. */
function watch({ lab }: Prepared): void {
  const { station, user, password } = lab.mosquitto;
  const login = ['-h', station.address, '-u', user, '-P', password];
  const topics = ['-t', 'smbwarden/#', '-t', 'homeassistant/device/#'];
  const child = lab.agent.spawn('mosquitto_sub', [...login, ...topics, '-F', '%U %t'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.stdout === null) return;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [at = '', topic = ''] = line.split(' ');
    passed.push({ at: Number(at) * 1000, topic });
  });
}

/** When the last of the topics that match was first passed on. */
function lastFirstPassed(topics: RegExp): number {
  const first = new Map<string, number>();
  for (const { at, topic } of passed) if (topics.test(topic) && !first.has(topic)) first.set(topic, at);
  return Math.max(...first.values());
}

/** When the daemon logged that it is connected, milliseconds UTC. */
function connectedAt(log: string): number {
  const line = log.split('\n').find((each) => each.includes('Connected to the MQTT broker')) ?? '{}';
  const { time } = JSON.parse(line) as { time: number | string };
  return new Date(time).getTime();
}

/** When each entity first showed something else than "unavailable" or "unknown", as far as it did; milliseconds UTC. */
function firstShown(changes: readonly StateChange[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { entityId, to, firedAt } of changes) {
    if (to === null || ['unavailable', 'unknown'].includes(to) || first.has(entityId)) continue;
    first.set(entityId, firedAt);
  }
  return first;
}
