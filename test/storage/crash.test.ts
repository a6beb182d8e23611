import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import type { HostUpdate } from '../../domain/change.ts';
import { openStorage } from '../../storage/storage.ts';
import { openTestStorage, temporaryFile } from '../support/open-database.ts';
import { firstSweep, sweepOf } from '../support/sample-history.ts';
import { SAMPLE_TIME, sampleChange, sampleEvent, sampleHost } from '../support/samples.ts';

const SWEEPS = 20;
const IMAGES = 60;
const KILLS = 4;
const SEED = 20_261_121;

/** The n-th sweep: another dialect answer, one change, one event. */
function sweepNumber(n: number) {
  if (n === 1) return firstSweep();
  const at = SAMPLE_TIME + n * 60_000;
  const value = n % 2 === 0 ? 'no' : 'yes';
  const host = sampleHost({ lastSeenAt: at, facts: { ...sampleHost().facts, 'smb.smb1': value } });
  const update: HostUpdate = {
    host,
    isNew: false,
    changedFacts: { 'smb.smb1': value },
    changedFindings: [],
    confirmedFindings: [],
    changes: [sampleChange({ at, type: 'fact_changed', findingId: null })],
  };
  return { ...sweepOf(at, [update]), events: [sampleEvent({ id: `event-${n}` })] };
}

/** The two files of a database whose process was killed after 20 sweeps, none of them checkpointed. */
function filesOfKilledProcess(): { readonly database: Buffer; readonly log: Buffer } {
  const file = temporaryFile();
  const { history } = openTestStorage({ file });
  for (let n = 1; n <= SWEEPS; n += 1) history.recordSweep(sweepNumber(n));
  return { database: readFileSync(file), log: readFileSync(`${file}-wal`) };
}

/** mulberry32: numbers from 0 to 1, the same on every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A log that was cut, or cut and overwritten with noise for up to 4 kB before the cut. */
function tear(log: Buffer, random: () => number): Buffer {
  const torn = Buffer.from(log.subarray(0, Math.floor(random() * log.length)));
  if (random() < 0.5) return torn;
  const start = Math.max(0, torn.length - Math.floor(random() * 4096));
  for (let i = start; i < torn.length; i += 1) torn[i] = Math.floor(random() * 256);
  return torn;
}

it(`survives ${IMAGES} torn logs: every sweep is there whole or not at all`, () => {
  const { database, log } = filesOfKilledProcess();
  const directory = dirname(temporaryFile());
  const random = randomFrom(SEED);
  const survivors: number[] = [];
  for (let image = 0; image < IMAGES; image += 1) {
    const folder = join(directory, String(image));
    mkdirSync(folder);
    const file = join(folder, 'smbwarden.db');
    writeFileSync(file, database);
    writeFileSync(`${file}-wal`, tear(log, random));

    const storage = openStorage({ file, mode: 'read-write', version: '1.0.0', now: () => SAMPLE_TIME });
    const { history, outbox } = storage;
    const sweeps = history.sweeps(-1).length;
    expect(storage.restored, `image ${image}`).toBeNull();
    expect(outbox.size(), `image ${image}`).toBe(sweeps);
    expect(history.changes({}).length, `image ${image}`).toBe(sweeps === 0 ? 0 : sweeps + 1);
    expect(history.intervals('h001132aabbcc', 'smb.smb1').length, `image ${image}`).toBe(sweeps);
    storage.close();
    expect(verdictOn(file), `image ${image}`).toBe('ok');
    survivors.push(sweeps);
  }
  expect(new Set(survivors).size).toBeGreaterThan(10);
});

function verdictOn(file: string): unknown {
  const db = new Sqlite(file, { readonly: true });
  const verdict = db.pragma('integrity_check', { simple: true });
  db.close();
  return verdict;
}

it('survives being killed in the middle of its work, over and over', async () => {
  const file = temporaryFile();
  const sweeps: number[] = [];
  for (let n = 0; n < KILLS; n += 1) {
    await killedWriter(file);
    const { history, outbox, restored, close } = openStorage({
      file,
      mode: 'read-write',
      version: '1.0.0',
      now: () => SAMPLE_TIME,
    });
    const recorded = history.sweeps(-1).length;
    expect(restored).toBeNull();
    expect(outbox.size()).toBe(recorded);
    expect(history.ledger({}).reduce((sum, entry) => sum + entry.datagrams, 0)).toBe(recorded);
    close();
    expect(verdictOn(file)).toBe('ok');
    sweeps.push(recorded);
  }
  expect(sweeps.toSorted((a, b) => a - b)).toEqual(sweeps);
  expect(sweeps.at(-1)).toBeGreaterThan(KILLS);
});

/** Another process that records sweeps, each with one event and one datagram, until it is killed after some of them. */
async function killedWriter(file: string): Promise<void> {
  const module = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
  const script = `
    import { openStorage } from ${module('storage/storage.ts')};
    import { sweepOf } from ${module('test/support/sample-history.ts')};
    import { sampleEvent } from ${module('test/support/samples.ts')};
    const { history } = openStorage({ file: process.argv[1], mode: 'read-write', version: '1.0.0', now: () => 0 });
    const sent = { transport: 'udp', port: 137, probe: 'nbstat', connections: 0, datagrams: 1, bytes: 50 };
    const ledger = [{ ...sent, day: '2026-11-21', hostId: null, address: null }];
    for (let n = 0; ; n += 1) {
      const events = [sampleEvent({ id: process.pid + '-' + n })];
      history.recordSweep({ ...sweepOf(${SAMPLE_TIME} + n), events, ledger });
      if (n === 5) process.stdout.write('on its way');
    }`;
  const writer = spawn(process.execPath, ['--input-type=module', '--eval', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(writer, 'exit');
  await once(writer.stdout, 'data');
  writer.kill('SIGKILL');
  await ended;
}
