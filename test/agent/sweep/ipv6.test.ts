import { describe, expect, it } from 'vitest';
import type { Asker, Plan } from '../../../agent/sweep/asker.ts';
import { Ipv6Asker, type Ipv6Tools } from '../../../agent/sweep/ipv6.ts';
import type { LimitsWorld } from '../../../agent/sweep/limits.ts';
import { lookAgain } from '../../../agent/sweep/second-look.ts';
import { compareSeen } from '../../../domain/compare.ts';
import type { Facts, ServiceState } from '../../../domain/facts.ts';
import type { Sparing } from '../../../domain/fragile.ts';
import type { SeenHost } from '../../../domain/identity.ts';
import type { Ipv6Neighbour } from '../../../domain/ipv6.ts';
import type { Level } from '../../../domain/level.ts';
import { type Observation, type Sighting, toFacts } from '../../../domain/observation.ts';
import { PROBES } from '../../../probes/registry.ts';
import { HostLine } from '../../../probes/transport/line.ts';
import { Meter } from '../../../probes/transport/meter.ts';
import { learnReplyPatience } from '../../../probes/transport/patience.ts';
import { type FakeHost, freeServicePorts, startFakeHost } from '../../support/fake-host.ts';
import { mostAtOnce } from '../../support/fake-tcp-server.ts';
import { fixedPatience, random, untilTestEnds } from '../../support/loopback.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleHost } from '../../support/samples.ts';

const NAS = '00:11:32:aa:bb:cc';
const STRANGER = '00:11:32:00:00:99';
const ADDRESS4 = '192.168.1.20';
/** Where the fakes stand in for what the neighbour table lists: only loopback is ever reached. */
const STANDING_IN: Readonly<Record<string, string>> = {
  'fe80::20%eth0': '127.0.66.1',
  'fd77::20': '127.0.66.2',
  'fe80::99%eth0': '127.0.66.9',
};

interface Scene {
  readonly neighbours?: readonly Ipv6Neighbour[];
  readonly sightings?: readonly Sighting[];
  readonly plan?: Partial<Plan>;
  readonly tools?: Partial<Ipv6Tools>;
}

const neighbour = (address: string, mac = NAS): Ipv6Neighbour => ({ address, device: 'eth0', mac });

function sighting(observations: readonly Observation[] = [], overrides: Partial<Sighting> = {}): Sighting {
  return { address: ADDRESS4, mac: NAS, isAgent: false, observations, asked: [], ...overrides };
}

const spokenOver4: Observation = {
  kind: 'netbios-session',
  answer: 'accepted',
  calledName: 'NAS',
};

/** The asker on a link with a fake NAS that accepts SMB at both of its addresses, and a fake stranger that does, too. */
async function scene({ neighbours, sightings = [sighting()], plan = {}, tools = {} }: Scene = {}) {
  const ports = await freeServicePorts('127.0.66.1');
  const fakes = new Map<string, FakeHost>();
  for (const [address6, address] of Object.entries(STANDING_IN))
    fakes.set(address6, await untilTestEnds(startFakeHost({ address, ports, smb: {} })));
  const tried: string[] = [];
  const log = recordingLog();
  const asker = new Ipv6Asker(
    {
      probes: PROBES,
      newLine: (address, options) => {
        tried.push(address);
        return new HostLine(STANDING_IN[address] ?? '127.0.66.250', options);
      },
      newPatience: () => fixedPatience(100),
      newReplyPatience: learnReplyPatience,
      newMeter: (probe) => new Meter(probe),
      random,
      log,
      readNeighbours: async () => neighbours ?? [neighbour('fe80::20')],
      callOut: null,
      ...tools,
    },
    { pace: { addressesPerSecond: 1, pauseMs: 10, hostsAtOnce: 8 }, ports, devices: ['eth0'] },
  );
  const planned = (): Plan => ({
    ...{ deepest: 'L4', due: ['smb1', 'anonymous'], dueOnChange: ['smb1'], known: {} },
    ...{ knownCalledName: null, usuallyAnswers: true, spare: () => null, ...plan },
  });
  const round = { sightings, plan: planned, signal: new AbortController().signal, onProgress: () => {} };
  const seen = await asker.askAll(round);
  const facts: Facts[] = seen.map(({ observations }) => toFacts(observations));
  return { asker, seen, facts, tried, fakes, log };
}

