import { describe, expect, it } from 'vitest';
import type { Asker, AskerTools, Plan } from '../../../agent/sweep/asker.ts';
import type { SweepProgress } from '../../../agent/sweep/report.ts';
import type { Asked } from '../../../agent/sweep/tally.ts';
import type { HostRecord } from '../../../domain/host.ts';
import { toFacts } from '../../../domain/observation.ts';
import type { Coverage } from '../../../domain/target.ts';
import type { ServicePorts } from '../../../probes/probe.ts';
import { PROBES } from '../../../probes/registry.ts';
import { type Door, HostLine, type Knock, type LineOptions } from '../../../probes/transport/line.ts';
import type { Neighbour } from '../../../probes/transport/neighbours4.ts';
import {
  type FakeHost,
  type FakeHostOptions,
  freeServicePorts,
  startFakeHost,
} from '../../support/fake-host.ts';
import { serverNames } from '../../support/fake-nbns-host.ts';
import { mostAtOnce } from '../../support/fake-tcp-server.ts';
import { timed, untilTestEnds } from '../../support/loopback.ts';
import { coverageOf, neighbour, openTestAsker } from '../../support/open-asker.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { sampleHost } from '../../support/samples.ts';

const NAS = '127.0.50.1';
const PC = '127.0.50.2';
const NOBODY = '127.0.50.3';
const SILENT = '127.0.50.200';
const MAC = '00:11:32:aa:bb:cc';
const PLAN: Plan = {
  deepest: 'L3',
  due: ['smb1'],
  dueOnChange: ['smb1'],
  known: {},
  knownCalledName: null,
  usuallyAnswers: false,
};
const OFFERS: Omit<FakeHostOptions, 'address' | 'ports'> = {
  nameService: { names: serverNames('NAS') },
  smb: {},
};

interface Round {
  readonly plan?: (address: string) => Plan;
  readonly known?: readonly HostRecord[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SweepProgress) => void;
}

const ask = (asker: Asker, coverage: Partial<Coverage>, round: Round = {}): Promise<Asked> =>
  asker.askAll(coverageOf(coverage), {
    known: new Map((round.known ?? []).map((host) => [host.id, host])),
    plan: round.plan ?? (() => PLAN),
    signal: round.signal ?? new AbortController().signal,
    onProgress: round.onProgress ?? (() => {}),
  });

const host = (
  address: string,
  ports: ServicePorts,
  services: Omit<FakeHostOptions, 'address' | 'ports'> = OFFERS,
): Promise<FakeHost> => untilTestEnds(startFakeHost({ address, ports, ...services }));

/** A line on which every attempt stays unanswered, at once. */
class NobodyAnswers extends HostLine {
  override async *knock(doors: readonly Door[]): AsyncGenerator<Knock> {
    for (const { port } of doors) yield { port, outcome: { kind: 'silent' } };
  }
}

/** A line on which nothing happens until it is called off. */
class NeverAnswers extends HostLine {
  readonly #signal: AbortSignal;

  constructor(address: string, options: LineOptions) {
    super(address, options);
    this.#signal = options.signal;
  }

