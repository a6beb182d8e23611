/** The power goes: what is on the disk then is what the next start finds. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { openStorage } from '../../storage/storage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { faultsOf, putDown, snapshotOf, torn } from './disk-image.ts';
import { fault } from './fault.ts';
import { HomeScene, quietDaemon } from './home-scene.ts';
import { times } from './length.ts';

const MOMENTS = times(40, 6);
const IMAGES_A_MOMENT = 10;
/** So many images are also started from by the daemon itself. */
const STARTS = times(20, 2);
const LONGEST_BETWEEN_MS = 1_500;
const DECISION_EVERY_MS = 50;
/** A finding that changes four times within twenty sweeps counts as flapping, and is announced no more. */
const MACHINES = 12;
/** The machine whose finding is decided on, and does not change. */
const DECIDED_ON = MACHINES - 1;

fault(
  'power cut',
  {
    group: 'Process',
    done: `${MOMENTS * IMAGES_A_MOMENT} images of database and log, taken while it records sweeps and decisions, the log cut or overwritten at random`,
    holds: `none is damaged, no transaction is there by half; the daemon starts from ${STARTS} of them`,
    told: /left the history open/,
    timeoutMs: MOMENTS * 10_000 + STARTS * 5_000,
  },
  async (notes) => {
    const scene = await HomeScene.set({ hosts: MACHINES, alsoTold: ['events_missed'] });
    const folder = temporaryDirectory();
    const survived = new Set<number>();
    let images = 0;
    let starts = 0;
    const writing = await keepWriting(scene);
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      await sleep(Math.random() * LONGEST_BETWEEN_MS);
      const snapshot = await snapshotOf(scene.file, scene.daemon);
      for (let n = 0; n < IMAGES_A_MOMENT; n += 1) {
        const image = torn(snapshot);
        const file = putDown(image, join(folder, `${images}`));
        const storage = openStorage({ file, mode: 'read-write', version: '1.0.0', now: Date.now });
        expect(storage.restored, `image ${images}`).toBeNull();
        survived.add(storage.history.changes({}).length);
        storage.close();
        expect(faultsOf(file), `image ${images}`).toEqual([]);
        images += 1;
        if (starts * MOMENTS >= moment * STARTS + STARTS) continue;
        starts += 1;
        await expectStart(join(folder, `${images}-started`), image);
      }
    }
    await writing.end();
    // Not as many different states as images would mean that nothing was cut.
    expect(survived.size).toBeGreaterThan(MOMENTS);
    await scene.daemon.kill();
    await scene.daemon.untilRunning();
    notes.measured(`${images} images, ${survived.size} different histories, ${starts} started from`);
    return scene;
  },
);

/** Sweeps and decisions, each of which is recorded, until `end`. */
async function keepWriting(scene: HomeScene): Promise<{ end(): Promise<void> }> {
  scene.flip(DECIDED_ON);
  await scene.sweep();
  const findingId = await scene.findingOf(DECIDED_ON);
  let isOver = false;
  const sweep = async () => {
    for (let n = 0; !isOver; n += 1) {
      scene.flip(n % DECIDED_ON);
      await scene.sweep();
    }
  };
  const decide = async () => {
    for (let n = 0; !isOver; n += 1) {
      await scene.decide(n % 2 === 0 ? 'ack' : 'unack', findingId, DECIDED_ON);
      await sleep(DECISION_EVERY_MS);
    }
  };
  const both = Promise.all([sweep(), decide()]);
  // Where the test fails first, it has said enough.
  both.catch(() => {});
  return {
    end: async () => {
      isOver = true;
      await both;
    },
  };
}

async function expectStart(folder: string, image: Parameters<typeof putDown>[0]): Promise<void> {
  putDown(image, folder);
  const daemon = quietDaemon(folder);
  await daemon.start();
  await daemon.says(/left the history open/);
  await daemon.ask('status');
  expect(await daemon.stop()).toBe(0);
}
