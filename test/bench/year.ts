import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostId } from '../../domain/host.ts';
import { openStorage, type Storage } from '../../storage/storage.ts';
import { type Measured, percentile, type Section, timed } from './section.ts';
import {
  randomFrom,
  recordUnchanged,
  simulateYear,
  sweepsIn,
  type YearPlan,
  yearPlan,
} from './simulated-year.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const PROGRAM = new URL('../../bin/smbwarden', import.meta.url).pathname;
/** In memory where there is a place for that: a year of commits in minutes wears a disk, and measures only that. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const VERSION = '0.1.0';

/** The promises of design.md: size, growth, time of a query, time of a whole command. */
const MOST_MB = 25;
const MOST_BYTES_A_SWEEP = 200;
const MOST_QUERY_MS = 20;
const MOST_COMMAND_MS = 400;

/** What a year of sweeps makes of the database, and how quickly it answers then. */
export const yearSection: Section = {
  name: 'year',
  about: 'a simulated year: 254 addresses, 50 hosts, a sweep every 5 minutes, 20 changes a day',
  async run({ quick, say }) {
    const directory = mkdtempSync(join(PLACE, 'smbwarden-bench-'));
    try {
      const file = join(directory, 'smbwarden.db');
      const plan = yearPlan(quick);
      return [
        ...fill(file, plan, say),
        ...growth(file, plan),
        ...queries(file, plan, quick),
        ...(await commands(directory, quick)),
      ];
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

function openAt(file: string, at: number, mode: 'read-only' | 'read-write' = 'read-write'): Storage {
  return openStorage({ file, mode, version: VERSION, now: () => at });
}

function endOf({ days, startsAt }: YearPlan): number {
  return startsAt + days * DAY_MS;
}

function fill(file: string, plan: YearPlan, say: (text: string) => void): Measured[] {
  const begun = performance.now();
  const storage = openAt(file, plan.startsAt);
  simulateYear(storage, plan, say);
  const [changes, ledger] = [storage.history.changes({}).length, storage.history.ledger({}).length];
  storage.close();
  const seconds = (performance.now() - begun) / 1000;
  const megabytes = statSync(file).size / 1e6;
  return [
    { what: `${sweepsIn(plan)} sweeps recorded`, value: seconds, unit: 's', most: null },
    {
      what: 'one sweep recorded, on average',
      value: (seconds * 1000) / sweepsIn(plan),
      unit: 'ms',
      most: null,
    },
    { what: 'changes in it', value: changes, unit: 'rows', most: null },
    { what: 'ledger in it', value: ledger, unit: 'rows', most: null },
    { what: 'size of the database', value: megabytes, unit: 'MB', most: MOST_MB },
  ];
}

/** A day of sweeps that find nothing new. The first one begins the day's rows of the ledger, which the others add to. */
function growth(file: string, plan: YearPlan): Measured[] {
  const storage = openAt(file, endOf(plan));
  const empty = storage.vacuum().after;
  recordUnchanged(storage, plan, endOf(plan), 1);
  const first = storage.vacuum().after;
  const sweeps = 250;
  recordUnchanged(storage, plan, endOf(plan) + plan.everyMinutes * MINUTE_MS, sweeps);
  const last = storage.vacuum().after;
  storage.close();
  const unit = 'bytes';
  return [
    { what: 'growth by an unchanged sweep', value: (last - first) / sweeps, unit, most: MOST_BYTES_A_SWEEP },
    { what: 'growth by the first sweep of a day', value: first - empty, unit, most: null },
  ];
}

/** Each way to read, with arguments as commands have them, drawn anew each time. */
function readersOf(storage: Storage, plan: YearPlan): Readonly<Record<string, () => unknown>> {
  const { history, outbox, retained, commands: given } = storage;
  const random = randomFrom(7);
  const ids = [...history.hosts().keys()];
  const anyId = (): HostId => ids[Math.floor(random() * ids.length)] ?? '';
  const anyMoment = () => plan.startsAt + random() * plan.days * DAY_MS;
  const week = (since = anyMoment()) => ({ since, until: since + 7 * DAY_MS });
  const lastWeek = () => ({ since: endOf(plan) - 7 * DAY_MS });
  return {
    hosts: () => history.hosts(),
    'hasSwept, sweeps (20)': () => [history.hasSwept(), history.sweeps(20)],
    'changes, newest 50': () => history.changes({ limit: 50 }),
    'changes of a host': () => history.changes({ hostId: anyId() }),
    'changes of a rule, newest 50': () => history.changes({ rule: 'smb1-enabled', limit: 50 }),
    'changes of a type': () => history.changes({ types: ['host_moved'], limit: 50 }),
    'changes of a week': () => history.changes(week()),
    'changes of a host in a week': () => history.changes({ hostId: anyId(), ...week() }),
    'intervals of a host': () => history.intervals(anyId()),
    'intervals of a fact': () => history.intervals(anyId(), 'smb.smb1'),
    'factsSince a host': () => history.factsSince(anyId()),
    'factsAt a moment': () => history.factsAt(anyMoment()),
    'ledger of a week': () => history.ledger(lastWeek()),
    'ledger of a host, all of it': () => history.ledger({ hostId: anyId() }),
    'quarantine, commands, outbox, retained topics': () => [
      history.quarantine(),
      given.newest(50),
      outbox.waiting(15),
      retained.all(),
    ],
  };
}

function queries(file: string, plan: YearPlan, quick: boolean): Measured[] {
  const storage = openAt(file, endOf(plan), 'read-only');
  const measured = Object.entries(readersOf(storage, plan)).map(([name, read]): Measured => {
    const times = timed(quick ? 50 : 300, read);
    const note = `p50 ${percentile(times, 0.5).toFixed(2)} ms`;
    return { what: `${name}, p99`, value: percentile(times, 0.99), unit: 'ms', most: MOST_QUERY_MS, note };
  });
  storage.close();
  return measured;
}

/** The reading commands, as a person gives them. */
const COMMANDS: readonly string[] = [
  'status',
  'hosts',
  'host HOST0',
  'host HOST0 --history',
  'findings --all',
  'history',
  'history --host HOST0',
  'diff --since 7d',
  'since HOST0 smb1',
  'ledger',
  'ledger --host HOST0 --since 90d',
];

/** Whole processes: start of the runtime, configuration, query, text. The quickest of a few, because others may compute too. */
async function commands(directory: string, quick: boolean): Promise<Measured[]> {
  const run = promisify(execFile);
  const measured: Measured[] = [];
  for (const command of COMMANDS) {
    const times: number[] = [];
    for (let n = 0; n < (quick ? 2 : 7); n += 1) {
      const begun = performance.now();
      await run(PROGRAM, ['--data-dir', directory, ...command.split(' ')], { maxBuffer: 1e8 });
      times.push(performance.now() - begun);
    }
    const note = `median ${percentile(
      times.toSorted((a, b) => a - b),
      0.5,
    ).toFixed(0)} ms`;
    const value = Math.min(...times);
    measured.push({ what: `smbwarden ${command}`, value, unit: 'ms', most: MOST_COMMAND_MS, note });
  }
  return measured;
}
