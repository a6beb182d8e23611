/** The sweep against real peers: what it reports is what the cast says, and nothing else. */
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetbiosName, ServiceKey, ServiceState } from '../../domain/facts.ts';
import { buildLab, type Lab } from './build-lab.ts';
import { AGENT, CAST, type CastMember } from './hosts.ts';
import { Program } from './program.ts';

interface HostJson {
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly present: boolean;
  readonly services: readonly { transport: 'tcp' | 'udp'; port: number; state: ServiceState }[];
  readonly netbios: { names: readonly NetbiosName[]; unitId: string | null } | null;
  readonly smb: { smb1: string; signing: { smb1: string; smb2: string }; dialects: readonly string[] } | null;
  readonly findings: readonly { id: string; rule: string; severity: string; state: string }[];
}
interface SweepJson {
  readonly sweep: { id: number; complete: boolean; addresses: number; hostsUp: number };
  readonly hosts: readonly HostJson[];
  readonly changes: readonly { type: string; summary: string }[];
}

const WATCHED: readonly ServiceKey[] = ['tcp/135', 'tcp/139', 'tcp/445', 'udp/137'];

describe('a sweep of the whole lab', () => {
  let lab: Lab;
  let program: Program;
  let first: SweepJson;

  beforeAll(async () => {
    lab = await buildLab(CAST);
    program = await Program.install(lab, 'whole');
    first = await program.json<SweepJson>('sweep');
  }, 120_000);
  afterAll(() => lab?.close());

  test('reports every live host, and no host that is not there', () => {
    const expected = [AGENT, ...CAST].map(({ address, mac }) => `${address} ${mac}`).sort();
    expect(first.hosts.map((host) => `${host.addresses[0]} ${host.mac}`).sort()).toEqual(expected);
    expect(first.sweep).toMatchObject({ complete: true, addresses: 253, hostsUp: CAST.length + 1 });
  });

  test.each(CAST.map((member) => [member.name, member] as const))(
    'tells the port states of %s',
    (_, member) => {
      const services = hostOf(first, member).services;
      const states = Object.fromEntries(
        services.map((each) => [`${each.transport}/${each.port}`, each.state]),
      );
      expect(Object.fromEntries(WATCHED.map((key) => [key, states[key]]))).toEqual(member.expected.ports);
    },
  );

  test.each(CAST.map((member) => [member.name, member] as const))(
    'tells the NetBIOS names of %s',
    (_, member) => {
      const { netbios } = hostOf(first, member);
      expect(netbios && { names: netbios.names, unitId: netbios.unitId }).toEqual(member.expected.netbios);
    },
  );

  test.each(CAST.map((member) => [member.name, member] as const))(
    'tells SMB 1 and signing of %s',
    (_, member) => {
      const { smb } = hostOf(first, member);
      const truth = member.expected.smb;
      if (truth === null) return expect(smb).toBeNull();
      expect(smb).toMatchObject({
        smb1: truth.smb1,
        signing: { smb1: truth.signing.smb1 ?? 'unknown', smb2: truth.signing.smb2 ?? 'unknown' },
      });
      expect(smb?.dialects.at(-1)).toBe(truth.dialects.at(-1));
    },
  );

  test('opens exactly the findings that follow from the table', () => {
    for (const member of CAST) {
      const rules = hostOf(first, member)
        .findings.map((finding) => finding.rule)
        .sort();
      expect(rules, member.name).toEqual(rulesFor(member).sort());
    }
  });

  test.each(['gentle', 'fast'])('sees the same at pace %s, with no neighbour known before', async (pace) => {
    const again = await Program.install(lab, pace, `pace: ${pace}\n`);
    await lab.agent.run('ip', ['neigh', 'flush', 'all']);
    const { sweep, hosts } = await again.json<SweepJson>('sweep', '--level', 'L2');
    expect(sweep).toMatchObject({ complete: true, addresses: 253, hostsUp: CAST.length + 1 });
    const servicesIn = (all: readonly HostJson[]) => all.map(({ mac, services }) => [mac, services]);
    expect(servicesIn(hosts)).toEqual(servicesIn(first.hosts));
  });

  test('sends not one byte to a print port', async () => {
    for (const printer of lab.printers) expect(await printer.bytesReceived()).toBe(0);
    for (const printer of lab.printers) expect(await printer.knocks()).toBe(0);
  });

  test('adds nothing to the database but its row when nothing has changed', async () => {
    const before = rowCounts(program);
    const second = await program.json<SweepJson>('sweep');
    expect(second.changes).toEqual([]);
    expect(rowCounts(program)).toEqual({ ...before, sweeps: (before.sweeps ?? 0) + 1 });
  });

  test('keeps the identity and history of a host that moves to another address', async () => {
    const nas = hostOf(first, memberNamed('nas'));
    await lab.host('nas').moveTo('10.77.0.120');
    const moved = await program.json<SweepJson>('sweep');
    const now = moved.hosts.find((host) => host.id === nas.id);
    expect(now).toMatchObject({ addresses: ['10.77.0.120'], mac: nas.mac });
    expect(now?.findings.map((finding) => finding.id)).toEqual(nas.findings.map((finding) => finding.id));
    expect(moved.changes.map((change) => change.type)).toEqual(['host_moved']);
  });

  test('keeps the findings of a host that is switched off, and says that it is gone after two sweeps', async () => {
    const legacy = hostOf(first, memberNamed('legacy'));
    await lab.host('legacy').switchOff();
    const off = await program.json<SweepJson>('sweep');
    expect(off.hosts.some((host) => host.id === legacy.id)).toBe(false);
    await program.json('sweep');
    const { hosts } = await program.json<{ hosts: HostJson[] }>('hosts');
    const known = hosts.find((host) => host.id === legacy.id);
    expect(known?.present).toBe(false);
    expect(known?.findings.every((finding) => finding.state === 'open')).toBe(true);
    expect(known?.findings).toHaveLength(legacy.findings.length);
  });

  test('exits 3 when findings are as bad as --fail-on says, 0 when they are not', async () => {
    const subnet = ['sweep', '--subnet', '10.77.0.26'];
    expect((await program.run(...subnet, '--fail-on', 'medium')).code).toBe(3);
    expect((await program.run(...subnet, '--fail-on', 'high')).code).toBe(0);
  });
});

