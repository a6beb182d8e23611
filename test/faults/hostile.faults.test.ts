/** A LAN full of machines that stall and lie. Nothing of it leaves its network namespaces. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { CAST } from '../lab/hosts.ts';
import { scriptServer } from '../lab/servers.ts';
import { fault } from './fault.ts';
import {
  changedAndSwept,
  expectHonest,
  HONEST,
  honest,
  honestFacts,
  STRANGER,
  TOLD_OF_CHANGE,
  TOLD_OF_CROWD,
} from './honest-machines.ts';
import { LabScene } from './lab-scene.ts';
import { times } from './length.ts';
import { recorded } from './recorded.ts';

const HOSTILE = CAST.filter((member) => member.scripts?.some(({ behaviour }) => behaviour !== 'honest'));
const TARPITS = 200;

/** Four or five sweeps, on a machine that has all these machines to play as well. */
const TIMEOUT_MS = times(900_000, 240_000);

fault(
  'every hostile machine at once',
  {
    group: 'Hostile LAN',
    done: `${HOSTILE.length} machines that stall, drip, flood, hang up and lie, beside ${HONEST.length} honest ones`,
    holds: 'sweeps end in time, and what is known of the honest ones is the truth',
    told: TOLD_OF_CHANGE,
    timeoutMs: TIMEOUT_MS,
  },
  async (notes) => {
    const scene = await LabScene.set({ cast: [...honest(), ...HOSTILE] });
    const facts = honestFacts(scene);
    for (let n = 0; n < times(3, 1); n += 1) await changedAndSwept(scene, notes);
    expectHonest(scene, facts);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  `${TARPITS} tarpits`,
  {
    group: 'Hostile LAN',
    done: `${TARPITS} addresses that accept on 135, 139 and 445 and never say a word, beside ${HONEST.length} honest machines`,
    holds:
      'sweeps end in time, what is known of the honest ones is the truth, and no alert is made of the others',
    told: TOLD_OF_CROWD,
    timeoutMs: TIMEOUT_MS,
  },
  async (notes) => {
    const scene = await LabScene.set({ cast: honest() });
    const facts = honestFacts(scene);
    const hosts = recorded(scene, 'SELECT count(*) FROM hosts');
    const swamp = await scene.lab.lan.addStation(STRANGER);
    const addresses = Array.from({ length: TARPITS }, (_, n) => `address add 10.77.0.${n + 48}/32 dev eth0`);
    const { code, stderr } = await swamp.run('ip', ['-batch', '-'], { input: `${addresses.join('\n')}\n` });
    if (code !== 0) throw new Error(stderr);
    const tcp = [135, 139, 445];
    const settings = { script: 'tcp.ts', behaviour: 'tarpit', tcp } as const;
    await scriptServer(swamp, join(scene.lab.folder, 'swamp'), settings).start();
    for (let n = 0; n < times(3, 1); n += 1) await changedAndSwept(scene, notes);
    expectHonest(scene, facts);
    const known = recorded(scene, 'SELECT count(*) FROM hosts');
    expect(known).toBeLessThanOrEqual(hosts + 16 * times(3, 1) + 1);
    notes.measured(`${hosts} hosts before, ${known} after`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);
