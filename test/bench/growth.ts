import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Lab } from '../lab/build-lab.ts';
import type { Place } from './crowded-home.ts';
import { type Curve, drawCurves } from './curves.ts';
import { addressesIn, buildGrownLan, type Size, subnetOf } from './grown-lan.ts';
import { missingInLab } from './in-lab.ts';
import { cpuOf, MeasuredDaemon, memoryOf, unitFlags } from './measured-daemon.ts';
import type { Section, SectionOptions } from './section.ts';
import { figure } from './tables.ts';

/** One thing that grows while the others stay as they are. */
interface Growth {
  /** Name of the picture. */
  readonly name: string;
  readonly title: string;
  /** What stayed as it was. */
  readonly about: string;
  readonly x: string;
  /** In ascending order. */
  readonly sizes: readonly Size[];
  readonly xOf: (size: Size) => number;
}

const HOW = 'the daemon as its unit starts it, pace normal, the kernel’s default limits';

const GROWTHS: readonly Growth[] = [
  {
    name: 'growth-addresses',
    title: 'A first sweep, by the number of addresses',
    about: `10 live hosts, one of them with SMB; ${HOW}`,
    x: 'addresses',
    sizes: [26, 24, 22, 20, 18, 16].map((prefix) => ({ prefix, alive: 10, speakSmb: 1 })),
    xOf: ({ prefix }) => addressesIn(prefix),
  },
  {
    name: 'growth-hosts',
    title: 'A first sweep, by the number of live hosts',
    about: `1,022 addresses, one host with SMB; ${HOW}`,
    x: 'live hosts',
    sizes: [1, 10, 100, 1_000].map((alive) => ({ prefix: 22, alive, speakSmb: 1 })),
    xOf: ({ alive }) => alive,
  },
  {
    name: 'growth-smb',
    title: 'A first sweep, by the number of hosts with SMB',
    about: `1,022 addresses; full posture, all by one Samba; ${HOW}`,
    x: 'hosts with SMB',
    sizes: [1, 10, 100, 1_000].map((alive) => ({ prefix: 22, alive, speakSmb: alive })),
    xOf: ({ speakSmb }) => speakSmb,
  },
];

/** What one sweep of a LAN of some size took. */
interface Cost {
  readonly wallSeconds: number;
  /** Of all threads. */
  readonly cpuMs: number;
  /** VmHWM: the most that the process ever had, start included. */
  readonly memoryMb: number;
  /** Once compact, as after the weekly upkeep. */
  readonly databaseKb: number;
}

const MEMORY_AIM = { y: 80, label: 'aim for a /24: 80 MB' };

/** How wall time, processor time, memory and database grow with the LAN. */
export const growthSection: Section = {
  name: 'growth',
  about: 'a first sweep by the daemon, by number of addresses, live hosts and hosts with SMB',
  inWholeRunsOnly: true,
  missing: missingInLab,
  async run(options) {
    for (const growth of options.quick ? GROWTHS.slice(0, 1) : GROWTHS) await measureGrowth(growth, options);
    return [];
  },
};

async function measureGrowth(growth: Growth, { quick, say, show, draw }: SectionOptions): Promise<void> {
  const { name, title, about, x, xOf } = growth;
  const costs: { readonly x: number; readonly cost: Cost }[] = [];
  for (const size of quick ? growth.sizes.slice(0, 2) : growth.sizes) {
    say(`${figure(xOf(size))} ${x}`);
    costs.push({ x: xOf(size), cost: await costOf(size) });
  }
  const curves = COLUMNS.map(
    ([columnTitle, of, limit]): Curve => ({
      title: columnTitle,
      points: costs.map((each) => ({ x: each.x, y: of(each.cost) })),
      ...(limit === undefined ? {} : { limit }),
    }),
  );
  draw(
    name,
    `${title}: ${curves.map((curve) => curve.title).join('; ')}`,
    drawCurves({ title, about, x, curves }),
  );
  show({
    caption: `${title} (${about}):`,
    header: [x, ...COLUMNS.map(([columnTitle]) => columnTitle)],
    rows: costs.map((each) => [figure(each.x), ...COLUMNS.map(([, of]) => figure(of(each.cost)))]),
  });
}

const COLUMNS: readonly (readonly [string, (cost: Cost) => number, Curve['limit']?])[] = [
  ['wall time, s', ({ wallSeconds }) => wallSeconds],
  ['processor time, ms', ({ cpuMs }) => Math.round(cpuMs)],
  ['most memory (VmHWM), MB', ({ memoryMb }) => memoryMb, MEMORY_AIM],
  ['database, kB', ({ databaseKb }) => databaseKb],
];

/** @throws Error when the sweep misses somebody. */
async function costOf(size: Size): Promise<Cost> {
  const lab = await buildGrownLan(size);
  try {
    const place = await placeWithoutBroker(lab, size);
    const daemon = await MeasuredDaemon.start(lab, place, unitFlags());
    const cpuBefore = cpuOf(daemon.pid);
    const begun = performance.now();
    const { sweep } = (await daemon.sweep()) as { sweep: { hostsUp: number; complete: boolean } };
    const wallSeconds = (performance.now() - begun) / 1_000;
    const cpuMs = cpuOf(daemon.pid) - cpuBefore;
    const memoryMb = memoryOf(daemon.pid).highWater;
    await daemon.stop();
    // The agent's own machine is a host, too.
    if (!sweep.complete || sweep.hostsUp !== size.alive + 1)
      throw new Error(`${JSON.stringify(size)}: ${sweep.hostsUp} hosts, complete: ${sweep.complete}`);
    return { wallSeconds, cpuMs, memoryMb, databaseKb: compactKb(join(place.dataDir, 'smbwarden.db')) };
  } finally {
    await lab.close();
  }
}

/** A subnet of more than 4,096 addresses is swept only where it is named, and forced. */
async function placeWithoutBroker(lab: Lab, size: Size): Promise<Place> {
  const folder = join(lab.folder, 'growth');
  const place = { configFile: join(folder, 'config.yaml'), dataDir: join(folder, 'data') };
  await mkdir(place.dataDir, { recursive: true });
  for (const each of [lab.folder, folder, place.dataDir]) await chmod(each, 0o777);
  const config = `targets: [${subnetOf(size)}]\nforce: true\nsweepInterval: 1440\n`;
  await writeFile(place.configFile, config, { mode: 0o644 });
  return place;
}

function compactKb(file: string): number {
  const database = new Database(file);
  try {
    database.exec('VACUUM');
    const [pages, size] = ['page_count', 'page_size'].map((name) =>
      Number(database.pragma(name, { simple: true })),
    );
    return ((pages ?? 0) * (size ?? 0)) / 1_000;
  } finally {
    database.close();
  }
}
