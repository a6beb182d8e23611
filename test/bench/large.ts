import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  buildLargeLan,
  type LargeLan,
  routeThroughCrowd,
  tableEntries,
  watchTable,
} from '../lab/large-lan.ts';
import { memoryOf, Program } from '../lab/program.ts';
import { ended } from '../lab/run.ts';
import { missingInLab } from './in-lab.ts';
import { unitFlags } from './measured-daemon.ts';
import { type NeighbourLimits, USUAL_LIMITS, withLimits } from './neighbour-limits.ts';
import { type Measured, ofRounds, type Section, type Table } from './section.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** This checkout's bundle, or with SMBWARDEN_BENCH_PROGRAM another one. */
const PROGRAM = process.env.SMBWARDEN_BENCH_PROGRAM ?? join(ROOT, 'dist', 'smbwarden.mjs');
/** What `smbwarden doctor` proposes for a /16. */
const RAISED: NeighbourLimits = { soft: 16_384, hard: 32_768 };
/**
 * Where other network namespaces of this machine need the neighbour table meanwhile: by so much more room is made in it, and
 * what they hold at the beginning is not held against the sweep, which is not told, so that it measures what it would alone.
 */
const OTHERS = Number(process.env.SMBWARDEN_BENCH_OTHERS ?? 0);
const ROUNDS = 3;
const LONGEST_MS = 1_200_000;
const BEHIND = '10.99.0.0/22';
const ALIVE_BEHIND = ['10.99.0.16', '10.99.1.77', '10.99.3.200'];
/** No more than in nmap's time, at kernel defaults, and a tenth of it with raised limits. */
const MOST_BY_DEFAULT = 1.5;
const MOST_RAISED = 0.1;

const PACES = ['fast', 'normal', 'gentle'] as const;
type Pace = (typeof PACES)[number];

/** One sweep as a whole command. */
interface Swept {
  readonly seconds: number;
  /** Until the last live host's result, seconds. */
  readonly lastResult: number;
  readonly missed: number;
  readonly complete: boolean;
  /** High-water mark of its memory, MB. */
  readonly peakMb: number;
}

/** Large and routed networks: how long, who is found, what is kept free, and how much memory it takes. */
export const largeSection: Section = {
  name: 'large',
  about: 'large LANs, 16 live addresses in each /24, by an ordinary user; nmap as root, by raw ARP',
  missing: missingInLab,
  async run({ quick, say, show }) {
    say("this machine's neighbour limits are raised for some sweeps and restored after each");
    const memory: string[][] = [];
    for (const prefix of quick ? [] : [24, 20])
      await inLan(prefix, async (lan) => {
        memory.push(memoryRow(lan, 'usual', await usual(lan, AS_SERVICE, say)));
      });
    const middle = await inLan(quick ? 23 : 18, (lan) => middleSized(lan, quick, say, memory));
    const large = quick ? [] : await inLan(16, (lan) => largest(lan, say, memory));
    const routed = await inLan(23, (lan) => behindRouter(lan, quick, say));
    if (!quick) show(memoryTable(memory));
    return [...middle, ...large, ...routed];
  },
};

type Say = (text: string) => void;

/** Its limits and nmap, in turn. */
async function middleSized(lan: LargeLan, quick: boolean, say: Say, memory: string[][]): Promise<Measured[]> {
  const [byDefault, raised, nmap] = [[] as Judged[], [] as Judged[], [] as number[]];
  const rounds = quick ? 1 : ROUNDS;
  for (let round = 1; round <= rounds; round += 1) {
    say(`${lan.subnet}, round ${round} of ${rounds}`);
    byDefault.push(await usual(lan, AS_COMMAND, say));
    raised.push(await widened(lan, AS_COMMAND, say));
    nmap.push(await nmapSeconds(lan));
  }
  if (!quick) memory.push(memoryRow(lan, 'usual', await usual(lan, AS_SERVICE, say)));
  // What is promised is promised of large networks: a small one is over before it has begun.
  return [
    ...besideNmap(lan, 'usual limits', byDefault, nmap, quick ? null : MOST_BY_DEFAULT),
    ...besideNmap(lan, 'raised limits', raised, nmap, quick ? null : MOST_RAISED),
  ];
}

/** nmap takes minutes for it, and the usual limits make it minutes for us: once each. */
async function largest(lan: LargeLan, say: Say, memory: string[][]): Promise<Measured[]> {
  say(`${lan.subnet}: nmap, then smbwarden with raised limits, then with the usual ones`);
  const nmap = [await nmapSeconds(lan)];
  const raised: Judged[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) raised.push(await widened(lan, AS_COMMAND, say));
  const byDefault = await usual(lan, AS_SERVICE, say);
  memory.push(memoryRow(lan, 'usual', byDefault));
  memory.push(memoryRow(lan, 'raised', await widened(lan, AS_SERVICE, say)));
  return [
    ...besideNmap(lan, 'raised limits', raised, nmap, MOST_RAISED),
    ...besideNmap(lan, 'usual limits', [byDefault], nmap, null),
  ];
}

