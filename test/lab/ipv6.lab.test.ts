/** Hosts that answered over IPv4 are asked over IPv6, too: who is found, who is left alone, and what that brings to light. */
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { LedgerEntry } from '../../domain/ledger.ts';
import { buildLab, type Lab, type LabHost } from './build-lab.ts';
import { castOf } from './hosts.ts';
import { answerCalls, giveAddresses, Ipv6Log, talk } from './ipv6.ts';
import type { Station } from './lan.ts';
import { Program } from './program.ts';

const AGENT6 = 'fe80::2';
const MDNS = 'ff02::fb';
const WS_DISCOVERY = 'ff02::c';
const MOST_ADDRESSES = 4;
const CLOSED_TO_IPV4 =
  'chain in { type filter hook input priority 0; meta nfproto ipv4 tcp dport 445 drop; }';

interface HostJson {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly services: readonly ServiceJson[];
  readonly ipv6: {
    readonly addresses: readonly string[];
    readonly services: readonly ServiceJson[];
    readonly smb: { readonly dialect: string; readonly signing: string } | null;
  } | null;
  readonly findings: readonly { readonly rule: string; readonly severity: string }[];
}

interface ServiceJson {
  readonly port: number;
  readonly state: string;
}

interface SweepJson {
  readonly sweep: { readonly complete: boolean };
  readonly hosts: readonly HostJson[];
  readonly changes: readonly { readonly type: string; readonly hostId: string | null }[];
}

let lab: Lab;
let log: Ipv6Log;
let stranger: Station;

beforeAll(async () => {
  lab = await buildLab(castOf('nas', 'legacy', 'modern', 'signed', 'printer', 'office-printer'));
  await giveAddresses(lab.agent, AGENT6, 'fd77::2');
  await lab.samba('nas').restartWith({ 'bind interfaces only': 'no' });
  await lab.samba('signed').restartWith({ 'bind interfaces only': 'no' });
  await lab.samba('legacy').restartWith({ 'bind interfaces only': 'no' });
  await lab.host('signed').station.loadRules('family', CLOSED_TO_IPV4);
  for (const { station } of lab.hosts) await giveAddresses(station, linkLocal(station));
  await giveAddresses(lab.host('legacy').station, ...uniqueLocals(19));
  stranger = await lab.lan.addStation({ name: 'stranger', address: '10.78.0.9', mac: '00:11:32:00:00:99' });
  await giveAddresses(stranger, 'fe80::99');
  for (const { name, station } of lab.hosts)
    if (name !== 'nas') await talk(station, [linkLocal(station)], AGENT6);
  await talk(lab.host('legacy').station, uniqueLocals(19), AGENT6);
  await talk(stranger, ['fe80::99'], AGENT6);
}, 120_000);
beforeEach(async () => {
  log = await Ipv6Log.of(lab.agent);
});
afterAll(() => lab?.close());

test('the table lists whoever has talked to us, the stranger and all 20 addresses of one host among them', async () => {
  const { stdout } = await lab.agent.run('ip', ['-6', 'neigh', 'show', 'dev', 'eth0']);
  expect(stdout).toContain('fe80::99');
  for (const address of uniqueLocals(19)) expect(stdout).toContain(`${address} `);
  expect(stdout).not.toContain(`${linkLocal(lab.host('nas').station)} `);
});

