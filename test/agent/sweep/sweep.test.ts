import { describe, expect, it } from 'vitest';
import type { SweepReport } from '../../../agent/sweep/report.ts';
import { type SweepRequest, SweepStopped, type SweepWorld } from '../../../agent/sweep/request.ts';
import { runSweep } from '../../../agent/sweep/sweep.ts';
import type { ChangeType } from '../../../domain/change.ts';
import type { Finding, RuleId } from '../../../domain/finding.ts';
import type { HostRecord } from '../../../domain/host.ts';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { SMB2_DIALECT } from '../../../probes/wire/smb2-negotiate.ts';
import { SMB2_SESSION_FLAG } from '../../../probes/wire/smb2-session-setup.ts';
import type { Storage } from '../../../storage/storage.ts';
import {
  type FakeHost,
  type FakeHostOptions,
  freeServicePorts,
  startFakeHost,
} from '../../support/fake-host.ts';
import { serverNames } from '../../support/fake-nbns-host.ts';
import { MODERN, SMB1_ONLY } from '../../support/fake-smb-server.ts';
import { givingAway, logonsIn } from '../../support/fake-smb-session.ts';
import { smb1LogonsIn } from '../../support/fake-smb1-session.ts';
import { random, untilTestEnds } from '../../support/loopback.ts';
import { coverageOf, openTestAsker } from '../../support/open-asker.ts';
import { openTestStorage } from '../../support/open-database.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { firstSight, sweepOf } from '../../support/sample-history.ts';
import { SAMPLE_TIME, sampleHost } from '../../support/samples.ts';

const NAS = '127.0.60.1';
const PC = '127.0.60.2';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NEVER = {
  smb1: null,
  dialects: null,
  identity: null,
  ciphers: null,
  anonymous: null,
  guest: null,
  ms17010: null,
};

type Services = Omit<FakeHostOptions, 'address' | 'ports'>;

const NAS_SERVICES: Services = { nameService: { names: serverNames('NAS') }, smb: {} };
const PC_SERVICES: Services = { nameService: { names: serverNames('PC') }, smb: {} };

/** Two hosts, a history, and sweeps a quarter of an hour apart. */
class Home {
  readonly storage: Storage = openTestStorage();
  readonly #hosts = new Map<string, FakeHost>();
  readonly #ports: Awaited<ReturnType<typeof freeServicePorts>>;
  #now = SAMPLE_TIME;
  /** Called between the first look and the second. */
  beforeSecondLook: () => void | Promise<void> = () => {};
  secondLooks = 0;

  private constructor(ports: Awaited<ReturnType<typeof freeServicePorts>>) {
    this.#ports = ports;
  }

  static async withNasAndPc(nas: Services = NAS_SERVICES): Promise<Home> {
    const home = new Home(await freeServicePorts(NAS));
    await home.switchOn(NAS, nas);
    await home.switchOn(PC, PC_SERVICES);
    return home;
  }

  get nas(): FakeHost {
    return this.#hosts.get(NAS)!;
  }

