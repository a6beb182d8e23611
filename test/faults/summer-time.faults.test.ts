/** The nights on which the clocks change, with a schedule that names their hour. */
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { fault } from './fault.ts';
import { HomeScene } from './home-scene.ts';
import { endedSweeps, sweepsOnceAfter } from './scheduled-sweeps.ts';

const TOLD = /clock_jump/;
/** Of the schedule, which looks at the clock every 5 s. */
const THREE_TICKS_MS = 15_000;

/** Scheduled sweeps are spread over half a minute; here the beginning of it is drawn, so that no test waits for it. */
const DRAWN_FIRST = '--import=data:text/javascript,Math.random=()=>0.01';
const BERLIN = { TZ: 'Europe/Berlin', NODE_OPTIONS: DRAWN_FIRST };

fault(
  'summer time ends',
  {
    group: 'Clock',
    done: 'with the schedule "30 2 * * *" in Berlin, 25 October 2026: half past two comes twice, then the next day',
    holds: 'one sweep that night and one the next, and a backup a day',
    told: TOLD,
  },
  async (notes) => {
    const clock = new FakeClock(Date.UTC(2026, 9, 25, 0, 10));
    const scene = await HomeScene.set({ env: { ...clock.env, ...BERLIN } });
    await followPattern(scene, '30 2 * * *');
    scene.flip(0);
    await sweepsOnceAfter(scene, clock, () => clock.set(Date.UTC(2026, 9, 25, 0, 29, 55)));
    const before = endedSweeps(scene);
    clock.set(Date.UTC(2026, 9, 25, 0, 59, 52));
    await sleep(THREE_TICKS_MS);
    clock.set(Date.UTC(2026, 9, 25, 1, 29, 55));
    await sleep(THREE_TICKS_MS);
    expect(endedSweeps(scene)).toBe(before);
    scene.flip(1);
    const logged = scene.daemon.log.length;
    await sweepsOnceAfter(scene, clock, () => clock.set(Date.UTC(2026, 9, 26, 1, 29, 55)));
    await scene.daemon.says(/the history was backed up/, { from: logged });
    notes.measured('swept at 02:30 CEST and at 02:30 CET of the next day');
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'summer time begins',
  {
    group: 'Clock',
    done: 'with the schedule "30 2 * * *" in Berlin, 28 March 2027: two o’clock is followed by three o’clock',
    holds: 'the sweep of half past two comes once, at three',
    told: TOLD,
  },
  async (notes) => {
    const clock = new FakeClock(Date.UTC(2027, 2, 28, 0, 40));
    const scene = await HomeScene.set({ env: { ...clock.env, ...BERLIN } });
    await followPattern(scene, '30 2 * * *');
    scene.flip(0);
    await sweepsOnceAfter(scene, clock, () => clock.set(Date.UTC(2027, 2, 28, 0, 59, 55)));
    notes.measured('swept at 03:00 CEST');
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

/** From now on sweeps begin by a cron pattern, as when the owner edits the configuration. */
async function followPattern(scene: HomeScene, pattern: string): Promise<void> {
  const logged = scene.daemon.log.length;
  appendFileSync(join(dirname(scene.daemon.dataDir), 'config.yaml'), `schedule: "${pattern}"\n`);
  scene.daemon.signal('SIGHUP');
  await scene.daemon.says(/smbwarden is running/, { from: logged });
}