test('asks the hosts that it met over IPv4, and finds what is open over IPv6 alone', async () => {
  answerCalls(lab.host('nas').station, MDNS, 5353);
  const program = await Program.install(lab, 'first');
  const { sweep, hosts } = await program.json<SweepJson>('sweep');
  expect(sweep.complete).toBe(true);

  const signed = hostIn(hosts, 'signed');
  expect(signed.services).toContainEqual(expect.objectContaining({ port: 445, state: 'filtered' }));
  expect(signed.ipv6).toMatchObject({
    addresses: [zoned('signed')],
    services: states({ 135: 'closed', 139: 'closed', 445: 'open' }),
    smb: { dialect: '2.1', signing: 'required' },
  });
  expect(signed.findings).toContainEqual(
    expect.objectContaining({ rule: 'reachable-over-ipv6-only', severity: 'medium' }),
  );
  const nas = hostIn(hosts, 'nas');
  expect(nas.ipv6).toMatchObject({
    addresses: [zoned('nas')],
    services: states({ 135: 'closed', 139: 'open', 445: 'open' }),
    smb: { dialect: '3.1.1', signing: 'enabled' },
  });
  expect(hostIn(hosts, 'modern').ipv6).toMatchObject({
    services: states({ 135: 'closed', 139: 'closed', 445: 'closed' }),
    smb: null,
  });
  expect(hostIn(hosts, 'legacy').ipv6?.addresses).toHaveLength(MOST_ADDRESSES);
  for (const name of ['nas', 'modern', 'legacy', 'printer', 'office-printer'])
    expect(rulesOf(hostIn(hosts, name)), name).not.toContain('reachable-over-ipv6-only');
});

test('has the doctor tell on which interface, and how many hosts have answered', async () => {
  const program = await Program.install(lab, 'first');
  const { checks } = await program.json<{
    checks: readonly { name: string; verdict: string; what: string }[];
  }>('doctor');
  expect(checks).toContainEqual(
    expect.objectContaining({
      name: 'ipv6',
      verdict: 'ok',
      what: 'asked on eth0; 6 known hosts have answered there',
    }),
  );
});

test.each(['normal', 'fast'])(
  'at pace %s, sends nothing but to hosts that it met, nor asks for others',
  async (pace) => {
    const program = await Program.install(lab, `polite-${pace}`, `pace: ${pace}\n`);
    await program.json('sweep');
    const knocks = await log.knocks();
    const knocked = new Set(knocks.map((each) => each.split(' ')[0] ?? ''));
    const legacy = [linkLocal(lab.host('legacy').station), ...uniqueLocals(3)];
    const others = lab.hosts.map(({ station }) => linkLocal(station));
    expect([...knocked].sort()).toEqual([...new Set([...others, ...legacy])].sort());
    expect(new Set(knocks.map((each) => each.split(' ')[1]))).toEqual(new Set(['135', '139', '445']));
    const allowed = [...knocked, MDNS, WS_DISCOVERY];
    expect((await log.destinations()).filter((address) => !allowed.includes(address))).toEqual([]);
    const groups = [...knocked].map(solicitedNodeOf);
    expect((await log.sought()).filter((group) => !groups.includes(group))).toEqual([]);
  },
);

test('adds nothing when nothing has changed', async () => {
  const program = await Program.install(lab, 'unchanged');
  await program.json('sweep');
  const before = factsOf(program);
  expect(before).toBeGreaterThan(0);
  const { changes } = await program.json<SweepJson>('sweep');
  expect(changes).toEqual([]);
  expect(factsOf(program)).toBe(before);
});

test('keeps the finding while the host is silent, and resolves it once it says no', async () => {
  const { station } = lab.host('signed');
  onTestFinished(() => station.loadRules('family', CLOSED_TO_IPV4));
  const program = await Program.install(lab, 'mended');
  await program.json('sweep');
  const drop = 'chain in { type filter hook input priority 0; tcp dport 445 drop; }';
  await station.loadRules('family', drop);
  const silent = await program.json<SweepJson>('sweep');
  expect(rulesOf(hostIn(silent.hosts, 'signed'))).toContain('reachable-over-ipv6-only');
  const { id } = hostIn(silent.hosts, 'signed');
  expect(silent.changes.filter(({ hostId }) => hostId === id)).toEqual([]);
  await station.loadRules('family', drop.replace('drop;', 'reject with tcp reset;'));
  const refusing = await program.json<SweepJson>('sweep');
  expect(rulesOf(hostIn(refusing.hosts, 'signed'))).not.toContain('reachable-over-ipv6-only');
  expect(refusing.changes.map(({ type }) => type)).toContain('finding_resolved');
});

test('makes no printer print and knocks at no print port', async () => {
  for (const printer of lab.printers) {
    expect(await printer.received()).toEqual({ connections: 0, bytes: 0 });
    expect(await printer.knocks()).toBe(0);
  }
});

