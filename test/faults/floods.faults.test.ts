/** A LAN on which somebody floods. Nothing of it leaves its network namespaces. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Station } from '../lab/lan.ts';
import { PYTHON } from '../lab/python-servers.ts';
import { fault } from './fault.ts';
import {
  changedAndSwept,
  expectHonest,
  honest,
  honestFacts,
  STRANGER,
  TOLD_OF_CHANGE,
  TOLD_OF_CROWD,
} from './honest-machines.ts';
import { LabScene } from './lab-scene.ts';
import { times } from './length.ts';
import { recorded } from './recorded.ts';

const DATAGRAMS = times(50_000, 10_000);
const INVENTED = times(100_000, 20_000);
const FLOOD_SECONDS = times(40, 12);

/** Four or five sweeps, on a machine that has all these machines to play as well. */
const TIMEOUT_MS = times(900_000, 240_000);

fault(
  'a flood of answers that nobody asked for',
  {
    group: 'Hostile LAN',
    done: `${DATAGRAMS.toLocaleString('en')} node status replies from spoofed addresses, half of them to the ports that the sweep asks from`,
    holds: 'no name of theirs is believed, the honest machines answer as ever',
    told: TOLD_OF_CHANGE,
    timeoutMs: TIMEOUT_MS,
  },
  async (notes) => {
    const scene = await LabScene.set({ cast: honest() });
    const facts = honestFacts(scene);
    const stranger = await scene.lab.lan.addStation(STRANGER);
    await scene.flip();
    const sweeping = scene.sweep();
    const ports = await udpPorts(scene);
    const flood = [String(DATAGRAMS), String(FLOOD_SECONDS), ...ports.map(String)];
    const sent = await attack(stranger, 'nbstat-flood.py', ['10.77.0.2', '10.77.0', ...flood]);
    await sweeping;
    await changedAndSwept(scene, notes);
    expectHonest(scene, facts);
    expect(recorded(scene, "SELECT count(*) FROM facts WHERE value LIKE '%HOSTILE%'")).toBe(0);
    notes.measured(`${sent} datagrams to ${ports.length} open ports and others`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

fault(
  `${INVENTED.toLocaleString('en')} invented machines`,
  {
    group: 'Hostile LAN',
    done: `ARP for ${INVENTED.toLocaleString('en')} random MACs at the free addresses of a /24, and an answer with another one to whoever asks, while three sweeps are made`,
    holds:
      'no honest machine is missed, the history takes in 16 inventions a sweep at most, and makes no alert of them',
    told: TOLD_OF_CROWD,
    timeoutMs: TIMEOUT_MS,
  },
  async (notes) => {
    const scene = await LabScene.set({ cast: honest() });
    const facts = honestFacts(scene);
    const hosts = recorded(scene, 'SELECT count(*) FROM hosts');
    const stranger = await scene.lab.lan.addStation(STRANGER);
    const crowd = ['10.77.0.2', '1c:69:7a:00:00:02', '10.77.0', '100', '249'];
    const flood = attack(stranger, 'arp-crowd.py', [...crowd, String(INVENTED), String(FLOOD_SECONDS)]);
    await changedAndSwept(scene, notes);
    const sent = await flood;
    for (let n = 0; n < 2; n += 1) await scene.sweep();
    await scene.lab.agent.run('ip', ['neigh', 'flush', 'dev', 'eth0']);
    await changedAndSwept(scene, notes);
    expectHonest(scene, facts);
    const known = recorded(scene, 'SELECT count(*) FROM hosts');
    expect(known).toBeLessThanOrEqual(hosts + 4 * 16 + 1);
    notes.measured(`${sent} frames; ${hosts} hosts before, ${known} after`);
    return { daemon: scene.daemon, alerts: scene.alerts };
  },
);

/** Runs one of the scripts beside this file to its end. Resolves with what it sent. */
async function attack(station: Station, script: string, args: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(`hostile/${script}`, import.meta.url));
  const { code, stdout, stderr } = await station.run(PYTHON, [file, ...args], { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`${script}: ${stderr}`);
  return Number(stdout);
}

/** The UDP ports that are open at the agent's station once a sweep has opened its own. */
async function udpPorts(scene: LabScene): Promise<number[]> {
  const ports = () =>
    readFileSync(`/proc/${scene.daemon.pid}/net/udp`, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const port = line.trim().split(/\s+/)[1]?.split(':')[1];
        return port === undefined ? [] : [Number.parseInt(port, 16)];
      });
  await expect.poll(() => ports().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(8);
  return ports();
}
