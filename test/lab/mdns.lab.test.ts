/** What hosts announce of themselves is heard on the real interface, and nothing is said. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFixture } from '../support/hex-file.ts';
import { buildLab, type Lab } from './build-lab.ts';
import { AGENT, castOf } from './hosts.ts';
import { Program } from './program.ts';

interface HostJson {
  readonly heldAt: { readonly level: string; readonly why: string } | null;
  readonly mdnsServices: readonly string[] | null;
  readonly services: readonly { readonly port: number; readonly state: string }[];
  readonly smb: { readonly smb1: string } | null;
}

/** Says ten times a second what the printer of the fixture says, from port 5353 of this station. */
const ANNOUNCE = `
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 5353))
s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(sys.argv[1]))
while True:
    s.sendto(bytes.fromhex(sys.argv[2]), ('224.0.0.251', 5353))
    time.sleep(0.1)
`;

let lab: Lab;

beforeAll(async () => {
  lab = await buildLab(castOf('nas', 'modern'));
  await lab.agent.loadRules(
    'spoken',
    'counter mdns {}\nchain out { type filter hook output priority 0; udp dport 5353 counter name mdns; }',
  );
});
afterAll(() => lab?.close());

const PACES = ['normal', 'fast'];

test.each(PACES)(
  'at pace %s, who announces print services during a sweep is held at L2, and nobody else',
  async (pace) => {
    const program = await Program.install(lab, `mdns-${pace}`, `pace: ${pace}\n`);
    const { station, address } = lab.host('nas');
    const bytes = Buffer.from(readFixture('mdns-response-avahi-printer').bytes).toString('hex');
    const announcer = station.spawn('python3', ['-c', ANNOUNCE, address, bytes], { stdio: 'ignore' });
    await program.json('sweep');
    announcer.kill();
    const { host: spared } = await program.json<{ host: HostJson }>('host', address);
    expect(spared).toMatchObject({
      mdnsServices: ['_ipp._tcp', '_pdl-datastream._tcp', '_printer._tcp'],
      heldAt: { level: 'L2', why: 'looks like a printer by its mDNS services' },
      smb: { smb1: 'unknown' },
    });
    const { host: other } = await program.json<{ host: HostJson }>('host', lab.host('modern').address);
    expect(other).toMatchObject({ mdnsServices: null, heldAt: null, smb: { smb1: 'no' } });
  },
);

test.each(PACES)('at pace %s, a host that is left asleep gets no packet at all', async (pace) => {
  const nas = lab.host('nas');
  const config = `pace: ${pace}\nhosts: { ${nas.address}: { letSleep: true } }\n`;
  const program = await Program.install(lab, `asleep-${pace}`, config);
  await nas.station.loadRules(
    'arrivals',
    `counter from_agent {}\nchain in { type filter hook input priority 0; ip saddr ${AGENT.address} counter name from_agent; }`,
  );
  const { sweep } = await program.json<{ sweep: { complete: boolean } }>('sweep');
  expect(sweep.complete).toBe(true);
  const { stdout } = await nas.station.run('nft', ['list', 'counters', 'table', 'inet', 'arrivals']);
  expect(stdout).toContain('packets 0 bytes 0');
});

test('nothing was said', async () => {
  const { stdout } = await lab.agent.run('nft', ['list', 'counters', 'table', 'inet', 'spoken']);
  expect(stdout).toContain('packets 0 bytes 0');
});