  override async *knock(): AsyncGenerator<Knock> {
    await new Promise((resolve) => this.#signal.addEventListener('abort', resolve));
    yield* [];
  }
}

const SILENT_NAMES: Partial<AskerTools> = {
  probes: { ...PROBES, nodeStatus: { ...PROBES.nodeStatus, run: async () => ({ kind: 'silent' }) } },
};

/** Ports, and an asker that uses them. */
async function scene(overrides: Partial<Parameters<typeof openTestAsker>[0]> = {}) {
  const ports = await freeServicePorts(NAS);
  const log = recordingLog();
  return { ports, log, asker: await openTestAsker({ ports, log, ...overrides }) };
}

describe('asking hosts directly', () => {
  it('meets who offers something, and settles who does not', async () => {
    const { ports, asker } = await scene();
    await host(NAS, ports);
    const asked = await ask(asker, { loopback: [NAS, NOBODY] });
    expect(asked.sightings.map(({ address, mac, asked }) => ({ address, mac, asked }))).toEqual([
      { address: NAS, mac: null, asked: ['smb1'] },
    ]);
    expect([...asked.settled].sort()).toEqual([NAS, NOBODY]);
    expect(asked).toMatchObject({ addresses: 2, complete: true });
    expect(asked.lastAnswerMs).toBeGreaterThan(0);
  });

  it('pays for a bad host with its own place only', async () => {
    const pace = { addressesPerSecond: 1_000, pauseMs: 10, hostsAtOnce: 2 };
    const { ports, asker } = await scene({ pace });
    await host('127.0.50.9', ports, { smb: 'drips' });
    const good = [NAS, PC, NOBODY];
    for (const address of good) await host(address, ports);
    const [asked, took] = await timed(() => ask(asker, { loopback: ['127.0.50.9', ...good] }));
    const smb = asked.sightings.filter((each) => toFacts(each.observations)['smb.smb2'] === 'yes');
    expect(smb.map((each) => each.address).sort()).toEqual(good);
    expect(asked.sightings).toHaveLength(4);
    expect(took).toBeLessThan(4_000);
  });

  it('visits at most so many hosts at once', async () => {
    const pace = { addressesPerSecond: 1_000, pauseMs: 10, hostsAtOnce: 2 };
    const { ports, asker } = await scene({ pace });
    const hosts = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((i) => host(`127.0.50.${i}`, ports, { ...OFFERS, smb: { pieceBytes: 20 } })),
    );
    await ask(asker, { loopback: hosts.map((each) => each.address) });
    const all = hosts.flatMap((each) => each.connections).sort((a, b) => a.beganAt - b.beganAt);
    expect(mostAtOnce(all)).toBeLessThanOrEqual(2);
    for (const each of hosts) expect(mostAtOnce(each.connections)).toBe(1);
  });

  it('begins with an address behind a router only when there is a place for it', async () => {
    const pace = { addressesPerSecond: 1_000, pauseMs: 10, hostsAtOnce: 4 };
    let begun = 0;
    const newLine = (address: string, options: LineOptions): HostLine => {
      begun += 1;
      return new NeverAnswers(address, options);
    };
    const { asker } = await scene({ pace, newLine, deadlineMs: 200, ...SILENT_NAMES });
    const routed = Array.from({ length: 200 }, (_, i) => `127.0.60.${i}`);
    const asked = await ask(asker, { routed });
    expect(begun).toBe(4);
    expect(asked).toMatchObject({ sightings: [], complete: false });
    expect(asked.settled.size).toBe(0);
  });

  it('counts what it sent', async () => {
    const { ports, asker } = await scene();
    const nas = await host(NAS, ports);
    await ask(asker, { loopback: [NAS] });
    const received = nas.connections.reduce((sum, each) => sum + each.received.length, 0);
    expect(asker.sent()).toEqual({ connections: 5, datagrams: 1, bytes: received + 50 });
    expect(asker.sendings().map((each) => [each.address, each.port, each.probe, each.connections])).toEqual([
      [NAS, ports.nameService, 'node-status', 0],
      [NAS, ports.smb, 'ports', 2],
      [NAS, ports.smb, 'smb-dialects', 0],
      [NAS, ports.session, 'ports', 1],
      [NAS, ports.endpointMapper, 'ports', 1],
      [NAS, ports.smb, 'smb1', 1],
    ]);
  });

  it('settles nothing about an address that this machine has no way to', async () => {
    const { asker } = await scene(SILENT_NAMES);
    const asked = await ask(asker, { routed: ['127.255.255.255'] });
    expect(asked).toMatchObject({ sightings: [], complete: false });
    expect(asked.settled.size).toBe(0);
  });

  it('survives a bug in the node status probe', async () => {
    const nodeStatus = { ...PROBES.nodeStatus, run: () => Promise.reject(new TypeError('bug')) };
    const { ports, asker, log } = await scene({ probes: { ...PROBES, nodeStatus } });
    await host(NAS, ports);
    const asked = await ask(asker, { loopback: [NAS] });
    expect(toFacts(asked.sightings[0]?.observations ?? [])['smb.smb2']).toBe('yes');
    expect(log.lines).toContain('error probe failed by a bug');
  });
});

describe('a round that is cut short', () => {
  it('is incomplete when it is called off, and settles nobody whose visit it cut', async () => {
    const signal = AbortSignal.timeout(100);
    const { asker } = await scene({ newLine: (_address, options) => new NeverAnswers(SILENT, options) });
    const [asked, took] = await timed(() => ask(asker, { routed: [SILENT] }, { signal }));
    expect(asked).toMatchObject({ sightings: [], complete: false });
    expect(asked.settled.size).toBe(0);
    expect(took).toBeLessThan(1_000);
  });

  it('is incomplete when its deadline has passed', async () => {
    const newLine: AskerTools['newLine'] = (_address, options) => new NeverAnswers(SILENT, options);
    const { asker } = await scene({ deadlineMs: 100, newLine });
    const [asked, took] = await timed(() => ask(asker, { routed: [SILENT] }));
    expect(asked).toMatchObject({ sightings: [], complete: false });
    expect(took).toBeLessThan(1_000);
  });
});

