/**
 * An upgrade from a release of an earlier commit, whose history has to be migrated, and the way back. Each test goes on
 * where the one before left the machine.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { everything, type Installed, type ReportJson } from './installed.ts';
import type { Machine } from './machine.ts';
import { brokerOptions, buildScene, freshMachine, type Scene } from './scene.ts';
import { SUITES } from './userlands.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await buildScene();
});
afterAll(async () => {
  await scene?.close();
});

describe.runIf(inject('releases')?.older).each(SUITES)('on a fresh Debian %s', (suite) => {
  let machine: Machine;
  let installed: Installed;
  /** Every file before anything was installed. */
  let pristine: string[];

  beforeAll(async () => {
    installed = await freshMachine(suite, scene);
    machine = installed.machine;
    pristine = await everything(machine);
  });
  afterAll(async () => {
    await machine?.scrap();
  });

  test('upgrades an older release with its history, and keeps a copy from before', async () => {
    expect(await installed.installFrom('older', '--yes', ...brokerOptions(scene))).toMatchObject({ code: 0 });
    const before = await installed.json<ReportJson>('sweep');
    const schema = await installed.schema();
    const { code, stdout, stderr } = await installed.installFrom('today', '--yes');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/This will upgrade smbwarden .* to /);
    expect(await installed.schema()).toBe(schema + 1);
    const after = await installed.json<ReportJson>('hosts');
    expect(identities(after)).toEqual(identities(before));
    expect(await machine.sh('ls /var/lib/smbwarden/backup')).toMatch(/^before-.*\.db$/m);
  });

  test('goes back to the older release, with the history as it was then', async () => {
    const today = await machine.out('readlink', '/opt/smbwarden/current');
    const { code, stdout, stderr } = await installed.installer('--rollback', '--yes');
    expect({ code, stderr, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/cannot read the present history/),
    });
    expect(await machine.out('readlink', '/opt/smbwarden/previous')).toBe(today);
    expect(await installed.property('ActiveState')).toBe('active');
    expect((await installed.json<ReportJson>('hosts')).hosts.map(({ name }) => name)).toContain('NAS');
    expect(await machine.sh('ls /var/lib/smbwarden')).toMatch(/^smbwarden\.db\.set-aside-.*Z$/m);
  });

  test('goes forward again', async () => {
    expect(await installed.installer('--rollback', '--yes')).toMatchObject({ code: 0 });
    expect(await installed.property('ActiveState')).toBe('active');
    expect((await installed.json<ReportJson>('hosts')).hosts.map(({ name }) => name)).toContain('NAS');
  });

  test('has removed itself without a trace in the end', async () => {
    expect((await installed.installer('--purge', '--yes')).code).toBe(0);
    expect(await everything(machine)).toEqual(pristine);
  });
});

function identities({ hosts }: ReportJson) {
  return hosts.map(({ id, firstSeenAt }) => `${id} ${firstSeenAt}`).sort();
}
