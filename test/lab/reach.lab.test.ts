/** Who is asked, and how: behind a router, on this very machine, left out, and without any subnet at all. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildLab, type Lab } from './build-lab.ts';
import { AGENT, castOf } from './hosts.ts';
import { Program } from './program.ts';

interface SweepJson {
  readonly sweep: { complete: boolean; hostsUp: number; targets: readonly string[] };
  readonly hosts: readonly {
    id: string;
    addresses: readonly string[];
    mac: string | null;
    services: readonly { port: number; state: string }[];
    findings: readonly { rule: string }[];
  }[];
  readonly changes: readonly { type: string }[];
}

const BEHIND = '10.99.0.0/29';

let lab: Lab;
let program: Program;

beforeAll(async () => {
  lab = await buildLab(castOf('nas', 'bare', 'printer'));
  program = await Program.install(lab, 'reach');
});
afterAll(() => lab?.close());

test('finds a host behind a router by TCP alone, and nobody at the silent addresses beside it', async () => {
  const router = lab.host('bare').station;
  await router.run('ip', ['address', 'add', '10.99.0.2/32', 'dev', 'lo']);
  await router.loadRules(
    'far',
    'chain in { type filter hook input priority 0; ip daddr 10.99.0.3-10.99.0.6 drop; }',
  );
  await lab.agent.run('ip', ['route', 'add', BEHIND, 'via', lab.host('bare').address]);
  const { sweep, hosts } = await program.json<SweepJson>('sweep', '--subnet', BEHIND);
  expect(sweep).toMatchObject({ complete: true, hostsUp: 1 });
  expect(hosts).toMatchObject([{ addresses: ['10.99.0.2'], mac: null }]);
  expect(hosts[0]?.id).toMatch(/^u[0-9a-f]{12}$/);
  expect(states(hosts[0])).toMatchObject({ 135: 'closed', 139: 'closed', 445: 'closed' });
});

test('recognises the host behind the router again', async () => {
  const first = await program.json<SweepJson>('sweep', '--subnet', BEHIND);
  const second = await program.json<SweepJson>('sweep', '--subnet', BEHIND);
  expect(second.hosts.map(({ id }) => id)).toEqual(first.hosts.map(({ id }) => id));
  expect(second.changes).toEqual([]);
});

test('looks at this very machine from the inside, and sends it nothing', async () => {
  const listener = lab.agent.spawn('python3', ['-m', 'http.server', '445', '--bind', AGENT.address], {
    stdio: 'ignore',
  });
  await delay(1_500);
  const { hosts } = await program.json<SweepJson>('sweep', '--subnet', `${AGENT.address}/32`);
  expect(hosts).toMatchObject([{ mac: AGENT.mac, findings: [{ rule: 'agent-host-exposed' }] }]);
  listener.kill();
});

test('withdraws the finding once this machine has stopped to listen', async () => {
  await delay(500);
  const { changes } = await program.json<SweepJson>('sweep', '--subnet', `${AGENT.address}/32`);
  expect(changes.map(({ type }) => type)).toContain('finding_resolved');
});

test('sends not one packet to an excluded address', async () => {
  const { address, station } = lab.host('nas');
  await station.loadRules(
    'watch',
    'chain in { type filter hook input priority 0; ip saddr 10.77.0.2 counter; }',
  );
  await program.configure(`exclude: [${address}]\n`);
  const { hosts } = await program.json<SweepJson>('sweep');
  expect(hosts.some(({ addresses }) => addresses.includes(address))).toBe(false);
  const { stdout } = await station.run('nft', ['list', 'table', 'inet', 'watch']);
  expect(stdout).toContain('counter packets 0');
  await program.configure('');
});

test('never touches a print port, whatever the configuration says', async () => {
  await program.configure('ports: { extra: [9100] }\n');
  expect((await program.run('sweep')).code).toBe(2);
  await program.configure('ports: { extra: [22] }\n');
  expect((await program.run('sweep')).code).toBe(0);
  expect(await lab.printer('printer').knocks()).toBe(0);
});

function states(host: SweepJson['hosts'][number] | undefined): Record<number, string> {
  return Object.fromEntries(host?.services.map(({ port, state }) => [port, state]) ?? []);
}
