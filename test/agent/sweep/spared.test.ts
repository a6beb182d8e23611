import { describe, expect, it } from 'vitest';
import type { SweepRequest, SweepWorld } from '../../../agent/sweep/request.ts';
import { runSweep } from '../../../agent/sweep/sweep.ts';
import type { HostRecord } from '../../../domain/host.ts';
import { type OwnersEntry, ownersHosts, withOwnersWord } from '../../../domain/owners-hosts.ts';
import type { ServicePorts } from '../../../probes/probe.ts';
import type { Neighbour } from '../../../probes/transport/neighbours4.ts';
import type { Storage } from '../../../storage/storage.ts';
import {
  type FakeHost,
  type FakeHostOptions,
  freeServicePorts,
  startFakeHost,
} from '../../support/fake-host.ts';
import { serverNames } from '../../support/fake-nbns-host.ts';
import { logonsIn } from '../../support/fake-smb-session.ts';
import { startFakeTcpServer } from '../../support/fake-tcp-server.ts';
import { random, untilTestEnds } from '../../support/loopback.ts';
import { coverageOf, neighbour, openTestAsker } from '../../support/open-asker.ts';
import { openTestStorage } from '../../support/open-database.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME, sampleOwnersEntry } from '../../support/samples.ts';

const HOST = '127.0.61.1';
const MAC = '00:11:32:aa:bb:cc';
const MINUTE = 60_000;
const CADENCE = { smb1: 0, dialects: 0, identity: 0, ciphers: 0, anonymous: 0, guest: null, ms17010: null };

type Services = Omit<FakeHostOptions, 'address' | 'ports'>;

const SMB_HOST: Services = {
  nameService: { names: serverNames('OFFICE') },
  smb: {},
  session: {},
  endpointMapper: 'acknowledges',
};
const PRINTS = ['_ipp._tcp', '_pdl-datastream._tcp'];

/** One host on loopback, and sweeps a quarter of an hour apart. */
class Home {
  readonly storage: Storage = openTestStorage();
  readonly host: FakeHost;
  readonly ports: ServicePorts;
  now = SAMPLE_TIME;
  /** What the owner says of hosts, by key. */
  owners: Record<string, OwnersEntry> = {};

  private constructor(host: FakeHost, ports: ServicePorts) {
    this.host = host;
    this.ports = ports;
  }

  static async with(services: Services = SMB_HOST): Promise<Home> {
    const ports = await freeServicePorts(HOST);
    return new Home(await untilTestEnds(startFakeHost({ address: HOST, ports, ...services })), ports);
  }

  async sweep(
    request: Partial<SweepRequest> = {},
    world: Partial<SweepWorld> & { readonly extraPorts?: readonly number[] } = {},
  ) {
    const log = recordingLog();
    const owners = ownersHosts(this.owners);
    const { extraPorts = [], ...rest } = world;
    this.now += 15 * MINUTE;
    const { history } = this.storage;
    return runSweep(
      {
        kind: 'sweep',
        coverage: coverageOf({ loopback: [HOST] }),
        targets: [`${HOST}/32`],
        deepest: 'L4',
        deepenAll: false,
        cadence: CADENCE,
        alertThreshold: 'low',
        announce: false,
        signal: new AbortController().signal,
        onProgress: () => {},
        ...request,
      },
      {
        history: { ...history, hosts: () => withOwnersWord(history.hosts(), owners) },
        asker: await openTestAsker({ ports: this.ports, log, extraPorts }),
        lookInside: async () => ({ mac: null, listening: [] }),
        random,
        now: () => this.now,
        log,
        owners,
        secondLookAfterMs: 30,
        ...rest,
      },
    );
  }

  /** What came in since the last call: connections, and datagrams to the name service. */
  takeArrivals(): { connections: number; datagrams: number; logons: number } {
    const { connections, nameService } = this.host;
    const arrivals = {
      connections: connections.length,
      datagrams: nameService?.received.length ?? 0,
      logons: logonsIn(connections.filter(({ port }) => port === this.ports.smb)).length,
    };
    connections.length = 0;
    (nameService?.received as Uint8Array[] | undefined)?.splice(0);
    return arrivals;
  }

  known(): HostRecord {
    return [...this.storage.history.hosts().values()][0]!;
  }
}

const listed = (mac: string): Pick<SweepWorld, 'readNeighbours'> => ({
  readNeighbours: async (): Promise<ReadonlyMap<string, Neighbour>> => new Map([[HOST, neighbour(mac)]]),
});

describe('a host that looks like any other', () => {
  it('is asked everything', async () => {
    const home = await Home.with();
    await home.sweep();
    expect(home.known().facts).toMatchObject({ 'smb.smb1': 'no', 'tcp/139': 'open', 'tcp/135': 'open' });
    expect(home.takeArrivals()).toMatchObject({ logons: 1 });
  });
});

