import { HomeScene } from './home-scene.ts';
import { times } from './length.ts';

/** A finding that changes four times within twenty sweeps counts as flapping, and is announced no more. */
const MACHINES = times(24, 4);
const SWEPT_EVERY = 4;

/** A home that went through many kills. */
export interface Survived {
  readonly scene: HomeScene;
  /** Kills before the sweep that was asked for had an answer. */
  readonly early: number;
}

/** Over and over: a machine changes, a sweep is asked for, `moment` passes, the daemon is killed and starts again. */
export async function killRounds(
  kills: number,
  moment: (scene: HomeScene) => Promise<void>,
): Promise<Survived> {
  const scene = await HomeScene.set({ hosts: MACHINES, alsoTold: ['events_missed'] });
  let early = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    scene.flip(kill % MACHINES);
    let isAnswered = false;
    const swept = scene.sweep().then(
      () => {
        isAnswered = true;
      },
      () => {},
    );
    await moment(scene);
    await scene.daemon.kill();
    await swept;
    if (!isAnswered) early += 1;
    await scene.daemon.untilRunning();
    // Before a machine changes again, what it changed before has to have been seen.
    if (kill % SWEPT_EVERY === SWEPT_EVERY - 1) await scene.sweep();
  }
  await scene.sweep();
  return { scene, early };
}
