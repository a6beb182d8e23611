import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { LabScene } from './lab-scene.ts';
import { missedHosts } from './recorded.ts';

const RECONNECTED = /Connected to the MQTT broker/;

/** The network is back: a change is found, everybody is there, and the broker hears of it. */
export async function expectAllBack(scene: LabScene): Promise<void> {
  const logged = scene.daemon.log.length;
  await scene.flip();
  const { sweep } = await scene.sweep();
  expect(sweep.complete).toBe(true);
  expect(missedHosts(scene)).toBe(0);
  await expect
    .poll(
      async () => ((await scene.daemon.ask('status')) as { mqtt: { connected: boolean } }).mqtt.connected,
      {
        timeout: 60_000,
      },
    )
    .toBe(true);
  if (scene.daemon.said(RECONNECTED, logged) !== undefined) await sleep(3_000);
  await scene.birth();
}
