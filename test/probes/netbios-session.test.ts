import { describe, expect, it } from 'vitest';
import { netbiosSession } from '../../probes/netbios-session.ts';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { encodeSessionResponse } from '../../probes/wire/nbss.ts';
import {
  type FakeSmbServer,
  type Misbehaviour,
  namesCalled,
  type SmbSetup,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import { type FakeTcpServer, mostAtOnce, startFakeTcpServer } from '../support/fake-tcp-server.ts';
import { accepted, probeContext, timed, untilTestEnds } from '../support/loopback.ts';

const server = (behaviour: Partial<SmbSetup> | Misbehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ framing: 'session', behaviour }));

/** Asks as a visit does: the connection comes from the line. */
async function ask(
  { port: session }: FakeTcpServer,
  calledNames: readonly string[] = ['*SMBSERVER'],
): ReturnType<typeof netbiosSession.run> {
  const context = await probeContext({ ports: { ...STANDARD_PORTS, session }, calledNames });
  return netbiosSession.run({ ...context, connection: accepted(await context.line.open(session)) });
}

describe('the NetBIOS session probe', () => {
  it('sees that a session was accepted, and hands the connection on', async () => {
    const outcome = await ask(await server());
    expect(outcome).toMatchObject({
      kind: 'answered',
      seen: { kind: 'netbios-session', answer: 'accepted', calledName: '*SMBSERVER' },
    });
    expect(outcome.kind === 'answered' && outcome.connection).not.toBeNull();
  });

  it('tries the next name on a fresh connection when one is refused', async () => {
    const fake = await server({ calledNames: ['NAS'] });
    const outcome = await ask(fake, ['OLDNAME', '*SMBSERVER', 'NAS']);
    expect(outcome).toMatchObject({ seen: { answer: 'accepted', calledName: 'NAS' } });
    expect(namesCalled(fake.connections)).toEqual(['OLDNAME', '*SMBSERVER', 'NAS']);
    expect(mostAtOnce(fake.connections)).toBe(1);
  });

  it('takes a refusal for proof of the service, too', async () => {
    const outcome = await ask(await server({ calledNames: [] }), ['NAS', '*SMBSERVER']);
    expect(outcome).toEqual({
      kind: 'answered',
      seen: { kind: 'netbios-session', answer: 'refused', calledName: '*SMBSERVER' },
      connection: null,
    });
  });

  it('tries three names at most', async () => {
    const fake = await server({ calledNames: [] });
    await ask(fake, ['A', 'B', 'C', 'D']);
    expect(namesCalled(fake.connections)).toEqual(['A', 'B', 'C']);
    const sent = fake.connections.flatMap((each) => each.received);
    expect(sent.length).toBe(netbiosSession.bytesAtMost);
  });

  it('reports a retarget and never follows it', async () => {
    const elsewhere = await server();
    const retarget = encodeSessionResponse({ kind: 'retarget', address: '127.0.0.1', port: elsewhere.port });
    const fake = await untilTestEnds(startFakeTcpServer((socket) => void socket.write(retarget)));
    expect(await ask(fake)).toMatchObject({ seen: { answer: 'retargeted' }, connection: null });
    expect(elsewhere.connections).toEqual([]);
  });

  it('reads an answer that comes byte by byte', async () => {
    const outcome = await ask(await server({ pieceBytes: 1, calledNames: [] }));
    expect(outcome).toMatchObject({ seen: { answer: 'refused' } });
  });

  it('tries the next name where the server hangs up instead of answering', async () => {
    const fake = await server('hangs-up-when-asked');
    expect(await ask(fake, ['NAS', '*SMBSERVER'])).toEqual({ kind: 'hung-up', received: 0 });
    expect(namesCalled(fake.connections)).toEqual(['NAS', '*SMBSERVER']);
  });

  it.each(['garbage', 'echo', 'huge-length', 'floods'] as const)(
    'never takes a service that answers with %s for a session service',
    async (behaviour) => {
      const [outcome, took] = await timed(async () => ask(await server(behaviour)));
      expect(outcome.kind).toBe('malformed');
      expect(took).toBeLessThan(500);
    },
  );

  it('asks a silent service once, and no longer than its deadline', async () => {
    const fake = await server('silent');
    const [outcome, took] = await timed(() => ask(fake, ['NAS', '*SMBSERVER']));
    expect(outcome).toMatchObject({ kind: 'silent' });
    expect(took).toBeLessThan(2_500);
    expect(fake.connections).toHaveLength(1);
  });
});
