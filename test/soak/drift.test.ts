import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DatabaseView, driftOf, type HostJson } from './drift.ts';

const BASE = 'smbwarden/a1b2c3d4e';
const NAS_TOPIC = `${BASE}/host/h001132aabbcc`;
const SMB1 = {
  id: 'f_3k2m9q',
  rule: 'smb1-enabled',
  severity: 'high',
  title: 'SMB 1 is accepted',
  openedAt: '2026-11-21T22:41:05.123Z',
  state: 'open',
} as const;
const NAS: HostJson = {
  id: 'h001132aabbcc',
  addresses: ['192.168.1.21'],
  mac: '00:11:32:aa:bb:cc',
  present: true,
  ignored: null,
  firstSeenAt: '2026-11-20T08:00:00.000Z',
  lastSeenAt: '2026-11-21T22:56:05.900Z',
  netbios: { workgroup: 'WORKGROUP' },
  smb: {
    transports: ['tcp/445'],
    dialects: ['NT LM 0.12', '3.1.1'],
    smb1: 'yes',
    anonymous: { shares: [{ name: 'public' }] },
  },
  findings: [SMB1],
};

/** What a broker holds that says what the database says. */
const PAYLOADS: Readonly<Record<string, object | string>> = {
  [`${BASE}/availability`]: 'online',
  [`${BASE}/info`]: { v: 1 },
  [`${BASE}/state`]: {
    status: 'idle',
    exposure: 'ON',
    problem: 'OFF',
    open_findings: 1,
    unacknowledged: 1,
    highest_severity: 'high',
    hosts_online: 1,
    hosts_smb: 1,
    sweeps_enabled: 'ON',
    sweep_interval: 15,
    alert_threshold: 'medium',
    last_sweep: '2026-11-21T22:56:06+00:00',
    sweep_duration: 0.8,
    next_sweep: '2026-11-21T23:11:05+00:00',
  },
  [`${BASE}/findings`]: { findings: [{ id: SMB1.id }], truncated: false },
  'homeassistant/device/smbwarden_a1b2c3d4e/agent/config': { device: {} },
  'homeassistant/device/smbwarden_a1b2c3d4e/h001132aabbcc/config': { device: {} },
  [`${NAS_TOPIC}/state`]: {
    exposure: 'ON',
    severity: 'high',
    findings: 1,
    smb1: 'ON',
    signing_optional: null,
    netbios: null,
    reachable: 'ON',
    ip_address: '192.168.1.21',
    dialect: '3.1.1',
    last_seen: '2026-11-21T22:41:05+00:00',
    ignore: 'OFF',
  },
  [`${NAS_TOPIC}/attributes`]: {
    mac: '00:11:32:aa:bb:cc',
    first_seen: '2026-11-20T08:00:00+00:00',
    workgroup: 'WORKGROUP',
    shares: ['public'],
    findings: [
      {
        id: 'f_3k2m9q',
        rule: 'smb1-enabled',
        severity: 'high',
        title: 'SMB 1 is accepted',
        since: '2026-11-21T22:41:05+00:00',
        acknowledged: false,
      },
    ],
  },
};

function broker(altered: Readonly<Record<string, object | string | null>> = {}): Map<string, string> {
  const all = Object.entries({ ...PAYLOADS, ...altered });
  return new Map(
    all.flatMap(([topic, payload]) => {
      if (payload === null) return [];
      return [[topic, typeof payload === 'string' ? payload : JSON.stringify(payload)]];
    }),
  );
}

function database(
  given: { host?: Partial<HostJson>; retained?: ReadonlyMap<string, string> } = {},
): DatabaseView {
  const { host = {}, retained = broker() } = given;
  const hashes = [...retained].map(
    ([topic, payload]) => [topic, createHash('sha256').update(payload).digest('hex')] as const,
  );
  return {
    hosts: [{ ...NAS, ...host }],
    findings: [{ ...SMB1, hostId: NAS.id }],
    status: {
      agent: { id: 'a1b2c3d4e', status: 'idle' },
      lastSweep: { finishedAt: '2026-11-21T22:56:06.700Z', durationMs: 812 },
      nextSweepAt: '2026-11-21T23:11:05.000Z',
      paused: null,
      inForce: { sweepInterval: 15, alertThreshold: 'medium' },
    },
    retained: new Map(hashes),
  };
}

/** What is found when the broker holds this in a field instead. */
function driftWith(topic: string, fields: object): string[] {
  const retained = broker({ [topic]: { ...(PAYLOADS[topic] as object), ...fields } });
  return driftOf(database({ retained }), retained);
}

it('is none where both say the same', () => {
  expect(driftOf(database(), broker())).toEqual([]);
});

describe('is told', () => {
  it('of a topic that is missing, with the hash that the database has of it', () => {
    expect(driftOf(database(), broker({ [`${NAS_TOPIC}/state`]: null }))).toEqual([
      `${NAS_TOPIC}/state: is missing in the broker`,
      `${NAS_TOPIC}/state: the hash in the database is not that of the payload`,
    ]);
  });

  it('of a topic that nobody asks for', () => {
    const retained = broker({ 'smbwarden/a1b2c3d4e/host/h00deadbeef00/state': {} });
    expect(driftOf(database({ retained }), retained)).toEqual([
      'smbwarden/a1b2c3d4e/host/h00deadbeef00/state: the broker holds it, and nothing in the database asks for it',
    ]);
  });

  it('of a payload that is not the one on record', () => {
    const retained = broker({ [`${BASE}/info`]: { v: 2 } });
    expect(driftOf(database(), retained)).toEqual([
      `${BASE}/info: the hash in the database is not that of the payload`,
    ]);
  });

  it.each([
    [`${NAS_TOPIC}/state`, { smb1: 'OFF' }, 'smb1: the database says "ON", the broker "OFF"'],
    [`${NAS_TOPIC}/state`, { ignore: 'ON' }, 'ignore: the database says "OFF", the broker "ON"'],
    [`${NAS_TOPIC}/state`, { reachable: 'OFF' }, 'reachable: the database says "ON", the broker "OFF"'],
    [
      `${NAS_TOPIC}/attributes`,
      { findings: [] },
      'findings: the database says what its other fields say, the broker []',
    ],
    [`${BASE}/state`, { open_findings: 2 }, 'open_findings: the database says 1, the broker 2'],
    [
      `${BASE}/state`,
      { last_sweep: null },
      'last_sweep: the database says "2026-11-21T22:56:06+00:00", the broker null',
    ],
  ])('of a field of %s: %j', (topic, fields, difference) => {
    expect(driftWith(topic, fields)).toEqual([`${topic} ${difference}`]);
  });

  it('of a time that the host was seen after it was last seen, or more than a day before', () => {
    for (const last_seen of ['2026-11-21T22:56:06+00:00', '2026-11-20T22:56:04+00:00'])
      expect(driftWith(`${NAS_TOPIC}/state`, { last_seen })).toHaveLength(1);
  });

  it('of an exposure where the owner ignores the host', () => {
    const view = database({ host: { ignored: {} } });
    expect(driftOf(view, broker())).toContain(
      `${NAS_TOPIC}/state exposure: the database says "OFF", the broker "ON"`,
    );
  });
});
