import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../domain/facts.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smbDialectRange } from '../../probes/smb-dialect-range.ts';
import { unwrapMessage } from '../../probes/wire/nbss.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { decodeSmb2NegotiateRequest, SMB2_DIALECT } from '../../probes/wire/smb2-negotiate.ts';
import {
  type FakeSmbServer,
  type SmbBehaviour,
  type SmbSetup,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import { mostAtOnce } from '../support/fake-tcp-server.ts';
import { probeContext, untilTestEnds } from '../support/loopback.ts';

const { SMB_2_0_2, SMB_2_1, SMB_3_0, SMB_3_0_2, SMB_3_1_1 } = SMB2_DIALECT;

const server = (behaviour: SmbBehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ behaviour }));

async function ask(
  { port: smb }: { readonly port: number },
  bestDialect: Dialect | null = '3.1.1',
): ReturnType<typeof smbDialectRange.run> {
  return smbDialectRange.run(await probeContext({ ports: { ...STANDARD_PORTS, smb }, bestDialect }));
}

async function dialectsOf(setup: Partial<SmbSetup>, best: Dialect): Promise<readonly Dialect[] | string> {
  const outcome = await ask(await server(setup), best);
  return outcome.kind === 'answered' ? outcome.seen.dialects : outcome.kind;
}

/** What each connection offered, in order. */
function offersTo({ connections }: FakeSmbServer): number[][] {
  return connections.map(({ received }) => [
    ...decodeSmb2NegotiateRequest(unwrapMessage(Uint8Array.from(received))).dialects,
  ]);
}

const BELOW_THE_BEST = [SMB_2_0_2, SMB_2_1, SMB_3_0, SMB_3_0_2];

const LINEUPS: readonly (readonly [readonly number[], readonly Dialect[]])[] = [
  [Object.values(SMB2_DIALECT), ['2.0.2', '2.1', '3.0', '3.0.2', '3.1.1']],
  [[SMB_2_0_2], ['2.0.2']],
  [
    [SMB_2_0_2, SMB_2_1],
    ['2.0.2', '2.1'],
  ],
  [
    [SMB_3_0, SMB_3_0_2, SMB_3_1_1],
    ['3.0', '3.0.2', '3.1.1'],
  ],
  [
    [SMB_3_0_2, SMB_3_1_1],
    ['3.0.2', '3.1.1'],
  ],
  [[SMB_3_1_1], ['3.1.1']],
  [
    [SMB_2_1, SMB_3_1_1],
    ['2.1', '3.1.1'],
  ],
  [
    [SMB_2_0_2, SMB_2_1, SMB_3_1_1],
    ['2.0.2', '2.1', '3.1.1'],
  ],
  [
    [SMB_2_0_2, SMB_3_0, SMB_3_1_1],
    ['2.0.2', '3.0', '3.1.1'],
  ],
];

