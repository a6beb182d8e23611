import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../agent/config.ts';
import { addressFilterChecks } from '../../../agent/doctor/address-filter.ts';
import { brokerChecks, eventsCheck } from '../../../agent/doctor/broker.ts';
import type { Check } from '../../../agent/doctor/check.ts';
import type { Control, DoctorWorld, NetworkState, Unit } from '../../../agent/doctor/doctor-world.ts';
import { neighbourCheck, ownPortsCheck, subnetChecks } from '../../../agent/doctor/network.ts';
import { daemonChecks, unitChecks } from '../../../agent/doctor/service.ts';
import { ANSWERING, doctorWorld, GOOD_EXAMINATION, SERVICE } from '../../support/doctor-world.ts';

const DEFAULTS = parseConfig('', 'x');
const verdicts = (checks: readonly Check[]) => checks.map(({ name, verdict }) => `${verdict} ${name}`);
const commands = (checks: readonly Check[]) => checks.flatMap((check) => check.commands);

type Known = Extract<NetworkState, { kind: 'known' }>;
const known = doctorWorld().network(DEFAULTS) as Known;
const network = (more: Partial<Known>) => ({ network: () => ({ ...known, ...more }) });
const addresses = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}`);

describe('the subnets', () => {
  it.each<[string, Partial<DoctorWorld>, string[]]>([
    ['are attached, and what is left out is told', {}, ['ok subnets', 'ok left-out']],
    ['are none', network({ targets: [], skipped: [] }), ['warning subnets']],
    ['are not attached', network({ targets: ['10.9.0.0/24'], skipped: [] }), ['warning subnets']],
    ['are attached in part', network({ targets: ['192.168.0.0/22'], skipped: [] }), ['ok subnets']],
    [
      'are excluded altogether',
      network({ coverage: { onLink: [], routed: [], loopback: [], own: [] }, skipped: [] }),
      ['fault subnets'],
    ],
    [
      'are refused',
      { network: () => ({ kind: 'failed', message: 'not a private range' }) },
      ['fault subnets'],
    ],
  ])('%s', (_title, parts, expected) => {
    expect(verdicts(subnetChecks(doctorWorld(parts), DEFAULTS))).toEqual(expected);
  });
});

describe('the neighbour table', () => {
  const look = (count: number, limit: number | null) => {
    const coverage = { ...known.coverage, onLink: addresses(count) };
    const neighbours = async () => ({ macs: new Map(), limit });
    return neighbourCheck(doctorWorld({ ...network({ coverage }), neighbours }), DEFAULTS);
  };

  it('has room for a small subnet, and for a large one where it was raised', async () => {
    expect(verdicts(await look(254, 1_024))).toEqual(['ok neighbour-table']);
    expect(verdicts(await look(4_094, 8_192))).toEqual(['ok neighbour-table']);
    expect(await look(0, 1_024)).toEqual([]);
  });

  it('that is too small is raised by a drop-in, with what that gains', async () => {
    const [check] = await look(4_094, 1_024);
    expect(check).toMatchObject({
      verdict: 'warning',
      what: 'room for 1,024 entries, 4,094 addresses to sweep: that takes 18 s instead of 12 s',
      commands: [
        "printf 'net.ipv4.neigh.default.gc_thresh2 = 4096\\nnet.ipv4.neigh.default.gc_thresh3 = 8192\\n' > /etc/sysctl.d/60-smbwarden.conf",
        'sysctl -p /etc/sysctl.d/60-smbwarden.conf',
      ],
    });
  });

  it('need not hold a whole /16 at once, and is found large enough once it is as proposed', async () => {
    const [check] = await look(65_533, 1_024);
    expect(check).toMatchObject({
      what: 'room for 1,024 entries, 65,533 addresses to sweep: that takes 238 s instead of 135 s',
      commands: [
        expect.stringContaining('gc_thresh2 = 16384\\nnet.ipv4.neigh.default.gc_thresh3 = 32768'),
        'sysctl -p /etc/sysctl.d/60-smbwarden.conf',
      ],
    });
    expect(verdicts(await look(65_533, 32_768))).toEqual(['ok neighbour-table']);
  });

  it('whose limit cannot be read is taken for the usual one, and no fault', async () => {
    expect(verdicts(await look(4_094, null))).toEqual(['unknown neighbour-table']);
  });
});

it('tells file services of this very machine that are open to others', async () => {
  const check = await ownPortsCheck({ listening: async () => ['tcp/445 on 0.0.0.0'] });
  expect(check).toMatchObject({
    verdict: 'warning',
    what: expect.stringContaining('tcp/445 on 0.0.0.0') as unknown,
  });
});

describe('the unit', () => {
  it.each<[string, Unit | null, string[]]>([
    ['runs', SERVICE, ['ok unit', 'ok watchdog', 'ok restarts']],
    ['is not needed without systemd', null, ['unknown unit']],
    ['is not installed', { ...SERVICE, loadState: 'not-found' }, ['unknown unit']],
    ['is masked', { ...SERVICE, loadState: 'masked' }, ['fault unit', 'ok watchdog', 'ok restarts']],
    ['has failed', { ...SERVICE, activeState: 'failed' }, ['fault unit']],
    ['is stopped', { ...SERVICE, activeState: 'inactive' }, ['warning unit']],
    ['is not enabled', { ...SERVICE, fileState: 'disabled' }, ['warning unit', 'ok watchdog', 'ok restarts']],
    ['is not watched', { ...SERVICE, watchdogMs: 0 }, ['ok unit', 'warning watchdog', 'ok restarts']],
    ['was restarted', { ...SERVICE, restarts: 1 }, ['ok unit', 'ok watchdog', 'warning restarts']],
    ['restarts in a loop', { ...SERVICE, restarts: 9 }, ['ok unit', 'ok watchdog', 'fault restarts']],
    [
      'was changed',
      { ...SERVICE, needsReload: true },
      ['ok unit', 'warning unit', 'ok watchdog', 'ok restarts'],
    ],
  ])('%s', (_title, unit, expected) => {
    expect(verdicts(unitChecks(unit))).toEqual(expected);
  });
});

describe('the daemon', () => {
  const path = '/run/smbwarden/control.sock';
  it.each<[string, Control, Unit | null, number[], string[]]>([
    ['answers', ANSWERING, SERVICE, [812], ['ok daemon']],
    ['is not there', { kind: 'silent', path }, null, [], ['unknown daemon']],
    ['runs and does not answer', { kind: 'silent', path }, SERVICE, [812], ['fault daemon']],
    ['may not be asked', { kind: 'failed', path, message: 'EACCES' }, SERVICE, [812], ['fault daemon']],
    ['is not alone', ANSWERING, SERVICE, [812, 4711], ['ok daemon', 'fault second-instance']],
  ])('%s', (_title, control, unit, daemons, expected) => {
    expect(verdicts(daemonChecks(control, unit, daemons, '1.0.0'))).toEqual(expected);
  });

  it('of another version, or with a problem, is to be restarted or looked into', () => {
    const daemon = { ...ANSWERING.daemon, version: '0.9.0', problem: 'last sweep failed' };
    const checks = daemonChecks({ ...ANSWERING, daemon }, SERVICE, [812], '1.0.0');
    expect(verdicts(checks)).toEqual(['warning daemon', 'warning daemon']);
    expect(commands(checks)).toContain('systemctl restart smbwarden');
  });

  it('that is the second is named with how to stop it', () => {
    const served = { ...SERVICE, mainPid: 4711 };
    expect(commands(daemonChecks(ANSWERING, served, [812, 4711], '1.0.0'))).toEqual([
      'systemctl stop smbwarden',
    ]);
  });
});

describe('the address filter of the unit', () => {
  const look = (url: string, parts: Partial<DoctorWorld> = {}) =>
    addressFilterChecks(doctorWorld(parts), SERVICE, parseConfig(`mqtt: {url: "${url}"}`, 'x'));

  it('lets a broker in a private range through, IPv6 too', async () => {
    expect(verdicts(await look('mqtt://192.168.1.5'))).toEqual(['ok address-filter']);
    expect(verdicts(await look('mqtt://[fd00::5]'))).toEqual(['ok address-filter']);
  });

  it('keeps the service from a public broker, and from a public name server when it needs one', async () => {
    expect(commands(await look('mqtt://203.0.113.7'))).toContain(
      "mkdir -p /etc/systemd/system/smbwarden.service.d && printf '[Service]\\nIPAddressAllow=203.0.113.7\\n' > /etc/systemd/system/smbwarden.service.d/allow-203-0-113-7.conf",
    );
    const parts: Partial<DoctorWorld> = {
      resolve: async () => ({ kind: 'done', value: ['192.168.1.5'] }),
      nameServers: () => ['192.168.1.1', '9.9.9.9'],
    };
    const checks = await look('mqtt://broker.lan', parts);
    expect(checks.map(({ what }) => what)).toEqual([
      'the unit keeps the service from reaching the name server at 9.9.9.9 (IPAddressAllow=)',
    ]);
    expect(verdicts(await look('mqtt://192.168.1.5', parts))).toEqual(['ok address-filter']);
  });

  it('is nothing where the unit has none', async () => {
    const open = { ...SERVICE, allowed: [], denied: [] };
    expect(await addressFilterChecks(doctorWorld(), open, DEFAULTS)).toEqual([]);
    expect(await addressFilterChecks(doctorWorld(), null, DEFAULTS)).toEqual([]);
  });
});

describe('the broker', () => {
  const failed = (code: string) => async () => ({ kind: 'failed', code, message: code }) as const;
  const look = (parts: Partial<DoctorWorld>, url = 'mqtts://broker.lan') =>
    brokerChecks(doctorWorld(parts), parseConfig(`mqtt: {url: "${url}", username: warden}`, 'x'));
  const stoppedAt = (step: 'login' | 'return', error: string) => async () => ({
    ...GOOD_EXAMINATION,
    steps: GOOD_EXAMINATION.steps
      .slice(0, GOOD_EXAMINATION.steps.findIndex((each) => each.step === step) + 1)
      .map((each) => (each.step === step ? { ...each, error } : each)),
  });
  const all = [
    'ok broker-address',
    'ok broker-connection',
    'ok broker-tls',
    'ok broker-login',
    'ok broker-round-trip',
  ];

  it.each<[string, Partial<DoctorWorld>, string[]]>([
    ['is fine all the way', {}, [...all, 'ok home-assistant']],
    ['has no such name', { resolve: failed('ENOTFOUND') }, ['fault broker-address']],
    ['is not running', { connect: failed('ECONNREFUSED') }, [...all.slice(0, 1), 'fault broker-connection']],
    [
      'is behind a firewall',
      { connect: failed('ETIMEDOUT') },
      [...all.slice(0, 1), 'fault broker-connection'],
    ],
    [
      'is not vouched for',
      { handshake: failed('SELF_SIGNED_CERT_IN_CHAIN') },
      [...all.slice(0, 2), 'fault broker-tls'],
    ],
    [
      'refuses the password',
      { examineBroker: stoppedAt('login', 'Not authorized') },
      [...all.slice(0, 3), 'fault broker-login'],
    ],
    [
      'passes nothing on',
      { examineBroker: stoppedAt('return', 'no answer') },
      [...all.slice(0, 4), 'fault broker-round-trip'],
    ],
    [
      'has heard nothing of Home Assistant, which is no fault',
      { examineBroker: async () => ({ ...GOOD_EXAMINATION, homeAssistant: 'unknown' }) },
      [...all, 'unknown home-assistant'],
    ],
    [
      'has seen Home Assistant go',
      { examineBroker: async () => ({ ...GOOD_EXAMINATION, homeAssistant: 'offline' }) },
      [...all, 'warning home-assistant'],
    ],
    [
      'is not tried with a password that cannot be read',
      { password: () => ({ kind: 'failed', message: 'EACCES' }) },
      [...all.slice(0, 3), 'unknown broker-login'],
    ],
    [
      'is not tried without the password that only the service may read',
      { password: () => ({ kind: 'hidden', file: '/etc/x' }) },
      [...all.slice(0, 3), 'unknown broker-login'],
    ],
  ])('%s', async (_title, parts, expected) => {
    const checks = await look(parts);
    expect(verdicts(checks)).toEqual(expected);
    const wrong = checks.filter(({ verdict }) => verdict === 'fault' || verdict === 'warning');
    expect(wrong.every((check) => check.commands.length > 0 && check.advice !== null)).toBe(true);
  });

  it.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'mqtt.ca'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'mqtt.servername'],
    ['CERT_HAS_EXPIRED', 'Renew'],
    ['EPROTO', 'mqtt://'],
  ])('with the TLS trouble %s is advised about %s', async (code, advice) => {
    expect((await look({ handshake: failed(code) })).at(-1)?.advice).toContain(advice);
  });

  it('is not needed', async () => {
    expect(verdicts(await brokerChecks(doctorWorld(), DEFAULTS))).toEqual(['ok broker']);
  });
});

describe('events', () => {
  const config = parseConfig('mqtt: {url: "mqtt://192.168.1.5"}', 'x');
  const look = (eventsWaiting: number, link: object) => {
    const daemon = { ...ANSWERING.daemon, mqtt: { ...ANSWERING.daemon.mqtt, ...link } };
    const recorded = { ...doctorWorld().recorded(config)!, eventsWaiting };
    return verdicts(eventsCheck(recorded, { ...ANSWERING, daemon }, config));
  };

  it('wait for a broker that is away, or are held back', () => {
    expect(look(0, {})).toEqual(['ok events']);
    expect(look(2, {})).toEqual(['ok events']);
    expect(look(2, { connected: false, lastError: 'ECONNREFUSED' })).toEqual(['warning events']);
    expect(look(1, { quarantined: 1 })).toEqual(['warning events']);
  });
});