/** What a sweep did, and to the neighbour table. */
interface Judged extends Swept {
  /** For so long the kernel kept the entry of a live host, whether room was needed or not; seconds. */
  readonly keptAlive: number;
  readonly mostHeld: number;
  readonly turnedAway: number;
}

async function inLan<Result>(prefix: number, measure: (lan: LargeLan) => Promise<Result>): Promise<Result> {
  const lan = await buildLargeLan({ prefix });
  try {
    return await measure(lan);
  } finally {
    await lan.lab.close();
  }
}

/** How the program is started: as somebody would at a terminal, or with the options of the service. */
interface Start {
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const AS_COMMAND: Start = { options: [], env: {} };
const AS_SERVICE: Start = unitFlags();

/** With the kernel's usual limits. */
function usual(lan: LargeLan, start: Start, say: Say): Promise<Judged> {
  const held = OTHERS === 0 ? 0 : tableEntries();
  const limits = { soft: USUAL_LIMITS.soft + held, hard: USUAL_LIMITS.hard + OTHERS };
  return judged(lan, limits, { ...start, pace: 'fast', subnet: lan.subnet, shownLimit: null }, say);
}

/** With raised limits, which are shown to the sweep as they would be outside of a namespace. */
function widened(lan: LargeLan, start: Start, say: Say): Promise<Judged> {
  return judged(lan, RAISED, { ...start, pace: 'fast', subnet: lan.subnet, shownLimit: RAISED.hard }, say);
}

/** On an empty table. */
async function judged(lan: LargeLan, limits: NeighbourLimits, plan: SweepPlan, say: Say): Promise<Judged> {
  await lan.lab.agent.run('ip', ['neigh', 'flush', 'all']);
  const keptAlive = await drawReachableTime(lan);
  const { result, table } = await withLimits(limits, () => watchTable(lan.lab.agent, () => sweep(lan, plan)));
  const { seconds, missed, complete, peakMb } = result;
  say(
    `${seconds.toFixed(1)} s, ${missed} missed, ${complete ? 'complete' : 'INCOMPLETE'}, ${peakMb.toFixed(0)} MB; ` +
      `held ${table.mostHeld} entries, others ${table.mostOthers}; ${table.turnedAway} turned away`,
  );
  return { ...result, keptAlive, mostHeld: table.mostHeld, turnedAway: table.turnedAway };
}

/**
 * The kernel draws it from 15 to 45 s every five minutes, and whenever its base of 30 s is set; a sweep of a large network
 * depends on it. Returns what was drawn, seconds.
 */
async function drawReachableTime({ lab }: LargeLan): Promise<number> {
  const draw = 'echo 30000 > /proc/sys/net/ipv4/neigh/eth0/base_reachable_time_ms';
  const { stdout } = await lab.agent.run('sh', ['-c', `${draw} && ip ntable show dev eth0 name arp_cache`]);
  return Number(/ reachable (\d+)/.exec(stdout)?.[1]) / 1_000;
}

let installed = 0;

interface SweepPlan extends Start {
  readonly pace: Pace;
  readonly subnet: string;
  /** What gc_thresh3 reads as for the sweep; null: it cannot be read, as in every container. */
  readonly shownLimit: number | null;
}

async function sweep(lan: LargeLan, { options, env, pace, subnet, shownLimit }: SweepPlan): Promise<Swept> {
  installed += 1;
  const program = await Program.install(lan.lab, `large-${installed}`, `pace: ${pace}\nforce: true\n`);
  const places = ['--config', program.configFile, '--data-dir', program.dataDir];
  const asked = ['sweep', '--json', '--level', 'L2', '--subnet', subnet];
  const command = [process.execPath, ...options, PROGRAM, ...places, ...asked];
  const begun = performance.now();
  const child = lan.lab.agent.spawn('sh', ['-c', START, 'sh', String(shownLimit ?? ''), ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const closed = once(child, 'close');
  const giveUp = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  const peakMb = await peakUntil(child.pid ?? 0, closed);
  clearTimeout(giveUp);
  const seconds = (performance.now() - begun) / 1_000;
  const { sweep: told, hosts } = JSON.parse(stdout) as {
    sweep: { complete: boolean };
    hosts: readonly { addresses: readonly string[] }[];
  };
  const found = new Set(hosts.flatMap(({ addresses }) => addresses));
  const lastResult = program.inDatabase((database) =>
    Number(database.prepare('SELECT last_answer_ms FROM sweeps').pluck().get()),
  );
  return {
    seconds,
    lastResult: lastResult / 1_000,
    missed: aliveIn(lan, subnet).filter((address) => !found.has(address)).length,
    complete: told.complete,
    peakMb,
  };
}

/** `ip netns exec` has mounts of its own, so that nobody else sees this one. */
const START = `
if [ -n "$1" ]; then
  mount -t tmpfs none /proc/sys/net/ipv4/neigh && mkdir /proc/sys/net/ipv4/neigh/default
  echo "$1" > /proc/sys/net/ipv4/neigh/default/gc_thresh3
fi
shift
exec setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs "$@"`;

function aliveIn({ crowd, subnet }: LargeLan, asked: string): readonly string[] {
  return asked === subnet ? crowd.map(({ address }) => address) : ALIVE_BEHIND;
}

/** The process became the sweep itself: every step before it replaces itself. */
async function peakUntil(pid: number, end: Promise<unknown>): Promise<number> {
  let hasEnded = false;
  void end.then(() => {
    hasEnded = true;
  });
  let peakKb = 0;
  while (!hasEnded) {
    const now = await memoryOf(pid).catch(() => null);
    peakKb = Math.max(peakKb, now?.peakKb ?? 0);
    await Promise.race([end, delay(100)]);
  }
  return peakKb / 1_024;
}

/** Whole command, as root; it must find everybody, or the comparison would be worth nothing. */
async function nmapSeconds({ lab, subnet, crowd }: LargeLan): Promise<number> {
  const args = ['-n', '-sS', '-p135,139,445', '-oG', '-', subnet];
  const { stdout, durationMs } = ended(await lab.agent.run('nmap', args, { timeoutMs: LONGEST_MS }));
  const up = stdout.split('\n').filter((line) => line.endsWith('Status: Up')).length;
  if (up < crowd.length) throw new Error(`nmap found ${up} of ${crowd.length} hosts`);
  return durationMs / 1_000;
}

function besideNmap(
  { subnet }: LargeLan,
  limits: string,
  swept: readonly Judged[],
  nmap: readonly number[],
  mostRatio: number | null,
): Measured[] {
  const peer = { what: '`nmap -n -sS -p135,139,445`', rounds: nmap };
  const name = `${subnet.slice(-3)}, ${limits}`;
  const times = (of: (each: Judged) => number) => swept.map(of);
  return [
    ofRounds(
      times(({ lastResult }) => lastResult),
      {
        what: `${name}: until the last live host's result`,
        unit: 's',
        most: null,
        peer: { ...peer, mostRatio },
      },
    ),
    ofRounds(
      times(({ seconds }) => seconds),
      {
        what: `${name}: the whole command`,
        unit: 's',
        most: null,
        peer: { ...peer, mostRatio: null },
      },
    ),
    {
      what: `${name}: live hosts missed, or sweeps incomplete`,
      value: Math.max(...times(({ missed, complete }) => missed + (complete ? 0 : 1))),
      unit: 'hosts',
      most: 0,
    },
    {
      what: `${name}: entries that the full table refused`,
      value: Math.max(...times(({ turnedAway }) => turnedAway)),
      unit: 'rows',
      most: 0,
      note: `held at most ${Math.max(...times(({ mostHeld }) => mostHeld))}, those of live hosts for ${times(({ keptAlive }) => Math.round(keptAlive)).join(', ')} s${OTHERS > 0 ? `; limits ${OTHERS} higher than usual for what others on the machine hold` : ''}`,
    },
  ];
}

async function behindRouter(lan: LargeLan, quick: boolean, say: Say): Promise<Measured[]> {
  const rows: Measured[] = [];
  const subnet = quick ? BEHIND.replace('/22', '/27') : BEHIND;
  await routeThroughCrowd(lan, BEHIND, ALIVE_BEHIND);
  for (const pace of quick ? (['fast'] as const) : PACES) {
    const { seconds, complete } = await sweep(lan, { ...AS_COMMAND, pace, subnet, shownLimit: null });
    say(`${subnet} behind a router, pace ${pace}: ${seconds.toFixed(1)} s`);
    const what = `${subnet.slice(-3)} behind a router, all but ${ALIVE_BEHIND.length} silent, pace ${pace}`;
    rows.push({ what, value: complete ? seconds : Number.NaN, unit: 's', most: null });
  }
  return rows;
}

function memoryRow({ subnet, crowd }: LargeLan, limits: string, { peakMb }: Judged): string[] {
  const addresses = (2 ** (32 - Number(subnet.slice(-2))) - 3).toLocaleString('en');
  return [subnet.slice(-3), addresses, crowd.length.toLocaleString('en'), limits, `${peakMb.toFixed(0)} MB`];
}

function memoryTable(rows: readonly (readonly string[])[]): Table {
  return {
    caption: 'Memory of the whole command, started as the service starts it (high-water mark):',
    header: ['subnet', 'addresses', 'of them alive', 'neighbour limits', 'most memory'],
    rows,
  };
}
