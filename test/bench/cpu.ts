import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/build-lab.ts';
import { BareTraffic } from './bare-traffic.ts';
import { captured } from './capture.ts';
import { buildCrowdedHome, type Place, preparePlace } from './crowded-home.ts';
import { forgetNeighbours, HOME, measureInLab, missingInLab } from './in-lab.ts';
import { cpuByThread, MeasuredDaemon, startProgram, type UnitFlags, unitFlags } from './measured-daemon.ts';
import { type Measured, median, ofRounds, type Section, type SectionOptions, type Table } from './section.ts';

/** The promises of the design. */
const MOST_SWEEP_MS = 150;
const MOST_START_MS = 200;
/** Until everything that is asked at first sight has been asked, and today's rows of the ledger are there. */
const SWEEPS_BEFORE = 2;
/** What a sweep leaves to be done: the broker is told, memory is tidied up. */
const SETTLED_AFTER_MS = 1_000;
const FIRST_PACKET_WITHIN_MS = 1_500;

const UNIT = unitFlags();
const WITH_COMPILER: UnitFlags = {
  ...UNIT,
  options: UNIT.options.filter((option) => option !== '--jitless'),
};
const ORDINARY: UnitFlags = { options: [], env: {} };

/** What a sweep that finds nothing new costs the processor, with and without the just-in-time compiler; and a start. */
export const cpuSection: Section = {
  name: 'cpu',
  about: 'processor time of an unchanged sweep of a /24 by the daemon, connected to Mosquitto; time to start',
  missing: missingInLab,
  async run({ quick, say, show }) {
    const home = quick
      ? []
      : await measureInLab(HOME, (lab) =>
          sweepsSideBySide(lab, { home: `${HOME.length} hosts`, rounds: 8, say, show }),
        );
    const sambas = quick ? 8 : 50;
    const crowd = await buildCrowdedHome(sambas);
    try {
      const rounds = quick ? 1 : 12;
      const rows = await sweepsSideBySide(crowd, { home: `${sambas} Sambas`, rounds, say, show });
      return [...home, ...rows, ...(await starts(crowd, quick ? 1 : 9, say))];
    } finally {
      await crowd.close();
    }
  },
};

/**
 * Two daemons, one with the unit's options and one that may compile, and a bare program that exchanges the same with the same
 * hosts, in turn.
 */
async function sweepsSideBySide(
  lab: Lab,
  { home, rounds, say, show }: { home: string; rounds: number } & Pick<SectionOptions, 'say' | 'show'>,
): Promise<Measured[]> {
  const jitless = await sweptDaemon(lab, 'jitless', UNIT);
  const [compiling, bare] = await Promise.all([
    sweptDaemon(lab, 'compiling', WITH_COMPILER),
    warmTraffic(lab, UNIT.options),
  ]);
  const spent = { jitless: [] as Spent[], compiling: [] as Spent[], bare: [] as number[] };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      say(`${home}: sweep ${round} of ${rounds}`);
      spent.jitless.push(await spentBySweep(jitless));
      spent.compiling.push(await spentBySweep(compiling));
      spent.bare.push(await bare.round());
    }
  } finally {
    await Promise.all([jitless.stop(), compiling.stop(), bare.stop()]);
  }
  const jitlessMs = spent.jitless.map(sumOf);
  const beside = (what: string, rounds: readonly number[]) => ({ what, rounds, mostRatio: null });
  show(byThread(home, spent));
  return [
    ofRounds(jitlessMs, {
      what: `an unchanged sweep of a /24 with ${home}`,
      unit: 'ms',
      most: MOST_SWEEP_MS,
      peer: beside('the same datagrams and connections by a bare program for Node.js', spent.bare),
    }),
    ofRounds(jitlessMs, {
      what: 'the same',
      unit: 'ms',
      most: null,
      peer: beside('without --jitless', spent.compiling.map(sumOf)),
    }),
  ];
}

