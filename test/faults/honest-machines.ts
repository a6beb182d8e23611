import { expect } from 'vitest';
import { type CastMember, castOf } from '../lab/hosts.ts';
import type { Notes } from './fault.ts';
import type { LabScene } from './lab-scene.ts';
import { recorded, recordedText } from './recorded.ts';

/** Nobody may hold a sweep of a /24 up for longer; its own deadline (agent/wiring.ts) is of the same order. */
const DEADLINE_MS = 180_000;
export const HONEST: readonly string[] = ['nas', 'modern', 'office-printer', 'bare'];
/** Where somebody plugs in who means no good. */
export const STRANGER = { name: 'stranger', address: '10.77.0.250', mac: '52:54:00:00:00:fa' } as const;
export const TOLD_OF_CHANGE = /finding changed/;
export const TOLD_OF_CROWD = /a crowd of new machines says nothing/;

/** The honest machines of a hostile LAN, but for the NAS, which every LAN of these tests has. */
export function honest(): readonly CastMember[] {
  return castOf(...HONEST.filter((name) => name !== 'nas'));
}

/** A change at an honest machine, and the sweep that finds it in time. */
export async function changedAndSwept(scene: LabScene, notes: Notes): Promise<void> {
  await scene.flip();
  const begun = performance.now();
  const { sweep } = await scene.sweep();
  const took = performance.now() - begun;
  expect(took).toBeLessThan(DEADLINE_MS);
  notes.measured(
    `a ${sweep.complete ? 'complete' : 'partial'} sweep of ${(took / 1_000).toFixed(1)} s met ${sweep.hostsUp}`,
  );
}

/** Everything that is known of the honest machines but the NAS, which changes, as one text. */
export function honestFacts(scene: LabScene): string[] {
  return scene.lab.hosts
    .filter(({ name }) => HONEST.includes(name) && name !== 'nas')
    .map(({ member }) => {
      const id = `h${member.mac.replaceAll(':', '')}`;
      return recordedText(
        scene,
        `SELECT group_concat(name || value, char(10)) FROM
         (SELECT * FROM facts WHERE host_id = '${id}' AND until_at IS NULL AND name NOT IN ('smb.systemTime') ORDER BY name)`,
      );
    });
}

/** They are there, and what is known of them is what was known before. @throws AssertionError */
export function expectHonest(scene: LabScene, facts: readonly string[]): void {
  expect(honestFacts(scene)).toEqual(facts);
  const macs = scene.lab.hosts
    .filter(({ name }) => HONEST.includes(name) || name === 'broker')
    .map(({ member }) => `'${member.mac}'`);
  const missing = `SELECT count(*) FROM hosts WHERE mac IN (${macs.join()}) AND (present = 0 OR missed_sweeps > 0)`;
  expect(recorded(scene, missing)).toBe(0);
}