describe('a host that was met over IPv4', () => {
  it('is asked at the address that the table shows for its MAC, down to one negotiate', async () => {
    const { facts, fakes, tried } = await scene();
    expect(facts).toEqual([
      {
        'ipv6.addresses': ['fe80::20%eth0'],
        'tcp6/135': 'closed',
        'tcp6/139': 'closed',
        'tcp6/445': 'open',
        'ipv6.smb.conversation': 'smb',
        'ipv6.smb.dialect': '3.1.1',
        'ipv6.smb.signing': 'required',
      },
    ]);
    expect(tried).toEqual(['fe80::20%eth0']);
    expect(fakes.get('fe80::20%eth0')?.connections).toHaveLength(1);
  });

  it('is asked at one address after the other', async () => {
    const { fakes, facts } = await scene({ neighbours: [neighbour('fd77::20'), neighbour('fe80::20')] });
    expect(facts[0]?.['ipv6.addresses']).toEqual(['fe80::20%eth0', 'fd77::20']);
    const connections = [...fakes.values()].flatMap((fake) => fake.connections);
    expect(connections).toHaveLength(2);
    expect(mostAtOnce(connections)).toBe(1);
  });

  it('is asked no more than its level allows', async () => {
    const { facts, fakes } = await scene({ plan: { deepest: 'L1' } });
    expect(facts[0]).toMatchObject({ 'tcp6/445': 'open' });
    expect(facts[0]).not.toHaveProperty(['ipv6.smb.dialect']);
    expect(fakes.get('fe80::20%eth0')?.connections.flatMap(({ received }) => received)).toEqual([]);
  });

  it('tells nothing by silence', async () => {
    const silent = { '127.0.66.250': 'fe80::dead' };
    const { seen } = await scene({
      neighbours: [neighbour(silent['127.0.66.250'])],
      tools: { newLine: () => silentLine() },
    });
    expect(seen).toEqual([sighting()]);
  });

  it('is put together with what is known of it at several IPv4 addresses', async () => {
    const twice = [sighting(), sighting([], { address: '192.168.1.21' })];
    const { facts, tried } = await scene({ sightings: twice });
    expect(tried).toHaveLength(1);
    expect(facts.map((each) => each['tcp6/445'])).toEqual(['open', undefined]);
  });
});

describe('nobody else', () => {
  it.each<[string, Scene]>([
    ['a neighbour who was not met over IPv4', { neighbours: [neighbour('fe80::99', STRANGER)] }],
    ['this machine', { sightings: [sighting([], { isAgent: true })] }],
    ['whoever has no MAC, behind a router', { sightings: [sighting([], { mac: null })] }],
    [
      'a MAC at more addresses than a host has: a router',
      { sightings: [20, 21, 22, 23, 24].map((n) => sighting([], { address: `192.168.1.${n}` })) },
    ],
    ['a host with a global address alone', { neighbours: [neighbour('2001:db8::20')] }],
    ['a host that is left asleep', { plan: { deepest: 'L0' as Level } }],
    [
      'a host whose name alone told that it should sleep',
      { plan: { spare: () => spared({ ports: 'none' }) } },
    ],
    [
      'a fragile one that has a service over IPv4',
      { plan: { spare: () => spared({}) }, sightings: [sighting([spokenOver4])] },
    ],
  ])('is asked, such as %s', async (_, given) => {
    const { tried, seen, asker } = await scene(given);
    expect(tried).toEqual([]);
    expect(seen).toEqual(given.sightings ?? [sighting()]);
    expect(asker.sent()).toEqual({ connections: 0, datagrams: 0, bytes: 0 });
  });

  it('is asked when the table cannot be read, which is told', async () => {
    const failing = { readNeighbours: () => Promise.reject(new Error('spawn ip ENOENT')) };
    const { tried, seen, log } = await scene({ tools: failing });
    expect([tried, seen]).toEqual([[], [sighting()]]);
    expect(JSON.stringify(log.lines)).toContain('IPv6 neighbours cannot be read');
  });
});

