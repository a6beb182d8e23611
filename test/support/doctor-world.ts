import { parseConfig } from '../../agent/config.ts';
import type { Control, DoctorWorld, NetworkState, Unit } from '../../agent/doctor/doctor-world.ts';
import type { Examination } from '../../agent/publish/publisher.ts';
import { SAMPLE_TIME, sampleSummary } from './samples.ts';

export const SERVICE: Unit = {
  loadState: 'loaded',
  activeState: 'active',
  fileState: 'enabled',
  outcome: 'success',
  restarts: 0,
  watchdogMs: 30_000,
  mainPid: 812,
  needsReload: false,
  allowed: ['127.0.0.0/8', '192.168.0.0/16', 'fc00::/7'],
  denied: ['0.0.0.0/0', '::/0'],
};

export const ANSWERING: Extract<Control, { kind: 'answers' }> = {
  kind: 'answers',
  path: '/run/smbwarden/control.sock',
  daemon: {
    version: '1.0.0',
    pid: 812,
    status: 'idle',
    problem: null,
    nextSweepAt: SAMPLE_TIME + 1_200_000,
    mqtt: {
      configured: true,
      connected: true,
      broker: 'mqtt://192.168.1.5:1883',
      lastError: null,
      outboxSize: 0,
    },
  },
};

export const GOOD_EXAMINATION: Examination = {
  protocolVersion: 5,
  steps: [
    { step: 'reach', tookMs: 2, error: null },
    { step: 'login', tookMs: 5, error: null },
    { step: 'subscribe', tookMs: 1, error: null },
    { step: 'publish', tookMs: 3, error: null },
    { step: 'return', tookMs: 1, error: null },
  ],
  homeAssistant: 'online',
};

const NETWORK: NetworkState = {
  kind: 'known',
  targets: ['192.168.1.0/24'],
  coverage: {
    onLink: Array.from({ length: 253 }, (_, i) => `192.168.1.${i + 1}`),
    routed: [],
    loopback: [],
    own: ['192.168.1.254'],
  },
  attached: [
    {
      interface: 'eth0',
      address: '192.168.1.254',
      mac: '02:42:ac:11:00:02',
      cidr: '192.168.1.0/24',
      first: 0xc0a8_0100,
      last: 0xc0a8_01ff,
    },
  ],
  skipped: [
    {
      interface: 'docker0',
      cidr: '172.17.0.0/16',
      reason: 'bridge that container or VM software made for itself',
    },
  ],
};

/** A mini PC on which everything is as it should be, with the configuration `yaml`; `parts` replace what differs. */
export function doctorWorld(parts: Partial<DoctorWorld> = {}, yaml = ''): DoctorWorld {
  const config = parseConfig(yaml, '/etc/smbwarden/config.yaml');
  const done = async () => ({ kind: 'done', value: null }) as const;
  return {
    version: '1.0.0',
    configuration: { kind: 'good', config, file: '/etc/smbwarden/config.yaml' },
    dataDir: '/var/lib/smbwarden',
    now: () => SAMPLE_TIME + 600_000,
    runtime: () => ({ node: '24.21.0', nodeApi: 10 }),
    fileAt: () => ({ mode: 0o640, uid: 990, gid: 990 }),
    password: () => ({ kind: 'known', source: 'passwordFile' }),
    network: () => NETWORK,
    neighbours: async () => ({ macs: new Map([['192.168.1.21', '00:11:32:aa:bb:cc']]), limit: 1_024 }),
    ipv6: async () => ({ devices: ['eth0'], callable: ['eth0'], trouble: null }),
    listening: async () => [],
    resolve: async (name) => ({ kind: 'done', value: [name] }),
    connect: done,
    handshake: done,
    examineBroker: async () => GOOD_EXAMINATION,
    nameServers: () => ['192.168.1.1'],
    database: () => ({
      kind: 'there',
      file: '/var/lib/smbwarden/smbwarden.db',
      checked: {
        file: '/var/lib/smbwarden/smbwarden.db',
        size: 8_400_000,
        free: 12_288,
        schema: 2,
        faults: [],
      },
      lastBackupAt: SAMPLE_TIME - 3_600_000,
      setAside: [],
      strayFiles: [],
    }),
    freeDisk: () => 21e9,
    recorded: () => ({
      lastSweep: { id: 1, ...sampleSummary() },
      sweepIntervalMinutes: 15,
      schedule: null,
      isPaused: false,
      eventsWaiting: 0,
      hostsOverIpv6: 3,
    }),
    unit: async () => SERVICE,
    clockIsSynchronised: async () => true,
    control: async () => ANSWERING,
    daemons: () => [812],
    ...parts,
  };
}