  async switchOn(address: string, services: Services): Promise<void> {
    const host = await untilTestEnds(startFakeHost({ address, ports: this.#ports, ...services }));
    this.#hosts.set(address, host);
  }

  async switchOff(...addresses: readonly string[]): Promise<void> {
    for (const address of addresses) await this.#hosts.get(address)?.close();
  }

  async sweep(request: Partial<SweepRequest> = {}, world: Partial<SweepWorld> = {}): Promise<SweepReport> {
    const log = recordingLog();
    this.#now += 15 * MINUTE;
    return runSweep(
      {
        kind: 'sweep',
        coverage: coverageOf({ loopback: [NAS, PC] }),
        targets: ['127.0.60.0/30'],
        deepest: 'L3',
        deepenAll: true,
        cadence: { ...NEVER, smb1: DAY },
        alertThreshold: 'low',
        announce: true,
        signal: new AbortController().signal,
        onProgress: ({ stage }) => {
          if (stage !== 'second look') return;
          this.secondLooks += 1;
          void this.beforeSecondLook();
        },
        ...request,
      },
      {
        history: this.storage.history,
        asker: await openTestAsker({ ports: this.#ports, log }),
        lookInside: async () => ({ mac: null, listening: [] }),
        random,
        now: () => this.#now,
        log,
        secondLookAfterMs: 60,
        ...world,
      },
    );
  }

  /** Lets so many milliseconds pass before the next sweep. */
  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }

  host(address: string): HostRecord {
    const hosts = [...this.storage.history.hosts().values()];
    return hosts.find((host) => host.facts.addresses?.includes(address))!;
  }

  finding(address: string, rule: RuleId): Finding | undefined {
    return this.host(address).findings.find((finding) => finding.rule === rule);
  }

  /** Types of the events that wait for the broker, oldest first; they are taken away. */
  takeEvents(): string[] {
    const events = this.storage.outbox.waiting(100);
    this.storage.outbox.remove(events.map((event) => event.id));
    return events.map((event) => event.type);
  }
}

const typesOf = ({ changes }: SweepReport): ChangeType[] => changes.map((change) => change.type);

describe('the first sweep', () => {
  it('records what is there and announces it as one summary', async () => {
    const home = await Home.withNasAndPc();
    const report = await home.sweep();
    expect(report.hosts.map((host) => host.facts.addresses)).toEqual([[NAS], [PC]]);
    expect(report.sweep).toMatchObject({ kind: 'sweep', addresses: 2, hostsUp: 2, complete: true });
    expect(home.takeEvents()).toEqual(['baseline']);
    expect(report.changes.find(({ type }) => type === 'baseline')?.summary).toBe(
      'First sweep: 2 hosts; findings: 2 low',
    );
    expect(home.secondLooks).toBe(0);
  });

  it('opens findings, but raises no event for each', async () => {
    const home = await Home.withNasAndPc({ ...NAS_SERVICES, smb: { smb1: 'selected' } });
    await home.sweep();
    expect(home.finding(NAS, 'smb1-enabled')?.state).toBe('open');
    expect(home.takeEvents()).toEqual(['baseline']);
  });

  it('leaves no event waiting where there is no broker', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep({ announce: false });
    expect(home.takeEvents()).toEqual([]);
  });
});

describe('a crowd', () => {
  it('of more hosts than are kept makes those go that never answered, and the log says so', async () => {
    const home = await Home.withNasAndPc();
    const crowd = Array.from({ length: 4_095 }, (_, n) =>
      firstSight(
        sampleHost({ id: `u${String(n).padStart(12, '0')}`, mac: null, findings: [], facts: {} }),
        [],
      ),
    );
    home.storage.history.recordSweep(sweepOf(SAMPLE_TIME, crowd));
    const log = recordingLog();
    await home.sweep({}, { log });
    const known = home.storage.history.hosts();
    expect(known.size).toBe(4_096);
    expect([NAS, PC].map((address) => home.host(address)?.present)).toEqual([true, true]);
    expect(log.lines).toEqual([
      'warn more hosts than are kept: those that never answered were forgotten, or not taken in',
    ]);
  });
});

describe('an unchanged network', () => {
  it('yields no change, no event and no second look', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    const before = home.host(NAS);
    const report = await home.sweep();
    expect(report.changes).toEqual([]);
    expect(home.takeEvents()).toEqual([]);
    expect(home.secondLooks).toBe(0);
    expect(home.host(NAS).id).toBe(before.id);
    expect(home.host(NAS).lastSeenAt).toBe(before.lastSeenAt + 15 * MINUTE);
  });

  it('is asked for SMB 1 only when the question is due again', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep({ deepenAll: false });
    const asked = home.nas.connections.length;
    await home.sweep({ deepenAll: false });
    const askedAgain = home.nas.connections.length - asked;
    expect([asked, askedAgain]).toEqual([3, 1]);
    expect(home.host(NAS).facts['smb.smb1']).toBe('no');
    await home.sweep({ deepenAll: false, cadence: { ...NEVER, smb1: 10 * MINUTE } });
    expect(home.nas.connections.length).toBe(asked + askedAgain + 3);
  });
});

describe('the deep questions', () => {
  const cadence = { ...NEVER, smb1: DAY, dialects: DAY, identity: DAY, ciphers: 7 * DAY };
  const asUsual = { deepenAll: false, cadence };
  const allAt = (at: number) => ({ smb1: at, identity: at, dialects: at, ciphers: at });

  it('are put at first sight, remembered, and not put again while the answers hold', async () => {
    const home = await Home.withNasAndPc();
    const first = await home.sweep(asUsual);
    expect(home.host(NAS).askedAt).toEqual(allAt(first.sweep.startedAt));
    const before = home.nas.connections.length;
    await home.sweep(asUsual);
    expect(home.nas.connections.length - before).toBe(1);
    expect(home.host(NAS).askedAt).toEqual(allAt(first.sweep.startedAt));
    expect(home.host(NAS).facts['smb.dialects']).toHaveLength(5);
  });

  it('are put again after a day, those about ciphers after a week', async () => {
    const home = await Home.withNasAndPc();
    const first = (await home.sweep(asUsual)).sweep.startedAt;
    home.pass(DAY);
    const second = (await home.sweep(asUsual)).sweep.startedAt;
    expect(home.host(NAS).askedAt).toEqual({ ...allAt(second), ciphers: first });
    home.pass(6 * DAY);
    const third = (await home.sweep(asUsual)).sweep.startedAt;
    expect(home.host(NAS).askedAt).toEqual(allAt(third));
  });

  it('are all due at once when the best dialect changes', async () => {
    const home = await Home.withNasAndPc();
    const first = (await home.sweep(asUsual)).sweep.startedAt;
    home.nas.behave({ dialects: [SMB2_DIALECT.SMB_2_0_2, SMB2_DIALECT.SMB_3_0] });
    const second = (await home.sweep(asUsual)).sweep.startedAt;
    expect(home.host(NAS).askedAt).toEqual({ ...allAt(second), ciphers: first });
    expect(home.host(NAS).facts['smb.dialects']).toEqual(['2.0.2', '3.0']);
    expect(home.host(PC).askedAt).toEqual(allAt(first));
  });

  it('are all due at once when a port opens', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep(asUsual);
    await home.switchOff(NAS);
    await home.switchOn(NAS, { ...NAS_SERVICES, endpointMapper: 'acknowledges' });
    const second = (await home.sweep(asUsual)).sweep.startedAt;
    expect(home.host(NAS).askedAt).toEqual(allAt(second));
  });

  it('are all due after a missed sweep', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep(asUsual);
    await home.switchOff(NAS);
    await home.sweep(asUsual);
    await home.switchOn(NAS, NAS_SERVICES);
    const back = (await home.sweep(asUsual)).sweep.startedAt;
    expect(home.host(NAS).askedAt).toEqual(allAt(back));
  });