describe('the dialect range probe', () => {
  it.each(LINEUPS)('finds what a server with %j speaks', async (dialects, spoken) => {
    const best = spoken.at(-1)!;
    expect(await dialectsOf({ dialects }, best)).toEqual(spoken);
    expect(await dialectsOf({ dialects, withoutCommonDialect: 'closed' }, best)).toEqual(spoken);
  });

  it('needs two offers for a server that speaks them all', async () => {
    const fake = await server();
    await ask(fake);
    expect(offersTo(fake)).toEqual([BELOW_THE_BEST, [SMB_2_0_2]]);
  });

  it('needs one offer for a server that speaks nothing but its best', async () => {
    const fake = await server({ dialects: [SMB_3_1_1] });
    await ask(fake);
    expect(offersTo(fake)).toEqual([BELOW_THE_BEST]);
  });

  it('asks for the rest where there is a gap, and never for the best one again', async () => {
    const fake = await server({ dialects: [SMB_2_0_2, SMB_3_0, SMB_3_1_1] });
    await ask(fake);
    expect(offersTo(fake)).toEqual([BELOW_THE_BEST, [SMB_2_0_2, SMB_2_1]]);
  });

  it('makes each offer on a connection of its own, one after the other', async () => {
    const fake = await server({ dialects: [SMB_2_1, SMB_3_0_2, SMB_3_1_1] });
    await ask(fake);
    expect(offersTo(fake)).toEqual([BELOW_THE_BEST, [SMB_2_0_2], [SMB_2_1, SMB_3_0]]);
    expect(mostAtOnce(fake.connections)).toBe(1);
  });

  it('asks nothing where 2.0.2 is the best, and nothing where the best is not known', async () => {
    const fake = await server();
    expect(await ask(fake, '2.0.2')).toMatchObject({ seen: { dialects: ['2.0.2'] } });
    expect(await ask(fake, null)).toEqual({ kind: 'silent' });
    expect(fake.connections).toEqual([]);
  });

  it.each([
    ['silent', 'silent'],
    ['garbage', 'malformed'],
    ['framed-garbage', 'malformed'],
    ['echo', 'malformed'],
  ] as const)('has no answer when the server turns %s in the middle', async (behaviour, kind) => {
    const fake = await server([{}, behaviour]);
    expect((await ask(fake)).kind).toBe(kind);
    expect(fake.connections).toHaveLength(2);
  });

  it('has no answer when the server hangs up within a reply', async () => {
    expect(await ask(await server([{}, { closesAfter: 50 }]))).toEqual({ kind: 'hung-up', received: 50 });
  });

  it('has no answer when the port is closed in the middle', async () => {
    const fake = await startFakeSmbServer();
    await fake.close();
    expect(await ask(fake)).toMatchObject({ kind: 'refused' });
  });

  it('refuses a dialect that was not offered, and the reply to another request', async () => {
    expect(await ask(await server({ selectsDialect: SMB_3_1_1 }))).toEqual({
      kind: 'malformed',
      why: 'dialect 0x311 was not offered',
    });
    expect(await ask(await server({ answersAnother: true }))).toEqual({
      kind: 'malformed',
      why: 'reply to another request',
    });
  });

  it('leaves out the newest dialect of an offer that the server finds fault with, and offers the rest', async () => {
    const atFault = { declinesWith: NT_STATUS.STATUS_INVALID_PARAMETER };
    const fake = await server([atFault, {}]);
    expect(await ask(fake)).toMatchObject({ seen: { dialects: ['2.0.2', '2.1', '3.0', '3.1.1'] } });
    expect(offersTo(fake)).toEqual([BELOW_THE_BEST, [SMB_2_0_2, SMB_2_1, SMB_3_0], [SMB_2_0_2]]);
  });

  it('takes any other status for a no to all that was offered', async () => {
    const declined = { declinesWith: NT_STATUS.STATUS_INSUFFICIENT_RESOURCES };
    const outcome = await ask(await server([declined, {}]));
    expect(outcome).toMatchObject({ seen: { dialects: ['3.1.1'] } });
  });
});

describe('the dialect range probe over a NetBIOS session', () => {
  async function askOverSession(behaviour: SmbBehaviour) {
    const fake = await untilTestEnds(startFakeSmbServer({ framing: 'session', behaviour }));
    const ports = { ...STANDARD_PORTS, session: fake.port };
    const context = await probeContext({ ports, smbPort: 139, bestDialect: '3.1.1', calledNames: ['NAS'] });
    return { outcome: await smbDialectRange.run(context), fake };
  }

  it('finds the dialects, and sends no more than it says', async () => {
    const { outcome, fake } = await askOverSession({ dialects: [SMB_3_1_1] });
    expect(outcome).toMatchObject({ seen: { dialects: ['3.1.1'] } });
    const bytes = fake.connections.reduce((sum, { received }) => sum + received.length, 0);
    expect(bytes).toBeLessThanOrEqual(smbDialectRange.bytesAtMost);
  });

  it('does not take a session that is refused for a dialect that is not spoken', async () => {
    const { outcome } = await askOverSession([{}, { calledNames: ['ANOTHER'] }]);
    expect(outcome).toEqual({ kind: 'declined', status: 0x82 });
  });

  it('does not take hanging up on the session request for a dialect that is not spoken', async () => {
    const { outcome } = await askOverSession([{}, 'hangs-up-when-asked']);
    expect(outcome).toEqual({ kind: 'hung-up', received: 0 });
  });
});