describe('a fragile host', () => {
  const heard = { heard: () => PRINTS };

  it('is asked no single question, and nothing once one service has answered', async () => {
    const home = await Home.with();
    await home.sweep({}, heard);
    expect(home.known().facts).toMatchObject({ 'mdns.services': PRINTS, 'smb.conversation.445': 'smb' });
    expect(home.known().facts).not.toHaveProperty('smb.smb1');
    expect(home.known().facts).not.toHaveProperty('tcp/139');
    expect(home.takeArrivals()).toEqual({ connections: 1, datagrams: 1, logons: 0 });
  });

  it('stays spared when nothing is heard of it any more', async () => {
    const home = await Home.with();
    await home.sweep({}, heard);
    home.takeArrivals();
    await home.sweep();
    await home.sweep({ kind: 'check', deepenAll: true });
    expect(home.takeArrivals()).toEqual({ connections: 2, datagrams: 2, logons: 0 });
    expect(home.known().facts['mdns.services']).toEqual(PRINTS);
  });

  it('announces more with time, and never less', async () => {
    const home = await Home.with();
    await home.sweep({}, heard);
    await home.sweep({}, { heard: () => ['_smb._tcp'] });
    expect(home.known().facts['mdns.services']).toEqual([...PRINTS, '_smb._tcp']);
  });

  it('is tried on its other ports while none has answered, but not on those that the owner added', async () => {
    const home = await Home.with({
      nameService: { names: serverNames('OFFICE') },
      endpointMapper: 'acknowledges',
    });
    const extra = await untilTestEnds(startFakeTcpServer((socket) => socket.destroy(), { address: HOST }));
    await home.sweep({}, { ...heard, extraPorts: [extra.port] });
    expect(home.known().facts).toMatchObject({ 'tcp/445': 'closed', 'tcp/139': 'closed', 'tcp/135': 'open' });
    expect(extra.connections).toEqual([]);
  });

  it('is known by the maker of its network card', async () => {
    const home = await Home.with();
    const vendorOf = (mac: string) => (mac === MAC ? 'Axis Communications AB' : null);
    const readNeighbours = async () => new Map([[HOST, neighbour(MAC)]]);
    const asker = await openTestAsker({
      ports: home.ports,
      log: recordingLog(),
      listNeighbours: readNeighbours,
    });
    await home.sweep({ coverage: coverageOf({ onLink: [HOST] }) }, { asker, vendorOf });
    expect(home.known().mac).toBe(MAC);
    expect(home.takeArrivals()).toMatchObject({ connections: 1, logons: 0 });
  });

  it('is asked for nothing but its name when it is a phone', async () => {
    const home = await Home.with();
    const report = await home.sweep({}, { heard: () => ['_apple-mobdev2._tcp'] });
    expect(report.sweep.complete).toBe(true);
    expect(home.takeArrivals()).toEqual({ connections: 0, datagrams: 1, logons: 0 });
  });

  it('is asked everything when the owner wants it', async () => {
    const home = await Home.with();
    home.owners = { [HOST]: sampleOwnersEntry({ levels: 'L4' }) };
    await home.sweep({}, heard);
    expect(home.known().facts).toMatchObject({ 'smb.smb1': 'no', 'tcp/139': 'open' });
    expect(home.takeArrivals()).toMatchObject({ logons: 1 });
  });
});

describe("the owner's level for one host", () => {
  it('goes less deep than the general one', async () => {
    const home = await Home.with();
    home.owners = { [HOST]: sampleOwnersEntry({ levels: 'L1' }) };
    await home.sweep();
    expect(home.known().facts['tcp/445']).toBe('open');
    expect(home.known().facts).not.toHaveProperty('smb.conversation.445');
  });

  it('goes deeper than the general one, but not deeper than the level of this one sweep', async () => {
    const home = await Home.with();
    home.owners = { [HOST]: sampleOwnersEntry({ levels: 'L3' }) };
    await home.sweep({ deepest: 'L1', named: 'L1' });
    expect(home.known().facts).not.toHaveProperty('smb.conversation.445');
    await home.sweep({ deepest: 'L1' });
    expect(home.known().facts).toMatchObject({ 'smb.conversation.445': 'smb', 'smb.smb1': 'no' });
    expect(home.takeArrivals()).toMatchObject({ logons: 0 });
  });

  it('holds from the first sweep on, also where the host has to tell its name first', async () => {
    const home = await Home.with();
    home.owners = { office: sampleOwnersEntry({ levels: 'L2', name: 'The office NAS' }) };
    await home.sweep();
    expect(home.known().facts).not.toHaveProperty('smb.smb1');
    const [change] = home.storage.history.changes({ types: ['host_new'] });
    expect(change?.summary).toBe('The office NAS was seen for the first time');
  });
});

