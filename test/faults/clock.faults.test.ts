/** The wall clock is set, by hand, by the network or by summer time, while the daemon runs. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { fault } from './fault.ts';
import { HomeScene } from './home-scene.ts';
import { recorded } from './recorded.ts';
import { endedSweeps, msToNextSweep, sweepsOnceAfter } from './scheduled-sweeps.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const TOLD = /clock_jump/;

fault(
  'the clock is set ahead by an hour and back again',
  {
    group: 'Clock',
    done: 'the wall clock jumps 70 minutes ahead and then 70 minutes back, while machines change',
    holds: 'one scheduled sweep makes up for what was missed, and the next one is due within the interval',
    told: TOLD,
  },
  async (notes) => {
    const clock = new FakeClock();
    const scene = await HomeScene.set({ env: clock.env });
    scene.flip(0);
    await sweepsOnceAfter(scene, clock, () => clock.jump(70 * MINUTE));
    clock.jump(-70 * MINUTE);
    const { seconds } = await scene.daemon.says(/clock_jump.*"seconds":-/);
    const before = endedSweeps(scene);
    scene.flip(1);
    await scene.sweep();
    expect(endedSweeps(scene) - before).toBe(1);
    const next = await msToNextSweep(scene, clock);
    expect(next).toBeLessThanOrEqual(66 * MINUTE);
    notes.measured(`back by ${-Number(seconds)} s: next sweep in ${Math.round(next / MINUTE)} min`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'the clock is a year ahead for a while',
  {
    group: 'Clock',
    done: 'the wall clock jumps 365 days ahead, a sweep runs, the clock is put right',
    holds: 'history and backups of the right time stay; questions that are put daily are put again',
    told: TOLD,
  },
  async (notes) => {
    const clock = new FakeClock();
    const scene = await HomeScene.set({ env: clock.env });
    await scene.daemon.says(/the history was backed up/);
    scene.flip(0);
    await sweepsOnceAfter(scene, clock, () => clock.jump(YEAR));
    const logged = scene.daemon.log.length;
    clock.jump(-YEAR);
    await scene.daemon.says(/clock_jump.*"seconds":-/);
    scene.flip(0);
    await scene.sweep();
    await scene.daemon.says(/the history was backed up/, { from: logged });
    const today = new Date(clock.now()).toISOString().slice(0, 10);
    expect(backupDays(scene)).toContain(today);
    const changes = recorded(scene, 'SELECT count(*) FROM changes');
    expect(changes).toBeGreaterThanOrEqual(3);
    expect(recorded(scene, "SELECT count(*) FROM hosts WHERE asked_at = '{}'")).toBe(0);
    notes.measured(`${changes} changes kept, backups of ${backupDays(scene).join(' and ')}`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'a board without a clock starts in 1970',
  {
    group: 'Clock',
    done: 'the daemon starts at 1970-01-01T00:00:30Z and sweeps; then the network sets the clock to the present',
    holds: 'alerts of 1970 and of the present arrive, one sweep makes up for 56 years',
    told: TOLD,
  },
  async (notes) => {
    const present = Date.now();
    const clock = new FakeClock(30_000);
    const scene = await HomeScene.set({ env: clock.env });
    scene.flip(0);
    await scene.sweep();
    await arrives(scene, 1);
    await sweepsOnceAfter(scene, clock, () => clock.set(present));
    scene.flip(0);
    scene.flip(1);
    await scene.sweep();
    const stamps = recorded(scene, `SELECT count(*) FROM hosts WHERE last_seen_at >= ${present}`);
    expect(stamps).toBe(scene.hosts.length);
    notes.measured('1970 to the present in one jump');
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

async function arrives(scene: HomeScene, alerts: number): Promise<void> {
  const told = () => scene.alerts().arrived.filter(({ type }) => type !== 'baseline');
  await expect.poll(() => told().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(alerts);
}

function backupDays(scene: HomeScene): string[] {
  return readdirSync(join(scene.daemon.dataDir, 'backup'))
    .map((name) => name.slice('smbwarden-'.length, 'smbwarden-2026-11-21'.length))
    .sort();
}