describe('asking neighbours', () => {
  it('meets whoever the neighbour table shows, and settles the others', async () => {
    const table = new Map([[NOBODY, neighbour(null)]]);
    const { ports, asker } = await scene({ listNeighbours: async () => new Map(table) });
    await host(NAS, ports);
    setTimeout(() => table.set(NAS, neighbour(MAC)), 30);
    const asked = await ask(asker, { onLink: [NAS, NOBODY] });
    expect(asked.sightings.map(({ address, mac }) => [address, mac])).toEqual([[NAS, MAC]]);
    expect([...asked.settled].sort()).toEqual([NAS, NOBODY]);
    expect(asked.complete).toBe(true);
  });

  it('counts an address once that was evicted from the table and asked again', async () => {
    const table = new Map<string, Neighbour>();
    const { asker } = await scene({ listNeighbours: async () => new Map(table) });
    setTimeout(() => table.set(NOBODY, neighbour(null)), 150);
    const steps: SweepProgress[] = [];
    await ask(asker, { onLink: [NOBODY] }, { onProgress: (step) => steps.push(step) });
    expect(Math.max(...steps.map((step) => step.asked))).toBe(1);
  });

  it('is incomplete, and calls nobody absent, where the kernel never made an entry', async () => {
    const { asker } = await scene({
      discover: async function* ({ addresses, prime, onAbsent, onUnsettled }) {
        for (const address of addresses) {
          prime(address);
          if (address === NOBODY) onAbsent(address);
          else onUnsettled?.(address);
        }
        yield* [];
      },
    });
    const asked = await ask(asker, { onLink: [NOBODY, SILENT] });
    expect([...asked.settled]).toEqual([NOBODY]);
    expect(asked.complete).toBe(false);
    expect(asker.sent()).toMatchObject({ datagrams: 2 });
  });

  it('takes up the answer to the question that made the kernel look, without a second one', async () => {
    const { ports, asker } = await scene({
      discover: async function* ({ addresses, prime }) {
        for (const address of addresses) prime(address);
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield { address: NAS, mac: MAC, proven: true };
      },
    });
    const nas = await host(NAS, ports);
    const asked = await ask(asker, { onLink: [NAS] });
    expect(toFacts(asked.sightings[0]?.observations ?? [])['netbios.names']).toEqual(serverNames('NAS'));
    const questions = asker.sendings().filter(({ transport }) => transport === 'udp');
    expect(questions).toMatchObject([{ address: NAS, datagrams: 1, bytes: 50 }]);
    expect(nas.connections.length).toBeGreaterThan(0);
  });

  it('reads the table once for all who are in doubt at the same time', async () => {
    const doubtful = Array.from({ length: 8 }, (_, i) => `127.0.50.${100 + i}`);
    let readings = 0;
    const { asker } = await scene({
      discover: async function* ({ addresses, prime }) {
        for (const address of addresses) prime(address);
        for (const address of doubtful) yield { address, mac: MAC, proven: false };
      },
      listNeighbours: async () => {
        readings += 1;
        return doubtful.map((address) => [address, neighbour(MAC)] as const);
      },
      isStillThere: async (address, _primedAt, { listNeighbours }) =>
        [...(await listNeighbours())].some(([each, { complete }]) => each === address && complete),
      ...SILENT_NAMES,
      newLine: (_address, options) => new NobodyAnswers(SILENT, options),
    });
    const asked = await ask(asker, { onLink: doubtful });
    expect(asked.sightings).toHaveLength(8);
    expect(readings).toBe(1);
  });

  it('asks the addresses of known hosts first', async () => {
    const primed: string[] = [];
    const { asker } = await scene({
      discover: async function* ({ addresses, onAbsent }) {
        primed.push(...addresses);
        for (const address of addresses) onAbsent(address);
        yield* [];
      },
    });
    const onLink = Array.from({ length: 50 }, (_, i) => `192.168.1.${i + 1}`);
    const known = ['192.168.1.44', '192.168.1.17'].map((address, i) =>
      sampleHost({ id: `u00000000000${i}`, facts: { addresses: [address] } }),
    );
    await ask(asker, { onLink }, { known });
    expect(primed.slice(0, 2).sort()).toEqual(['192.168.1.17', '192.168.1.44']);
    expect([...primed].sort()).toEqual([...onLink].sort());
    expect(primed).not.toEqual(onLink);
  });

  /** A neighbour known from before this sweep, at which nothing answers: not TCP, not the name service. */
  const silentNeighbour = async (isStillThere: boolean, usuallyAnswers: boolean): Promise<Asked> => {
    const { asker } = await scene({
      listNeighbours: async () => new Map([[SILENT, neighbour(MAC)]]),
      isStillThere: async () => isStillThere,
      ...SILENT_NAMES,
      newLine: (_address, options) => new NobodyAnswers(SILENT, options),
    });
    return ask(asker, { onLink: [SILENT] }, { plan: () => ({ ...PLAN, usuallyAnswers }) });
  };

  it('believes an older entry of a host that never answers when the kernel has asked, too', async () => {
    const asked = await silentNeighbour(true, false);
    expect(asked.sightings).toHaveLength(1);
    expect(asked.complete).toBe(true);
  });

  it('settles that a silent host has left when the kernel has asked in vain', async () => {
    const asked = await silentNeighbour(false, false);
    expect(asked.sightings).toEqual([]);
    expect(asked.settled.size).toBe(1);
  });

  it('says nothing about a host that used to answer and stays silent behind an older entry', async () => {
    const asked = await silentNeighbour(true, true);
    expect(asked.sightings).toEqual([]);
    expect(asked.settled.size).toBe(0);
    expect(asked.complete).toBe(false);
  });
});

describe('a second look', () => {
  it('asks one address again, on fresh connections', async () => {
    const { ports, asker } = await scene();
    const nas = await host(NAS, ports);
    const again = await asker.askAgain(NAS, null, PLAN, new AbortController().signal);
    expect(toFacts(again?.observations ?? [])).toMatchObject({ 'smb.smb2': 'yes', 'smb.smb1': 'no' });
    expect(nas.connections.length).toBeGreaterThan(0);
  });
});
