/**
 * The life of an installation on each Debian: it is installed from a release on a machine that has no Node.js, watches a
 * LAN, survives faults and a reboot, and leaves without a trace. Each test goes on where the one before left the machine.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Heard } from '../lab/listener.ts';
import { addedTo, everything, type Installed, type ReportJson } from './installed.ts';
import type { Machine } from './machine.ts';
import { brokerOptions, buildScene, freshMachine, type Scene } from './scene.ts';
import { SUITES } from './userlands.ts';

const CONFIG = 'etc/smbwarden/config.yaml';
/** How soon a restart has to follow whatever went wrong. */
const MINUTE = { timeout: 60_000, interval: 250 };

let scene: Scene;

beforeAll(async () => {
  scene = await buildScene();
});
afterAll(async () => {
  await scene?.close();
});

describe.each(SUITES)('on a fresh Debian %s', (suite) => {
  let machine: Machine;
  let installed: Installed;
  /** Every file before anything was installed. */
  let pristine: string[];

  beforeAll(async () => {
    await scene.lab.samba('modern').restartWith({ 'server signing': 'mandatory' });
    installed = await freshMachine(suite, scene);
    machine = installed.machine;
    pristine = await everything(machine);
  });
  afterAll(async () => {
    await machine?.scrap();
  });

  test('there is no Node.js, no npm and no compiler', async () => {
    const { stdout } = await machine.run('sh', '-c', 'command -v node npm cc gcc make');
    expect(stdout).toBe('');
  });

  test('says with --dry-run what it would do, and does nothing', async () => {
    const { code, stdout } = await installed.installFrom('today', '--dry-run', ...brokerOptions(scene));
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/not done: Starting smbwarden.service/),
    });
    expect(await everything(machine)).toEqual(pristine);
  });

  test('refuses a tarball that was changed on its way, and does nothing', async () => {
    await machine.sh(
      'cp -r /root/today /root/changed; for file in /root/changed/*.tar.gz; do printf x >>$file; done',
    );
    const { code, stderr } = await installed.installFrom('changed', '--yes');
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not what SHA256SUMS says/),
    });
    expect(await everything(machine)).toEqual(pristine);
    await machine.sh('rm -r /root/changed');
  });

  test('refuses a broker that is none, and does nothing', async () => {
    const { code, stderr } = await installed.installFrom('today', '--yes', '--mqtt-url', 'the broker');
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('with --mqtt-url the broker the configuration would be wrong'),
    });
    expect(await everything(machine)).toEqual(pristine);
  });

  test('installs, starts and sweeps within 15 seconds', async () => {
    const startedAt = performance.now();
    const { code, stdout, stderr } = await installed.installFrom('today', '--yes', ...brokerOptions(scene));
    const tookMs = performance.now() - startedAt;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('It sweeps: 10.77.0.0/24');
    await vi.waitFor(async () => expect(await installed.journal()).toContain('sweep finished'), MINUTE);
    const { hosts } = await installed.json<ReportJson>('hosts');
    const exposed = hosts.filter(({ findings }) => findings.length > 0).map(({ name }) => name);
    expect(exposed).toContain('NAS');
    console.log(`${suite}: installed in ${(tookMs / 1_000).toFixed(1)} s`);
  });

  test('keeps the password where only root reads it, and the configuration where the daemon cannot write', async () => {
    expect(await machine.sh("stat -c '%a %U:%G %n' /etc/smbwarden /etc/smbwarden/* /var/lib/smbwarden")).toBe(
      [
        '750 root:smbwarden /etc/smbwarden',
        '640 root:smbwarden /etc/smbwarden/config.yaml',
        '600 root:root /etc/smbwarden/mqtt-password',
        '750 smbwarden:smbwarden /var/lib/smbwarden',
      ].join('\n'),
    );
    expect(await machine.read('etc/smbwarden/mqtt-password')).toBe(`${scene.lab.mosquitto.password}\n`);
    expect(await installed.journal()).not.toContain(scene.lab.mosquitto.password);
  });

  test('alerts through the broker when a server no longer requires signing', async () => {
    const from = scene.listener.count();
    await scene.lab.samba('modern').restartWith({ 'server signing': 'auto' });
    await installed.json<ReportJson>('sweep');
    const isAlert = ({ topic, payload }: Heard) =>
      topic.endsWith('/event') && /"finding_opened"/.test(payload);
    const { payload } = await scene.listener.hears(isAlert, { from });
    expect(JSON.parse(payload)).toMatchObject({
      rule: 'smb-signing-not-required',
    });
  });

  test('lets root try the broker with the password of the service', async () => {
    expect(await machine.run('smbwarden', 'mqtt', 'test')).toMatchObject({ code: 0 });
  });

  test('has a unit that systemd finds correct', async () => {
    const unit = '/etc/systemd/system/smbwarden.service';
    expect(await machine.run('systemd-analyze', 'verify', '--man=no', unit)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const offline = await machine.run(
      'systemd-analyze',
      'security',
      '--offline=true',
      '--threshold=15',
      unit,
    );
    expect(offline).toMatchObject({ code: 0 });
  });

  test('leaves little to whoever gets hold of it: 1.5 at most', async () => {
    const text = await machine.out('systemd-analyze', 'security', '--no-pager', 'smbwarden');
    const score = Number(/Overall exposure level for smbwarden.service: ([\d.]+)/.exec(text)?.[1]);
    expect(score).toBeLessThanOrEqual(1.5);
    console.log(`${suite}: systemd-analyze security ${score}`);
  });

  test('changes nothing when it is installed again', async () => {
    const before = { files: await everything(machine), pid: await installed.property('MainPID') };
    const { code, stdout } = await installed.installFrom('today', '--yes');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/is installed in \/opt\/smbwarden already/),
    });
    expect({ files: await everything(machine), pid: await installed.property('MainPID') }).toEqual(before);
  });

  test('sets right what was removed when it is installed again', async () => {
    const before = await everything(machine);
    await machine.sh(
      'systemctl disable --now smbwarden; rm -r /usr/local/bin/smbwarden /opt/smbwarden/current/dist',
    );
    const { code, stderr } = await installed.installFrom('today', '--yes');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(addedTo(await everything(machine), before.filter(isNoJournalOfSqlite))).toEqual([]);
    expect(await installed.property('ActiveState')).toBe('active');
  });

  test('is restarted within a minute when it is frozen', async () => {
    const pid = await installed.property('MainPID');
    const frozenAt = performance.now();
    await machine.sh(`kill -STOP ${pid}`);
    await vi.waitFor(async () => {
      expect(await installed.property('MainPID')).not.toBe(pid);
      expect(await installed.property('ActiveState')).toBe('active');
    }, MINUTE);
    console.log(
      `${suite}: running again ${Math.round((performance.now() - frozenAt) / 1_000)} s after it was frozen`,
    );
    expect(await installed.journal()).toMatch(/Watchdog timeout/);
  });

  test('is restarted when it is killed, and loses nothing that was recorded', async () => {
    const before = await installed.json<ReportJson>('hosts');
    const pid = await installed.property('MainPID');
    await machine.sh(`kill -KILL ${pid}`);
    await vi.waitFor(async () => {
      expect(await installed.property('MainPID')).not.toBe(pid);
      expect(await installed.property('ActiveState')).toBe('active');
    }, MINUTE);
    const after = await installed.json<ReportJson>('hosts');
    expect(after.hosts.map(({ id, firstSeenAt }) => ({ id, firstSeenAt }))).toEqual(
      before.hosts.map(({ id, firstSeenAt }) => ({ id, firstSeenAt })),
    );
  });

  test('stays down after a mistake in the configuration, and says where it is', async () => {
    const good = await machine.read(CONFIG);
    await machine.write(CONFIG, `${good}\nsweepIntervall: 5\n`);
    const { code } = await machine.run('systemctl', 'restart', 'smbwarden');
    expect(code).not.toBe(0);
    await delay(6_000);
    expect(await installed.property('ActiveState')).toBe('failed');
    expect(await installed.property('ExecMainStatus')).toBe('2');
    expect(await installed.property('NRestarts')).toBe('0');
    expect(await installed.journal()).toMatch(/sweepIntervall.*sweepInterval/s);
    await machine.write(CONFIG, good);
    await installed.start();
  });

  test('stays down before a history of a later version, and touches nothing in it', async () => {
    const database = '/var/lib/smbwarden/smbwarden.db';
    const setSchema = (schema: string) =>
      machine.out(
        '/opt/smbwarden/current/node',
        '-e',
        `const { createRequire } = require('node:module');
         const Sqlite = createRequire('/opt/smbwarden/current/dist/')('better-sqlite3');
         const db = new Sqlite('${database}');
         console.log(db.pragma('user_version', { simple: true }));
         db.pragma('user_version = ${schema}');
         db.close();`,
      );
    await machine.out('systemctl', 'stop', 'smbwarden');
    const schema = await setSchema('99');
    const before = await machine.sh(`sha256sum ${database}`);
    expect((await machine.run('systemctl', 'start', 'smbwarden')).code).not.toBe(0);
    await delay(6_000);
    expect(await installed.property('ActiveState')).toBe('failed');
    expect(await installed.property('ExecMainStatus')).toBe('78');
    expect(await machine.sh(`sha256sum ${database}`)).toBe(before);
    await setSchema(schema);
    await installed.start();
  });

  test('takes up a changed configuration at "systemctl reload", in the same process', async () => {
    const pid = await installed.property('MainPID');
    await machine.write(CONFIG, `${await machine.read(CONFIG)}\nsweepInterval: 45\n`);
    await machine.out('systemctl', 'reload', 'smbwarden');
    await vi.waitFor(
      async () => expect(await installed.journal()).toMatch(/configuration read again/),
      MINUTE,
    );
    await vi.waitFor(
      async () => expect(await machine.out('smbwarden', 'status')).toMatch(/every 45 minutes/),
      MINUTE,
    );
    expect(await installed.property('MainPID')).toBe(pid);
    expect(await installed.property('ActiveState')).toBe('active');
  });

  test('comes back after a reboot', async () => {
    await machine.reboot();
    expect(await installed.property('ActiveState')).toBe('active');
    expect(await installed.json('status')).toMatchObject({ mqtt: { connected: true } });
  });

  test('leaves nothing but configuration and history with --uninstall, and nothing with --purge', async () => {
    expect((await machine.run('/opt/smbwarden/current/install.sh', '--uninstall', '--yes')).code).toBe(0);
    const left = addedTo(pristine, await everything(machine));
    expect(left.filter((line) => !/^\/(etc|var\/lib)\/smbwarden[ /]|^smbwarden:/.test(line))).toEqual([]);
    expect(left.join('\n')).toMatch(/smbwarden\.db f 640 smbwarden:smbwarden/);
    expect((await installed.installer('--purge', '--yes')).code).toBe(0);
    expect(await everything(machine)).toEqual(pristine);
  });
});

/** SQLite makes and removes them as it likes. */
function isNoJournalOfSqlite(line: string): boolean {
  return !/\.db-(wal|shm|journal) /.test(line);
}
