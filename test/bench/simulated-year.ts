import assert from 'node:assert/strict';
import type { HostUpdate } from '../../domain/change.ts';
import { compareAbsent, compareSeen } from '../../domain/compare.ts';
import type { Facts } from '../../domain/facts.ts';
import { type HostId, type HostRecord, hostIdOf } from '../../domain/host.ts';
import type { SeenHost } from '../../domain/identity.ts';
import type { Moment } from '../../domain/judge.ts';
import { dayOf, type LedgerEntry } from '../../domain/ledger.ts';
import type { Retention } from '../../storage/retention.ts';
import type { Storage } from '../../storage/storage.ts';
import { OLD_NAS } from '../support/home-network.ts';
import { sampleSummary } from '../support/samples.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What is simulated. */
export interface YearPlan {
  readonly days: number;
  readonly hosts: number;
  readonly addresses: number;
  readonly everyMinutes: number;
  /** Times a day that something about some host becomes different. */
  readonly changesADay: number;
  readonly keep: Retention;
  /** Milliseconds UTC. */
  readonly startsAt: number;
}

/** A machine as it really is. */
interface Machine {
  readonly id: HostId;
  readonly mac: string;
  facts: Facts;
  isAway: boolean;
}

type Random = () => number;

/**
 * Fills a database by the code that the daemon uses: hosts are compared by `compareSeen` and `compareAbsent`, sweeps
 * recorded by `recordSweep` with their ledger, old history dropped once a day. Hosts of which nothing is different take a
 * short cut around `compareSeen`, which is proven at the second sweep to give the same.
 */
export function simulateYear(storage: Storage, plan: YearPlan, say: (text: string) => void): void {
  const random = randomFrom(20_261_121);
  const machines = Array.from({ length: plan.hosts }, (_, n) => machineNumber(n));
  const known = new Map<HostId, HostRecord>();
  const perDay = Math.floor((24 * 60) / plan.everyMinutes);
  for (let n = 0; n < plan.days * perDay; n += 1) {
    const at = plan.startsAt + n * plan.everyMinutes * MINUTE_MS;
    const isFirst = n === 0;
    const altered = isFirst ? new Set(machines) : alterSome(machines, plan.changesADay / perDay, random);
    const updates = machines.map((machine) => look(machine, known, altered.has(machine), at, random));
    if (n === 1) proveShortCut(machines, known, at, random);
    for (const { host } of updates) known.set(host.id, host);
    record(storage, updates, ledgerOf(machines, n % perDay === 0, at), at, plan);
    if (n % perDay === perDay - 1) housekeep(storage, plan.keep, at);
    if (n % (30 * perDay) === 30 * perDay - 1) say(`day ${(n + 1) / perDay} of ${plan.days}`);
  }
}

/** Records so many more sweeps, in which all hosts are as they are known. */
export function recordUnchanged(storage: Storage, plan: YearPlan, startsAt: number, sweeps: number): void {
  const hosts = [...storage.history.hosts().values()];
  const machines = hosts.map(({ id, facts }) => ({ id, mac: '', facts, isAway: false }));
  for (let n = 0; n < sweeps; n += 1) {
    const at = startsAt + n * plan.everyMinutes * MINUTE_MS;
    const updates = hosts.map((host) => unchanged(host, at));
    record(storage, updates, ledgerOf(machines, false, at), at, plan);
  }
}

function machineNumber(n: number): Machine {
  const mac = `00:11:32:00:00:${n.toString(16).padStart(2, '0')}`;
  const name = `HOST${n}`;
  const facts: Facts = {
    ...OLD_NAS.facts,
    addresses: [`192.168.1.${n + 10}`],
    'netbios.names': [
      { name, suffix: 0x20, group: false },
      { name: 'WORKGROUP', suffix: 0x00, group: true },
    ],
    // Half of them are hardened.
    ...(n % 2 === 0 ? {} : { 'smb.smb1': 'no', 'smb.signing.smb2': 'required', 'tcp/139': 'closed' }),
  };
  return { id: hostIdOf(mac), mac, facts, isAway: false };
}

/** Lets something become different on so many machines on average, one thing each. */
function alterSome(machines: readonly Machine[], average: number, random: Random): Set<Machine> {
  const altered = new Set<Machine>();
  for (let left = average; left > random(); left -= 1) {
    const machine = machines[Math.floor(random() * machines.length)];
    if (machine === undefined || altered.has(machine)) continue;
    altered.add(machine);
    // One that is away comes back: nobody would see anything else of it.
    alter(machine, machine.isAway ? GOES_OR_COMES : Math.floor(random() * (GOES_OR_COMES + 1)));
  }
  return altered;
}

const GOES_OR_COMES = 5;

function alter(machine: Machine, what: number): void {
  const { facts } = machine;
  const changes: Facts[] = [
    { 'tcp/139': facts['tcp/139'] === 'open' ? 'closed' : 'open' },
    { 'smb.smb1': facts['smb.smb1'] === 'yes' ? 'no' : 'yes' },
    { 'smb.signing.smb2': facts['smb.signing.smb2'] === 'required' ? 'enabled' : 'required' },
    { addresses: [moved(facts.addresses?.[0] ?? '')] },
    { 'smb.anonymous.session': facts['smb.anonymous.session'] === 'yes' ? 'no' : 'yes' },
  ];
  const change = changes[what];
  if (change === undefined) machine.isAway = !machine.isAway;
  else machine.facts = { ...facts, ...change };
}

/** 192.168.1.10 to 192.168.1.110, and back. */
function moved(address: string): string {
  const last = Number(address.split('.')[3]);
  return `192.168.1.${last >= 110 ? last - 100 : last + 100}`;
}

