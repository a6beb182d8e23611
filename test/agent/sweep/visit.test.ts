import { describe, expect, it } from 'vitest';
import type { Visit, VisitPlan, VisitTools } from '../../../agent/sweep/stay.ts';
import { visit } from '../../../agent/sweep/visit.ts';
import type { DeepQuestion } from '../../../domain/cadence.ts';
import type { Facts } from '../../../domain/facts.ts';
import { toFacts } from '../../../domain/observation.ts';
import { PROBES } from '../../../probes/registry.ts';
import { type Door, HostLine, type Knock } from '../../../probes/transport/line.ts';
import { NT_STATUS } from '../../../probes/wire/nt-status.ts';
import { SMB2_COMMAND } from '../../../probes/wire/smb2-header.ts';
import { SMB2_DIALECT } from '../../../probes/wire/smb2-negotiate.ts';
import {
  type FakeHost,
  type FakeHostOptions,
  freeServicePorts,
  startFakeHost,
} from '../../support/fake-host.ts';
import { serverNames } from '../../support/fake-nbns-host.ts';
import { type Misbehaviour, MODERN, namesCalled, SMB1_ONLY } from '../../support/fake-smb-server.ts';
import { givingAway, logonsIn } from '../../support/fake-smb-session.ts';
import { smb1CommandsIn, smb1LogonsIn, smb1TransactionsIn } from '../../support/fake-smb1-session.ts';
import { mostAtOnce, shortestPause, startFakeTcpServer } from '../../support/fake-tcp-server.ts';
import { fixedPatience, probeContext, timed, totalOf, untilTestEnds } from '../../support/loopback.ts';
import { recordingLog } from '../../support/publisher-parts.ts';
import { openSilentPort } from '../../support/silent-port.ts';

const ADDRESS = '127.0.40.1';
const PAUSE_MS = 60;
const TOLERANCE_MS = 3;

type Services = Omit<FakeHostOptions, 'address' | 'ports'>;
type Overrides = Partial<VisitPlan> & Partial<Pick<VisitTools, 'probes' | 'log'>>;

interface Visited extends Visit {
  readonly facts: Facts;
  readonly host: FakeHost;
  /** Bytes that the host received on its port for SMB. */
  readonly smbBytes: readonly number[];
}

/** Visits a host with these services, everything due, as a sweep would. */
async function visitTo(services: Services, overrides: Overrides = {}): Promise<Visited> {
  const ports = await freeServicePorts(ADDRESS);
  const host = await untilTestEnds(startFakeHost({ address: ADDRESS, ports, ...services }));
  const seen = await visit(planWith(overrides), await toolsWith({ ports, ...overrides }));
  const smb = host.connections.filter((connection) => connection.port === ports.smb);
  return { ...seen, facts: toFacts(seen.observations), host, smbBytes: smb.flatMap((each) => each.received) };
}

function planWith(overrides: Overrides): VisitPlan {
  return {
    address: overrides.address ?? ADDRESS,
    deepest: overrides.deepest ?? 'L3',
    due: overrides.due ?? ['smb1'],
    dueOnChange: overrides.dueOnChange ?? ['smb1'],
    known: overrides.known ?? {},
    knownCalledName: overrides.knownCalledName ?? null,
    extraPorts: overrides.extraPorts ?? [],
    isSecondLook: overrides.isSecondLook ?? false,
    ...(overrides.withoutSmb1 === undefined ? {} : { withoutSmb1: overrides.withoutSmb1 }),
  };
}

async function toolsWith(
  overrides: Overrides & { readonly ports: VisitTools['context']['ports'] },
): Promise<VisitTools> {
  const address = overrides.address ?? ADDRESS;
  const usual = await probeContext({ address, ports: overrides.ports });
  const line = new HostLine(address, { ...usual, pauseMs: PAUSE_MS, patience: fixedPatience(120) });
  const context = { ...usual, line };
  return {
    probes: overrides.probes ?? PROBES,
    nodeStatus: PROBES.nodeStatus.run({ ...context, connection: null, calledNames: [], smbPort: 445 }),
    context,
    isNeighbour: false,
    onAnswer: () => {},
    log: overrides.log ?? recordingLog(),
  };
}

