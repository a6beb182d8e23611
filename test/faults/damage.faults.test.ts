/** The database is damaged: another takes its place, and the owner is told what is missing. */
import {
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, vi } from 'vitest';
import { fault } from './fault.ts';
import { HomeScene, inDatabase } from './home-scene.ts';

const PAGE = 4096;
const DAMAGED = /the database was damaged, and is kept as/;
/** The fault takes away what the daemon would write down, and the damage is an event of its own. */
const REPLACED = { audited: false, alsoTold: ['agent_problem'] };

/** A scene with a backup that knows of the first sweep, and of nothing that came after it. */
async function setWithBackup(): Promise<HomeScene> {
  const scene = await HomeScene.set(REPLACED);
  await scene.daemon.says(/the history was backed up/);
  return scene;
}

/** The newest backup is the history again: what changed since then is found, and told, anew. */
async function expectRestored(scene: HomeScene, changedSince: readonly number[]): Promise<void> {
  for (const which of changedSince) scene.toldAgain(which);
  await scene.sweep();
  await scene.untilTold();
  await expectSaid(scene, DAMAGED);
}

/** `status` says what is missing, Home Assistant was told, and the damaged file is kept. */
async function expectSaid(scene: HomeScene, problem: RegExp): Promise<void> {
  expect(await scene.problem()).toMatch(problem);
  await vi.waitFor(() => {
    expect(scene.alerts().arrived.map(({ type }) => type)).toContain('agent_problem');
  }, 10_000);
  expect(setAside(scene)).toHaveLength(1);
}

function setAside({ file }: HomeScene): string[] {
  return readdirSync(dirname(file)).filter((name) => /\.corrupt\.[^-]*$/.test(name));
}

/** Overwrites pages with garbage, from `first` on; the first page is 1. */
function spoil(file: string, first: number, count: number): void {
  const handle = openSync(file, 'r+');
  try {
    for (let page = first; page < first + count; page += 1)
      writeSync(handle, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (page - 1) * PAGE);
  } finally {
    closeSync(handle);
  }
}

fault(
  'pages damaged while it runs',
  {
    group: 'Database',
    done: 'all pages of the file but the first are overwritten under the running daemon, its log emptied into it before',
    holds: 'the file is set aside, the backup takes its place, sweeps go on without a restart',
    told: DAMAGED,
  },
  async () => {
    const scene = await setWithBackup();
    scene.flip(0);
    await scene.sweep();
    await scene.untilTold();
    inDatabase(scene.file, (db) => db.pragma('wal_checkpoint(TRUNCATE)'));
    spoil(scene.file, 2, statSync(scene.file).size / PAGE - 1);
    await expectRestored(scene, [0]);
    return scene;
  },
);

interface Damage {
  readonly name: string;
  readonly done: string;
  /** `scene` is stopped, or was killed. */
  readonly damage: (scene: HomeScene) => void;
  /** Whether the daemon had been stopped by its owner, or had died. */
  readonly after: 'stop' | 'kill';
}

const DAMAGES: readonly Damage[] = [
  {
    name: 'pages damaged while it is down',
    done: 'some pages of the file of a daemon that was killed are overwritten with garbage',
    damage: ({ file }) => spoil(file, 5, 10),
    after: 'kill',
  },
  {
    name: 'table of contents damaged while it is stopped',
    done: 'the first page of a file that was closed in order is overwritten with garbage',
    damage: ({ file }) => spoil(file, 1, 1),
    after: 'stop',
  },
  {
    name: 'database truncated',
    done: 'the second half of the file of a daemon that was killed is cut off, its log lost',
    damage: ({ file }) => {
      rmSync(`${file}-wal`, { force: true });
      truncateSync(file, Math.floor(statSync(file).size / 2 / PAGE) * PAGE + 100);
    },
    after: 'kill',
  },
  {
    name: 'database of zero bytes',
    done: 'the file is there and empty, as some file systems leave it after a power cut',
    damage: ({ file }) => truncateSync(file, 0),
    after: 'stop',
  },
  {
    name: 'database overwritten with garbage',
    done: 'the file holds something else altogether',
    damage: ({ file }) => writeFileSync(file, 'not a database '.repeat(4000)),
    after: 'stop',
  },
];

for (const { name, done, damage, after } of DAMAGES) {
  fault(
    name,
    {
      group: 'Database',
      done,
      holds: 'the file is set aside, the backup takes its place, the owner is told what is missing',
      told: DAMAGED,
    },
    async () => {
      const scene = await setWithBackup();
      scene.flip(0);
      await scene.sweep();
      await scene.untilTold();
      inDatabase(scene.file, (db) => db.pragma('wal_checkpoint(TRUNCATE)'));
      await scene.daemon.stop(after === 'stop' ? 'SIGTERM' : 'SIGKILL');
      damage(scene);
      await scene.daemon.start();
      await expectRestored(scene, [0]);
      return scene;
    },
  );
}

fault(
  'database and backups overwritten with garbage',
  {
    group: 'Database',
    done: 'neither the file nor any backup is good any more',
    holds: 'a new history begins, and says so; machines that are as they were are no alerts',
    told: DAMAGED,
  },
  async () => {
    const scene = await setWithBackup();
    const backups = join(dirname(scene.file), 'backup');
    await scene.daemon.stop();
    for (const name of readdirSync(backups)) writeFileSync(join(backups, name), 'garbage'.repeat(999));
    writeFileSync(scene.file, 'garbage'.repeat(999));
    await scene.daemon.start();
    await scene.sweep();
    await expectSaid(scene, /the history begins anew/);
    scene.flip(0);
    await scene.sweep();
    return scene;
  },
);