function look(
  machine: Machine,
  known: ReadonlyMap<HostId, HostRecord>,
  isAltered: boolean,
  at: number,
  random: Random,
): HostUpdate {
  const before = known.get(machine.id) ?? null;
  if (before !== null && machine.isAway) return compareAbsent(before, at);
  const isBack = before !== null && before.missedSweeps > 0;
  if (before === null || isAltered || isBack)
    return compareSeen(before, seenOf(machine, at), momentOf(at, random));
  return unchanged(before, at);
}

function seenOf({ id, mac, facts }: Machine, at: number): SeenHost {
  return { id, mac, isAgent: false, facts, systemTime: at, asked: [] };
}

function momentOf(at: number, random: Random): Moment {
  return {
    at,
    newFindingId: () =>
      `f_${Math.floor(random() * 36 ** 6)
        .toString(36)
        .padStart(6, '0')}`,
  };
}

/** What `compareSeen` gives for a host of which nothing is different, at a tenth of the time. */
function unchanged(before: HostRecord, at: number): HostUpdate {
  const isOpen = ({ state }: { state: string }) => state !== 'resolved';
  const findings = before.findings.map((each) => (isOpen(each) ? { ...each, confirmedAt: at } : each));
  return {
    host: { ...before, lastSeenAt: at, systemTime: at, findings },
    isNew: false,
    changedFacts: {},
    changedFindings: [],
    confirmedFindings: findings.filter(isOpen).map(({ id }) => id),
    changes: [],
  };
}

function proveShortCut(
  machines: readonly Machine[],
  known: ReadonlyMap<HostId, HostRecord>,
  at: number,
  random: Random,
): void {
  for (const machine of machines) {
    const before = known.get(machine.id);
    assert(before !== undefined);
    const same = { ...machine, facts: before.facts };
    const compared = compareSeen(before, seenOf(same, at), momentOf(at, random));
    const byId = (update: HostUpdate) => ({
      ...update,
      confirmedFindings: update.confirmedFindings.toSorted(),
    });
    assert.deepEqual(byId(unchanged(before, at)), byId(compared));
  }
}

/** What a sweep sends to each host: presence, four ports, a negotiate; once a day the single questions too. */
const ASKED: readonly Omit<LedgerEntry, 'day' | 'hostId' | 'address'>[] = [
  { probe: 'nbstat', transport: 'udp', port: 137, connections: 0, datagrams: 1, bytes: 50 },
  { probe: 'knock', transport: 'tcp', port: 135, connections: 1, datagrams: 0, bytes: 0 },
  { probe: 'knock', transport: 'tcp', port: 139, connections: 1, datagrams: 0, bytes: 0 },
  { probe: 'netbios-session', transport: 'tcp', port: 139, connections: 0, datagrams: 0, bytes: 72 },
  { probe: 'smb-dialects', transport: 'tcp', port: 445, connections: 1, datagrams: 0, bytes: 212 },
];
const ASKED_DAILY: typeof ASKED = ['smb1', 'smb-dialect-range', 'smb-identity', 'smb-anonymous'].map(
  (probe) => ({
    probe,
    transport: 'tcp',
    port: 445,
    connections: 1,
    datagrams: 0,
    bytes: 300,
  }),
);
/** The addresses at which nobody is: one datagram and a repeat. */
const NOBODY: LedgerEntry = {
  day: '',
  hostId: null,
  address: null,
  ...{ probe: 'nbstat', transport: 'udp', port: 137, connections: 0, datagrams: 408, bytes: 20_400 },
};

function ledgerOf(machines: readonly Machine[], isDaily: boolean, at: number): LedgerEntry[] {
  const day = dayOf(at);
  const asked = isDaily ? [...ASKED, ...ASKED_DAILY] : ASKED;
  const entries = machines
    .filter((machine) => !machine.isAway)
    .flatMap(({ id, facts }) =>
      asked.map((each) => ({ ...each, day, hostId: id, address: facts.addresses?.[0] ?? null })),
    );
  return [...entries, { ...NOBODY, day }];
}

function record(
  storage: Storage,
  updates: readonly HostUpdate[],
  ledger: readonly LedgerEntry[],
  at: number,
  { addresses }: YearPlan,
): void {
  const sent = { connections: 4 * updates.length, datagrams: 758, bytes: 38_720 };
  const hostsUp = updates.filter(({ host }) => host.present).length;
  const times = { startedAt: at, finishedAt: at + 812 };
  const summary = sampleSummary({ ...times, hostsUp, addresses, sent });
  storage.history.recordSweep({ summary, updates, changes: [], events: [], ledger });
}

function housekeep(storage: Storage, keep: Retention, at: number): void {
  const steps = storage.retention.drop(keep, at);
  while (steps.next().done !== true);
}

/** How many sweeps a plan has. */
export function sweepsIn({ days, everyMinutes }: YearPlan): number {
  return days * Math.floor((24 * 60) / everyMinutes);
}

/** A year that ends with the last midnight, or with `quick` ten days. */
export function yearPlan(quick: boolean): YearPlan {
  const days = quick ? 10 : 365;
  const today = Date.now() - (Date.now() % DAY_MS);
  return {
    days,
    hosts: 50,
    addresses: 254,
    everyMinutes: 5,
    changesADay: 20,
    keep: { changes: 730 * DAY_MS, sweeps: 90 * DAY_MS, ledger: 90 * DAY_MS, commands: 365 * DAY_MS },
    // It ends now, because commands look back from now; whole days, so that a day's ledger begins with a day.
    startsAt: today - days * DAY_MS,
  };
}

/** mulberry32: numbers from 0 to 1, the same on every run. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