  it('keep their earlier answers, and are not put again before their time, when the server has none', async () => {
    const home = await Home.withNasAndPc();
    const first = (await home.sweep(asUsual)).sweep.startedAt;
    const known = home.host(NAS).facts;
    home.nas.behave({ sessionSetup: 'garbage' });
    home.pass(DAY);
    const vain = (await home.sweep(asUsual)).sweep.startedAt;
    expect(vain).toBeGreaterThan(first);
    expect(home.host(NAS).askedAt.identity).toBe(vain);
    expect(home.host(NAS).facts['smb.identity']).toEqual(known['smb.identity']);
    await home.sweep(asUsual);
    expect(home.host(NAS).askedAt.identity).toBe(vain);
  });
});

describe('the ledger', () => {
  it('has every connection, datagram and byte of a sweep, by the host that was met', async () => {
    const home = await Home.withNasAndPc();
    const { sent } = (await home.sweep()).sweep;
    const entries = home.storage.history.ledger({});
    const sum = (what: keyof typeof sent) => entries.reduce((total, entry) => total + entry[what], 0);
    expect({ connections: sum('connections'), datagrams: sum('datagrams'), bytes: sum('bytes') }).toEqual(
      sent,
    );
    expect(new Set(entries.map((entry) => entry.hostId))).toEqual(
      new Set([home.host(NAS).id, home.host(PC).id]),
    );
    expect(entries.find((entry) => entry.address === NAS && entry.probe === 'smb1')?.connections).toBe(1);
  });
});

