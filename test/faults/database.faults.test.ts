/** The database is of another time, in other hands, or gone. */
import { chownSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { latestSchema, readMigrations } from '../../storage/migrations.ts';
import { fault } from './fault.ts';
import { HomeScene, inDatabase } from './home-scene.ts';

const NOBODY = 65_534;
const SWEEPS_BESIDE_READER = 10;
/** TimeoutStopSec of the unit. */
const STOP_WITHIN_MS = 20_000;

fault(
  'database of a newer version',
  {
    group: 'Database',
    done: 'the file says that a later smbwarden has written it, with a schema that this one does not know',
    holds: 'the daemon stays down, without a second try, and not one byte of the file changes',
    told: /the database is schema 99, written by smbwarden 9\.9\.9; this is .* Upgrade smbwarden/,
  },
  async () => {
    const scene = await HomeScene.set();
    await scene.daemon.stop();
    inDatabase(scene.file, (db) => {
      db.exec("UPDATE meta SET value = '9.9.9' WHERE name = 'version'");
      db.pragma('user_version = 99');
    });
    const before = readFileSync(scene.file);
    const deaths = scene.daemon.deaths.length;
    scene.daemon.begin();
    await expect.poll(() => scene.daemon.state, { timeout: 20_000 }).toBe('given-up');
    expect(scene.daemon.deaths.length - deaths).toBe(1);
    expect(readFileSync(scene.file)).toEqual(before);
    // What later checks read has to be readable.
    inDatabase(scene.file, (db) => db.pragma(`user_version = ${latestSchema(readMigrations())}`));
    return { daemon: scene.daemon, alerts: scene.alerts, staysDown: 78 };
  },
);

fault(
  'log left by another user',
  {
    group: 'Database',
    done: 'the daemon, an ordinary user, is killed; its log and the index of it belong to root when it starts again',
    holds: 'each vain start says which command mends it; after that command, nothing is lost',
    told: /another user has left it there\. Give it back, as root: chown --reference/,
  },
  async () => {
    const scene = await HomeScene.set({ user: NOBODY });
    scene.flip(0);
    await scene.sweep();
    await scene.daemon.stop('SIGKILL');
    const companions = ['-wal', '-shm'].map((suffix) => scene.file + suffix);
    for (const file of companions) {
      expect(existsSync(file)).toBe(true);
      chownSync(file, 0, 0);
    }
    scene.daemon.begin();
    await scene.daemon.says(/chown --reference/);
    for (const file of companions) chownSync(file, NOBODY, NOBODY);
    await scene.daemon.untilRunning();
    scene.flip(1);
    await scene.sweep();
    expect(scene.recorded()).toBe(2);
    return scene;
  },
);

fault(
  'reader that does not end',
  {
    group: 'Database',
    done: 'another program begins to read the database, and is still at it when the daemon is stopped and started again',
    holds:
      'sweeps are recorded, stop and start wait for nobody, and the log is cut back when the reader has gone',
    told: /left the history open \(.*a reader at its end\)/,
  },
  async (notes) => {
    const scene = await HomeScene.set();
    const reader = new Sqlite(scene.file, { readonly: true });
    onTestFinished(() => void reader.close());
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM sweeps').get();
    scene.flip(0);
    for (let n = 0; n < SWEEPS_BESIDE_READER; n += 1) await scene.sweep();
    const begun = performance.now();
    expect(await scene.daemon.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(STOP_WITHIN_MS);
    const grown = statSync(`${scene.file}-wal`).size;
    await scene.daemon.start();
    reader.close();
    scene.flip(1);
    await scene.sweep();
    expect(scene.recorded()).toBe(2);
    expect(await scene.daemon.stop()).toBe(0);
    expect(existsSync(`${scene.file}-wal`)).toBe(false);
    await scene.daemon.start();
    notes.measured(`the log grew to ${(grown / 1e6).toFixed(2)} MB in ${SWEEPS_BESIDE_READER} sweeps`);
    return scene;
  },
);

fault(
  'data directory deleted while it runs',
  {
    group: 'Database',
    done: 'rm -r of the whole data directory under the running daemon',
    holds: 'at the next sweep the history is back, whole, and the command line reaches the daemon again',
    told: /it was put back whole/,
  },
  async () => {
    const scene = await HomeScene.set();
    scene.flip(0);
    await scene.sweep();
    await scene.untilTold();
    // The daemon may write while it is being deleted.
    rmSync(dirname(scene.file), { recursive: true, maxRetries: 5, retryDelay: 10 });
    onTestFinished(() => rmSync(dirname(scene.file), { recursive: true, force: true }));
    scene.flip(1);
    await scene.sweepByBroker();
    await scene.daemon.says(/it was put back whole/);
    await scene.untilTold();
    expect(scene.recorded()).toBe(2);
    expect(await scene.problem()).toBeNull();
    return scene;
  },
);