const WELL_KEPT: Services = { nameService: { names: serverNames('NAS') }, smb: {} };
const EVERYTHING: Services = { ...WELL_KEPT, session: {}, endpointMapper: 'acknowledges' };

describe('a visit', () => {
  it('sees every service of a host, and what each says of itself', async () => {
    const { facts, answered, asked } = await visitTo(EVERYTHING);
    expect(facts).toMatchObject({
      'udp/137': 'open',
      'tcp/135': 'open',
      'tcp/139': 'open',
      'tcp/445': 'open',
      'netbios.names': serverNames('NAS'),
      'netbios.session': 'accepted',
      'smb.conversation.445': 'smb',
      'smb.dialect': '3.1.1',
      'smb.signing.smb2': 'required',
      'smb.smb1': 'no',
      'rpc.bindAcknowledged': 'yes',
    });
    expect(answered).toBe(true);
    expect(asked).toEqual(['smb1']);
  });

  it('has at most one connection open at a time, and a pause before the next', async () => {
    const { host } = await visitTo({ ...EVERYTHING, session: { calledNames: [] } });
    expect(host.connections.length).toBeGreaterThanOrEqual(5);
    expect(mostAtOnce(host.connections)).toBe(1);
    expect(shortestPause(host.connections)).toBeGreaterThanOrEqual(PAUSE_MS - TOLERANCE_MS);
  });

  it('leaves no connection open', async () => {
    const { host } = await visitTo(EVERYTHING);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(host.connections.filter((each) => each.endedAt === null)).toEqual([]);
  });

  it('sees closed ports and a refused datagram of a host that offers nothing', async () => {
    const { facts, answered } = await visitTo({});
    expect(facts).toEqual({
      'udp/137': 'closed',
      'tcp/135': 'closed',
      'tcp/139': 'closed',
      'tcp/445': 'closed',
      'netbios.names': null,
      'netbios.unitId': null,
    });
    expect(answered).toBe(true);
  });

  it('calls a port filtered only after a repeat, and only of a host that has answered', async () => {
    const ports = await freeServicePorts(ADDRESS);
    await untilTestEnds(openSilentPort(ADDRESS, ports.smb));
    const tools = await toolsWith({ ports });
    const seen = await visit(planWith({}), tools);
    expect(toFacts(seen.observations)).toMatchObject({ 'tcp/445': 'filtered', 'tcp/139': 'closed' });
    expect(totalOf(tools.context.meter).connections).toBeGreaterThanOrEqual(4);
  });

  it('leaves out what trouble of this very machine concerns', async () => {
    const loopbackBroadcast = '127.255.255.255';
    const ports = await freeServicePorts(ADDRESS);
    const nodeStatus = Promise.resolve({ kind: 'silent' } as const);
    const tools = { ...(await toolsWith({ ports, address: loopbackBroadcast })), nodeStatus };
    const seen = await visit(planWith({ address: loopbackBroadcast }), tools);
    expect(seen.localFaults).toEqual(['ENETUNREACH', 'ENETUNREACH', 'ENETUNREACH']);
    expect(toFacts(seen.observations)).toEqual({ 'udp/137': 'unknown' });
    expect(seen.answered).toBe(false);
  });
});