async function sweptDaemon(lab: Lab, name: string, flags: UnitFlags): Promise<MeasuredDaemon> {
  const daemon = await MeasuredDaemon.start(lab, await preparePlace(lab, name), flags);
  await daemon.isConnected();
  for (let sweep = 0; sweep < SWEEPS_BEFORE; sweep += 1) await daemon.sweep();
  await delay(SETTLED_AFTER_MS);
  return daemon;
}

async function warmTraffic(lab: Lab, options: readonly string[]): Promise<BareTraffic> {
  const bare = BareTraffic.start(lab, options);
  for (let round = 0; round < SWEEPS_BEFORE; round += 1) await bare.round();
  return bare;
}

/** Milliseconds by name of thread; threads of one name together. */
type Spent = ReadonlyMap<string, number>;

async function spentBySweep(daemon: MeasuredDaemon): Promise<Spent> {
  const before = cpuByThread(daemon.pid);
  await daemon.sweep();
  await delay(SETTLED_AFTER_MS);
  const after = cpuByThread(daemon.pid);
  return new Map([...after].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]));
}

function sumOf(spent: Spent): number {
  return [...spent.values()].reduce((sum, ms) => sum + ms, 0);
}

/** As V8 and libuv call their threads. */
const THREADS: Readonly<Record<string, string>> = {
  MainThread: 'the program itself, the kernel on its behalf included',
  V8Worker: "V8's helpers: collecting garbage",
  'libuv-worker': "libuv's: files, the neighbour table among them",
};

function byThread(
  home: string,
  spent: { readonly jitless: readonly Spent[]; readonly compiling: readonly Spent[] },
): Table {
  const ms = (rounds: readonly Spent[], name: string) =>
    `${median(rounds.map((round) => round.get(name) ?? 0)).toFixed(0)} ms`;
  return {
    caption: `A sweep of the /24 with ${home} by thread, medians.`,
    header: ['thread', 'with --jitless', 'without'],
    rows: Object.entries(THREADS).map(([name, meaning]) => [
      meaning,
      ms(spent.jitless, name),
      ms(spent.compiling, name),
    ]),
  };
}

/** From the start of the process to the first packet at the interface, the neighbour table being empty. */
async function starts(lab: Lab, rounds: number, say: (text: string) => void): Promise<Measured[]> {
  const place = await preparePlace(lab, 'starts');
  const rows: Measured[] = [];
  for (const [command, does] of [
    ['run', 'the daemon, to the broker'],
    ['sweep', '"smbwarden sweep", to the broker or a host'],
  ] as const) {
    const took = { ordinary: [] as number[], jitless: [] as number[] };
    for (let round = 1; round <= rounds; round += 1) {
      say(`start of ${command} ${round} of ${rounds}`);
      took.ordinary.push(await firstPacketMs(lab, place, command, ORDINARY));
      took.jitless.push(await firstPacketMs(lab, place, command, UNIT));
    }
    const peer = { what: "with the unit's options", rounds: took.jitless, mostRatio: null };
    const what = `first packet of ${does}`;
    rows.push(ofRounds(took.ordinary, { what, unit: 'ms', most: MOST_START_MS, peer }));
  }
  return rows;
}

/** @throws Error when no packet left in time. */
async function firstPacketMs(
  lab: Lab,
  place: Place,
  command: 'run' | 'sweep',
  flags: UnitFlags,
): Promise<number> {
  await forgetNeighbours(lab);
  const { result: startedAt, packets } = await captured(lab, async () => {
    const begun = performance.timeOrigin + performance.now();
    const child = startProgram(lab, place, flags, [command]);
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await delay(FIRST_PACKET_WITHIN_MS);
    child.kill('SIGTERM');
    await exited;
    return begun;
  });
  const first = packets.find(({ isOurs, at }) => isOurs && at >= startedAt);
  if (first === undefined) throw new Error(`smbwarden ${command}: no packet`);
  return first.at - startedAt;
}
