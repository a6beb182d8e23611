import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FakeClock } from './fake-clock.ts';
import type { HomeScene } from './home-scene.ts';

/** The schedule looks at the clock every 5 s; a sweep of a home on loopback takes some seconds. */
const SWEEPS_WITHIN_MS = 30_000;
const TWO_TICKS_MS = 11_000;

/** How many sweeps have ended, whoever began them. */
export function endedSweeps({ daemon }: HomeScene): number {
  return daemon.log.filter(({ message }) => message === 'sweep finished').length;
}

/**
 * Does something to the clock, and waits for the one sweep that makes up for it.
 * @throws AssertionError for two, Error for none
 */
export async function sweepsOnceAfter(
  scene: HomeScene,
  clock: FakeClock,
  act: () => void | Promise<void>,
): Promise<void> {
  await expect.poll(() => msToNextSweep(scene, clock), { timeout: SWEEPS_WITHIN_MS }).toBeGreaterThan(60_000);
  const [logged, before] = [scene.daemon.log.length, endedSweeps(scene)];
  await act();
  await scene.daemon.says(/sweep finished/, { from: logged, withinMs: SWEEPS_WITHIN_MS });
  await sleep(TWO_TICKS_MS);
  expect(endedSweeps(scene) - before, 'sweeps that made up for what was missed').toBe(1);
}

/** By the daemon's own clock; the sweep that comes right after its start is due at once. */
export async function msToNextSweep({ daemon }: HomeScene, clock: FakeClock): Promise<number> {
  const { nextSweepAt } = (await daemon.ask('status')) as { nextSweepAt: number };
  return nextSweepAt - clock.now();
}
