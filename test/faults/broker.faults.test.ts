/** The broker comes and goes, and hangs up. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { changes } from './changes.ts';
import { CountedWire } from './counted-wire.ts';
import { fault } from './fault.ts';
import { homeAssistantSays } from './home-assistant.ts';
import { HomeScene } from './home-scene.ts';
import { times } from './length.ts';

const LOST = /The connection to the MQTT broker was lost/;
const FLAPS = times(60, 10);
/** The back-off begins at 1 s and doubles up to 30 s: 1, 2, 4, 8, 16, 30, each between half of it and the whole. */
const HUNG_UP_MS = times(120_000, 20_000);
const MOST_ATTEMPTS = times(14, 8);
const DROPPED_MS = times(60_000, 15_000);

fault(
  'the broker flaps',
  {
    group: 'Broker',
    done: `Mosquitto is killed and started again ${FLAPS} times, each for 0.2 to 2 s, while machines change`,
    holds: 'at most one attempt to connect a second',
    told: LOST,
    timeoutMs: times(600_000, 120_000),
  },
  async (notes) => {
    const scene = await HomeScene.set();
    const wire = await throughWire(scene);
    const begun = performance.now();
    const changing = changes(scene, 3);
    for (let n = 0; n < FLAPS; n += 1) {
      await sleep(200 + Math.random() * 1_800);
      await scene.broker.kill();
      await sleep(200 + Math.random() * 1_800);
      await scene.broker.restart();
    }
    await changing;
    const seconds = (performance.now() - begun) / 1_000;
    expect(wire.connections).toBeLessThanOrEqual(seconds + 1);
    notes.measured(`${wire.connections} connections in ${seconds.toFixed(0)} s`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'the broker hangs up on whoever connects',
  {
    group: 'Broker',
    done: `for ${HUNG_UP_MS / 1_000} s every connection is closed before a word is said`,
    holds: 'the attempts back off',
    told: LOST,
  },
  async (notes) => {
    const scene = await HomeScene.set();
    const wire = await throughWire(scene);
    wire.manner = 'refuse';
    wire.cut();
    const before = wire.connections;
    await Promise.all([changes(scene, 2), sleep(HUNG_UP_MS)]);
    const attempts = wire.connections - before;
    expect(attempts).toBeLessThanOrEqual(MOST_ATTEMPTS);
    await passAgain(scene, wire);
    notes.measured(`${attempts} attempts in ${HUNG_UP_MS / 1_000} s`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'the broker lets us in and drops us again',
  {
    group: 'Broker',
    done: `for ${DROPPED_MS / 1_000} s every connection is cut 300 ms after it was made`,
    holds: 'at most two connections a second, and a line that says how often it drops',
    told: /drops again and again/,
  },
  async (notes) => {
    const scene = await HomeScene.set();
    const wire = await throughWire(scene);
    wire.manner = 300;
    wire.cut();
    const before = wire.connections;
    await Promise.all([changes(scene, 2), sleep(DROPPED_MS)]);
    const connections = wire.connections - before;
    expect(connections).toBeLessThanOrEqual((2 * DROPPED_MS) / 1_000);
    await passAgain(scene, wire);
    notes.measured(`${connections} connections in ${DROPPED_MS / 1_000} s`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

/** From now on the daemon reaches its broker over a wire that counts. */
async function throughWire(scene: HomeScene): Promise<CountedWire> {
  const wire = await CountedWire.to(scene.broker.port);
  const file = join(dirname(scene.daemon.dataDir), 'config.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(scene.broker.url, wire.url));
  const logged = scene.daemon.log.length;
  scene.daemon.signal('SIGHUP');
  await scene.daemon.says(/Connected to the MQTT broker/, { from: logged });
  return wire;
}

/** The wire is whole again; Home Assistant, which has never been away, says so when somebody asks it to. */
async function passAgain(scene: HomeScene, wire: CountedWire): Promise<void> {
  const logged = scene.daemon.log.length;
  wire.manner = 'pass';
  wire.cut();
  await scene.daemon.says(/Connected to the MQTT broker/, { from: logged, withinMs: 45_000 });
  await homeAssistantSays(scene.broker, 'online');
}