describe('a host that gets worse', () => {
  it('is announced at once when the protocol itself says so: SMB 1 was selected', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ smb1: 'selected', smb1Signing: 'required' });
    const report = await home.sweep();
    expect(typesOf(report)).toContain('finding_opened');
    expect(home.finding(NAS, 'smb1-enabled')).toMatchObject({ state: 'open', severity: 'high' });
    expect(home.takeEvents()).toEqual(['finding_opened']);
  });

  it('is recorded and not announced when the owner ignores the host, even from the middle of the sweep on', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    const { id } = home.host(NAS);
    await home.switchOff(NAS);
    await home.switchOn(NAS, { ...NAS_SERVICES, smb: { smb1: 'selected' } });
    const ignored = { at: SAMPLE_TIME, until: null, note: null };
    const onProgress = () =>
      void home.storage.history.recordDecision({ hosts: [{ id, ignored }], changes: [], events: [] });
    const report = await home.sweep({ onProgress });
    expect(typesOf(report)).toContain('finding_opened');
    expect(home.takeEvents()).toEqual([]);
    expect(home.host(NAS).ignored).toEqual(ignored);
  });

  it('is announced when the second look agrees', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ signing: 'enabled' });
    await home.sweep();
    expect(home.secondLooks).toBe(1);
    expect(home.finding(NAS, 'smb-signing-not-required')?.state).toBe('open');
    expect(home.takeEvents()).toEqual(['finding_opened']);
  });

  it('is not announced when the second look disagrees', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ signing: 'enabled' });
    home.beforeSecondLook = () => home.nas.behave({ signing: 'required' });
    const report = await home.sweep();
    expect(home.secondLooks).toBe(1);
    expect(home.finding(NAS, 'smb-signing-not-required')).toBeUndefined();
    expect(report.changes).toEqual([]);
    expect(home.takeEvents()).toEqual([]);
  });

  it('is looked at twice on fresh connections', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.nas.behave({ signing: 'enabled' });
    const before = home.nas.connections.length;
    await home.sweep({ deepenAll: false });
    const [negotiateAndSmb1, looks, closingLook] = [2, 2, 1];
    expect(home.nas.connections.length - before).toBe(negotiateAndSmb1 * looks + closingLook);
  });

  it('raises no event below the alert threshold, but is recorded', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ signing: 'enabled' });
    await home.sweep({ alertThreshold: 'high' });
    expect(home.finding(NAS, 'smb-signing-not-required')?.state).toBe('open');
    expect(home.takeEvents()).toEqual([]);
  });
});

describe('an attempt to log on', () => {
  const smb = { anonymous: givingAway([{ name: 'public' }]) };
  const withShare: Services = { ...NAS_SERVICES, smb };
  const atL4 = { deepest: 'L4', deepenAll: false, cadence: { ...NEVER, anonymous: DAY } } as const;

  it('is made once a day, whatever changes between the sweeps', async () => {
    const home = await Home.withNasAndPc(withShare);
    await home.sweep(atL4);
    home.nas.behave({ ...smb, dialects: [SMB2_DIALECT.SMB_3_0] });
    await home.sweep(atL4);
    await home.sweep({ ...atL4, deepenAll: true });
    expect(logonsIn(home.nas.connections)).toHaveLength(1);
    home.pass(DAY);
    await home.sweep(atL4);
    expect(logonsIn(home.nas.connections)).toHaveLength(2);
  });

  it('takes turns with the guest test, which the owner has to switch on', async () => {
    const withGuest = { ...atL4, cadence: { ...atL4.cadence, guest: DAY } };
    const home = await Home.withNasAndPc(NAS_SERVICES);
    const logonsOf = () =>
      logonsIn(home.nas.connections).map(({ userName }) => (userName === '' ? '-' : '?'));
    for (const expected of ['-', '-?', '-?-', '-?-?']) {
      await home.sweep(withGuest);
      await home.sweep(withGuest);
      expect(logonsOf().join('')).toBe(expected);
      home.pass(DAY);
    }
    await home.sweep({ ...withGuest, deepenAll: true });
    home.pass(DAY);
    await home.sweep({ ...withGuest, deepenAll: true });
    expect(logonsOf().join('')).toBe('-?-?--');
  });

  it('keeps what a guest was given open while the anonymous session is refused', async () => {
    const cadence = { ...NEVER, anonymous: DAY, guest: DAY };
    const home = await Home.withNasAndPc();
    const guestsOnly = givingAway([{ name: 'public' }], {
      logonOfNobody: NT_STATUS.STATUS_ACCESS_DENIED,
      sessionFlags: SMB2_SESSION_FLAG.SMB2_SESSION_FLAG_IS_GUEST,
    });
    home.nas.behave({ anonymous: guestsOnly });
    const states: (string | undefined)[] = [];
    for (let day = 0; day < 4; day += 1) {
      if (day === 3) home.nas.behave({});
      await home.sweep({ ...atL4, cadence });
      states.push(home.finding(NAS, 'smb-guest-readable-share')?.state);
      home.pass(DAY);
    }
    expect(states).toEqual([undefined, 'open', 'open', 'resolved']);
  });

  it('is not made again at a second look, which keeps what it told', async () => {
    const home = await Home.withNasAndPc(NAS_SERVICES);
    await home.sweep();
    home.nas.behave({ ...smb, signing: 'enabled' });
    await home.sweep(atL4);
    expect(home.secondLooks).toBe(1);
    expect(logonsIn(home.nas.connections)).toHaveLength(1);
    expect(home.finding(NAS, 'smb-guest-readable-share')?.state).toBe('open');
    expect(home.finding(NAS, 'smb-signing-not-required')?.state).toBe('open');
  });
});