test('has all of it in the ledger, with the host', async () => {
  const program = await Program.install(lab, 'ledger');
  const { hosts } = await program.json<SweepJson>('sweep');
  const { entries } = await program.json<{ entries: readonly (LedgerEntry & { bytesSent: number })[] }>(
    'ledger',
  );
  const { id } = hostIn(hosts, 'signed');
  const negotiate = { hostId: id, address: zoned('signed'), port: 445, probe: 'smb-dialects' };
  expect(entries).toContainEqual(expect.objectContaining({ ...negotiate, bytesSent: expect.any(Number) }));
  const called = entries.filter(({ probe }) => probe === 'ipv6-neighbours');
  expect(called.map(({ port, datagrams }) => [port, datagrams])).toEqual([
    [3702, 1],
    [5353, 1],
  ]);
  const knocked = new Set((await log.knocks()).map((each) => each.split(' ')[0]));
  const told = entries.flatMap(({ address }) => (address?.includes(':') ? [address.split('%')[0]] : []));
  expect(new Set(told)).toEqual(knocked);
});

test('says nothing to everybody while somebody is to be left alone, nor asks that host', async () => {
  const { station, address } = lab.host('signed');
  for (const config of [`exclude: [${address}]\n`, `hosts: { ${address}: { letSleep: true } }\n`]) {
    const quiet = await Ipv6Log.of(lab.agent);
    const program = await Program.install(lab, `alone-${config.slice(0, 5)}`, config);
    const { hosts } = await program.json<SweepJson>('sweep');
    expect(hostIn(hosts, 'legacy').ipv6).not.toBeNull();
    const destinations = await quiet.destinations();
    expect(destinations).not.toContain(MDNS);
    expect(destinations).not.toContain(WS_DISCOVERY);
    expect(destinations).not.toContain(linkLocal(station));
  }
});

test('says nothing to everybody when only some of them are to be swept', async () => {
  const program = await Program.install(lab, 'some', 'targets: [10.77.0.20-10.77.0.41]\n');
  const { hosts } = await program.json<SweepJson>('sweep');
  expect(hostIn(hosts, 'legacy').ipv6).not.toBeNull();
  const destinations = await log.destinations();
  expect(destinations).not.toContain(MDNS);
  expect(destinations).not.toContain(WS_DISCOVERY);
});

test('asks nobody over IPv6 when that is switched off', async () => {
  const program = await Program.install(lab, 'off', 'ipv6: false\n');
  const { hosts } = await program.json<SweepJson>('sweep');
  expect(hosts.map(({ ipv6 }) => ipv6)).toEqual(hosts.map(() => null));
  expect(await log.knocks()).toEqual([]);
  expect(await log.destinations()).toEqual([]);
  expect(await log.sought()).toEqual([]);
});

/** Not what an interface would make of its MAC: addresses must be heard of, not computed. */
function linkLocal({ address }: Station): string {
  return `fe80::5a:${address.split('.')[3]}`;
}

function zoned(name: string): string {
  return `${linkLocal(lab.host(name).station)}%eth0`;
}

function uniqueLocals(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `fd77::5a:${100 + i}`);
}

/** RFC 4291 2.7.1: where a neighbour is asked for. */
function solicitedNodeOf(address: string): string {
  const low = Number.parseInt(address.split(':').at(-1) ?? '', 16);
  return `ff02::1:ff5a:${low.toString(16)}`;
}

function hostIn(hosts: readonly HostJson[], name: string): HostJson {
  const { address }: LabHost = lab.host(name);
  const host = hosts.find(({ addresses }) => addresses.includes(address));
  if (host === undefined) throw new Error(`${name} was not met`);
  return host;
}

function rulesOf({ findings }: HostJson): string[] {
  return findings.map(({ rule }) => rule);
}

function states(byPort: Readonly<Record<number, string>>): unknown[] {
  return Object.entries(byPort).map(([port, state]) =>
    expect.objectContaining({ port: Number(port), state }),
  );
}

function factsOf(program: Program): number {
  return program.inDatabase((database) =>
    Number(database.prepare('SELECT count(*) FROM facts').pluck().get()),
  );
}
