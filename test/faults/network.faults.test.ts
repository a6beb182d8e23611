/** The cable of this very machine is pulled, in mid-sweep and for longer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { fault } from './fault.ts';
import { LabScene } from './lab-scene.ts';
import { times } from './length.ts';
import { expectAllBack } from './network-back.ts';
import { missedHosts, openServices } from './recorded.ts';

fault(
  'the interface goes down in the middle of a sweep',
  {
    group: 'Network',
    done: 'eth0 is switched off one second into a sweep, and on again twelve seconds later',
    holds: 'nobody is taken for absent, no service for closed',
    told: /The connection to the MQTT broker was lost/,
    timeoutMs: times(400_000, 120_000),
  },
  async (notes) => {
    const scene = await LabScene.set();
    const services = openServices(scene);
    for (let n = 0; n < times(5, 1); n += 1) {
      const sweeping = scene.sweep();
      await sleep(1_000 + Math.random() * 500);
      await scene.ip('link set eth0 down');
      await sleep(12_000);
      await scene.ip('link set eth0 up');
      await sweeping;
      expect(missedHosts(scene)).toBe(0);
      expect(openServices(scene)).toBe(services);
    }
    await expectAllBack(scene);
    notes.measured(`${services} open services before and after`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  'the cable is out for several sweeps',
  {
    group: 'Network',
    done: 'eth0 is down while four sweeps are made of the attached subnets, and up again',
    holds: 'the subnet is skipped, nobody is absent, and all is as before when it is back',
    told: /a subnet of the last sweep is not attached any more/,
  },
  async (notes) => {
    const scene = await LabScene.set();
    await scene.ip('link set eth0 down');
    for (let n = 0; n < 4; n += 1) await scene.sweep();
    expect(missedHosts(scene)).toBe(0);
    await scene.ip('link set eth0 up');
    await expectAllBack(scene);
    notes.measured('4 sweeps without a network');
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);
