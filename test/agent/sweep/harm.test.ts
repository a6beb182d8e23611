import { describe, expect, it } from 'vitest';
import type { SweepRequest } from '../../../agent/sweep/request.ts';
import { runSweep } from '../../../agent/sweep/sweep.ts';
import { logReport } from '../../../agent/sweep-once.ts';
import type { HostRecord } from '../../../domain/host.ts';
import type { ServicePorts } from '../../../probes/probe.ts';
import type { Storage } from '../../../storage/storage.ts';
import {
  type FakeHost,
  type FakeHostOptions,
  freeServicePorts,
  startFakeHost,
} from '../../support/fake-host.ts';
import { serverNames } from '../../support/fake-nbns-host.ts';
import { random, untilTestEnds } from '../../support/loopback.ts';
import { coverageOf, openTestAsker } from '../../support/open-asker.ts';
import { openTestStorage } from '../../support/open-database.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { SAMPLE_TIME } from '../../support/samples.ts';
import { openSilentPort } from '../../support/silent-port.ts';

const [NAS, PC] = ['127.0.61.1', '127.0.61.2'];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** The first byte after the NetBIOS header of an SMB 1 message. */
const SMB1 = 0xff;

type Services = Omit<FakeHostOptions, 'address' | 'ports'>;

/** A NAS and a PC, a history, and sweeps a quarter of an hour apart, in which every question of L3 is due. */
class Home {
  readonly storage: Storage = openTestStorage();
  readonly log = recordingLog();
  readonly ports: ServicePorts;
  nas!: FakeHost;
  now = SAMPLE_TIME;
  /** Called between the first look and the second. */
  beforeSecondLook: () => void | Promise<void> = () => {};

  private constructor(ports: ServicePorts) {
    this.ports = ports;
  }

  static async with(smb: Services['smb']): Promise<Home> {
    const home = new Home(await freeServicePorts(NAS));
    await home.start(PC, {});
    home.nas = await home.start(NAS, smb);
    return home;
  }

  start(address: string, smb: Services['smb']): Promise<FakeHost> {
    const nameService = { names: serverNames(address === NAS ? 'NAS' : 'PC') };
    const services = smb === undefined ? { nameService } : { nameService, smb };
    return untilTestEnds(startFakeHost({ address, ports: this.ports, ...services }));
  }

  /** The NAS goes, and comes back as it was; `smb` missing: without its SMB port. */
  async restartNas(smb?: Services['smb']): Promise<void> {
    await this.nas.close();
    this.nas = await this.start(NAS, smb);
  }

  async sweep(request: Partial<SweepRequest> = {}): Promise<void> {
    this.now += 15 * MINUTE;
    const report = await runSweep(
      {
        kind: 'sweep',
        coverage: coverageOf({ loopback: [NAS, PC] }),
        targets: ['127.0.61.0/30'],
        deepest: 'L3',
        deepenAll: true,
        cadence: {
          smb1: DAY,
          dialects: null,
          identity: DAY,
          ciphers: null,
          anonymous: null,
          guest: null,
          ms17010: null,
        },
        alertThreshold: 'low',
        announce: true,
        signal: new AbortController().signal,
        onProgress: ({ stage }) => {
          if (stage === 'second look') void this.beforeSecondLook();
        },
        ...request,
      },
      {
        history: this.storage.history,
        asker: await openTestAsker({ ports: this.ports, log: this.log }),
        lookInside: async () => ({ mac: null, listening: [] }),
        random,
        now: () => this.now,
        log: this.log,
        secondLookAfterMs: 300,
      },
    );
    logReport(report, this.log);
  }

  host(): HostRecord {
    const hosts = [...this.storage.history.hosts().values()];
    return hosts.find((host) => host.facts.addresses?.includes(NAS))!;
  }

  quarantine(): [probe: string, reason: string][] {
    return this.storage.history.quarantine().map(({ probe, reason }) => [probe, reason]);
  }

