/**
 * At `pace: fast` every device is treated as at any other pace: the rules of docs/probing.md, judged by what is on the wire
 * while everybody is swept as deeply as by default, printers, fragile and hostile devices among them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildLab, type Lab } from './build-lab.ts';
import { CAST, type CastMember, castOf } from './hosts.ts';
import { giveAddresses, talk } from './ipv6.ts';
import {
  attemptsAt,
  bytesBeside,
  connectionsAtOnce,
  connectionsReset,
  datagramsTooMany,
  hastyAttempts,
  logonsByMac,
  printPortsTouched,
  questionsBeyond,
} from './manners.ts';
import type { Packet } from './packets.ts';
import { Program } from './program.ts';
import { warmUp } from './warm-up.ts';
import { packetsDuring } from './wire-tap.ts';

const SCANNER: CastMember = {
  ...playing('legacy', 'scanner'),
  address: '10.77.0.60',
  mac: '00:80:77:00:00:60',
  printer: true,
};
/** Servers of the cast behind the network card of a fragile device. */
const FRAGILE: readonly CastMember[] = [
  SCANNER,
  { ...playing('impacket-smb1', 'controller'), address: '10.77.0.61', mac: '28:63:36:00:00:61' },
  { ...playing('hang-up', 'camera'), address: '10.77.0.62', mac: '24:48:45:00:00:62' },
  { ...playing('garbage', 'ups'), address: '10.77.0.63', mac: '00:c0:b7:00:00:63' },
  { ...playing('tarpit', 'plug'), address: '10.77.0.64', mac: '14:63:93:00:00:64' },
];

const EXTRA_PORT = 8080;
/** Listens where the owner wants to have a look, though nobody knows what is spoken there. */
const UNKNOWN: CastMember = {
  ...playing('mute-mapper', 'unknown'),
  address: '10.77.0.65',
  mac: '52:54:00:00:00:65',
  scripts: [{ script: 'tcp.ts', behaviour: 'tarpit', tcp: [EXTRA_PORT] }],
};

const ASLEEP = playing('mapper');
const EXCLUDED = playing('session-only');
const HELD_AT_L1 = playing('signed');
const CONFIG = `
pace: fast
ports: { extra: [${EXTRA_PORT}] }
exclude: [${EXCLUDED.address}]
hosts:
  ${ASLEEP.address}: { letSleep: true }
  ${HELD_AT_L1.address}: { levels: L1 }
`;
const ASKED_TO_L4 = CAST.filter(
  ({ name, expected }) =>
    expected.smb !== null && ![ASLEEP, EXCLUDED, HELD_AT_L1].some((each) => each.name === name),
);

/** Machines with an address of IPv6, too: one connection at a time is one for both families. */
const WITH_IPV6 = ['nas', 'legacy', 'scanner', 'camera'];
const AGENT6 = 'fe80::2';

let lab: Lab;
let sweeps: Readonly<Record<'first' | 'second', readonly Packet[]>>;

beforeAll(async () => {
  lab = await buildLab([...CAST, ...FRAGILE, UNKNOWN]);
  await giveIpv6();
  await warmUp(lab.agent, lab.hosts);
  const program = await Program.install(lab, 'fast', CONFIG);
  const sweep = async () => expect(await program.json('sweep')).toMatchObject({ sweep: { complete: true } });
  sweeps = { first: await packetsDuring(lab, sweep), second: await packetsDuring(lab, sweep) };
}, 120_000);
afterAll(() => lab?.close());

describe.each(['first', 'second'] as const)('the %s sweep', (which) => {
  const packetsWith = ({ mac }: CastMember): Packet[] => sweeps[which].filter((packet) => packet.mac === mac);

  test('sends nothing to a print port', () => {
    expect(printPortsTouched(sweeps[which])).toEqual([]);
  });

  test('connects to a port of unknown protocol, and sends bytes to the three that it knows alone', () => {
    expect(packetsWith(UNKNOWN).some(({ isOurs, port }) => isOurs && port === EXTRA_PORT)).toBe(true);
    expect(bytesBeside([135, 139, 445], sweeps[which])).toEqual([]);
  });

  test('has one connection at a time to a machine, over both families together', () => {
    expect(packetsWith(playing('nas')).some(({ address }) => address.startsWith('fe80:'))).toBe(true);
    expect(connectionsAtOnce(sweeps[which])).toEqual([]);
  });

  test('pauses for 100 ms before each further attempt at a machine', () => {
    expect(hastyAttempts(sweeps[which])).toEqual([]);
  });

  test('ends no connection by a reset, but where more is poured in than is read', () => {
    const { mac } = playing('huge');
    expect(connectionsReset(sweeps[which].filter((packet) => packet.mac !== mac))).toEqual([]);
  });

  test('asks a fragile device nothing beyond L2, and nothing more once a service has answered', () => {
    for (const device of FRAGILE) expect(questionsBeyond('L2', packetsWith(device))).toEqual([]);
    expect(attemptsAt(SCANNER.mac, sweeps[which])).toBe(1);
  });

  test('keeps to the level that the owner has set for a host', () => {
    expect(attemptsAt(HELD_AT_L1.mac, sweeps[which])).toBeGreaterThan(0);
    expect(questionsBeyond('L1', packetsWith(HELD_AT_L1))).toEqual([]);
  });

  test.each([ASLEEP, EXCLUDED])('sends nothing to $name, which is to be left alone', (host) => {
    expect(packetsWith(host)).toEqual([]);
  });

  test('sends three node status questions to an address at most, and no other datagram', () => {
    expect(datagramsTooMany(sweeps[which])).toEqual([]);
  });
});

test('logs on to each server that may be asked so deep, once in both sweeps together', () => {
  const once = new Map(ASKED_TO_L4.map(({ mac }) => [mac, 1]));
  expect(logonsByMac([...sweeps.first, ...sweeps.second])).toEqual(once);
});

test('repeats no deep question in the second sweep', () => {
  expect(questionsBeyond('L2', sweeps.second)).toEqual([]);
});

test('makes no printer print', async () => {
  expect(lab.printers.length).toBeGreaterThan(2);
  for (const printer of lab.printers) {
    expect(await printer.received()).toEqual({ connections: 0, bytes: 0 });
    expect(await printer.knocks()).toBe(0);
  }
});

/** One of the cast, or another machine that runs the same. */
function playing(name: string, as = name): CastMember {
  const [member] = castOf(name) as [CastMember];
  const { samba } = member;
  if (samba === undefined || as === name) return { ...member, name: as };
  const options = { ...samba.options, 'netbios name': as.toUpperCase() };
  return { ...member, name: as, samba: { ...samba, options } };
}

/** Each of them talks to us, since nobody is called while somebody is to be left alone. */
async function giveIpv6(): Promise<void> {
  await giveAddresses(lab.agent, AGENT6);
  for (const name of WITH_IPV6) {
    const { station, samba } = lab.host(name);
    const address = `fe80::5a:${station.address.split('.')[3]}`;
    await giveAddresses(station, address);
    await samba?.restartWith({ 'bind interfaces only': 'no' });
    await talk(station, [address], AGENT6);
  }
}