describe('a host that is left asleep', () => {
  const asleep = sampleOwnersEntry({ letSleep: true });

  it('gets no datagram and no connection, and keeps everything', async () => {
    const home = await Home.with();
    await home.sweep();
    const before = home.known();
    home.takeArrivals();
    home.owners = { office: asleep };
    for (let n = 0; n < 4; n += 1) {
      const { sweep, changes } = await home.sweep();
      expect(sweep).toMatchObject({ complete: true, suspect: null, addresses: 0 });
      expect(sweep.sent).toEqual({ connections: 0, datagrams: 0, bytes: 0 });
      expect(changes).toEqual([]);
    }
    expect(home.takeArrivals()).toEqual({ connections: 0, datagrams: 0, logons: 0 });
    expect(home.known()).toEqual(before);
  });

  it.each([HOST, MAC])('gets nothing from the very first sweep on where it is known by %s', async (key) => {
    const home = await Home.with();
    home.owners = { [key]: asleep };
    await home.sweep({}, listed(MAC));
    expect(home.takeArrivals()).toEqual({ connections: 0, datagrams: 0, logons: 0 });
    expect([...home.storage.history.hosts().values()]).toEqual([]);
  });

  it('gets no more than the question for its name where only that tells who it is', async () => {
    const home = await Home.with();
    home.owners = { OFFICE: asleep };
    await home.sweep();
    expect(home.takeArrivals()).toMatchObject({ datagrams: 1, logons: 0 });
    expect(home.known().facts).not.toHaveProperty('smb.smb1');
    await home.sweep();
    expect(home.takeArrivals()).toEqual({ connections: 0, datagrams: 0, logons: 0 });
  });

  it('is asked when the owner checks it', async () => {
    const home = await Home.with();
    await home.sweep();
    home.takeArrivals();
    home.owners = { office: asleep };
    const { hosts } = await home.sweep({ kind: 'check', deepenAll: true });
    expect(hosts).toHaveLength(1);
    expect(home.known().lastSeenAt).toBe(home.now);
    expect(home.takeArrivals().connections).toBeGreaterThan(3);
  });

  it('does not take its address along: another machine there is asked, and it is not missed itself', async () => {
    const home = await Home.with();
    const asker = async (mac: string) => {
      const readNeighbours = async () => new Map([[HOST, neighbour(mac)]]);
      return openTestAsker({ ports: home.ports, log: recordingLog(), listNeighbours: readNeighbours });
    };
    const coverage = coverageOf({ onLink: [HOST] });
    await home.sweep({ coverage }, { asker: await asker(MAC) });
    home.takeArrivals();
    home.owners = { [MAC]: asleep };
    const other = '00:11:32:00:00:01';
    for (let n = 0; n < 3; n += 1)
      await home.sweep({ coverage }, { asker: await asker(other), ...listed(other) });
    expect(home.takeArrivals().datagrams).toBeGreaterThanOrEqual(3);
    const hosts = [...home.storage.history.hosts().values()];
    expect(hosts.map(({ mac, present, missedSweeps }) => [mac, present, missedSweeps])).toEqual([
      [other, true, 0],
      [MAC, true, 0],
    ]);
  });
});

describe('a host with a sleep budget', () => {
  const local = (hour: number, minute: number) => new Date(2026, 10, 22, hour, minute).getTime();
  const twice = sampleOwnersEntry({ letSleep: { timesADay: 2, between: '19:00-23:00' } });

  it('is asked so many times a day, within its part of the day', async () => {
    const home = await Home.with();
    home.now = local(12, 0);
    await home.sweep();
    home.owners = { office: twice };
    home.takeArrivals();
    const asked: string[] = [];
    for (home.now = local(18, 0); home.now < local(23, 30); ) {
      await home.sweep({ cadence: { ...CADENCE, smb1: null, anonymous: null } });
      if (home.takeArrivals().datagrams > 0) asked.push(new Date(home.now).toTimeString().slice(0, 5));
    }
    expect(asked).toEqual(['19:00', '21:00']);
  });

  it('spends a look also where nobody answers', async () => {
    const home = await Home.with();
    home.now = local(12, 0);
    await home.sweep();
    const { lastSeenAt } = home.known();
    await home.host.close();
    home.owners = { office: twice };
    home.now = local(18, 50);
    expect((await home.sweep()).sweep.sent.connections).toBeGreaterThan(0);
    expect(home.known()).toMatchObject({ lastSeenAt, missedSweeps: 1, askedAt: { look: local(19, 5) } });
    expect((await home.sweep()).sweep.sent.connections).toBe(0);
    expect(home.known().missedSweeps).toBe(1);
  });
});
