/** The file system may not be written to any more, or not yet. */
import { expect } from 'vitest';
import { Disk } from './disk.ts';
import { fault } from './fault.ts';
import { expectAlertsFromMemory, NOT_TAKEN } from './held-back.ts';
import { HomeScene } from './home-scene.ts';

fault(
  'file system read-only after an error',
  {
    group: 'Storage',
    done: 'ext4 goes read-only under the running daemon, as after a disk error; it is repaired and mounted anew later',
    holds: 'alerts go out meanwhile; afterwards what was held in memory is found and announced anew',
    told: NOT_TAKEN,
  },
  async () => {
    const disk = Disk.ext4();
    const scene = await HomeScene.set({ audited: false, dataDir: disk.directory('data') });
    disk.fail();
    await expectAlertsFromMemory(scene, /read-only|the disk reported an error|cannot be opened or changed/);
    expect(await scene.daemon.stop()).toBe(0);
    disk.mend();
    await scene.daemon.start();
    scene.toldAgain(0);
    scene.toldAgain(1);
    await scene.sweep();
    expect(await scene.problem()).toBeNull();
    return scene;
  },
);

fault(
  'started on a read-only file system',
  {
    group: 'Storage',
    done: 'the file system is mounted read-only before the daemon starts, and writable a few vain starts later',
    holds: 'each vain start says why; the first that may write runs',
    told: /the file system is read-only/,
  },
  async () => {
    const disk = Disk.ext4();
    const scene = await HomeScene.set({ dataDir: disk.directory('data') });
    expect(await scene.daemon.stop()).toBe(0);
    disk.remount('ro');
    scene.daemon.begin();
    await scene.daemon.says(/the file system is read-only/);
    disk.remount('rw');
    await scene.daemon.untilRunning();
    scene.flip(0);
    await scene.sweep();
    return scene;
  },
);
