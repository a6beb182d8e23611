import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import type { Check } from '../../../agent/doctor/check.ts';
import { clockCheck } from '../../../agent/doctor/clock.ts';
import { configurationChecks, passwordCheck } from '../../../agent/doctor/configuration.ts';
import { databaseChecks } from '../../../agent/doctor/database.ts';
import type { DatabaseState, DoctorWorld, FileState, Recorded } from '../../../agent/doctor/doctor-world.ts';
import { runtimeCheck } from '../../../agent/doctor/runtime.ts';
import { sweepChecks } from '../../../agent/doctor/sweeps.ts';
import { parseUnit } from '../../../agent/doctor/systemd.ts';
import { ANSWERING, doctorWorld, SERVICE } from '../../support/doctor-world.ts';
import { SAMPLE_TIME, sampleSummary } from '../../support/samples.ts';

const NOW = SAMPLE_TIME + 600_000;
const HOUR = 3_600_000;

/** What matters of each check, on one line. */
const told = (checks: readonly Check[]) =>
  checks.map(({ name, verdict, what, commands }) => [verdict, name, what, ...commands].join(' | '));
const verdicts = (checks: readonly Check[]) => checks.map(({ name, verdict }) => `${verdict} ${name}`);

describe('the runtime', () => {
  it.each([
    ['24.21.0', 10, 'ok'],
    ['22.14.0', 10, 'ok'],
    ['22.13.1', 10, 'fault'],
    ['20.20.0', 9, 'fault'],
    ['23.0.0', 9, 'fault'],
  ])('Node.js %s with Node-API %i: %s', (node, nodeApi, verdict) => {
    expect(runtimeCheck({ runtime: () => ({ node, nodeApi }) }).verdict).toBe(verdict);
  });
});

describe('the configuration', () => {
  it('is told with every mistake, each with its line and the right spelling', () => {
    const mistakes = [
      { line: 2, path: 'sweepIntervall', message: 'unknown key; did you mean "sweepInterval"?' },
      { line: null, path: 'pace', message: 'found "quick"; allowed: one of gentle, normal, fast' },
    ];
    const checks = configurationChecks(
      doctorWorld({ configuration: { kind: 'wrong', message: 'two mistakes', mistakes } }),
    );
    expect(told(checks)).toEqual([
      'fault | configuration | line 2: sweepIntervall: unknown key; did you mean "sweepInterval"? | smbwarden config check',
      'fault | configuration | pace: found "quick"; allowed: one of gentle, normal, fast | smbwarden config check',
    ]);
  });

  it('that cannot be read is told in the words of whoever tried', () => {
    const wrong = {
      kind: 'wrong',
      message: 'reading the configuration x.yaml: EACCES',
      mistakes: [],
    } as const;
    expect(told(configurationChecks(doctorWorld({ configuration: wrong })))).toEqual([
      'fault | configuration | reading the configuration x.yaml: EACCES | smbwarden config check',
    ]);
  });

  it.each<[string, FileState, string[]]>([
    ['is fine with the group of the service', { mode: 0o640, uid: 0, gid: 990 }, []],
    [
      'must not show a password to everybody',
      { mode: 0o644, uid: 0, gid: 990 },
      ['chmod o-rwx /etc/smbwarden/config.yaml'],
    ],
    [
      'must be readable by the service',
      { mode: 0o600, uid: 0, gid: 0 },
      [
        'chgrp --reference=/var/lib/smbwarden /etc/smbwarden/config.yaml',
        'chmod g+r /etc/smbwarden/config.yaml',
      ],
    ],
  ])('%s', (_title, state, commands) => {
    const fileAt = (path: string) => (path.endsWith('.yaml') ? state : { mode: 0o750, uid: 990, gid: 990 });
    const checks = configurationChecks(doctorWorld({ fileAt }, 'mqtt: {password: secret}'));
    expect(checks.flatMap((check) => check.commands)).toEqual(commands);
    expect(verdicts(checks)).toEqual([
      'ok configuration',
      ...(commands.length > 0 ? ['fault configuration-mode'] : []),
    ]);
    expect(JSON.stringify(checks)).not.toContain('secret');
  });
});