describe('a server that has turned to SMB 1 alone', () => {
  it('keeps through a second look who it says it is and what it gave, in one attempt to log on', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.nas.behave({
      ...SMB1_ONLY,
      smb1Security: 'extended',
      smb1Peek: NT_STATUS.STATUS_INSUFF_SERVER_RESOURCES,
      anonymous: givingAway([{ name: 'public' }]),
    });
    const cadence = { ...NEVER, smb1: DAY, identity: DAY, anonymous: DAY, ms17010: DAY };
    await home.sweep({ deepest: 'L4', cadence });
    expect(home.secondLooks).toBe(1);
    const { domain, version } = MODERN.identity;
    expect(home.host(NAS).facts['smb.identity']).toMatchObject({ domain, version });
    expect(home.finding(NAS, 'smb-guest-readable-share')?.state).toBe('open');
    expect(home.finding(NAS, 'ms17-010-unpatched')?.state).toBe('open');
    expect(smb1LogonsIn(home.nas.connections)).toHaveLength(1);
  });
});

describe('a question on whose answer the two looks disagree', () => {
  it('keeps its earlier answer, and is put again when it is due', async () => {
    const cadence = { ...NEVER, smb1: DAY, dialects: DAY };
    const { SMB_2_1, SMB_3_0, SMB_3_1_1 } = SMB2_DIALECT;
    const home = await Home.withNasAndPc();
    await home.sweep({ cadence });
    const first = home.host(NAS).askedAt;
    home.pass(DAY);
    home.nas.behave({ signing: 'enabled', dialects: [SMB_2_1, SMB_3_1_1] });
    home.beforeSecondLook = () => home.nas.behave({ signing: 'enabled', dialects: [SMB_3_0, SMB_3_1_1] });
    await home.sweep({ cadence, deepenAll: false });
    expect(home.secondLooks).toBe(1);
    const second = home.host(NAS).askedAt;
    expect(second.dialects).toBeGreaterThan(first.dialects!);
    expect(home.host(NAS).facts['smb.dialects']).toHaveLength(5);
    home.pass(DAY);
    home.beforeSecondLook = () => {};
    await home.sweep({ cadence, deepenAll: false });
    expect(home.host(NAS).facts['smb.dialects']).toEqual(['3.0', '3.1.1']);
  });
});