  /** Messages of `agent_problem` events since the last time. */
  takeProblems(): string[] {
    const events = this.storage.outbox.waiting(100);
    this.storage.outbox.remove(events.map(({ id }) => id));
    return events.filter(({ type }) => type === 'agent_problem').map(({ message }) => message);
  }

  /** How often the NAS that runs now was offered SMB 1. */
  smb1Offers(): number {
    return this.nas.connections.filter(({ received }) => received[4] === SMB1).length;
  }
}

const LOST = 'TCP 445 stopped answering within seconds of the question "smb1"';

describe('a host that loses its port after a question', () => {
  it('is not asked it again, and the owner is told once, in the first sweep too', async () => {
    const home = await Home.with({ fallsAt: 'smb1' });
    await home.sweep();
    expect(home.quarantine()).toEqual([['smb1', LOST]]);
    expect(home.takeProblems()).toEqual([`NAS: "smb1" is held back from now on: ${LOST}`]);
    expect(home.log.lines).toContain('warn probe quarantined');
    expect(home.smb1Offers()).toBe(1);

    await home.restartNas({ smb1: 'selected' });
    await home.sweep();
    await home.sweep({ kind: 'check' });
    expect(home.smb1Offers()).toBe(0);
    expect(home.host().facts['smb.identity']).not.toBeUndefined();
    expect(home.host().facts['smb.smb1']).toBeUndefined();
    expect(home.takeProblems()).toEqual([]);

    home.storage.history.liftQuarantine(home.host().id, 'smb1');
    await home.sweep();
    expect(home.host().facts['smb.smb1']).toBe('yes');
  });

  it('is asked on when the port is back at the second look', async () => {
    const home = await Home.with({ fallsAt: 'smb1' });
    home.beforeSecondLook = () => home.restartNas({});
    await home.sweep();
    expect(home.smb1Offers()).toBe(0);
    expect(home.quarantine()).toEqual([]);
    expect(home.takeProblems()).toEqual([]);
    await home.sweep();
    expect(home.smb1Offers()).toBe(1);
  });

  it('is believed by its silence only while another host answers', async () => {
    for (const loopback of [[NAS], [NAS, PC]]) {
      const home = await Home.with({ fallsAt: 'smb1' });
      home.beforeSecondLook = async () => {
        await untilTestEnds(openSilentPort(NAS, home.ports.smb));
      };
      await home.sweep({ coverage: coverageOf({ loopback }) });
      expect(home.quarantine()).toEqual(loopback.length === 1 ? [] : [['smb1', LOST]]);
    }
  });
});

describe('a host that restarts within a minute of questions', () => {
  it('is not asked them again', async () => {
    const home = await Home.with({ bootTime: SAMPLE_TIME - DAY });
    await home.sweep();
    const askedAt = home.now;
    home.nas.behave({ systemTime: askedAt + 15 * MINUTE, bootTime: askedAt + 20 * SECOND });
    await home.sweep({ deepenAll: false });
    const reason = 'the host restarted within a minute of the questions "smb1" and "identity"';
    expect(home.quarantine()).toEqual([
      ['identity', reason],
      ['smb1', reason],
    ]);
    expect(home.takeProblems()).toEqual([`NAS: "smb1", "identity" are held back from now on: ${reason}`]);
    const offers = home.smb1Offers();
    await home.sweep();
    expect(home.smb1Offers()).toBe(offers);
    expect(home.takeProblems()).toEqual([]);
  });

  it('is asked on when it restarted later', async () => {
    const home = await Home.with({ bootTime: SAMPLE_TIME - DAY });
    await home.sweep();
    home.nas.behave({ systemTime: home.now + 15 * MINUTE, bootTime: home.now + 5 * MINUTE });
    await home.sweep({ deepenAll: false });
    expect(home.quarantine()).toEqual([]);
  });
});
