/** The broker is away for longer: frozen with its connections open, or back without a memory. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { TOPICS } from '../support/publisher-parts.ts';
import { changes } from './changes.ts';
import { fault } from './fault.ts';
import { homeAssistantSays } from './home-assistant.ts';
import { HomeScene } from './home-scene.ts';
import { LabScene } from './lab-scene.ts';

const LOST = /The connection to the MQTT broker was lost/;
/** Longer than a publication may go unacknowledged (15 s) and then a connection unanswered (10 s). */
const FROZEN_MS = 30_000;

fault(
  'the broker freezes',
  {
    group: 'Broker',
    done: `SIGSTOP to Mosquitto for ${FROZEN_MS / 1_000} s with connections open, while machines change`,
    holds: 'it counts as gone, and everything arrives when it is back',
    told: LOST,
  },
  async (notes) => {
    const scene = await HomeScene.set();
    const logged = scene.daemon.log.length;
    scene.broker.freeze();
    await Promise.all([changes(scene, 2), sleep(FROZEN_MS)]);
    scene.broker.thaw();
    await scene.daemon.says(/Connected to the MQTT broker/, { from: logged, withinMs: 45_000 });
    await homeAssistantSays(scene.broker, 'online');
    notes.measured(`frozen for ${FROZEN_MS / 1_000} s`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'the broker comes back and remembers nothing',
  {
    group: 'Broker',
    done: 'Mosquitto is killed, a machine changes, its persistence is deleted, and it starts again',
    holds: 'everything that was retained is there again',
    told: LOST,
  },
  async (notes) => {
    const scene = await LabScene.set();
    const discovery = `${TOPICS.agentConfig.split('/')[0]}/#`;
    await expect.poll(() => scene.retained(discovery), { timeout: 30_000 }).toBeGreaterThan(0);
    const before = await scene.retained(discovery);
    const logged = scene.daemon.log.length;
    await scene.lab.mosquitto.kill();
    await scene.flip();
    await scene.sweep();
    rmSync(join(scene.lab.folder, 'broker', 'mosquitto', 'mosquitto.db'));
    await scene.lab.mosquitto.start();
    await scene.daemon.says(/Connected to the MQTT broker/, { from: logged, withinMs: 45_000 });
    await expect.poll(() => scene.retained(discovery), { timeout: 30_000 }).toBe(before);
    await scene.birth();
    notes.measured(`${before} discovery messages before and after`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);
