import { expect } from 'vitest';
import type { HomeScene } from './home-scene.ts';

/** What the log says at each sweep that is held back. */
export const NOT_TAKEN = /the database does not take what was swept/;

/** Machines change while the file takes nothing: the owner is told all the same. */
export async function expectAlertsFromMemory(scene: HomeScene, problem: RegExp): Promise<void> {
  const recorded = scene.recorded();
  await scene.sweepUntil(NOT_TAKEN);
  scene.flip(0);
  await scene.sweep();
  scene.flip(1);
  await scene.sweep();
  await scene.untilTold();
  expect(await scene.problem()).toMatch(problem);
  expect(scene.recorded()).toBe(recorded);
}

/** The file takes everything again: what was held is in it, and nothing is wrong any more. */
export async function expectHealed(scene: HomeScene): Promise<void> {
  scene.flip(0);
  await scene.sweep();
  expect(scene.recorded()).toBe(scene.happened.length);
  expect(await scene.problem()).toBeNull();
}
