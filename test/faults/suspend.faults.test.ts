/** The machine sleeps: its timers stand still, and the clock is hours on when it wakes. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { FakeClock } from './fake-clock.ts';
import { fault } from './fault.ts';
import { homeAssistantSays } from './home-assistant.ts';
import { HomeScene } from './home-scene.ts';
import { missedHosts, openServices } from './recorded.ts';
import { sweepsOnceAfter } from './scheduled-sweeps.ts';

const HOUR = 3_600_000;
/** SIGSTOP stops the process, but not the clock that its timers wait by, so a test sleeps shortly. */
const STOPPED_MS = 2_000;
const TOLD = /clock_jump/;
/** systemd would wait so long for a sign of life; the daemon gives one in a third of it. */
const WATCHDOG_SECONDS = 9;

fault(
  'suspended for three days between two sweeps',
  {
    group: 'Clock',
    done: 'an alert waits for Home Assistant; the process is stopped, the clock moves on by three days, the process goes on; under a watchdog of 9 s',
    holds: 'one sweep, not one for each that was missed; the alert arrives as itself; signs of life go on',
    told: TOLD,
  },
  async (notes) => {
    const clock = new FakeClock();
    const systemd = new FakeSystemd();
    const scene = await HomeScene.set({ env: { ...clock.env, ...systemd.env } });
    await homeAssistantSays(scene.broker, 'offline');
    scene.flip(0);
    await scene.sweep();
    await sweepsOnceAfter(scene, clock, () => suspend(scene, clock, 72 * HOUR));
    await homeAssistantSays(scene.broker, 'online');
    const signs = systemd.signs();
    await sleep(WATCHDOG_SECONDS * 1_000);
    expect(systemd.signs()).toBeGreaterThanOrEqual(signs + 2);
    expect(scene.daemon.said(/no sign of life/)).toBeUndefined();
    notes.measured(`${systemd.signs()} signs of life, none held back`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'suspended for a night in the middle of a sweep',
  {
    group: 'Clock',
    done: 'half a second into a sweep the process is stopped, and goes on eight hours later by the clock',
    holds:
      'the sweep ends, nobody is taken for absent, no service for closed, and it does not count as stuck',
    told: TOLD,
  },
  async (notes) => {
    const clock = new FakeClock();
    const systemd = new FakeSystemd();
    const scene = await HomeScene.set({ hosts: 12, env: { ...clock.env, ...systemd.env } });
    const services = openServices(scene);
    const sweeping = scene.sweep();
    await sleep(500);
    await suspend(scene, clock, 8 * HOUR);
    await sweeping;
    expect(openServices(scene)).toBe(services);
    scene.flip(0);
    await scene.sweep();
    expect(missedHosts(scene)).toBe(0);
    expect(scene.daemon.said(/no sign of life/)).toBeUndefined();
    notes.measured(`${services} open services before and after`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

async function suspend(scene: HomeScene, clock: FakeClock, milliseconds: number): Promise<void> {
  scene.daemon.signal('SIGSTOP');
  await sleep(STOPPED_MS);
  clock.jump(milliseconds);
  scene.daemon.signal('SIGCONT');
}

/** A systemd that watches, as far as the daemon sees it: the variables, and a systemd-notify that counts. */
class FakeSystemd {
  readonly #folder = temporaryDirectory();
  readonly #heard = join(this.#folder, 'heard');

  constructor() {
    const notify = join(this.#folder, 'systemd-notify');
    writeFileSync(notify, `#!/bin/sh\necho "$*" >>"${this.#heard}"\n`);
    chmodSync(notify, 0o755);
  }

  get env(): Readonly<Record<string, string>> {
    return {
      PATH: `${this.#folder}:${process.env.PATH}`,
      NOTIFY_SOCKET: join(this.#folder, 'notify'),
      WATCHDOG_USEC: String(WATCHDOG_SECONDS * 1e6),
    };
  }

  /** How many signs of life were given. */
  signs(): number {
    const heard = existsSync(this.#heard) ? readFileSync(this.#heard, 'utf8') : '';
    return heard.split('\n').filter((line) => line === 'WATCHDOG=1').length;
  }
}
