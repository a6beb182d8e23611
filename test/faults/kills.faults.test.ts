/** The process dies without a word, as it sweeps or starts: the moment is drawn anew each time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from './fault.ts';
import { HomeScene } from './home-scene.ts';
import { killRounds } from './kill-rounds.ts';
import { times } from './length.ts';

/** A sweep with a second look takes about seven seconds. */
const LONGEST_LIFE_MS = 8_000;
const KILLS = times(110, 6);
/** A start takes about half a second. */
const LONGEST_BIRTH_MS = 600;
const KILLS_AT_BIRTH = times(60, 5);

const told = /left the history open/;

fault(
  'kill -9 while it sweeps',
  {
    group: 'Process',
    done: `${KILLS} SIGKILLs at random moments within eight seconds of the start of a sweep; machines change between them`,
    holds: 'each change of a machine is announced once',
    told,
    timeoutMs: KILLS * 15_000,
  },
  async (notes) => {
    const { scene, early } = await killRounds(KILLS, () => sleep(Math.random() * LONGEST_LIFE_MS));
    notes.measured(`${KILLS} kills, ${early} of them before the sweep had an answer`);
    return scene;
  },
);

fault(
  'kill -9 while it starts',
  {
    group: 'Process',
    done: `${KILLS_AT_BIRTH} SIGKILLs within its first half second, when it opens and checks the database`,
    holds: 'what changed meanwhile is announced once',
    told,
    timeoutMs: KILLS_AT_BIRTH * 5_000,
  },
  async (notes) => {
    const scene = await HomeScene.set({ hosts: 2 });
    scene.flip();
    for (let kill = 0; kill < KILLS_AT_BIRTH; kill += 1) {
      await scene.daemon.kill();
      await scene.daemon.untilLaunched();
      await sleep(Math.random() * LONGEST_BIRTH_MS);
      // More than ten vain starts in a row are too many for any supervisor.
      if (kill % 8 === 7) await scene.daemon.untilRunning();
    }
    await scene.daemon.kill();
    await scene.daemon.untilRunning();
    await scene.sweep();
    notes.measured(`${KILLS_AT_BIRTH} kills`);
    return scene;
  },
);

fault(
  'reader of the log gone',
  {
    group: 'Process',
    done: 'whoever reads its standard output and error hangs up, as a journal does that dies; it is killed later, to be heard again',
    holds: 'what changed meanwhile is announced once',
    told,
  },
  async (notes) => {
    const scene = await HomeScene.set({ hosts: 2 });
    scene.daemon.closeLog();
    scene.flip();
    await scene.sweep().catch(() => {});
    await scene.untilTold().catch(() => {});
    notes.measured(scene.daemon.deaths.length === 0 ? 'it lived on' : 'it ended, and was started again');
    // Whichever: the next life has a log again.
    await scene.daemon.kill();
    await scene.daemon.untilRunning();
    await scene.sweep();
    return scene;
  },
);