describe('the password', () => {
  const config = parseConfig('mqtt: {url: "mqtt://b", username: u, passwordFile: /etc/p w}', 'x');
  const failed = { kind: 'failed', message: 'reading mqtt.passwordFile' } as const;

  it.each<[string, Partial<DoctorWorld>, string]>([
    [
      'is known',
      { password: () => ({ kind: 'known', source: 'passwordFile' }) },
      'ok | password | from /etc/p w',
    ],
    [
      'is missing though there is a user name',
      { password: () => ({ kind: 'none' }) },
      'warning | password | mqtt.username is "u", but there is no password | install -m 0640 -o root -g smbwarden /dev/stdin /etc/smbwarden/mqtt-password',
    ],
    [
      'is shown to everybody',
      { password: () => failed, fileAt: () => ({ mode: 0o644, uid: 0, gid: 0 }) },
      "fault | password | /etc/p w: everybody on this machine may read it, so it is not used | chmod o-rwx '/etc/p w'",
    ],
    [
      'has no file',
      { password: () => failed, fileAt: () => null },
      "fault | password | reading mqtt.passwordFile | install -m 0640 -o root -g smbwarden /dev/stdin '/etc/p w'",
    ],
    [
      'is not for this user',
      { password: () => ({ kind: 'hidden', file: '/etc/x' }) },
      'unknown | password | /etc/x: the password of the service, which this user may not read | sudo smbwarden doctor',
    ],
  ])('%s', (_title, parts, line) => {
    expect(told(passwordCheck(doctorWorld(parts), config))).toEqual([line]);
  });

  it('is not looked for without a broker', () => {
    expect(passwordCheck(doctorWorld(), parseConfig('', 'x'))).toEqual([]);
  });
});

describe('the database', () => {
  const config = parseConfig('quota: 10', 'x');
  const there = doctorWorld().database() as Extract<DatabaseState, { kind: 'there' }>;
  const look = (parts: Partial<DoctorWorld>) => databaseChecks(doctorWorld(parts), config);
  const with_ = (more: Partial<typeof there>) => ({ database: () => ({ ...there, ...more }) });

  it('is in order', async () => {
    expect(verdicts(await look({}))).toEqual(['ok database', 'ok quota', 'ok disk', 'ok backup']);
  });

  it.each<[string, Partial<DoctorWorld>, string]>([
    ['damaged', with_({ checked: { ...there.checked, faults: ['page 3 is never used'] } }), 'fault database'],
    ['near its quota', with_({ checked: { ...there.checked, size: 9_500_000, free: 0 } }), 'warning quota'],
    ['on a disk that is nearly full', { freeDisk: () => 300e6 }, 'warning disk'],
    ['on a full disk', { freeDisk: () => 1e6 }, 'fault disk'],
    ['without a recent backup', with_({ lastBackupAt: NOW - 96 * HOUR }), 'warning backup'],
    [
      'written by root',
      with_({ strayFiles: ['/var/lib/smbwarden/smbwarden.db-wal'] }),
      'fault database-owner',
    ],
    ['replaced after damage', with_({ setAside: ['/var/lib/smbwarden/x.corrupt.1'] }), 'warning set-aside'],
    [
      'of a newer version',
      { database: () => ({ kind: 'failed', file: 'x', code: 'newer-schema', message: 'schema 9' }) },
      'fault database',
    ],
    ['not there yet', { database: () => ({ kind: 'none', file: 'x' }) }, 'unknown database'],
  ])('%s', async (_title, parts, verdict) => {
    const seen = (await look(parts)).filter((check) => check.verdict !== 'ok');
    expect(verdicts(seen)).toEqual([verdict]);
    expect(seen.flatMap(({ commands }) => commands).length).toBeGreaterThan(0);
  });
});

