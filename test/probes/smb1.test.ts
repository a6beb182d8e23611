import { describe, expect, it } from 'vitest';
import { type Outcome, STANDARD_PORTS } from '../../probes/probe.ts';
import { smb1 } from '../../probes/smb1.ts';
import { unwrapMessage } from '../../probes/wire/nbss.ts';
import { decodeSmb1NegotiateRequest } from '../../probes/wire/smb1-negotiate.ts';
import {
  type FakeSmbServer,
  type Misbehaviour,
  MODERN,
  namesCalled,
  type SmbSetup,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import { probeContext, timed, untilTestEnds } from '../support/loopback.ts';
import { openSilentPort } from '../support/silent-port.ts';

const server = (behaviour: Partial<SmbSetup> | Misbehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(startFakeSmbServer({ behaviour }));

async function ask({ port: smb }: { readonly port: number }): ReturnType<typeof smb1.run> {
  return smb1.run(await probeContext({ ports: { ...STANDARD_PORTS, smb } }));
}

function sawAnswer(outcome: Outcome<{ answer: string }>): string {
  return outcome.kind === 'answered' ? outcome.seen.answer : outcome.kind;
}

describe('the SMB 1 probe', () => {
  it('sees that NT LM 0.12 was selected, with the policy and the clock of the server', async () => {
    const fake = await server({ smb1: 'selected', smb1Signing: 'enabled' });
    expect(await ask(fake)).toEqual({
      kind: 'answered',
      seen: {
        kind: 'smb1',
        port: 445,
        answer: 'selected',
        signing: 'enabled',
        systemTime: MODERN.systemTime,
      },
      connection: null,
    });
  });

  it.each(['disabled', 'enabled', 'required'] as const)(
    'reads the policy "%s" from the security mode',
    async (smb1Signing) => {
      const fake = await server({ smb1: 'selected', smb1Signing });
      expect(await ask(fake)).toMatchObject({ seen: { signing: smb1Signing } });
    },
  );

  it.each(['refused', 'closed', 'smb2-instead'] as const)('tells "%s" from the others', async (answer) => {
    const fake = await server({ smb1: answer });
    expect(await ask(fake)).toMatchObject({ kind: 'answered', seen: { answer, signing: null } });
  });

  it('offers "NT LM 0.12" and nothing beside it, on a connection of its own', async () => {
    const fake = await server();
    await ask(fake);
    expect(fake.connections).toHaveLength(1);
    const sent = Uint8Array.from(fake.connections[0]?.received ?? []);
    expect(decodeSmb1NegotiateRequest(unwrapMessage(sent)).dialects).toEqual(['NT LM 0.12']);
  });

  it('asks over a NetBIOS session where 445 is closed, by the best called name', async () => {
    const fake = await untilTestEnds(
      startFakeSmbServer({ framing: 'session', behaviour: { smb1: 'selected', calledNames: ['NAS'] } }),
    );
    const ports = { ...STANDARD_PORTS, session: fake.port };
    const context = await probeContext({ ports, smbPort: 139, calledNames: ['NAS', '*SMBSERVER'] });
    expect(await smb1.run(context)).toMatchObject({ seen: { port: 139, answer: 'selected' } });
    expect(namesCalled(fake.connections)).toEqual(['NAS']);
    expect(fake.connections[0]?.received.length).toBeLessThanOrEqual(smb1.bytesAtMost);
  });

  it('says that the session was declined where the name is not known', async () => {
    const fake = await untilTestEnds(
      startFakeSmbServer({ framing: 'session', behaviour: { calledNames: ['ANOTHER'] } }),
    );
    const ports = { ...STANDARD_PORTS, session: fake.port };
    expect(await smb1.run(await probeContext({ ports, smbPort: 139 }))).toEqual({
      kind: 'declined',
      status: 0x82,
    });
  });

  it('reads a reply that comes byte by byte', async () => {
    expect(sawAnswer(await ask(await server({ smb1: 'selected', pieceBytes: 1 })))).toBe('selected');
  });

  it('takes hanging up without a byte for "closed", and with some bytes for what it is', async () => {
    expect(sawAnswer(await ask(await server('hangs-up-at-once')))).toBe('closed');
    const cutShort = await server({ smb1: 'selected', closesAfter: 40 });
    expect(await ask(cutShort)).toEqual({ kind: 'hung-up', received: 40 });
  });

  it('refuses the reply to another request', async () => {
    const fake = await server({ smb1: 'selected', answersAnother: true });
    expect(await ask(fake)).toEqual({ kind: 'malformed', why: 'reply to another request' });
  });

  it.each(['garbage', 'framed-garbage', 'echo', 'huge-length', 'floods'] as const)(
    'never sees SMB 1 on a server that answers with %s',
    async (behaviour) => {
      const fake = await server(behaviour);
      const [outcome, took] = await timed(() => ask(fake));
      expect(outcome.kind).toBe('malformed');
      expect(took).toBeLessThan(500);
    },
  );

  it('learns nothing from silence: not from a port, not from a server, not from drops', async () => {
    const silentPort = await untilTestEnds(openSilentPort('127.0.0.1'));
    const [outcomes, took] = await timed(() =>
      Promise.all([ask(silentPort), server('silent').then(ask), server('drips').then(ask)]),
    );
    expect(outcomes.map((each) => each.kind)).toEqual(['silent', 'silent', 'silent']);
    expect(took).toBeLessThan(2_500);
  });

  it('passes on that the port is closed', async () => {
    const { port, close } = await startFakeSmbServer();
    await close();
    expect(await ask({ port })).toMatchObject({ kind: 'refused' });
  });
});
