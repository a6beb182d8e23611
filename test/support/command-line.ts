import { expect } from 'vitest';
import { ALL_COMMANDS } from '../../agent/commands/all.ts';
import type { CommandContext } from '../../agent/commands/context.ts';
import type { ContextFactory, Terminal } from '../../agent/commands/invocation.ts';
import { buildProgram } from '../../agent/commands/program.ts';
import { parseConfig } from '../../agent/config.ts';
import type { Change } from '../../domain/change.ts';
import { firstAddress, type HostRecord, hostName } from '../../domain/host.ts';
import { visible } from '../../domain/text.ts';
import type { Storage } from '../../storage/storage.ts';
import { doctorWorld } from './doctor-world.ts';
import { HOME_NETWORK, homeReport } from './home-network.ts';
import { openTestStorage } from './open-database.ts';
import { firstSight, sweepOf } from './sample-history.ts';
import { SAMPLE_TIME, sampleChange } from './samples.ts';

/** What a command printed, and how it ended. */
export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs the command line in this process on a history of the home network, without a terminal. `overrides` replaces parts
 * of what commands are given; a `config` is YAML.
 */
export async function runCommand(
  args: readonly string[],
  overrides: Partial<Omit<CommandContext, 'config'>> & { config?: string } = {},
  surroundings: Partial<Terminal> = {},
): Promise<Ended> {
  const { config: yaml = '', ...parts } = overrides;
  return runWith(args, (_globals, output) => ({ ...testContext(yaml), output, ...parts }), surroundings);
}

/** The same with a context factory of the test's own. */
export async function runWith(
  args: readonly string[],
  factory: ContextFactory,
  surroundings: Partial<Terminal> = {},
): Promise<Ended> {
  const printed = { out: '', err: '' };
  const terminal: Terminal = {
    out: (text) => {
      printed.out += text;
    },
    err: (text) => {
      printed.err += text;
    },
    write: async (text) => {
      printed.out += text;
    },
    isTty: false,
    errIsTty: false,
    columns: 80,
    env: {},
    timeZone: 'Europe/Berlin',
    version: '1.0.0',
    ...surroundings,
  };
  const status = await buildProgram(factory, terminal, ALL_COMMANDS).run(args);
  return { status, ...printed };
}

function testContext(yaml: string): Omit<CommandContext, 'output'> {
  return {
    config: parseConfig(yaml, 'test.yaml'),
    configFile: 'test.yaml',
    dataDir: '/data',
    version: '1.0.0',
    storage: homeStorage,
    sweep: async () => homeReport(),
    check: async () => homeReport({ hosts: HOME_NETWORK.slice(1, 2) }),
    plan: async () => ({
      level: 'L4',
      targets: ['192.168.1.0/24'],
      coverage: { onLink: ['192.168.1.1', '192.168.1.2'], routed: [], loopback: [], own: ['192.168.1.5'] },
      skipped: [{ interface: 'docker0', cidr: '172.17.0.0/16', reason: 'bridge of container software' }],
      questions: [
        {
          level: 'L1',
          transport: 'udp',
          port: 137,
          asks: 'Which NetBIOS names do you hold?',
          to: 'every address',
          atMost: 2,
        },
      ],
    }),
    decide: async () => expect.fail('this command decides nothing'),
    broker: {
      test: async () => expect.fail('this command sends no test alert'),
      republish: async () => expect.fail('this command sends nothing again'),
      removeAll: async () => expect.fail('this command clears nothing'),
    },
    daemonStatus: async () => null,
    doctor: async () => doctorWorld({}, yaml),
    upkeep: {
      backUp: (file) => ({ file, size: 8_400_000 }),
      restore: async (from) => ({ from, recordedUntil: SAMPLE_TIME, keptAs: null }),
      check: () => ({
        file: '/data/smbwarden.db',
        size: 8_400_000,
        free: 12_288,
        schema: 2,
        faults: [],
      }),
      vacuum: async () => ({ before: 9_100_000, after: 8_400_000 }),
    },
    run: async () => {},
    vendorOf: (mac) => VENDORS.get(mac.slice(0, 8)) ?? null,
    now: () => SAMPLE_TIME + 600_000,
  };
}

/** Manufacturers in the home network by prefix; some hosts have none. */
const VENDORS: ReadonlyMap<string, string> = new Map([
  ['00:11:32', 'Synology Incorporated'],
  ['00:80:77', 'Brother industries, LTD.'],
]);

/** A real database in memory with one sweep of the home network in it. */
export function homeStorage(): Storage {
  const storage = openTestStorage();
  storage.history.agentId(() => 'a1b2c3d4e');
  storage.history.recordSweep(
    sweepOf(
      SAMPLE_TIME,
      HOME_NETWORK.map((host) => firstSight(host, [appearanceOf(host)])),
    ),
  );
  return storage;
}

function appearanceOf(host: HostRecord): Change {
  const summary = `${visible(hostName(host))} is new at ${firstAddress(host)}`;
  return sampleChange({ type: 'host_new', at: host.firstSeenAt, hostId: host.id, findingId: null, summary });
}