describe('the last sweep', () => {
  const recorded = (last: object, more: Partial<Recorded> = {}): Recorded => ({
    ...doctorWorld().recorded(parseConfig('', 'x'))!,
    lastSweep: { id: 7, ...sampleSummary(last) },
    ...more,
  });
  const silent = { kind: 'silent', path: 'x' } as const;

  it('may be as old as two intervals and some minutes', () => {
    const at = (minutes: number) =>
      sweepChecks(recorded({ finishedAt: NOW - minutes * 60_000 }), { control: ANSWERING, unit: null }, NOW);
    expect(verdicts(at(39))).toEqual(['ok last-sweep']);
    expect(verdicts(at(41))).toEqual(['fault last-sweep']);
  });

  it('is as old as it is where nobody sweeps, or sweeps are paused', () => {
    const old = { finishedAt: NOW - 48 * HOUR };
    expect(told(sweepChecks(recorded(old), { control: silent, unit: SERVICE }, NOW))).toEqual([
      'unknown | last-sweep | 48 hours ago; without the daemon none is planned | systemctl start smbwarden',
    ]);
    expect(
      verdicts(sweepChecks(recorded(old, { isPaused: true }), { control: ANSWERING, unit: null }, NOW)),
    ).toEqual(['ok last-sweep']);
  });

  it('by a pattern is late when the daemon itself expected it long ago', () => {
    const daemon = { ...ANSWERING.daemon, nextSweepAt: NOW - HOUR };
    const nightly = recorded({ finishedAt: NOW - 20 * HOUR }, { schedule: '30 3 * * *' });
    expect(verdicts(sweepChecks(nightly, { control: ANSWERING, unit: null }, NOW))).toEqual([
      'ok last-sweep',
    ]);
    expect(verdicts(sweepChecks(nightly, { control: { ...ANSWERING, daemon }, unit: null }, NOW))).toEqual([
      'fault last-sweep',
    ]);
  });

  it('is not to be relied on where it was incomplete or suspect', () => {
    const checks = sweepChecks(
      recorded({ complete: false, suspect: 'most hosts are silent' }),
      { control: ANSWERING, unit: null },
      NOW,
    );
    expect(verdicts(checks)).toEqual(['ok last-sweep', 'warning last-sweep', 'warning last-sweep']);
    expect(checks[2]?.what).toContain('most hosts are silent');
  });
});

describe('the clock', () => {
  const seen = (parts: Partial<DoctorWorld>) =>
    clockCheck(doctorWorld(parts), doctorWorld().recorded(parseConfig('', 'x')));

  it.each<[string, Partial<DoctorWorld>]>([
    ['ok', {}],
    ['warning', { clockIsSynchronised: async () => false }],
    ['unknown', { clockIsSynchronised: async () => null }],
    ['fault', { now: () => SAMPLE_TIME - 2 * HOUR }],
    ['fault', { now: () => 0 }],
  ])('is %s with %j', async (verdict, parts) => {
    expect((await seen(parts)).verdict).toBe(verdict);
  });
});

it('reads what systemctl show says, and takes what is not there for nothing', () => {
  const shown =
    'LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nResult=success\nNRestarts=2\n' +
    'WatchdogUSec=1min 30s\nMainPID=812\nNeedDaemonReload=no\nIPAddressAllow=127.0.0.0/8 ::1/128\nIPAddressDeny=::/0 0.0.0.0/0\n';
  expect(parseUnit(shown)).toEqual({
    loadState: 'loaded',
    activeState: 'active',
    fileState: 'enabled',
    outcome: 'success',
    restarts: 2,
    watchdogMs: 90_000,
    mainPid: 812,
    needsReload: false,
    allowed: ['127.0.0.0/8', '::1/128'],
    denied: ['::/0', '0.0.0.0/0'],
  });
  expect(parseUnit('LoadState=not-found\nWatchdogUSec=infinity\n')).toMatchObject({
    loadState: 'not-found',
    restarts: 0,
    watchdogMs: 0,
    denied: [],
  });
});