it('asks a fragile host that is closed over IPv4, and stops at the first service', async () => {
  const { tried } = await scene({
    neighbours: [neighbour('fe80::20'), neighbour('fd77::20')],
    plan: { spare: () => spared({}) },
  });
  expect(tried).toEqual(['fe80::20%eth0']);
});

describe('a second look', () => {
  it('asks the same addresses again on fresh connections', async () => {
    const { asker, facts, fakes } = await scene();
    const again = await asker.askAgain(NAS, new AbortController().signal);
    expect(again).toEqual(facts[0]);
    expect(fakes.get('fe80::20%eth0')?.connections).toHaveLength(2);
  });

  it('says nothing of a host that was not asked', async () => {
    const { asker } = await scene();
    expect(await asker.askAgain(STRANGER, new AbortController().signal)).toEqual({});
  });
});

describe('a service that is open over IPv6 alone', () => {
  const moment = { at: SAMPLE_TIME, newFindingId: () => 'f_000000' };
  const gap: Facts = { addresses: [ADDRESS4], 'tcp/445': 'filtered', 'tcp6/445': 'open' };
  const known = new Map([['h0', sampleHost({ id: 'h0', mac: NAS, facts: { addresses: [ADDRESS4] } })]]);
  const seen: SeenHost = { id: 'h0', mac: NAS, isAgent: false, facts: gap, systemTime: null, asked: [] };

  it.each<[string, ServiceState, boolean]>([
    ['is believed when the second look finds it, too', 'open', true],
    ['is not when the second look finds it closed', 'closed', false],
  ])('%s', async (_, again, isBelieved) => {
    const filtered: Observation = { kind: 'service', transport: 'tcp', port: 445, state: 'filtered' };
    const asker = { askAgain: async () => sighting([filtered]) } as unknown as Asker;
    const ipv6 = { askAgain: async () => ({ 'tcp6/445': again }) } as unknown as Ipv6Asker;
    const limits: LimitsWorld = {
      ...{ deepest: 'L4', named: null, wished: false, owners: new Map(), vendorOf: () => null },
      ...{ heard: () => [], now: SAMPLE_TIME },
    };
    const [host] = await lookAgain([seen], known, moment, {
      ...{ asker, ipv6, limits, lookInside: async () => ({ listening: [] }) },
      ...{ signal: new AbortController().signal, onProgress: () => {}, secondLookAfterMs: 1 },
    });
    const rules = compareSeen(null, host!, moment).host.findings.map(({ rule }) => rule);
    expect(rules.includes('reachable-over-ipv6-only')).toBe(isBelieved);
  });
});

describe('the books', () => {
  it('say what was sent to which address, and whose it is', async () => {
    const { asker } = await scene();
    const sendings = asker.sendings();
    expect(sendings.map(({ address }) => address)).toEqual(sendings.map(() => 'fe80::20%eth0'));
    expect(new Set(sendings.map(({ probe }) => probe))).toEqual(new Set(['ports', 'smb-dialects']));
    expect(asker.sent()).toMatchObject({ connections: 3, datagrams: 0 });
    expect(asker.macAt('fe80::20%eth0')).toBe(NAS);
    expect(asker.macAt('fe80::99%eth0')).toBeNull();
  });

  it('hold one call, however often it is asked for', async () => {
    let calls = 0;
    const { asker } = await scene({
      tools: {
        callOut: async () => {
          calls += 1;
          const meter = new Meter('calling');
          meter.countDatagram(5353, 34);
          return [meter];
        },
      },
    });
    await asker.callOut();
    await asker.callOut();
    expect(calls).toBe(1);
    expect(asker.sendings()).toContainEqual(
      expect.objectContaining({ address: null, transport: 'udp', port: 5353, datagrams: 1, bytes: 34 }),
    );
  });
});

function spared(overrides: Partial<Sparing>): Sparing {
  return { deepest: 'L2', ports: 'usual', stopsAtFirst: true, ...overrides };
}

/** Nobody answers. */
function silentLine(): HostLine {
  return {
    async *knock(doors: readonly { port: number }[]) {
      for (const { port } of doors) yield { port, outcome: { kind: 'silent' } };
    },
    hangUp: async () => {},
  } as unknown as HostLine;
}