function memberNamed(name: string): CastMember {
  const member = CAST.find((each) => each.name === name);
  if (member === undefined) throw new Error(`nobody is called ${name}`);
  return member;
}

function hostOf(sweep: SweepJson, member: CastMember): HostJson {
  const host = sweep.hosts.find((each) => each.addresses.includes(member.address));
  if (host === undefined) throw new Error(`${member.name} at ${member.address} was not reported`);
  return host;
}

/** The findings that a host's expected state leads to, by the rules as docs/findings.md words them. */
function rulesFor({ expected }: CastMember): string[] {
  const { ports, smb, netbios } = expected;
  const weak =
    smb !== null && Object.values(smb.signing).some((policy) => policy !== null && policy !== 'required');
  return [
    ...(smb?.dialects.includes('NT LM 0.12') ? ['smb1-enabled'] : []),
    ...(smb?.dialects.join() === 'NT LM 0.12' ? ['smb1-only'] : []),
    ...(weak ? ['smb-signing-not-required'] : []),
    ...(smb !== null && smb.ciphers === null ? ['smb-encryption-unsupported'] : []),
    ...(smb !== null && smb.anonymousShares !== null ? ['smb-null-session'] : []),
    ...(smb?.givesAway === 'writing' ? ['smb-guest-readable-share', 'smb-guest-writable-share'] : []),
    ...(smb !== null && ports['tcp/139'] === 'open' ? ['netbios-session-exposed'] : []),
    ...(netbios !== null ? ['netbios-name-service-exposed'] : []),
    ...(ports['tcp/135'] === 'open' ? ['rpc-endpoint-mapper-exposed'] : []),
  ];
}

function rowCounts(program: Program): Record<string, number> {
  const database = new Database(`${program.dataDir}/smbwarden.db`, { readonly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .pluck()
      .all() as string[];
    return Object.fromEntries(
      tables.map((table) => [
        table,
        database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get() as number,
      ]),
    );
  } finally {
    database.close();
  }
}
