import type { HomeScene } from './home-scene.ts';

/** Machines that change, one after the other, with a sweep after each. */
export async function changes(scene: HomeScene, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    scene.flip(n % scene.hosts.length);
    await scene.sweep();
  }
}
