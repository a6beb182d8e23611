/** The disk takes nothing more: it is full, or the database is at its quota. Sweeps and alerts go on from memory. */
import { expect } from 'vitest';
import { Disk } from './disk.ts';
import { fault } from './fault.ts';
import { expectAlertsFromMemory, expectHealed, NOT_TAKEN } from './held-back.ts';
import { HomeScene, inDatabase } from './home-scene.ts';

const HELD = {
  /** The fault takes away what the daemon would write down. */
  audited: false,
};
/** The smallest quota, megabytes. */
const QUOTA = 10;
const PAGE = 4096;

fault(
  'disk full, and emptied again',
  {
    group: 'Storage',
    done: 'a file system of 4 MB is filled to its last byte while sweeps go on; later there is room again',
    holds: 'alerts go out while it is full; with room, everything is recorded, unasked',
    told: NOT_TAKEN,
  },
  async () => {
    const disk = Disk.inMemory(4);
    const scene = await HomeScene.set({ ...HELD, dataDir: disk.directory('data') });
    disk.fill();
    await expectAlertsFromMemory(scene, /the disk is full/);
    disk.makeRoom();
    await expectHealed(scene);
    return scene;
  },
);

fault(
  'started on a full disk',
  {
    group: 'Storage',
    done: 'the disk fills up while the daemon is stopped; it is started, and later there is room again',
    holds: 'it starts, and alerts go out; with room, everything is recorded, unasked',
    told: NOT_TAKEN,
  },
  async () => {
    const disk = Disk.inMemory(4);
    const scene = await HomeScene.set({ ...HELD, dataDir: disk.directory('data') });
    expect(await scene.daemon.stop()).toBe(0);
    disk.fill();
    await scene.daemon.start();
    await expectAlertsFromMemory(scene, /the disk is full/);
    disk.makeRoom();
    await expectHealed(scene);
    return scene;
  },
);

fault(
  'kill -9 on a full disk',
  {
    group: 'Storage',
    done: 'the disk is full, a change is announced from memory, and the daemon is killed; later there is room again',
    holds: 'what was lost with its memory is found and announced anew: rather twice than never',
    told: NOT_TAKEN,
  },
  async () => {
    const disk = Disk.inMemory(4);
    const scene = await HomeScene.set({ ...HELD, dataDir: disk.directory('data') });
    disk.fill();
    await scene.sweepUntil(NOT_TAKEN);
    scene.flip(0);
    await scene.sweep();
    await scene.untilTold();
    await scene.daemon.kill();
    await scene.daemon.untilRunning();
    await scene.sweep();
    scene.toldAgain(0);
    await scene.untilTold();
    disk.makeRoom();
    await scene.sweep();
    expect(await scene.problem()).toBeNull();
    expect(scene.recorded()).toBe(1);
    return scene;
  },
);

fault(
  'quota reached',
  {
    group: 'Storage',
    done: `the file is at its quota of ${QUOTA} MB, with nothing in it that is old enough to be dropped; later there is room`,
    holds: 'alerts go out; with room, everything is recorded, unasked',
    told: NOT_TAKEN,
  },
  async () => {
    const scene = await HomeScene.set({ ...HELD, config: [`quota: ${QUOTA}`] });
    inDatabase(scene.file, (db) => {
      db.pragma(`max_page_count = ${Math.floor((QUOTA * 1e6) / PAGE)}`);
      db.exec('CREATE TABLE filler (bytes BLOB)');
      const insert = db.prepare('INSERT INTO filler VALUES (zeroblob(?))');
      for (const size of [100_000, PAGE, 400]) expect(() => insertForEver(insert, size)).toThrow(/full/);
      // The page that the next sweep goes to is full as well.
      const columns = db.prepare<[], string>("SELECT name FROM pragma_table_info('sweeps')").pluck().all();
      const rest = columns.filter((name) => name !== 'id').join(', ');
      const again = db.prepare(`INSERT INTO sweeps (${rest}) SELECT ${rest} FROM sweeps WHERE id = ?`);
      expect(() => insertForEver(again, 1)).toThrow(/full/);
    });
    await expectAlertsFromMemory(scene, /reached its quota/);
    inDatabase(scene.file, (db) => db.exec('DROP TABLE filler'));
    await expectHealed(scene);
    return scene;
  },
);

function insertForEver(insert: { run(size: number): unknown }, size: number): void {
  for (;;) insert.run(size);
}

fault(
  'quota reached by old history',
  {
    group: 'Storage',
    done: `the file is at its quota of ${QUOTA} MB, most of it changes that are three years old`,
    holds: 'the old history makes room at once: nothing is held back',
    told: /old history was dropped to make room/,
  },
  async () => {
    const scene = await HomeScene.set({ config: [`quota: ${QUOTA}`] });
    inDatabase(scene.file, (db) => {
      db.pragma(`max_page_count = ${Math.floor((QUOTA * 1e6) / PAGE)}`);
      const insert = db.prepare(
        "INSERT INTO changes (occurred_at, type, summary) VALUES (?, 'sweep_suspect', printf('%.*c', ?, 'x'))",
      );
      const longAgo = Date.now() - 3 * 365 * 86_400_000;
      const old = (size: number) => ({ run: () => insert.run(longAgo, size) });
      for (const size of [50_000, 2_000, 100]) expect(() => insertForEver(old(size), size)).toThrow(/full/);
    });
    scene.flip(0);
    await scene.sweepUntil(/old history was dropped/);
    expect(scene.daemon.said(NOT_TAKEN)).toBeUndefined();
    await expectHealed(scene);
    return scene;
  },
);