describe('a host that gets better', () => {
  const withSmb1: Services = { ...NAS_SERVICES, smb: { smb1: 'selected', smb1Signing: 'required' } };

  it('has its finding resolved after the second look', async () => {
    const home = await Home.withNasAndPc(withSmb1);
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ smb1: 'closed' });
    await home.sweep();
    expect(home.secondLooks).toBe(1);
    expect(home.finding(NAS, 'smb1-enabled')?.state).toBe('resolved');
    expect(home.takeEvents()).toContain('finding_resolved');
  });

  it('keeps its finding when the second look disagrees', async () => {
    const home = await Home.withNasAndPc(withSmb1);
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ smb1: 'closed' });
    home.beforeSecondLook = () => home.nas.behave({ smb1: 'selected', smb1Signing: 'required' });
    await home.sweep();
    expect(home.finding(NAS, 'smb1-enabled')?.state).toBe('open');
    expect(home.takeEvents()).toEqual([]);
  });

  it.each(['silent', 'hangs-up-at-once', 'garbage', 'resets'] as const)(
    'keeps its finding when the server is %s: that contradicts nothing',
    async (behaviour) => {
      const home = await Home.withNasAndPc(withSmb1);
      await home.sweep();
      home.takeEvents();
      home.nas.behave(behaviour);
      await home.sweep();
      expect(home.finding(NAS, 'smb1-enabled')?.state).toBe('open');
      expect(home.host(NAS).facts['smb.smb1']).toBe('yes');
      expect(home.takeEvents()).toEqual([]);
    },
  );
});

describe('a host that is gone', () => {
  it('is absent after two sweeps, lost after three, and keeps its findings', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    await home.switchOff(NAS);
    await home.sweep();
    expect(home.host(NAS)).toMatchObject({ present: true, missedSweeps: 1 });
    await home.sweep();
    expect(home.host(NAS)).toMatchObject({ present: false, missedSweeps: 2 });
    expect(home.takeEvents()).toEqual([]);
    await home.sweep();
    expect(home.takeEvents()).toEqual(['host_lost']);
    expect(home.finding(NAS, 'netbios-name-service-exposed')?.state).toBe('open');
    await home.switchOn(NAS, NAS_SERVICES);
    await home.sweep();
    expect(home.takeEvents()).toEqual(['host_returned']);
  });

  it('says more about our own link when everybody is gone: the sweep is not believed', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    await home.switchOff(NAS, PC);
    const report = await home.sweep();
    expect(report.sweep.suspect).toBe('all 2 hosts that were there are silent: is our own link up?');
    expect(typesOf(report)).toEqual(['sweep_suspect']);
    expect(home.takeEvents()).toEqual(['sweep_suspect']);
    expect(home.host(NAS)).toMatchObject({ present: true, missedSweeps: 0 });
  });
});

describe('a sweep that is stopped', () => {
  it('records nothing', async () => {
    const home = await Home.withNasAndPc();
    await expect(home.sweep({ signal: AbortSignal.timeout(10) })).rejects.toThrow(SweepStopped);
    expect(home.storage.history.hosts().size).toBe(0);
    expect(home.storage.history.sweeps(10)).toEqual([]);
  });

  it('records nothing when it is stopped before the second look', async () => {
    const home = await Home.withNasAndPc();
    await home.sweep();
    home.takeEvents();
    home.nas.behave({ signing: 'enabled' });
    const stop = new AbortController();
    home.beforeSecondLook = () => stop.abort();
    const stopped = home.sweep({ signal: stop.signal }, { secondLookAfterMs: 10_000 });
    await expect(stopped).rejects.toThrow(SweepStopped);
    expect(home.storage.history.sweeps(10)).toHaveLength(1);
    expect(home.takeEvents()).toEqual([]);
  });
});

describe('this very machine', () => {
  it('is looked at from the inside, twice before an alert', async () => {
    const home = await Home.withNasAndPc();
    const coverage = coverageOf({ loopback: [NAS, PC], own: ['192.168.1.5'] });
    await home.sweep({ coverage });
    home.takeEvents();
    let looks = 0;
    const lookInside = async () => {
      looks += 1;
      return { mac: null, listening: ['tcp/445 on 192.168.1.5'] };
    };
    await home.sweep({ coverage }, { lookInside });
    expect(looks).toBe(2);
    expect(home.host('192.168.1.5')).toMatchObject({ isAgent: true });
    expect(home.finding('192.168.1.5', 'agent-host-exposed')?.evidence).toEqual([
      'This machine listens on tcp/445 on 192.168.1.5',
    ]);
    expect(home.takeEvents()).toEqual(['finding_opened']);
  });
});