describe('what a visit never does', () => {
  it('send a byte to a port whose protocol is not known', async () => {
    const unknown = await untilTestEnds(startFakeTcpServer(() => {}, { address: ADDRESS }));
    const { facts } = await visitTo(WELL_KEPT, { extraPorts: [unknown.port] });
    expect(facts[`tcp/${unknown.port}`]).toBe('open');
    expect(unknown.connections).toMatchObject([{ received: [], endedAt: expect.any(Number) }]);
  });

  it('open such a port for more than zero bytes', async () => {
    const tools = await toolsWith({ ports: await freeServicePorts(ADDRESS) });
    const opened: Door[] = [];
    const line = new (class extends HostLine {
      override knock(doors: readonly Door[]): AsyncGenerator<Knock> {
        opened.push(...doors);
        return super.knock([]);
      }
    })(ADDRESS, { ...tools.context, pauseMs: PAUSE_MS });
    await visit(planWith({ extraPorts: [8080] }), { ...tools, context: { ...tools.context, line } });
    expect(opened.filter((door) => !door.speaks)).toEqual([{ port: 8080, speaks: false }]);
    expect(opened).toHaveLength(4);
  });

  it('connect to a print port, whatever is configured', async () => {
    const address = '127.0.40.91';
    const printer = await untilTestEnds(startFakeTcpServer(() => {}, { address, port: 9100 }));
    const tools = await toolsWith({ ports: await freeServicePorts(address), address });
    await expect(visit(planWith({ address, extraPorts: [9100] }), tools)).rejects.toThrow(/print port/);
    const mapped = await toolsWith({ ports: { ...(await freeServicePorts(address)), smb: 9100 }, address });
    await expect(visit(planWith({ address }), mapped)).rejects.toThrow(/print port/);
    expect(printer.connections).toEqual([]);
  });

  it('send SMB below L2, nor ask for SMB 1 below L3 or when it is not due', async () => {
    const atL1 = await visitTo(WELL_KEPT, { deepest: 'L1' });
    expect(atL1.smbBytes).toEqual([]);
    const withSmb1: Services = { nameService: {}, smb: { smb1: 'selected' } };
    const atL2 = await visitTo(withSmb1, { deepest: 'L2' });
    const notDue = await visitTo(withSmb1, { due: [] });
    for (const { facts, asked } of [atL2, notDue]) {
      expect(facts).toMatchObject({ 'smb.smb2': 'yes' });
      expect(facts['smb.smb1']).toBeUndefined();
      expect(asked).toEqual([]);
    }
  });

  it('ask a printer for SMB 1', async () => {
    const nameService = { names: serverNames('BRN0080774A5B6C') };
    const { facts, asked } = await visitTo({ nameService, smb: { smb1: 'selected' } });
    expect(facts['smb.smb1']).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('take anything but a valid reply for SMB, or wait for it beyond its deadline', async () => {
    const strangers: readonly Misbehaviour[] = [
      'silent',
      'hangs-up-at-once',
      'resets',
      'garbage',
      'framed-garbage',
      'echo',
      'huge-length',
      'drips',
      'floods',
    ];
    const [visits, took] = await timed(() =>
      Promise.all(strangers.map((smb, i) => visitStranger(smb, `127.0.41.${i + 1}`))),
    );
    for (const [i, facts] of visits.entries()) {
      expect(facts, strangers[i]).toMatchObject({ 'tcp/445': 'open', 'udp/137': 'open' });
      expect(facts['smb.conversation.445'], strangers[i]).not.toBe('smb');
      expect([facts['smb.smb1'], facts['smb.smb2']], strangers[i]).toEqual([undefined, undefined]);
    }
    expect(took).toBeLessThan(4_000);
  });
});

async function visitStranger(smb: Misbehaviour, address: string): Promise<Facts> {
  const ports = await freeServicePorts(address);
  await untilTestEnds(startFakeHost({ address, ports, nameService: {}, smb }));
  const seen = await visit(planWith({ address }), await toolsWith({ ports, address }));
  return toFacts(seen.observations);
}

describe('SMB 1 on a visit', () => {
  it('is the whole story where the server hangs up on SMB 2', async () => {
    const { facts } = await visitTo({ nameService: {}, smb: SMB1_ONLY });
    expect(facts).toMatchObject({
      'smb.conversation.445': 'hung-up',
      'smb.smb1': 'yes',
      'smb.smb2': 'no',
      'smb.signing.smb1': 'disabled',
    });
  });

  it('is asked for over 139 where 445 is closed', async () => {
    const { facts } = await visitTo({ nameService: {}, session: { smb1: 'selected' } });
    expect(facts).toMatchObject({
      'tcp/445': 'closed',
      'smb.conversation.139': 'smb',
      'smb.smb1': 'yes',
      'smb.smb1.port': 139,
    });
  });

  it('is asked for by the called name that has just worked', async () => {
    const { facts, host } = await visitTo({
      nameService: { names: serverNames('NAS') },
      session: { smb1: 'selected', calledNames: ['*SMBSERVER'] },
    });
    expect(facts).toMatchObject({ 'netbios.calledName': '*SMBSERVER', 'smb.smb1': 'yes' });
    const [smb1, closingLook] = ['*SMBSERVER', '*SMBSERVER'];
    expect(namesCalled(host.connections)).toEqual(['NAS', '*SMBSERVER', smb1, closingLook]);
  });

  it('uses the called name that worked in an earlier sweep first', async () => {
    const { host } = await visitTo({ nameService: {}, session: {} }, { knownCalledName: 'OLDNAME' });
    expect(namesCalled(host.connections)[0]).toBe('OLDNAME');
  });
});

const L3_QUESTIONS: readonly DeepQuestion[] = ['smb1', 'identity', 'dialects', 'ciphers'];
const ALL_DUE = { due: L3_QUESTIONS, dueOnChange: L3_QUESTIONS };

describe('the deep questions of a visit', () => {
  it('are all answered by a server that speaks 3.1.1', async () => {
    const { facts, asked } = await visitTo(WELL_KEPT, ALL_DUE);
    expect(asked).toEqual(L3_QUESTIONS);
    expect(facts).toMatchObject({
      'smb.smb1': 'no',
      'smb.identity': { ...MODERN.identity, computer: 'NAS', dnsComputer: 'nas.home.arpa' },
      'smb.dialects': ['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'],
      'smb.encryption.ciphers': ['AES-128-GCM', 'AES-128-CCM', 'AES-256-GCM', 'AES-256-CCM'],
    });
  });

  it('go over connections of their own, one at a time, with the pause in between', async () => {
    const { host } = await visitTo(WELL_KEPT, ALL_DUE);
    const closingLook = 1;
    expect(host.connections).toHaveLength(1 + 1 + 1 + 2 + 3 + closingLook);
    expect(mostAtOnce(host.connections)).toBe(1);
    expect(shortestPause(host.connections)).toBeGreaterThanOrEqual(PAUSE_MS - TOLERANCE_MS);
  });

  it('are not put below L3, nor when none is due', async () => {
    const atL2 = await visitTo(WELL_KEPT, { ...ALL_DUE, deepest: 'L2' });
    const notDue = await visitTo(WELL_KEPT, { due: [], dueOnChange: L3_QUESTIONS });
    for (const { asked, host } of [atL2, notDue]) {
      expect(asked).toEqual([]);
      expect(host.connections).toHaveLength(1);
    }
  });

  it.each(L3_QUESTIONS)('are put singly when one is due: %s', async (question) => {
    expect((await visitTo(WELL_KEPT, { due: [question] })).asked).toEqual([question]);
  });

  it.each<[string, Facts]>([
    ['dialect', { 'smb.dialect': '3.0' }],
    ['policy', { 'smb.signing.smb2': 'enabled' }],
    ['port', { 'tcp/139': 'open' }],
    ['server', { 'smb.serverGuid': '00000000-0000-0000-0000-000000000001' }],
  ])('are put at once to a host that shows another %s than is known', async (_, known) => {
    const overrides = { due: [], dueOnChange: ['dialects'] as const };
    expect((await visitTo(WELL_KEPT, { ...overrides, known })).asked).toEqual(['dialects']);
    const { facts } = await visitTo(WELL_KEPT, { due: [] });
    expect((await visitTo(WELL_KEPT, { ...overrides, known: facts })).asked).toEqual([]);
  });

  it('are not put to a printer, not even when it keeps its name to itself this time', async () => {
    const names = serverNames('BRN0080774A5B6C');
    const named = await visitTo({ nameService: { names }, smb: {} }, ALL_DUE);
    const manner = 'silent';
    const known: Facts = { 'netbios.names': names };
    const silent = await visitTo({ nameService: { manner }, smb: {} }, { ...ALL_DUE, known });
    for (const { asked, host } of [named, silent]) {
      expect(asked).toEqual([]);
      expect(host.connections).toHaveLength(1);
    }
  });

  it('wait for the node status, which tells a printer', async () => {
    const ports = await freeServicePorts(ADDRESS);
    const host = await untilTestEnds(startFakeHost({ address: ADDRESS, ports, smb: {} }));
    const names = serverNames('NPI0123AB');
    const seen = { kind: 'node-status', names, unitId: null } as const;
    const nodeStatus = new Promise<Awaited<VisitTools['nodeStatus']>>((resolve) => {
      setTimeout(() => resolve({ kind: 'answered', seen, connection: null }), 400);
    });
    const { asked } = await visit(planWith(ALL_DUE), { ...(await toolsWith({ ports })), nodeStatus });
    expect(asked).toEqual([]);
    expect(host.connections).toHaveLength(1);
  });

  it('are put over 139 where 445 is closed, each in a session of its own', async () => {
    const { facts, asked, host } = await visitTo({ nameService: {}, session: {} }, ALL_DUE);
    expect(asked).toEqual(L3_QUESTIONS);
    expect(facts).toMatchObject({ 'tcp/445': 'closed', 'smb.identity': MODERN.identity });
    expect(facts['smb.dialects']).toHaveLength(5);
    expect(namesCalled(host.connections)).toHaveLength(host.connections.length);
  });

  it('leave out the ciphers below 3.1.1', async () => {
    const old = { dialects: [SMB2_DIALECT.SMB_2_0_2, SMB2_DIALECT.SMB_3_0_2] };
    const below = await visitTo({ nameService: {}, smb: old }, ALL_DUE);
    expect(below.asked).toEqual(['smb1', 'identity', 'dialects']);
    expect(below.facts['smb.dialects']).toEqual(['2.0.2', '3.0.2']);
  });

  it('are remembered as put when the server falls silent or talks nonsense in the middle', async () => {
    for (const turn of ['garbage', 'silent'] as const) {
      const overrides = { due: ['dialects'] as const };
      const { facts, asked } = await visitTo({ nameService: {}, smb: [{}, {}, turn] }, overrides);
      expect(facts['smb.dialects'], turn).toBeUndefined();
      expect(asked, turn).toEqual(['dialects']);
    }
  });

  it('go on with the next when one has no answer', async () => {
    const smb = { sessionSetup: 'garbage' } as const;
    const { facts, asked } = await visitTo({ nameService: {}, smb }, ALL_DUE);
    expect(asked).toEqual(L3_QUESTIONS);
    expect(facts['smb.identity']).toBeUndefined();
    expect(facts['smb.dialects']).toHaveLength(5);
  });
});

describe('the attempt to log on, on a visit', () => {
  const anonymous = givingAway([{ name: 'public' }]);
  const OPEN: Services = { nameService: { names: serverNames('NAS') }, smb: { anonymous } };
  const DUE = { deepest: 'L4', due: ['anonymous'], dueOnChange: ['anonymous'] } as const;

  it('is made at L4 when it is due, on a connection of its own', async () => {
    const { facts, asked, host } = await visitTo(OPEN, DUE);
    expect(asked).toEqual(['anonymous']);
    expect(facts['smb.anonymous.session']).toBe('yes');
    expect(facts['smb.anonymous.shares']).toMatchObject([
      { name: 'public', readable: 'yes', writable: 'no' },
    ]);
    expect(logonsIn(host.connections)).toHaveLength(1);
    const [negotiate, logon, closingLook] = [1, 1, 1];
    expect(host.connections).toHaveLength(negotiate + logon + closingLook);
  });

  it.each<[string, Services, Overrides]>([
    ['below L4', OPEN, { ...DUE, deepest: 'L3' }],
    ['when it is not due', OPEN, { ...DUE, due: [], dueOnChange: ['anonymous'] }],
    [
      'at a change when that does not make it due',
      OPEN,
      { ...DUE, due: [], dueOnChange: [], known: { 'tcp/139': 'open' } },
    ],
    ['to a printer', { ...OPEN, nameService: { names: serverNames('BRN0080774A5B6C') } }, DUE],
    [
      'to a printer that keeps its name to itself this time',
      { ...OPEN, nameService: { manner: 'silent' } },
      { ...DUE, known: { 'netbios.names': serverNames('BRN0080774A5B6C') } },
    ],
    ['where no SMB is known to be spoken', { nameService: {}, smb: { ...SMB1_ONLY, anonymous } }, DUE],
  ])('is not made %s', async (_, services, overrides) => {
    const { facts, asked, host } = await visitTo(services, overrides);
    expect(facts['smb.anonymous.session']).toBeUndefined();
    expect(asked).toEqual([]);
    expect(logonsIn(host.connections)).toEqual([]);
  });

  it.each<['anonymous' | 'guest', 'anonymous' | 'guest', boolean]>([
    ['anonymous', 'guest', true],
    ['guest', 'anonymous', false],
  ])('is the first one in turn where two are due, such as %s before %s', async (first, second, named) => {
    const { asked, facts, host } = await visitTo(OPEN, {
      deepest: 'L4',
      due: [first, second],
      dueOnChange: [],
    });
    expect(asked).toEqual([first]);
    expect(facts).toHaveProperty([`smb.${first}.session`]);
    expect(facts).not.toHaveProperty([`smb.${second}.session`]);
    expect(logonsIn(host.connections).map(({ userName }) => userName === '')).toEqual([named]);
  });

  it('counts as made when it was refused, and when it came to nothing', async () => {
    const { STATUS_ACCESS_DENIED } = NT_STATUS;
    const refused = await visitTo(
      { ...OPEN, smb: { anonymous: { ...anonymous, logon: STATUS_ACCESS_DENIED } } },
      DUE,
    );
    expect([refused.asked, refused.facts['smb.anonymous.session']]).toEqual([['anonymous'], 'no']);
    const breaks = { at: SMB2_COMMAND.SMB2_TREE_CONNECT, with: 'garbage' } as const;
    const broken = await visitTo({ ...OPEN, smb: { anonymous: { ...anonymous, breaks } } }, DUE);
    expect([broken.asked, broken.facts['smb.anonymous.session']]).toEqual([['anonymous'], undefined]);
  });

  it('counts as made when the probe fails by a bug in the middle', async () => {
    const run: typeof PROBES.smbAnonymous.run = async (context) => {
      await PROBES.smbAnonymous.run(context);
      throw new TypeError('bug');
    };
    const probes = { ...PROBES, smbAnonymous: { ...PROBES.smbAnonymous, run } };
    expect((await visitTo(OPEN, { ...DUE, probes })).asked).toEqual(['anonymous']);
  });
});

describe('the identity of a server whose anonymous session is due as well', () => {
  const anonymous = givingAway([{ name: 'public' }]);
  const due = ['identity', 'anonymous'] as const;
  const DUE = { deepest: 'L4', due, dueOnChange: due } as const;
  const OPEN: Services = { nameService: { names: serverNames('NAS') }, smb: { anonymous } };
  const IDENTITY = { ...MODERN.identity, computer: 'NAS', dnsComputer: 'nas.home.arpa' };
  const FIRST_AND_CLOSING_LOOK = 2;

  it('is what it tells before it decides, without a connection more', async () => {
    const alone = await visitTo(OPEN, { ...DUE, due: ['identity'] });
    const { asked, facts, host } = await visitTo(OPEN, DUE);
    expect(asked).toEqual(['anonymous', 'identity']);
    expect(facts['smb.identity']).toEqual(alone.facts['smb.identity']);
    expect(facts).toMatchObject({ 'smb.identity': IDENTITY, 'smb.anonymous.session': 'yes' });
    expect(host.connections).toHaveLength(FIRST_AND_CLOSING_LOOK + 1);
    expect(logonsIn(host.connections)).toHaveLength(1);
  });

  it('is told where the session is refused, too', async () => {
    const refusing = { anonymous: { ...anonymous, logon: NT_STATUS.STATUS_ACCESS_DENIED } };
    const { facts, host } = await visitTo({ ...OPEN, smb: refusing }, DUE);
    expect(facts).toMatchObject({ 'smb.identity': IDENTITY, 'smb.anonymous.session': 'no' });
    expect(host.connections).toHaveLength(FIRST_AND_CLOSING_LOOK + 1);
  });

  it('is asked for on a connection of its own where the session comes to nothing', async () => {
    const breaks = { at: SMB2_COMMAND.SMB2_TREE_CONNECT, with: 'garbage' } as const;
    const { asked, facts, host } = await visitTo(
      { ...OPEN, smb: { anonymous: { ...anonymous, breaks } } },
      DUE,
    );
    expect(asked).toEqual(['anonymous', 'identity']);
    expect(facts).toMatchObject({ 'smb.identity': IDENTITY });
    expect(facts).not.toHaveProperty(['smb.anonymous.session']);
    expect(logonsIn(host.connections)).toHaveLength(1);
  });

  it('is asked for alone where no session may be tried', async () => {
    const { asked, facts, host } = await visitTo(OPEN, { ...DUE, deepest: 'L3' });
    expect(asked).toEqual(['identity']);
    expect(facts).toMatchObject({ 'smb.identity': IDENTITY });
    expect(logonsIn(host.connections)).toEqual([]);
  });
});

describe('a server that speaks SMB 1 only', () => {
  const anonymous = givingAway([{ name: 'public' }]);
  const smb = { ...SMB1_ONLY, smb1Security: 'extended', anonymous } as const;
  const OLD: Services = { nameService: { names: serverNames('OLDNAS') }, smb };
  const QUESTIONS: readonly DeepQuestion[] = ['smb1', 'dialects', 'identity', 'ciphers', 'anonymous'];
  const DUE = { deepest: 'L4', due: QUESTIONS, dueOnChange: QUESTIONS } as const;

  it('is asked over SMB 1 who it is and what it gives away, in one attempt to log on', async () => {
    const { facts, asked, host } = await visitTo(OLD, DUE);
    expect(asked).toEqual(['smb1', 'identity', 'anonymous']);
    expect(facts).toMatchObject({
      'smb.smb1': 'yes',
      'smb.smb2': 'no',
      'smb.identity': { computer: 'OLDNAS', version: MODERN.identity.version },
      'smb.anonymous.session': 'yes',
      'smb.anonymous.shares': [{ name: 'public', readable: 'yes', writable: 'no' }],
    });
    expect(smb1LogonsIn(host.connections)).toHaveLength(1);
    expect(smb1TransactionsIn(host.connections).map(({ fid }) => fid)).not.toContain(0);
  });

  it('is asked so when SMB 1 was known before and is not asked about this time', async () => {
    const due = ['identity', 'anonymous'] as const;
    const { asked } = await visitTo(OLD, { ...DUE, due, known: { 'smb.smb1': 'yes' } });
    expect(asked).toEqual(due);
  });

  it('is asked for the patch state in the same session where the owner wants to know', async () => {
    const due = [...QUESTIONS, 'ms17010'] as const;
    const unpatched = { ...smb, smb1Peek: NT_STATUS.STATUS_INSUFF_SERVER_RESOURCES };
    const { asked, facts, host } = await visitTo({ ...OLD, smb: unpatched }, { ...DUE, due });
    expect(asked).toEqual(['smb1', 'identity', 'anonymous', 'ms17010']);
    expect(facts).toMatchObject({ 'smb.ms17010': 'yes', 'smb.anonymous.session': 'yes' });
    expect(smb1LogonsIn(host.connections)).toHaveLength(1);
  });

  it('is not asked as a guest, whose turn it would be', async () => {
    const due = ['guest', 'anonymous'] as const;
    const { asked } = await visitTo(OLD, { ...DUE, due, known: { 'smb.smb1': 'yes' } });
    expect(asked).toEqual(['anonymous']);
  });

  it.each<[string, Overrides]>([
    ['where the owner wants no SMB 1 to be spoken', { withoutSmb1: true, known: { 'smb.smb1': 'yes' } }],
    ['where nobody has heard it speak SMB 1', {}],
  ])('is asked nothing over it %s', async (_, overrides) => {
    const due = ['identity', 'anonymous'] as const;
    const { asked, host } = await visitTo(OLD, { ...DUE, due, ...overrides });
    expect([asked, smb1CommandsIn(host.connections)]).toEqual([[], []]);
  });

  it('is not logged on to below L4', async () => {
    const { asked } = await visitTo(OLD, { ...DUE, deepest: 'L3' });
    expect(asked).toEqual(['smb1', 'identity']);
  });
});

describe('the check of MS17-010 at a server that speaks newer SMB, too', () => {
  const anonymous = givingAway([{ name: 'public' }]);
  const smb = { smb1: 'selected', smb1Security: 'extended', anonymous } as const;
  const BOTH: Services = { nameService: { names: serverNames('NAS') }, smb };
  const due = ['ms17010', 'anonymous'] as const;
  const DUE = { deepest: 'L4', due, dueOnChange: due } as const;

  it('takes the one attempt of its turn, and leaves the shares as they are known', async () => {
    const { asked, facts, host } = await visitTo(BOTH, { ...DUE, known: { 'smb.smb1': 'yes' } });
    expect(asked).toEqual(['ms17010']);
    expect(facts['smb.ms17010']).toBe('no');
    expect(facts).not.toHaveProperty(['smb.anonymous.session']);
    expect([smb1LogonsIn(host.connections).length, logonsIn(host.connections).length]).toEqual([1, 0]);
  });

  it('leaves its turn to the next where SMB 1 is not accepted', async () => {
    const { asked, facts } = await visitTo(BOTH, { ...DUE, known: { 'smb.smb1': 'no' } });
    expect(asked).toEqual(['anonymous']);
    expect(facts).not.toHaveProperty(['smb.ms17010']);
  });
});

describe('a bug in a probe', () => {
  it('costs its own answer only, and is logged with the name of the probe', async () => {
    const log = recordingLog();
    const broken = { ...PROBES.smbDialects, run: () => Promise.reject(new TypeError('bug')) };
    const { facts } = await visitTo(EVERYTHING, { probes: { ...PROBES, smbDialects: broken }, log });
    expect(facts).toMatchObject({
      'smb.conversation.445': 'silent',
      'netbios.session': 'accepted',
      'rpc.bindAcknowledged': 'yes',
    });
    expect(log.lines).toEqual(['error probe failed by a bug']);
  });
});

describe('a port that stops answering', () => {
  const saidTo = ({ connections }: FakeHost) => connections.filter(({ received }) => received.length > 0);
  const falling = (fallsAt: 'smb1' | 'one-dialect' | 'logon', anonymous = false): Services => ({
    ...WELL_KEPT,
    smb: { fallsAt, ...(anonymous ? { anonymous: givingAway([{ name: 'public' }]) } : {}) },
  });

  it('is put down to the question before, and ends the questions', async () => {
    const { losses, asked, facts, host } = await visitTo(falling('smb1'), ALL_DUE);
    expect(losses).toEqual([{ port: 445, questions: ['smb1'] }]);
    expect(asked).toEqual(['smb1']);
    expect(facts['smb.smb1']).toBeUndefined();
    const [negotiate, smb1] = [1, 1];
    expect(saidTo(host)).toHaveLength(negotiate + smb1);
  });

  it('is put down to a question in the midst of which it happens', async () => {
    const { losses, asked } = await visitTo(falling('one-dialect'), ALL_DUE);
    expect(losses).toEqual([{ port: 445, questions: ['dialects'] }]);
    expect(asked).toEqual(['smb1', 'identity', 'dialects']);
  });

  it('is noticed after the last question, too, by a closing look', async () => {
    const due = { deepest: 'L4', due: ['anonymous'], dueOnChange: ['anonymous'] } as const;
    const { losses } = await visitTo(falling('logon', true), due);
    expect(losses).toEqual([{ port: 445, questions: ['anonymous'] }]);
  });

  it('is put down to all questions of one exchange', async () => {
    const questions = ['identity', 'anonymous'] as const;
    const due = { deepest: 'L4', due: questions, dueOnChange: questions } as const;
    const { losses, asked } = await visitTo(falling('logon', true), due);
    expect(losses).toEqual([{ port: 445, questions: ['anonymous', 'identity'] }]);
    expect(asked).toEqual(['anonymous', 'identity']);
  });

  it('is not looked for by a connection that says nothing', async () => {
    const { losses, host } = await visitTo(WELL_KEPT);
    expect(losses).toBeUndefined();
    const [negotiate, smb1, closingLook] = saidTo(host).map(({ received }) => received.length);
    expect(closingLook).toBe(negotiate);
    expect(smb1).not.toBe(negotiate);
  });

  it('is not looked for in a second look, nor where no deep question was put', async () => {
    const again = await visitTo(WELL_KEPT, { isSecondLook: true });
    expect(saidTo(again.host)).toHaveLength(2);
    const ordinary = await visitTo(WELL_KEPT, { due: [] });
    expect(saidTo(ordinary.host)).toHaveLength(1);
  });
});
