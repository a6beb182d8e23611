import { describe, expect, it } from 'vitest';
import { STANDARD_PORTS } from '../../probes/probe.ts';
import { smb1Identity } from '../../probes/smb1-identity.ts';
import { NT_STATUS } from '../../probes/wire/nt-status.ts';
import { SMB_COM } from '../../probes/wire/smb1-header.ts';
import {
  type FakeSmbServer,
  type Misbehaviour,
  MODERN,
  namesCalled,
  SMB1_ONLY,
  type SmbSetup,
  startFakeSmbServer,
} from '../support/fake-smb-server.ts';
import { smb1CommandsIn, smb1LogonsIn } from '../support/fake-smb1-session.ts';
import { probeContext, untilTestEnds } from '../support/loopback.ts';

const server = (behaviour: Partial<SmbSetup> | Misbehaviour = {}): Promise<FakeSmbServer> =>
  untilTestEnds(
    startFakeSmbServer({
      behaviour: typeof behaviour === 'string' ? behaviour : { ...SMB1_ONLY, ...behaviour },
    }),
  );

async function ask({ port: smb }: { readonly port: number }): ReturnType<typeof smb1Identity.run> {
  return smb1Identity.run(await probeContext({ ports: { ...STANDARD_PORTS, smb } }));
}

const answered = (identity: SmbSetup['identity'] | null, serverGuid: string | null) => ({
  kind: 'answered',
  seen: { kind: 'identity', identity, serverGuid },
  connection: null,
});

describe('the identity over SMB 1', () => {
  it('is what the NTLM challenge tells, with extended security', async () => {
    const fake = await server({ smb1Security: 'extended' });
    expect(await ask(fake)).toEqual(answered(MODERN.identity, MODERN.serverGuid));
    expect(smb1CommandsIn(fake.connections)).toEqual([SMB_COM.SMB_COM_SESSION_SETUP_ANDX]);
  });

  it('is the two names of the negotiate without it, and nothing further is sent', async () => {
    const fake = await server();
    const names = { computer: 'FAKENAS', domain: 'WORKGROUP' };
    expect(await ask(fake)).toEqual(
      answered({ ...names, dnsComputer: null, dnsDomain: null, version: null }, null),
    );
    expect(smb1CommandsIn(fake.connections)).toEqual([]);
  });

  it('is nothing where no name is told', async () => {
    const identity = { ...MODERN.identity, computer: '', domain: '' };
    expect(await ask(await server({ identity }))).toEqual(answered(null, null));
  });

  it.each(['without-token', NT_STATUS.STATUS_ACCESS_DENIED] as const)(
    'is nothing where the session setup meets %s',
    async (sessionSetup) => {
      const fake = await server({ smb1Security: 'extended', sessionSetup, serverGuid: null });
      expect(await ask(fake)).toEqual(answered(null, null));
    },
  );

  it('is told before anybody logs on', async () => {
    const fake = await server({ smb1Security: 'extended' });
    await ask(fake);
    expect(smb1LogonsIn(fake.connections)).toEqual([]);
    expect(fake.connections.flatMap(({ received }) => received).length).toBeLessThanOrEqual(
      smb1Identity.bytesAtMost,
    );
  });

  it('is asked for in a NetBIOS session on 139, too', async () => {
    const behaviour = { ...SMB1_ONLY, smb1Security: 'extended' } as const;
    const fake = await untilTestEnds(startFakeSmbServer({ framing: 'session', behaviour }));
    const ports = { ...STANDARD_PORTS, session: fake.port };
    const outcome = await smb1Identity.run(await probeContext({ ports, smbPort: 139, calledNames: ['NAS'] }));
    expect(outcome).toMatchObject({ kind: 'answered' });
    expect(namesCalled(fake.connections)).toEqual(['NAS']);
    const sent = fake.connections.flatMap(({ received }) => received).length;
    expect(sent).toBeLessThanOrEqual(smb1Identity.bytesAtMost);
  });

  it.each<[Partial<SmbSetup> | Misbehaviour, string]>([
    [{ smb1: 'closed' }, 'hung-up'],
    [{ smb1: 'refused' }, 'declined'],
    [{ smb1: 'smb2-instead' }, 'malformed'],
    [{ answersAnother: true }, 'malformed'],
    ['framed-garbage', 'malformed'],
    ['echo', 'malformed'],
    ['hangs-up-when-asked', 'hung-up'],
    ['resets', 'hung-up'],
  ])('is not made up from %j', async (behaviour, kind) => {
    expect((await ask(await server(behaviour))).kind).toBe(kind);
  });
});
